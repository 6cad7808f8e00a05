//! Channels' commands in memory.

use super::{events::Events, filters::Judge};
use sm_types::{TwitchUserId, chat::Book};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Channels whose commands an instance keeps.
const MAX_KEPT: usize = 500;

/// A channel's commands, filters, and what is said to events.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) book: Book,
    pub(super) judge: Judge,
    pub(super) events: Events,
}

/// The books of an instance.
#[derive(Debug, Default)]
pub struct Books(Mutex<HashMap<TwitchUserId, (i64, Arc<Kept>)>>);

impl Books {
    pub(super) fn get(&self, channel: &TwitchUserId, version: i64) -> Option<Arc<Kept>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(channel).filter(|(known, _)| *known == version).map(|(_, book)| book.clone())
    }

    pub(super) fn put(&self, channel: &TwitchUserId, version: i64, book: &Arc<Kept>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT && !kept.contains_key(channel) {
            // Whichever: it is read again when somebody speaks there.
            let some = kept.keys().next().cloned();
            some.map(|some| kept.remove(&some));
        }
        kept.insert(channel.clone(), (version, book.clone()));
    }
}
