//! Discord: REST, permissions, and what each error code means for a delivery.
//!
//! Knows nothing of Postgres and retries nothing: gate and outbox decide about that.

mod answer;
mod client;
mod error;
pub mod interaction;
mod interaction_calls;
mod model;
mod nonce;
mod oauth;
mod outcome;
mod permission_set;
pub mod permissions;
mod reason;
mod refused_parts;
pub mod signature;
pub mod webhook_event;

pub use answer::Limits;
pub use client::{Client, ClientConfig, Http, Reply};
pub use error::{Error, Scope};
pub use model::{
    AllowedMentions, Application, Author, Channel, CreateMessage, EVENTS, EditMessage,
    EventWebhooks, Guild, GuildSummary, Member, Message, Overwrite, Role, RoleTags, ShownEmbed,
    User,
};
pub use nonce::nonce;
pub use oauth::{Consent, INSTALL_PERMISSIONS, UserTokens};
pub use outcome::{Operation, Rebuild, Verdict, classify};
pub use reason::Reason;
pub use refused_parts::refused_parts;
