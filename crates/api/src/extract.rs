//! Extractors: bytes and headers become our own types here.

use crate::{ApiError, cookies::Cookie};
use axum::{
    body::Bytes,
    extract::{
        FromRef, FromRequest, FromRequestParts, Path, Query, Request, rejection::BytesRejection,
    },
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use serde::de::DeserializeOwned;
use sm_services::{App, LazyApp};

/// The app, built if this request is the first to need it, and renewed if another key has signed its cookies.
pub(crate) struct Ready(pub(crate) App);

impl<S> FromRequestParts<S> for Ready
where
    LazyApp: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let lazy = LazyApp::from_ref(state);
        let app = lazy.get().await.map_err(|error| {
            tracing::error!(error, "the app could not be set up");
            ApiError::Unavailable
        })?;
        let keys = &app.settings.session_keys;
        let cookies = [Cookie::Session, Cookie::Consent].map(|cookie| cookie.read(&parts.headers));
        if cookies.into_iter().flatten().any(|cookie| keys.is_of_another_key(cookie)) {
            return Ok(Self(lazy.renewed(&app).await.unwrap_or(app)));
        }
        Ok(Self(app))
    }
}

/// The raw body, within the limit.
pub(crate) struct RawBody(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match Bytes::from_request(request, state).await {
            Ok(body) => Ok(Self(body)),
            Err(rejection) => Err(refusal(&rejection)),
        }
    }
}

fn refusal(rejection: &BytesRejection) -> ApiError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        ApiError::BodyTooLarge
    } else {
        ApiError::UnreadableBody
    }
}

/// A JSON body; what does not fit is reported with its place.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::NotJson);
        }
        let RawBody(body) = RawBody::from_request(request, state).await?;
        if contains(&body, NUL_IN_JSON) {
            let message = "A text must not contain the character U+0000.".to_owned();
            return Err(ApiError::Malformed { field: ".".to_owned(), message });
        }
        let mut json = serde_json::Deserializer::from_slice(&body);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let message = error.inner().to_string();
            ApiError::Malformed { field: error.path().to_string(), message }
        })?;
        let left = |error: serde_json::Error| ApiError::Malformed {
            field: ".".to_owned(),
            message: error.to_string(),
        };
        json.end().map_err(left)?;
        Ok(Self(value))
    }
}

/// Postgres takes no NUL in a text. A path, a query or a body that has one cannot mean anything.
const NUL_IN_JSON: &[u8] = b"\\u0000";
const NUL_IN_URI: &[u8] = b"%00";

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// Parts of the path; one that cannot be an id is an address with nothing at it.
pub(crate) struct Params<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if contains(parts.uri.path().as_bytes(), NUL_IN_URI) {
            return Err(ApiError::NotFound);
        }
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(value)| Self(value)).map_err(|_| ApiError::NotFound)
    }
}

/// The query; what does not fit is reported.
pub(crate) struct QueryOf<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for QueryOf<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let field = || "query".to_owned();
        if contains(parts.uri.query().unwrap_or_default().as_bytes(), NUL_IN_URI) {
            let message = "A text must not contain the character U+0000.".to_owned();
            return Err(ApiError::Malformed { field: field(), message });
        }
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(value)| Self(value)).map_err(|rejection| ApiError::Malformed {
            field: field(),
            message: rejection.body_text(),
        })
    }
}

/// The revision that a save was made from, out of `If-Match: "7"`.
pub(crate) struct IfMatch(pub(crate) i32);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let header = parts.headers.get(header::IF_MATCH).ok_or(ApiError::PreconditionRequired)?;
        let text = header.to_str().unwrap_or_default().trim();
        let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        // An ETag that we have never given is one that does not match.
        inner.and_then(|text| text.parse().ok()).map(Self).ok_or(ApiError::Conflict)
    }
}

/// The header that goes with a revision.
pub(crate) fn etag(revision: i32) -> [(http::HeaderName, String); 1] {
    [(header::ETAG, format!("\"{revision}\""))]
}
