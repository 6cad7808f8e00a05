//! What the sockets of this process have said of their tabs and nobody has stored yet.
//!
//! It waits here for some moments, so that thousands who come back at once are a few statements, and so that what
//! one tab says is stored in order.

use sm_db::live::presence::Tab;
use sm_types::{UserId, live::Page};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;
use uuid::Uuid;

/// The latest word of each tab.
#[derive(Default)]
pub(super) struct Tabs {
    words: Mutex<HashMap<String, Word>>,
    woken: Notify,
}

enum Word {
    /// It is there, and perhaps turns to a page.
    Here { user: UserId, session: Uuid, page: Option<Page> },
    /// It was closed: its last word.
    Left(UserId),
}

/// What was said.
#[derive(Default)]
pub(super) struct Said {
    pub(super) here: Vec<Tab>,
    pub(super) left: Vec<(String, UserId)>,
}

impl Tabs {
    /// A tab is there.
    pub(super) fn here(&self, id: String, user: UserId, session: Uuid, page: Option<Page>) {
        match self.lock().entry(id) {
            Entry::Vacant(first) => {
                first.insert(Word::Here { user, session, page });
            }
            Entry::Occupied(mut said) => {
                if let Word::Here { page: before, .. } = said.get_mut() {
                    *before = page.or(before.take());
                }
            }
        }
        self.woken.notify_one();
    }

    /// A tab was closed.
    pub(super) fn left(&self, id: String, user: UserId) {
        self.lock().insert(id, Word::Left(user));
        self.woken.notify_one();
    }

    /// Waits until something is said.
    pub(super) async fn woken(&self) {
        self.woken.notified().await;
    }

    /// What was said of tabs, those left out that say to be there and are not.
    pub(super) fn take(&self, is_open: impl Fn(&str) -> bool) -> Said {
        let mut said = Said::default();
        for (id, word) in std::mem::take(&mut *self.lock()) {
            match word {
                Word::Here { user, session, page } if is_open(&id) => {
                    said.here.push(Tab { id, user, session, page });
                }
                Word::Here { .. } => {}
                Word::Left(user) => said.left.push((id, user)),
            }
        }
        said
    }

    /// What could not be stored waits again, unless more was said since.
    pub(super) fn put_back(&self, said: Said) {
        let mut words = self.lock();
        for Tab { id, user, session, page } in said.here {
            match words.entry(id) {
                Entry::Vacant(none) => {
                    none.insert(Word::Here { user, session, page });
                }
                Entry::Occupied(mut since) => {
                    if let Word::Here { page: since @ None, .. } = since.get_mut() {
                        *since = page;
                    }
                }
            }
        }
        words.extend(said.left.into_iter().map(|(id, user)| (id, Word::Left(user))));
        drop(words);
        self.woken.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Word>> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str) -> Option<Page> {
        Page::clean(path, "").ok()
    }

    #[test]
    fn last_word_counts_and_what_was_not_stored_is_said_again() {
        let (tabs, user, session) = (Tabs::default(), UserId(1), Uuid::nil());
        let here = |id: &str, page| tabs.here(id.to_owned(), user, session, page);
        here("a", page("/1"));
        here("a", None);
        here("b", None);
        here("gone", None);
        tabs.left("c".to_owned(), user);
        here("c", page("/1"));
        let said = tabs.take(|id| id != "gone");
        let pages: HashMap<_, _> =
            said.here.iter().map(|tab| (&*tab.id, tab.page.clone())).collect();
        assert_eq!(pages, HashMap::from([("a", page("/1")), ("b", None)]));
        assert_eq!(said.left, [("c".to_owned(), user)]);
        here("a", page("/2"));
        tabs.left("b".to_owned(), user);
        tabs.put_back(said);
        let said = tabs.take(|_| true);
        assert_eq!(said.here.len(), 1);
        assert_eq!(said.here[0].page, page("/2"));
        assert_eq!(said.left.len(), 2);
    }
}
