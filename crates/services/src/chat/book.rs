//! Channels' commands, kept in memory as long as nothing of them has changed.

use super::filters::{Filters, Judge};
use crate::App;
use sm_db::chat::{books, commands};
use sm_types::{
    TwitchUserId,
    chat::{Book, BookSettings},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Channels whose commands an instance keeps.
const MAX_KEPT: usize = 500;

/// A channel's commands and filters.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) book: Book,
    pub(super) judge: Judge,
}

/// The books of an instance.
#[derive(Debug, Default)]
pub struct Books(Mutex<HashMap<TwitchUserId, (i64, Arc<Kept>)>>);

impl Books {
    fn get(&self, channel: &TwitchUserId, version: i64) -> Option<Arc<Kept>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(channel).filter(|(known, _)| *known == version).map(|(_, book)| book.clone())
    }

    fn put(&self, channel: &TwitchUserId, version: i64, book: &Arc<Kept>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT && !kept.contains_key(channel) {
            // Whichever: it is read again when somebody speaks there.
            let some = kept.keys().next().cloned();
            some.map(|some| kept.remove(&some));
        }
        kept.insert(channel.clone(), (version, book.clone()));
    }
}

/// A channel's commands. `version` is that of `chat_books`, for whoever has read it already.
pub(super) async fn of(
    app: &App,
    channel: &TwitchUserId,
    version: Option<i64>,
) -> sqlx::Result<Arc<Kept>> {
    let version = match version {
        Some(version) => version,
        None => books::version(&app.pool, channel).await?,
    };
    let books = &app.inner().books;
    if let Some(book) = books.get(channel, version) {
        return Ok(book);
    }
    let (version, kept) = read(app, channel).await?;
    let kept = Arc::new(kept);
    books.put(channel, version, &kept);
    Ok(kept)
}

/// Reads the version first: commands that are newer than it are only read once more.
async fn read(app: &App, channel: &TwitchUserId) -> sqlx::Result<(i64, Kept)> {
    let stored = books::find(&app.pool, channel).await?;
    let commands = commands::list(&app.pool, channel).await?;
    let version = stored.as_ref().map_or(0, |stored| stored.version);
    let filters = stored.as_ref().map(|stored| stored.filters.0.clone()).unwrap_or_default();
    // What another version has written and this one cannot read judges nobody.
    let filters: Filters = serde_json::from_value(filters).unwrap_or_default();
    let settings = stored.map_or_else(BookSettings::default, settings_of);
    let commands = commands.into_iter().map(|stored| stored.command).collect();
    Ok((version, Kept { book: Book::new(settings, commands), judge: Judge::new(filters) }))
}

/// What goes for all commands of a channel, as it is stored.
pub fn settings_of(stored: books::Stored) -> BookSettings {
    BookSettings {
        prefix: stored.prefix,
        ignored: stored.ignored.0,
        builtins: stored.builtins.0,
        discord_url: stored.discord_url,
    }
}
