//! The file's JSON Schema, for editors: made of the API's own shapes.

use super::{FORMAT, VERSION};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Where the schema is.
pub(crate) const SCHEMA_PATH: &str = "/api/schemas/server.json";

/// The schema, out of the API's description.
pub fn schema(openapi: &Value) -> Value {
    let shapes = &openapi["components"]["schemas"];
    let mut settings = named(&shapes["ConfigBody"]);
    // What is left out stays as it is.
    settings.remove("required");
    let mut destination = named(&shapes["DestinationBody"]);
    destination.remove("required");
    if let Some(Value::Object(properties)) = destination.get_mut("properties") {
        properties.remove("id");
    }
    let list = |item: Value| json!({ "type": "array", "items": item });
    let template = json!({
        "type": "object", "additionalProperties": false, "required": ["name", "message"],
        "properties": { "name": { "type": "string", "minLength": 1, "maxLength": 100 }, "message": { "type": "object" } },
    });
    let streamer = json!({
        "type": "object", "additionalProperties": false, "required": ["login"],
        "properties": {
            "login": { "type": "string", "description": "The login at Twitch." },
            "enabled": { "type": "boolean", "default": true },
            "destinations": { "type": "array", "minItems": 1, "maxItems": 10, "items": destination,
                "description": "Where the streamer is announced; left out: in the server's default channel." },
        },
    });
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The configuration of a server",
        "type": "object", "additionalProperties": false, "required": ["format", "version"],
        "properties": {
            "format": { "const": FORMAT }, "version": { "const": VERSION },
            "settings": settings, "templates": list(template), "streamers": list(streamer),
        },
    });
    let mut definitions = Map::new();
    let mut wanted: BTreeSet<String> = references(&schema);
    while let Some(name) = wanted.pop_first() {
        let shape = shapes[&name].clone();
        wanted.extend(
            references(&shape).into_iter().filter(|other| !definitions.contains_key(other)),
        );
        definitions.insert(name, shape);
    }
    schema["$defs"] = Value::Object(definitions);
    point_within(&mut schema);
    schema
}

/// A shape in which a template is named.
fn named(shape: &Value) -> Map<String, Value> {
    let mut shape = shape.as_object().cloned().unwrap_or_default();
    shape.insert("additionalProperties".to_owned(), json!(false));
    if let Some(Value::Object(properties)) = shape.get_mut("properties") {
        properties.remove("template_id");
        let about = "The name of a template; null: as the level above says.";
        let template = json!({ "type": ["string", "null"], "description": about });
        properties.insert("template".to_owned(), template);
    }
    shape
}

const THERE: &str = "#/components/schemas/";

fn references(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(map) => {
            let own = map.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix(THERE));
            own.map(str::to_owned).into_iter().chain(map.values().flat_map(references)).collect()
        }
        Value::Array(list) => list.iter().flat_map(references).collect(),
        _ => BTreeSet::new(),
    }
}

fn point_within(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_str().and_then(|to| to.strip_prefix(THERE)) {
                    Some(name) if key == "$ref" => *value = json!(format!("#/$defs/{name}")),
                    _ => point_within(value),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(point_within),
        _ => {}
    }
}
