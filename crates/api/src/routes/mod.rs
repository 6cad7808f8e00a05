//! Handlers, a file per resource.

pub(crate) mod health;
pub(crate) mod twitch_webhook;

use crate::ApiError;

/// The answer to a path that does not exist.
pub(crate) async fn not_found() -> ApiError {
    ApiError::NotFound
}

/// The answer to a method that a path does not take.
pub(crate) async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}
