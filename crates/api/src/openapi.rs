//! The description of the API (OpenAPI 3.1), made of the handlers and committed as a file.

use crate::route_table::{Described, ROUTES, Route, Who};
use serde_json::{Value, json};
use utoipa::OpenApi;

/// The committed description; a test compares it with the handlers.
pub const COMMITTED: &str = include_str!("../openapi.json");

/// Statuses that a route may answer with by the rules that meet all of its kind.
fn common(route: &Route) -> Vec<(u16, &'static str)> {
    let mut all = vec![
        (400, "The request does not have the expected shape."),
        (429, "Too many requests; wait as long as Retry-After says."),
        (503, "The service cannot answer now."),
    ];
    let write = route.method != "get";
    if write {
        all.push((403, "Not permitted, or not from our own pages."));
    }
    if matches!(route.method, "post" | "put") {
        all.push((413, "The body is larger than 256 KiB."));
        all.push((415, "The body is not declared as JSON."));
        all.push((422, "Fields are wrong; see errors."));
    }
    if route.method == "put" && route.who == Who::Admin {
        all.push((412, "Somebody else has saved since."));
        all.push((428, "If-Match is missing."));
    }
    match route.who {
        Who::Public => {}
        Who::User => all.push((401, "There is no valid session.")),
        Who::Member | Who::Admin => {
            all.push((401, "There is no valid session."));
            all.push((403, "Not permitted, or not from our own pages."));
            all.push((404, "There is no such thing, or it is not yours to see."));
            all.push((502, "Discord or Twitch does not answer."));
        }
    }
    if route.path.contains('{') {
        all.push((404, "There is no such thing, or it is not yours to see."));
    }
    all
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
    });
    let content = json!({
        "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } },
    });
    for route in ROUTES {
        let operation = &mut document["paths"][route.path][route.method];
        // Handlers of different resources share names.
        operation["operationId"] = json!(operation_id(route));
        if route.who != Who::Public {
            operation["security"] = json!([{ "session": [] }]);
        }
        for (status, text) in common(route) {
            let stated = operation["responses"][status.to_string()]["description"].as_str();
            let description = stated.filter(|text| !text.is_empty()).unwrap_or(text).to_owned();
            operation["responses"][status.to_string()] =
                json!({ "description": description, "content": content });
        }
        // What a handler states itself is a problem too.
        if let Some(stated) = operation["responses"].as_object_mut() {
            for (status, response) in stated {
                if matches!(status.as_bytes().first(), Some(b'4' | b'5')) {
                    response["content"] = content.clone();
                }
            }
        }
    }
    document
}

/// As in `put_guilds_config`: the method and the fixed parts of the path.
fn operation_id(route: &Route) -> String {
    let parts = route.path.split('/').filter(|part| !part.is_empty() && *part != "api");
    let words = parts.map(|part| match part.strip_prefix('{') {
        Some(parameter) => format!("by_{}", parameter.trim_end_matches('}')),
        None => part.replace(['-', '.'], "_"),
    });
    let words: Vec<_> = words.filter(|word| word != "by_guild_id").collect();
    format!("{}_{}", route.method, words.join("_"))
}
