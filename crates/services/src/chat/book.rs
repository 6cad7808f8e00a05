//! Channels' commands, read when something of them has changed.

use super::{
    events::Events,
    filters::{Filters, Judge},
    shelf::Kept,
};
use crate::App;
use sm_db::chat::{books, commands};
use sm_types::{
    TwitchUserId,
    chat::{Book, BookSettings},
};
use std::sync::Arc;

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
    // What another version has written and this one cannot read judges nobody, and says nothing.
    let filters: Filters = serde_json::from_value(filters).unwrap_or_default();
    let events = stored.as_ref().map(|stored| stored.events.0.clone()).unwrap_or_default();
    let events: Events = serde_json::from_value(events).unwrap_or_default();
    let settings = stored.map_or_else(BookSettings::default, settings_of);
    let commands = commands.into_iter().map(|stored| stored.command).collect();
    let book = Book::new(settings, commands);
    Ok((version, Kept { book, judge: Judge::new(filters), events }))
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
