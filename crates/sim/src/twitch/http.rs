//! Queries, forms and answers.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

const PAGE_DEFAULT: usize = 20;
const PAGE_LIMIT: usize = 100;

/// Name and value pairs of a query or a form; names may repeat.
pub(super) struct Pairs(Vec<(String, String)>);

impl Pairs {
    pub(super) fn of_query(uri: &Uri) -> Self {
        Self::parse(uri.query().unwrap_or("").as_bytes())
    }

    pub(super) fn parse(form: &[u8]) -> Self {
        let text = String::from_utf8_lossy(form);
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescape(name), unescape(value))
        };
        Self(text.split('&').filter(|part| !part.is_empty()).map(pair).collect())
    }

    /// The first value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// All values of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                let digits = std::str::from_utf8(&digits).unwrap_or("00");
                bytes.push(u8::from_str_radix(digits, 16).unwrap_or(b'?'));
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A header's text; empty when it is missing.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// A refusal, in Helix's shape.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    message: String,
    /// The subscription that exists already.
    id: Option<String>,
}

pub(super) fn refuse(status: u16, message: &str) -> Refusal {
    Refusal { status, message: message.to_owned(), id: None }
}

impl Refusal {
    pub(super) fn with_id(self, id: &str) -> Self {
        Self { id: Some(id.to_owned()), ..self }
    }

    /// The shape of `id.twitch.tv`.
    pub(super) fn of_oauth(&self) -> Response {
        answer(self.status, &json!({ "status": self.status, "message": self.message }))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = StatusCode::from_u16(self.status).ok().and_then(|s| s.canonical_reason());
        let mut body = json!({ "error": error, "status": self.status, "message": self.message });
        if let Some(id) = self.id {
            body["id"] = json!(id);
        }
        answer(self.status, &body)
    }
}

pub(super) fn answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    (status, [("content-type", json)], body.to_string()).into_response()
}

/// One page of items, as `first` and `after` ask for.
pub(super) fn page(items: Vec<Value>, query: &Pairs) -> Result<Response, Refusal> {
    let first = match query.get("first").map(str::parse) {
        None => PAGE_DEFAULT,
        Some(Ok(first)) if (1..=PAGE_LIMIT).contains(&first) => first,
        Some(_) => {
            let message = "The parameter \"first\" was malformed: the value must be from 1 to 100";
            return Err(refuse(400, message));
        }
    };
    let (data, pagination) = cut(items, first, query)?;
    Ok(answer(200, &json!({ "data": data, "pagination": pagination })))
}

/// The items of a page, and its `pagination`.
pub(super) fn cut<T>(
    items: Vec<T>,
    size: usize,
    query: &Pairs,
) -> Result<(Vec<T>, Value), Refusal> {
    let from = match query.get("after").filter(|cursor| !cursor.is_empty()) {
        Some(cursor) => offset(cursor).ok_or_else(|| refuse(400, "The cursor is not valid"))?,
        None => 0,
    };
    let more = from + size < items.len();
    let pagination = if more { json!({ "cursor": cursor(from + size) }) } else { json!({}) };
    Ok((items.into_iter().skip(from).take(size).collect(), pagination))
}

/// Opaque to clients: nobody should be tempted to count in it.
fn cursor(offset: usize) -> String {
    hex::encode(format!("after:{offset}"))
}

fn offset(cursor: &str) -> Option<usize> {
    let text = String::from_utf8(hex::decode(cursor).ok()?).ok()?;
    text.strip_prefix("after:")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_repeat_and_escapes_are_resolved() {
        let pairs = Pairs::parse(b"id=1&id=2&query=a+b%26%C3%A4&empty&=x");
        assert_eq!(pairs.all("id").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(pairs.get("query"), Some("a b&ä"));
        assert_eq!(pairs.get("empty"), Some(""));
        assert_eq!(pairs.get("missing"), None);
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let items: Vec<Value> = (0..5).map(|n| json!(n)).collect();
        let (first, pagination) = cut(items.clone(), 3, &Pairs::parse(b"")).unwrap();
        assert_eq!(first, [0, 1, 2]);
        let query = format!("after={}", pagination["cursor"].as_str().unwrap());
        let (second, pagination) = cut(items.clone(), 3, &Pairs::parse(query.as_bytes())).unwrap();
        assert_eq!(second, [3, 4]);
        assert_eq!(pagination, json!({}));
        assert!(cut(items, 3, &Pairs::parse(b"after=nonsense")).is_err());
    }
}
