//! Twitch: OAuth, Helix, EventSub verification and payloads.
//!
//! Knows nothing of Postgres and retries nothing: the caller decides what an error is worth.

mod chat;
mod client;
mod error;
pub mod eventsub;
mod followers;
mod helix;
mod list;
mod oauth;

pub use chat::{Authorization, ChatMessage, LineId, Spoken};
pub use client::{AppToken, Client, ClientConfig, Http};
pub use error::{Error, code_of, words_of};
pub use helix::{Budget, Category, Channel, FoundChannel, NewSubscription, Stream, User, Video};
pub use list::List;
pub use oauth::{
    ACCOUNT_SCOPES, BOT_SCOPES, Device, INVITE_SCOPE, LINK_SCOPE, MODERATE_SCOPE, TokenOwner,
    UserToken,
};
