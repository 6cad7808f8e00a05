//! `/api/channels`: what the chat bot does in a channel, for whoever the channel belongs to.

pub(crate) mod book;
pub(crate) mod commands;
pub(crate) mod deletions;
pub(crate) mod owner;
pub(crate) mod run;
pub(crate) mod timers;
pub(crate) mod tokens;
pub(crate) mod transfer;
