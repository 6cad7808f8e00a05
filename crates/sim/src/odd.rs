//! Answers that no protocol foresees, as proxies and overloaded edges make them.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, header},
    response::Response,
};
use serde::{Deserialize, Serialize};

/// What becomes of an answer's body; its status stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OddBody {
    /// There is none.
    Empty,
    /// It ends in the middle, and the connection is none the worse for it.
    Cut,
    /// A page of a proxy stands in its place.
    Page,
}

/// The answer with another body.
pub(crate) async fn with_odd_body(answer: Response, odd: OddBody) -> Response {
    let (mut parts, body) = answer.into_parts();
    // An answer of the simulator is in memory.
    let mut bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    match odd {
        OddBody::Empty => {
            parts.headers.remove(header::CONTENT_TYPE);
            bytes.clear();
        }
        OddBody::Cut => bytes.truncate(bytes.len() / 2),
        OddBody::Page => {
            let html = HeaderValue::from_static("text/html");
            parts.headers.insert(header::CONTENT_TYPE, html);
            let title = parts.status;
            bytes = format!("<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center><hr><center>nginx</center></body></html>").into();
        }
    }
    Response::from_parts(parts, Body::from(bytes))
}
