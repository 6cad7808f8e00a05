//! Errors as clients see them: problem+json with a stable code, and no text of ours behind a 5xx.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde_json::json;

/// What a client can make of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// There is nothing at this path.
    NotFound,
    /// The path takes another method.
    MethodNotAllowed,
    /// The signature is missing or does not fit.
    InvalidSignature,
    /// The body is larger than [`crate::MAX_BODY_BYTES`].
    BodyTooLarge,
    /// The request could not be read to its end.
    UnreadableBody,
    /// We cannot store or look up anything now; the same request may succeed later.
    Unavailable,
}

impl ApiError {
    /// Status, stable code and a sentence with the remedy.
    fn describe(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotFound => {
                (StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.")
            }
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This address takes another method; see the Allow header.",
            ),
            Self::InvalidSignature => (
                StatusCode::FORBIDDEN,
                "invalid_signature",
                "The signature is missing or does not fit the body and its secret.",
            ),
            Self::BodyTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                "The body is larger than 256 KiB.",
            ),
            Self::UnreadableBody => {
                (StatusCode::BAD_REQUEST, "unreadable_body", "The body ended early.")
            }
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The service cannot answer now. Try again in a moment.",
            ),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code, detail) = self.describe();
        let title = status.canonical_reason();
        let problem = json!({
            "type": "about:blank", "title": title, "status": status.as_u16(), "code": code, "detail": detail,
        });
        (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(problem))
            .into_response()
    }
}
