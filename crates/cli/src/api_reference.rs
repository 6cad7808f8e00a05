//! The description of the API as a page for people.

use serde_json::{Map, Value};
use std::fmt::Write;

const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

/// Renders an OpenAPI document as Markdown: a section per tag, a part per route, a table per schema.
pub fn render(document: &Value) -> String {
    let mut page = String::from(
        "# Every route of the API\n\nMade of the handlers by `make openapi`; [api.md](api.md) explains the whole. Routes with 🔒 need a \
         session.\n",
    );
    let routes = routes(document);
    let mut tags: Vec<&str> = routes.iter().map(|route| route.tag).collect();
    tags.sort_unstable();
    tags.dedup();
    for tag in tags {
        let _ = writeln!(page, "\n## {tag}");
        for route in routes.iter().filter(|route| route.tag == tag) {
            write_route(&mut page, route);
        }
    }
    page.push_str("\n## Schemas\n");
    let schemas = document["components"]["schemas"].as_object();
    for (name, schema) in schemas.into_iter().flatten() {
        write_schema(&mut page, name, schema);
    }
    page
}

struct Route<'a> {
    tag: &'a str,
    path: &'a str,
    method: &'a str,
    operation: &'a Value,
}

fn routes(document: &Value) -> Vec<Route<'_>> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let operation = &item[method];
            if let Some(tag) = operation["tags"][0].as_str() {
                all.push(Route { tag, path, method, operation });
            }
        }
    }
    all
}

fn write_route(page: &mut String, route: &Route<'_>) {
    let Route { path, method, operation, .. } = route;
    let lock = if operation["security"].is_array() { " 🔒" } else { "" };
    let method = method.to_uppercase();
    let summary = operation["summary"].as_str().unwrap_or_default();
    let _ = writeln!(page, "\n### `{method} {path}`{lock}\n\n{summary}\n");
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
        if place == "path" {
            continue;
        }
        let about = text(&parameter["description"]);
        let required = if parameter["required"] == true { ", needed" } else { "" };
        let _ = writeln!(page, "- {place} `{name}`{required}: {about}");
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    if !body.is_null() {
        let _ = writeln!(page, "- body: {}", kind(body));
    }
    let mut refusals = Vec::new();
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let schema = &response["content"]["application/json"]["schema"];
        let about = text(&response["description"]);
        if !schema.is_null() {
            let _ = writeln!(page, "- **{status}**: {}", kind(schema));
        } else if status.starts_with(['2', '3']) {
            let _ = writeln!(page, "- **{status}**: {about}");
        } else {
            refusals.push(status.as_str());
        }
    }
    let _ = writeln!(page, "- refusals: {}", refusals.join(", "));
}

fn write_schema(page: &mut String, name: &str, schema: &Value) {
    let _ = writeln!(page, "\n### {name}\n\n{}\n", text(&schema["description"]));
    let parts = schema["allOf"].as_array().or_else(|| schema["oneOf"].as_array());
    let own: Vec<&Value> = parts.map_or_else(|| vec![schema], |parts| parts.iter().collect());
    if !own.iter().any(|part| part["properties"].is_object()) {
        return;
    }
    page.push_str("| key | type | |\n|---|---|---|\n");
    for part in own {
        if let Some(reference) = part["$ref"].as_str() {
            let _ = writeln!(page, "| … | {} | |", link(reference));
        }
        let none = Map::new();
        for (key, property) in part["properties"].as_object().unwrap_or(&none) {
            let needed =
                part["required"].as_array().is_some_and(|all| all.iter().any(|k| k == key));
            let mark = if needed { "" } else { "?" };
            let about = text(&property["description"]).replace('|', "\\|").replace('\n', " ");
            let _ = writeln!(page, "| `{key}`{mark} | {} | {about} |", kind(property));
        }
    }
}

/// A schema in a word or two.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return link(reference);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(constant) = schema["enum"][0].as_str() {
        return format!("`\"{constant}\"`");
    }
    let named: Vec<String> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect(),
        kind => vec![text(kind)],
    };
    let of = if schema["items"].is_null() {
        String::new()
    } else {
        format!(" of {}", kind(&schema["items"]))
    };
    let format = schema["format"].as_str().map(|format| format!(" ({format})"));
    format!("{}{of}{}", named.join(" or "), format.unwrap_or_default())
}

fn link(reference: &str) -> String {
    let name = reference.rsplit('/').next().unwrap_or_default();
    format!("[{name}](#{})", name.to_lowercase())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
