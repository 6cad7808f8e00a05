//! Extractors: bytes and headers become our own types here.

use crate::{ApiError, cookies::Cookie};
use axum::{
    body::Bytes,
    extract::{
        FromRef, FromRequest, FromRequestParts, Path, Query, Request, rejection::BytesRejection,
    },
};
use http::{HeaderMap, HeaderName, StatusCode, header, request::Parts};
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
///
/// A proxy that compresses gives an ETag a weak or suffixed form, which the browser sends back: `W/"7"`,
/// `"7-gzip"`, or several of them.
pub(crate) struct IfMatch(pub(crate) i32);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let mut lines = parts.headers.get_all(header::IF_MATCH).iter().peekable();
        lines.peek().ok_or(ApiError::PreconditionRequired)?;
        let texts = lines.map(|value| value.to_str().unwrap_or_default());
        let mut revisions = texts.flat_map(|text| text.split(',')).map(revision);
        // An ETag that we have never given is one that does not match.
        let first = revisions.next().flatten().ok_or(ApiError::Conflict)?;
        if revisions.all(|other| other == Some(first)) {
            Ok(Self(first))
        } else {
            Err(ApiError::Conflict)
        }
    }
}

/// The revision that an ETag was made of, whatever a proxy has added to it.
fn revision(etag: &str) -> Option<i32> {
    let etag = etag.trim();
    let quoted = etag.strip_prefix("W/").unwrap_or(etag);
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let (number, suffix) = inner.find(['-', ';', ':']).map_or((inner, ""), |at| inner.split_at(at));
    let coding = suffix.trim_start_matches(['-', ';', ':']);
    let ours = coding.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let digits = number.bytes().all(|b| b.is_ascii_digit());
    (ours && digits).then(|| number.parse().ok()).flatten()
}

/// The same revision where no proxy touches it: some drop the ETag of what they compress.
const REVISION: HeaderName = HeaderName::from_static("x-revision");

/// The headers that go with a revision.
pub(crate) fn etag(revision: i32) -> [(HeaderName, String); 3] {
    [
        (header::ETAG, format!("\"{revision}\"")),
        (REVISION, revision.to_string()),
        (header::CACHE_CONTROL, "no-store, no-transform".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(lines: &[&'static str]) -> Result<i32, ApiError> {
        let mut request = Request::new(axum::body::Body::empty());
        for line in lines {
            request.headers_mut().append(header::IF_MATCH, line.parse().unwrap());
        }
        let (mut parts, _) = request.into_parts();
        IfMatch::from_request_parts(&mut parts, &()).await.map(|IfMatch(revision)| revision)
    }

    #[tokio::test]
    async fn what_a_proxy_does_to_an_etag_changes_no_revision() {
        for lines in [
            &["\"7\""][..],
            &["W/\"7\""],
            &["\"7-gzip\""],
            &["W/\"7-br\""],
            &["\"7-zstd\""],
            &["\"7;gzip\""],
            &["\"7--gzip\""],
            &["\"7-gzip\", \"7\""],
            &["\"7-gzip\"", "\"7\""],
        ] {
            assert!(matches!(read(lines).await, Ok(7)), "{lines:?}");
        }
    }

    #[tokio::test]
    async fn etag_that_is_not_ours_matches_nothing() {
        for lines in [
            &["*"][..],
            &[""],
            &["7"],
            &["\"x\""],
            &["\"\""],
            &["\"-7\""],
            &["\"7\", \"8\""],
            &["\"7.5\""],
        ] {
            assert!(matches!(read(lines).await, Err(ApiError::Conflict)), "{lines:?}");
        }
        assert!(matches!(read(&[]).await, Err(ApiError::PreconditionRequired)));
    }
}
