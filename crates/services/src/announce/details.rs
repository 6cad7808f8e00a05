//! What Twitch knows of a stream beyond the event: title, game, avatar, viewers, recording.
//!
//! None of it holds an announcement back: what cannot be had in time is left out or taken from
//! what was known before, and an edit brings it later.

use crate::{App, twitch_token::with_token};
use sm_db::announce::{
    events::DueEvent,
    stream_sessions::{ChannelDetails, LiveDetails},
};
use sm_types::TwitchUserId;
use std::time::Duration;
use tokio::time::timeout;

/// How long an announcement waits for title and game.
const PATIENCE: Duration = Duration::from_secs(2);

/// Title and game by Get Channel Information, which knows them at the moment of going live.
pub(crate) async fn channel(app: &App, event: &DueEvent) -> Option<ChannelDetails> {
    let ids = [event.twitch_user_id.clone()];
    let call = with_token(app, |token| {
        let ids = ids.clone();
        async move { app.twitch.channels(&token, &ids).await }
    });
    let found = in_time(call).await?.into_iter().next()?;
    Some(ChannelDetails {
        title: Some(found.title),
        game_id: found.game_id,
        game_name: found.game_name,
        language: found.language,
        tags: found.tags,
    })
}

/// Brings the streamer's avatar up to date.
pub(crate) async fn avatar(app: &App, streamer: &TwitchUserId) -> sqlx::Result<()> {
    let ids = [streamer.clone()];
    let call = with_token(app, |token| {
        let ids = ids.clone();
        async move { app.twitch.users(&token, &ids).await }
    });
    let user = in_time(call).await.and_then(|users| users.into_iter().next());
    if let Some(url) = user.and_then(|user| user.profile_image_url) {
        sm_db::streamers::set_avatar(&app.pool, streamer, &url).await?;
    }
    Ok(())
}

/// Whether Twitch lists a stream of the streamer.
#[derive(Debug)]
pub(crate) enum Live {
    /// It does, and this is what it tells.
    Yes { stream_id: sm_types::StreamId, details: LiveDetails },
    /// It does not.
    No,
    /// Twitch did not answer.
    Unknown,
}

/// Looks a streamer up in Get Streams.
pub(crate) async fn live(app: &App, streamer: &TwitchUserId) -> Live {
    let ids = [streamer.clone()];
    let call = with_token(app, |token| {
        let ids = ids.clone();
        async move { app.twitch.streams(&token, &ids).await }
    });
    let Some(list) = in_time(call).await else { return Live::Unknown };
    let whole = list.whole;
    match list.into_iter().next() {
        None if !whole => Live::Unknown,
        None => Live::No,
        Some(stream) => Live::Yes {
            stream_id: stream.id,
            details: LiveDetails {
                title: Some(stream.title),
                game_id: stream.game_id,
                game_name: stream.game_name,
                viewers: i32::try_from(stream.viewer_count).unwrap_or(i32::MAX),
            },
        },
    }
}

/// The recording of a stream, when there is one.
pub(crate) async fn recording(app: &App, event: &DueEvent) -> Option<String> {
    let streamer = &event.twitch_user_id;
    let call = with_token(app, |token| async move { app.twitch.archives(&token, streamer).await });
    let videos = in_time(call).await?;
    // By stream id, not "the newest": that may be an older stream's.
    videos.into_iter().find(|v| v.stream_id.as_ref() == Some(&event.stream_id)).map(|v| v.url)
}

async fn in_time<T>(call: impl Future<Output = Result<T, sm_twitch::Error>>) -> Option<T> {
    match timeout(PATIENCE, call).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            tracing::warn!(%error, "Twitch did not give the details");
            None
        }
        Err(_) => {
            tracing::warn!("Twitch did not give the details in time");
            None
        }
    }
}
