//! Which parts of a message Discord has refused.

use crate::Error;
use serde_json::Value;

/// Far below Discord's own depth.
const MAX_DEPTH: usize = 16;

/// The parts that code 50035 names, as in `embeds.0.thumbnail.url`; empty for every other refusal.
pub fn refused_parts(error: &Error) -> Vec<String> {
    let mut parts = Vec::new();
    if let Error::Rejected { code: 50035, errors: Some(errors), .. } = error {
        collect(errors, "", 0, &mut parts);
    }
    parts
}

fn collect(errors: &Value, path: &str, depth: usize, into: &mut Vec<String>) {
    let Value::Object(named) = errors else { return };
    for (name, inner) in named {
        if name == "_errors" {
            into.push(path.to_owned());
        } else if depth < MAX_DEPTH {
            let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            collect(inner, &below, depth + 1, into);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parts(code: u32, errors: Value) -> Vec<String> {
        let errors = Some(errors);
        refused_parts(&Error::Rejected { status: 400, code, message: String::new(), errors })
    }

    #[test]
    fn every_part_is_named_by_its_path() {
        let wrong = json!({ "_errors": [{ "code": "URL_TYPE_INVALID_URL", "message": "Not a well formed URL." }] });
        let errors = json!({ "embeds": { "0": {
            "thumbnail": { "url": wrong }, "fields": { "3": { "value": wrong } },
        } } });
        let mut found = parts(50035, errors.clone());
        found.sort();
        assert_eq!(found, ["embeds.0.fields.3.value", "embeds.0.thumbnail.url"]);
        assert!(parts(50006, errors).is_empty() && parts(50035, json!("odd")).is_empty());
        assert_eq!(parts(50035, wrong), [""]);
    }
}
