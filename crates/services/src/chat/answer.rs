//! Who calls a command, and what is answered.

use super::{change::Change, facts::Facts};
use sm_types::{
    TwitchUserId,
    chat::{Chatter, Level, Order, Response},
};

/// Who calls a command.
#[derive(Debug)]
pub struct Called<'a> {
    pub channel: &'a TwitchUserId,
    pub chatter: &'a Chatter,
    pub level: Level,
    /// The line's id: what chance is asked about.
    pub seed: &'a str,
}

/// What is answered.
#[derive(Debug)]
pub(super) enum Answer {
    Responses {
        responses: Vec<Response>,
        order: Order,
        facts: Box<Facts>,
    },
    /// A text, and whether it begins with words of ours.
    Text {
        text: String,
        ours: bool,
    },
    /// Something to do, which has its own answer.
    Change(Box<Change>),
}

impl Answer {
    /// A text that begins with words of ours.
    pub(super) fn ours(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), ours: true }
    }
}

/// The name that chat shows, or the login where there is none.
pub(super) fn shown(chatter: &Chatter) -> &str {
    if chatter.name.is_empty() { &chatter.login } else { &chatter.name }
}
