//! People: signing in, their Discord tokens and servers, and what we keep of them.

pub mod consent;
mod discord_tokens;
pub(crate) mod exchange;
pub mod favorites;
pub mod guild_list;
mod jwt_provider;
pub mod personal_data;
mod session_keys;
pub mod sign_in;

pub use session_keys::SessionKeys;
