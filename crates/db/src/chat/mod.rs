//! The chat bot: where it is, as whom it speaks, and its outbox.

pub mod accounts;
pub mod channels;
mod claim;
pub mod sends;

pub use claim::{Claim, DueLine, Settled, claim, next_due};
