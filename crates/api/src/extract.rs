//! Extractors: bytes and headers become our own types here.

use crate::ApiError;
use axum::{
    body::Bytes,
    extract::{FromRef, FromRequest, FromRequestParts, Request, rejection::BytesRejection},
};
use http::{StatusCode, request::Parts};
use sm_services::{App, LazyApp};

/// The app, built if this request is the first to need it.
pub(crate) struct Ready(pub(crate) App);

impl<S> FromRequestParts<S> for Ready
where
    LazyApp: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(_parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let lazy = LazyApp::from_ref(state);
        match lazy.get().await {
            Ok(app) => Ok(Self(app)),
            Err(error) => {
                tracing::error!(error, "the app could not be set up");
                Err(ApiError::Unavailable)
            }
        }
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
