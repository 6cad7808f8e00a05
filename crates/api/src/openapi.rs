//! The description of the API (OpenAPI 3.1), made of the handlers and committed as a file.

use crate::route_table::{Described, ROUTES, Route, Who};
use serde_json::{Value, json};
use utoipa::OpenApi;

/// Statuses that are answered by rules which meet many routes.
const COMMON: [(u16, &str); 12] = [
    (400, "The request does not have the expected shape."),
    (401, "There is no valid session."),
    (403, "Not permitted, or not from our own pages."),
    (404, "There is no such thing, or it is not yours to see."),
    (412, "Somebody else has saved since."),
    (413, "The body is larger than 256 KiB."),
    (415, "The body is not declared as JSON."),
    (422, "Fields are wrong; see errors."),
    (428, "If-Match is missing."),
    (429, "Too many requests; wait as long as Retry-After says."),
    (502, "Discord or Twitch does not answer."),
    (503, "The service cannot answer now."),
];

/// Those of them that a route may answer with.
fn common(route: &Route, operation: &Value) -> Vec<u16> {
    let mut all = vec![429, 503];
    // A query or a path can be wrong everywhere.
    all.push(400);
    if operation["responses"].get("303").is_some() {
        // A browser goes there: whatever else is wrong stands on a page.
        return all;
    }
    if route.method != "get" {
        all.push(403);
    }
    let bodiless = route.path.ends_with("/logout") || route.path.ends_with("/subscribe");
    if matches!(route.method, "post" | "put") && !bodiless {
        all.extend([413, 415, 422]);
    }
    let versioned =
        route.who == Who::Admin || route.who == Who::Owner && !route.path.contains("{secret}");
    if route.method == "put" && versioned {
        all.extend([412, 428]);
    }
    match route.who {
        Who::Public => {}
        Who::User | Who::Owner | Who::Token => all.push(401),
        Who::Member | Who::Admin => all.extend([401, 403, 404, 502]),
    }
    if route.path.contains('{') {
        all.push(404);
    }
    all
}

/// Fills in what the handlers leave to us: every refusal is a problem, every answer has a word.
fn complete(status: &str, response: &mut Value, problem: &Value) {
    if response.get("$ref").is_some() {
        return;
    }
    if matches!(status.as_bytes().first(), Some(b'4' | b'5')) {
        response["content"] = problem.clone();
    }
    let missing = response["description"].as_str().is_none_or(str::is_empty);
    if missing {
        response["description"] = json!(match status {
            "201" => "It is stored.",
            "202" => "It is planned.",
            "204" => "It is done.",
            "404" => "There is no such thing.",
            _ => "The answer.",
        });
    }
}

/// The description as the handlers have it.
pub fn document() -> Value {
    let mut document = serde_json::to_value(Described::openapi()).unwrap_or_default();
    document["info"] = json!({
        "title": "StreamMaxing", "version": env!("CARGO_PKG_VERSION"),
        "description": "Twitch go-live announcements for Discord: the API behind the dashboard. Errors are \
                        problem details (RFC 9457) with a stable `code`.",
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    });
    document["components"]["securitySchemes"] = json!({
        "session": { "type": "apiKey", "in": "cookie", "name": "__Host-session" },
        "token": { "type": "http", "scheme": "bearer" },
    });
    let content = json!({
        "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } },
    });
    for (status, text) in COMMON {
        document["components"]["responses"][format!("Problem{status}")] =
            json!({ "description": text, "content": content });
    }
    for route in ROUTES {
        let operation = &mut document["paths"][route.path][route.method];
        // Handlers of different resources share names.
        operation["operationId"] = json!(operation_id(route));
        if route.who != Who::Public {
            let scheme = if route.who == Who::Token { "token" } else { "session" };
            operation["security"] = json!([{ scheme: [] }]);
        }
        for status in common(route, operation) {
            let response = &mut operation["responses"][status.to_string()];
            if response.is_null() {
                let shared = format!("#/components/responses/Problem{status}");
                *response = json!({ "$ref": shared });
            }
        }
        for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            complete(status, response, &content);
        }
    }
    document
}

/// As in `put_guilds_config`: the method and the parts of the path. That what is below a server takes
/// the server's id goes without saying.
fn operation_id(route: &Route) -> String {
    let path = route.path.trim_start_matches("/api/").replace("guilds/{guild_id}", "guilds");
    let words = path.split('/').map(|part| match part.strip_prefix('{') {
        Some(parameter) => format!("by_{}", parameter.trim_end_matches('}')),
        None => part.replace(['-', '.'], "_"),
    });
    format!("{}_{}", route.method, words.collect::<Vec<_>>().join("_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_an_id_of_its_own() {
        let mut ids: Vec<String> = ROUTES.iter().map(operation_id).collect();
        assert!(ids.contains(&"put_guilds_config".to_owned()), "{ids:?}");
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all, "{ids:?}");
    }
}
