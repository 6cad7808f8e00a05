//! A topic that sockets of this process listen to, with what was told in it last.

use super::{
    frames::{Kept, Told, frames},
    line::{Cut, Frame},
};
use sm_types::live::{FeedKinds, Place, Topic};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};
use tokio::sync::mpsc;

/// Events of a topic that are kept in memory.
const RECENT: usize = 256;

/// A topic that somebody listens to.
pub(super) struct Channel {
    pub(super) place: Place,
    /// The latest events, behind the position that `kept_after` names.
    recent: VecDeque<Kept>,
    kept_after: i64,
    /// From here on this process has seen every place; of those before it only the ones that are kept.
    carried_from: i64,
    pub(super) listeners: HashMap<String, Listener>,
    /// What was written last for somebody who came back: after a restart thousands come back to the same place.
    missed: Option<Missed>,
}

/// What somebody has missed who comes back to a place.
struct Missed {
    since: i64,
    until: i64,
    sees: FeedKinds,
    frames: Vec<Frame>,
}

/// A socket that listens to a topic.
pub(super) struct Listener {
    pub(super) queue: mpsc::Sender<Frame>,
    pub(super) cut: Arc<Cut>,
    /// What it may see of events that have a kind.
    pub(super) sees: FeedKinds,
}

impl Channel {
    /// Begins at a place, with what was told last up to there.
    pub(super) fn new(place: Place, before: &[Told]) -> Self {
        // What was before the first of them may be kept no more.
        let kept_after = before.first().map_or(place.position, |first| first.place.position);
        let carried_from = place.position;
        let (recent, listeners, missed) = Default::default();
        let mut channel = Self { place, recent, kept_after, carried_from, listeners, missed };
        before.iter().for_each(|told| channel.keep(told));
        channel
    }

    /// Whether only the database can tell what there was at a place and behind it.
    pub(super) fn is_before_what_is_kept(&self, place: &Place) -> bool {
        let kept = || self.recent.iter().any(|kept| kept.place.position == place.position);
        place.position < self.kept_after || (place.position < self.carried_from && !kept())
    }

    /// Keeps an event; of several about the same the latest.
    pub(super) fn keep(&mut self, told: &Told) {
        self.recent.retain(|kept| kept.subject != told.subject);
        self.recent.extend(told.kept());
    }

    /// What was told behind a position, as far as it is kept, to somebody who sees these kinds.
    pub(super) fn missed_since(&mut self, topic: Topic, since: i64, sees: FeedKinds) -> &[Frame] {
        let until = self.place.position;
        let written =
            |missed: &Missed| (missed.since, missed.until, missed.sees) == (since, until, sees);
        if !self.missed.as_ref().is_some_and(written) {
            let frames = self.written_since(topic, since, sees);
            self.missed = Some(Missed { since, until, sees, frames });
        }
        self.missed.as_ref().map_or(&[], |missed| &missed.frames)
    }

    /// What is kept behind a position, written for whoever sees these kinds.
    pub(super) fn written_since(&self, topic: Topic, since: i64, sees: FeedKinds) -> Vec<Frame> {
        let news = self.recent.iter().filter(|kept| kept.place.position > since);
        frames(topic, since, &self.place, news.filter(|kept| kept.is_for(sees))).collect()
    }

    /// Keeps no more than it may.
    pub(super) fn forget_the_oldest(&mut self) {
        while self.recent.len() > RECENT {
            if let Some(gone) = self.recent.pop_front() {
                self.kept_after = gone.place.position;
            }
        }
    }

    /// Whether a place is one that this topic has had; one before what is kept was looked up by whoever asks.
    pub(super) fn knows(&self, place: &Place) -> bool {
        if place.position == self.place.position {
            return place.tag == self.place.tag;
        }
        let kept = self.recent.iter().find(|kept| kept.place.position == place.position);
        match kept {
            Some(kept) => kept.place.tag == place.tag,
            None => place.position < self.place.position,
        }
    }
}
