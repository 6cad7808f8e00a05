//! Twitch: OAuth, Helix, EventSub verification and payloads.
//!
//! Knows nothing of Postgres and retries nothing: the caller decides what an error is worth.

mod client;
mod error;
pub mod eventsub;
mod followers;
mod helix;
mod list;
mod oauth;

pub use client::{AppToken, Client, ClientConfig, Http};
pub use error::{Error, code_of, words_of};
pub use helix::{Budget, Channel, FoundChannel, NewSubscription, Stream, User, Video};
pub use list::List;
pub use oauth::{LINK_SCOPE, TokenOwner, UserToken};
