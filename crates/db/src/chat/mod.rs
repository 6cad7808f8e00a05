//! The chat bot: where it is, as whom it speaks, its outbox, and what it answers.

pub mod accounts;
pub mod books;
pub mod channels;
mod claim;
pub mod commands;
pub mod deletions;
pub mod occasions;
pub mod quotes;
pub mod sends;
pub mod timers;
pub mod tokens;
pub mod uses;

pub use claim::{Claim, DueLine, Outlook, Settled, claim, outlook};
