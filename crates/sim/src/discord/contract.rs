//! Discord's published OpenAPI document, made strict: what it does not know is a violation.

use jsonschema::Validator;
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// The document; validators are compiled when an operation first needs them.
#[derive(Debug)]
pub(crate) struct Contract {
    document: Value,
    validators: Mutex<HashMap<String, Result<Arc<Validator>, String>>>,
}

impl Contract {
    pub(super) fn load(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let mut document: Value = serde_json::from_str(&text)?;
        let mut parts = HashSet::new();
        collect_parts(&document, false, &mut parts);
        if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
            for (name, schema) in schemas {
                make_strict(schema, parts.contains(name));
            }
        }
        Ok(Self { document, validators: Mutex::default() })
    }

    /// What is wrong with a JSON body, for an operation such as `POST /channels/{channel_id}/messages`.
    pub(super) fn violations(&self, method: &str, template: &str, body: &Value) -> Vec<String> {
        let validator = match self.validator(method, template) {
            Ok(validator) => validator,
            Err(why) => return vec![format!("{method} {template} cannot be checked: {why}")],
        };
        let describe = |error: jsonschema::ValidationError<'_>| {
            format!("{method} {template}: {error} at {}", error.instance_path())
        };
        validator.iter_errors(body).map(describe).collect()
    }

    fn validator(&self, method: &str, template: &str) -> Result<Arc<Validator>, String> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let key = format!("{method} {template}");
        validators.entry(key).or_insert_with(|| self.compile(method, template)).clone()
    }

    fn compile(&self, method: &str, template: &str) -> Result<Arc<Validator>, String> {
        let paths = self.document.get("paths");
        let operation = paths.and_then(|all| all.get(template)?.get(method.to_lowercase()));
        let operation = operation.ok_or("the document has no such operation")?;
        let schema = operation.pointer("/requestBody/content/application~1json/schema");
        let mut schema = schema.ok_or("the operation takes no JSON")?.clone();
        make_strict(&mut schema, false);
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "allOf": [schema],
            "components": self.document.get("components"),
        });
        let options = jsonschema::options().should_validate_formats(true);
        options.build(&whole).map(Arc::new).map_err(|error| error.to_string())
    }
}

/// The names of schemas that are part of an `allOf`: others stand beside them.
fn collect_parts(schema: &Value, in_all_of: bool, parts: &mut HashSet<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(name) = map.get("$ref").and_then(Value::as_str).filter(|_| in_all_of) {
                parts.extend(name.rsplit('/').next().map(str::to_owned));
            }
            map.iter().for_each(|(key, value)| collect_parts(value, key == "allOf", parts));
        }
        Value::Array(all) => all.iter().for_each(|value| collect_parts(value, in_all_of, parts)),
        _ => {}
    }
}

/// Forbids unknown keys in every object with properties that is not part of an `allOf`.
fn make_strict(schema: &mut Value, in_all_of: bool) {
    match schema {
        Value::Object(map) => {
            let open = map.contains_key("properties")
                && !map.contains_key("additionalProperties")
                && !map.contains_key("allOf");
            if open && !in_all_of {
                map.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            for (key, value) in map.iter_mut() {
                make_strict(value, key == "allOf");
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|value| make_strict(value, in_all_of)),
        _ => {}
    }
}
