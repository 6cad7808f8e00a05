//! A line of chat: whose it is, and whether it is ours to answer. One that nobody answers touches no row.

use super::respond::respond;
use crate::App;
use sm_db::chat::{
    channels::{self, On},
    sends,
};
use sm_types::{
    TwitchUserId,
    chat::{Heard, Level, Line},
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration as StdDuration,
};
use time::OffsetDateTime;
use tokio::time::Instant;

/// How long what is known of a channel is taken for granted.
const KNOWN_FOR: StdDuration = StdDuration::from_secs(2);
/// Channels that are kept in mind; beyond, all are asked for anew.
const MOST_KNOWN: usize = 50_000;

/// What is known of channels by this process.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<HashMap<TwitchUserId, (Instant, Option<On>)>>);

impl Known {
    async fn of(&self, app: &App, channel: &TwitchUserId) -> sqlx::Result<Option<On>> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, on)) = lock().get(channel)
            && at.elapsed() < KNOWN_FOR
        {
            return Ok(on.clone());
        }
        let on = channels::on(&app.pool, channel).await?;
        let mut known = lock();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(channel.clone(), (Instant::now(), on.clone()));
        Ok(on)
    }
}

/// Takes a line that Twitch tells of. An error means that Twitch should tell it again.
pub(crate) async fn line(app: &App, heard: Heard, received_at: OffsetDateTime) -> sqlx::Result<()> {
    let line = Line::from(heard);
    // It is told in its own channel too, and answered there.
    if line.is_from_elsewhere() {
        return Ok(());
    }
    let Some(on) = app.inner().chat.of(app, &line.channel).await? else { return Ok(()) };
    if line.chatter.id == on.bot_id {
        let moderates = Level::of_badges(&line.chatter.badges) >= Level::Moderator;
        let ours = sends::seen(&app.pool, &line.channel, &line.message_id, &line.text, moderates);
        // Where the bot speaks as the streamer, the streamer may write too.
        if ours.await? || on.bot_id != line.channel {
            return Ok(());
        }
    }
    let _ = received_at;
    respond(app, &line, Some(on.book)).await?;
    Ok(())
}
