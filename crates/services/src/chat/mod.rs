//! The chat bot: where it is, what it hears, what it says.
//!
//! [`hear`] takes lines, [`say`] puts lines into the outbox, [`sender`] says them as fast as Twitch lets it, [`channels`] is about coming
//! and leaving, [`accounts`] about as whom.

pub mod accounts;
pub mod channels;
mod drops;
pub(crate) mod hear;
pub mod say;
pub mod sender;
