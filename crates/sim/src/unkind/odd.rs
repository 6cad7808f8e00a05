//! Bodies and rows that are not what they should be.

use axum::http::{HeaderValue, header, response::Parts};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// More than anybody reads of an answer.
const HUGE: usize = 9 * 1024 * 1024;

/// What becomes of an answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OddBody {
    /// There is none.
    Empty,
    /// It ends in the middle, and the connection is none the worse for it.
    Cut,
    /// A page of a proxy stands in its place.
    Page,
    /// A byte order mark stands before it.
    Bom,
    /// Spaces follow it, nine megabytes of them.
    Huge,
}

impl OddBody {
    pub(super) fn put(self, parts: &mut Parts, bytes: &mut Vec<u8>) {
        match self {
            Self::Empty => {
                parts.headers.remove(header::CONTENT_TYPE);
                bytes.clear();
            }
            Self::Cut => bytes.truncate(bytes.len() / 2),
            Self::Page => {
                let html = HeaderValue::from_static("text/html");
                parts.headers.insert(header::CONTENT_TYPE, html);
                let title = parts.status;
                *bytes = format!("<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center><hr><center>nginx</center></body></html>").into();
            }
            Self::Bom => *bytes = ["\u{feff}".as_bytes(), bytes].concat(),
            Self::Huge => bytes.resize(bytes.len() + HUGE, b' '),
        }
    }
}

/// What becomes of the rows of a list. An answer that is no list counts as one row, which stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OddRows {
    /// All are left out.
    Dropped,
    /// Every other one is left out, beginning with the first.
    Halved,
    /// Each comes twice.
    Doubled,
    /// The last comes first.
    Reversed,
    /// Every field is null.
    Nulled,
    /// Every field is null that is no id.
    Nameless,
    /// Texts are numbers, numbers texts, and lists objects.
    Mistyped,
    /// The next page is always the same one.
    Circling,
}

impl OddRows {
    /// The same JSON with other rows; what is no JSON stays.
    pub(super) fn of(self, bytes: Vec<u8>) -> Vec<u8> {
        let Ok(mut answer) = serde_json::from_slice::<Value>(&bytes) else { return bytes };
        if self == Self::Circling {
            // A list of Discord's has no cursor.
            if let Some(answer) = answer.as_object_mut() {
                answer.insert("pagination".to_owned(), json!({ "cursor": "again" }));
            }
        } else if let Some(rows) = rows_of(&mut answer) {
            *rows = self.change(std::mem::take(rows));
        } else {
            self.change_row(&mut answer);
        }
        answer.to_string().into()
    }

    fn change(self, mut rows: Vec<Value>) -> Vec<Value> {
        match self {
            Self::Dropped => rows.clear(),
            Self::Halved => rows = rows.into_iter().skip(1).step_by(2).collect(),
            Self::Doubled => rows = rows.into_iter().flat_map(|row| [row.clone(), row]).collect(),
            Self::Reversed => rows.reverse(),
            _ => rows.iter_mut().for_each(|row| self.change_row(row)),
        }
        rows
    }

    fn change_row(self, row: &mut Value) {
        for (name, value) in row.as_object_mut().into_iter().flatten() {
            match self {
                Self::Nulled => *value = Value::Null,
                Self::Nameless if name != "id" && !name.ends_with("_id") => *value = Value::Null,
                Self::Mistyped => *value = mistyped(value),
                _ => {}
            }
        }
    }
}

/// The rows of a list as Helix or as Discord tells it.
fn rows_of(answer: &mut Value) -> Option<&mut Vec<Value>> {
    if answer.is_array() { answer.as_array_mut() } else { answer.get_mut("data")?.as_array_mut() }
}

fn mistyped(value: &Value) -> Value {
    match value {
        Value::Null => json!([]),
        Value::String(_) => json!(7),
        Value::Array(_) => json!({}),
        Value::Bool(_) | Value::Number(_) => json!(value.to_string()),
        Value::Object(_) => json!("an object"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(odd: OddRows, json: &Value) -> Value {
        serde_json::from_slice(&odd.of(json.to_string().into())).unwrap()
    }

    #[test]
    fn rows_of_either_kind_of_list_are_changed() {
        let (one, two) = (json!({ "id": "1", "name": "a" }), json!({ "id": "2", "name": "b" }));
        for (odd, expected) in [
            (OddRows::Dropped, json!([])),
            (OddRows::Halved, json!([two])),
            (OddRows::Doubled, json!([one, one, two, two])),
            (OddRows::Reversed, json!([two, one])),
            (OddRows::Nulled, json!([{ "id": null, "name": null }, { "id": null, "name": null }])),
            (OddRows::Nameless, json!([{ "id": "1", "name": null }, { "id": "2", "name": null }])),
            (OddRows::Mistyped, json!([{ "id": 7, "name": 7 }, { "id": 7, "name": 7 }])),
        ] {
            assert_eq!(rows(odd, &json!([one, two])), expected, "{odd:?}");
            let helix = rows(odd, &json!({ "data": [one, two], "total": 2 }));
            assert_eq!(helix, json!({ "data": expected, "total": 2 }), "{odd:?}");
        }
        let circle = rows(OddRows::Circling, &json!({ "data": [one], "pagination": {} }));
        assert_eq!(circle["pagination"]["cursor"], "again");
        assert_eq!(rows(OddRows::Circling, &json!([one])), json!([one]));
    }

    #[test]
    fn what_is_no_list_is_a_row() {
        let one = json!({ "id": "1", "name": "a", "roles": [] });
        assert_eq!(rows(OddRows::Dropped, &one), one);
        let nameless = json!({ "id": "1", "name": null, "roles": null });
        assert_eq!(rows(OddRows::Nameless, &one), nameless);
        assert_eq!(OddRows::Dropped.of(b"<html>".to_vec()), b"<html>");
    }
}
