//! Holds frames to the description of the protocol.

use jsonschema::Validator;
use serde_json::{Value, json};
use std::{collections::HashMap, sync::LazyLock};

/// The description of the protocol.
pub const ASYNC_API: &str = include_str!("../../crates/api/asyncapi.json");

/// A schema for each frame, by who says it and its type.
static SCHEMAS: LazyLock<HashMap<(&str, String), Validator>> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(ASYNC_API).expect("it is JSON");
    let messages = document["components"]["messages"].as_object().expect("there are messages");
    let schema = |(key, message): (&String, &Value)| {
        let by = if key.starts_with("Client") { "Client" } else { "Server" };
        let name = message["name"].as_str().expect("a message has a name").to_owned();
        let reference = &message["payload"]["$ref"];
        let schema = json!({ "$ref": reference, "components": document["components"] });
        let options = jsonschema::options().should_validate_formats(true);
        ((by, name), options.build(&schema).expect("a schema"))
    };
    messages.iter().map(schema).collect()
});

/// Checks what the `Client` or the `Server` says.
///
/// # Panics
/// When it is not what the description allows.
#[track_caller]
pub fn check_frame(by: &'static str, frame: &Value) {
    let kind = frame["type"].as_str().unwrap_or_default().to_owned();
    let schema = SCHEMAS.get(&(by, kind)).unwrap_or_else(|| panic!("nobody describes {frame}"));
    let problems: Vec<_> = schema.iter_errors(frame).map(|error| error.to_string()).collect();
    assert!(problems.is_empty(), "{problems:?} in {frame}");
}
