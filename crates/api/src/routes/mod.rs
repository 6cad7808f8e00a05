//! Handlers, a file per resource.
//!
//! What is said of a handler, or of a type and field that the schema has, stands in docs/api-reference.md: there it
//! does not stand beside the name's declaration, so it is said even where the name says as much.

#![expect(unused_qualifications, reason = "utoipa names the types of queries by their whole path")]

pub(crate) mod auth;
pub(crate) mod channels;
pub(crate) mod chat;
pub(crate) mod chat_bot;
pub(crate) mod config;
pub(crate) mod deliveries;
pub(crate) mod discord_webhook;
pub(crate) mod favorites;
pub(crate) mod feeds;
pub(crate) mod guilds;
pub(crate) mod health;
pub(crate) mod interactions;
pub(crate) mod invites;
pub(crate) mod meta;
pub(crate) mod overview;
pub(crate) mod own_channels;
pub(crate) mod presence;
pub(crate) mod rooms;
pub(crate) mod rules;
pub(crate) mod server_file;
pub(crate) mod streamers;
pub(crate) mod templates;
pub(crate) mod twitch_webhook;
pub(crate) mod users;

use crate::ApiError;

/// The answer to a path that does not exist.
pub(crate) async fn not_found() -> ApiError {
    ApiError::NotFound
}

/// The answer to a method that a path does not take.
pub(crate) async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}
