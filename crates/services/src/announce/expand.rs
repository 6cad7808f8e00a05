//! Expansion: an accepted event becomes a delivery per destination, chunk by chunk.

use crate::{
    App,
    announce::{
        accept::OFFLINE_DEBOUNCE,
        details::{self, Live},
    },
    streamers::listing::LISTED_AFTER_END,
};
use sm_aws::metrics::Counter;
use sm_db::announce::{
    events::{self, Chunk, DueEvent, Expansion},
    stream_sessions,
};
use time::Duration;

/// Destinations per statement.
const CHUNK: i64 = 1_000;
/// How long a worker may take for a chunk before another takes the event over.
const LEASE: Duration = Duration::seconds(30);
/// A go-live that is later than this is not announced any more.
pub const ONLINE_EXPIRY: Duration = Duration::minutes(15);
/// An edit is of use for longer: an end card may be hours late.
const EDIT_EXPIRY: Duration = Duration::hours(6);
/// How long after the go-live viewers and a fresh preview are looked up.
pub const ENRICH_AFTER: Duration = Duration::seconds(75);
/// Get Streams may not list a stream for its first minutes: so often it is asked.
const ENRICH_TRIES: i32 = 3;
/// An edit waits this long for messages that are on their way.
const BUSY_WAIT: Duration = Duration::seconds(5);

/// Expands one chunk of the event that is due longest; `None` when none is due.
pub async fn step(app: &App) -> sqlx::Result<Option<Chunk>> {
    let now = app.clock.now();
    let Some(event) = events::claim(&app.pool, now, now + LEASE).await? else {
        return Ok(None);
    };
    let chunk = match event.kind.as_str() {
        "online" => online(app, &event).await,
        "offline" => offline(app, &event).await,
        _ => update(app, &event).await,
    }?;
    Counter::Queued.add(chunk.seen as u64);
    Ok(Some(chunk))
}

async fn online(app: &App, event: &DueEvent) -> sqlx::Result<Chunk> {
    if !event.prepared {
        let (channel, avatar) =
            tokio::join!(details::channel(app, event), details::avatar(app, &event.twitch_user_id));
        avatar?;
        stream_sessions::prepare(&app.pool, event.session_id, channel.as_ref()).await?;
        events::set_prepared(&app.pool, event.event_id).await?;
        events::queue_enrichment(&app.pool, event.event_id, event.received_at + ENRICH_AFTER)
            .await?;
    }
    let chunks = expand_all(app, event, ONLINE_EXPIRY).await?;
    Ok(chunks)
}

/// Title, game or viewers have changed: everything posted is edited, silently.
async fn update(app: &App, event: &DueEvent) -> sqlx::Result<Chunk> {
    if event.ended_at.is_some() {
        return close(app, event, "stream_ended").await;
    }
    if !event.prepared {
        if stream_sessions::obstacles(&app.pool, event.session_id).await?.sending {
            return postpone(app, event, BUSY_WAIT).await;
        }
        match details::live(app, &event.twitch_user_id).await {
            Live::Yes { stream_id, details } if stream_id == event.stream_id => {
                let now = app.clock.now();
                stream_sessions::enrich(&app.pool, event.session_id, &details, now).await?;
            }
            // A channel update says what has changed; viewers come with the next edit.
            _ if event.kind == "update" => {}
            _ if event.attempts < ENRICH_TRIES => return postpone(app, event, ENRICH_AFTER).await,
            _ => return close(app, event, "not_listed").await,
        }
        events::set_prepared(&app.pool, event.event_id).await?;
    }
    expand_all(app, event, EDIT_EXPIRY).await
}

/// The end has held for a while: end cards, unless the stream is back.
async fn offline(app: &App, event: &DueEvent) -> sqlx::Result<Chunk> {
    if event.ended_at.is_none() {
        return close(app, event, "resumed").await;
    }
    let obstacles = stream_sessions::obstacles(&app.pool, event.session_id).await?;
    if obstacles.continued {
        return close(app, event, "continued").await;
    }
    if obstacles.announcing || obstacles.sending {
        return postpone(app, event, BUSY_WAIT).await;
    }
    if !event.prepared {
        if let Live::Yes { stream_id, .. } = details::live(app, &event.twitch_user_id).await
            && stream_id == event.stream_id
        {
            let ended_at = event.ended_at.unwrap_or(event.received_at);
            if app.clock.now() - ended_at <= LISTED_AFTER_END {
                return postpone(app, event, OFFLINE_DEBOUNCE).await;
            }
            stream_sessions::reopen(&app.pool, event.session_id).await?;
            return close(app, event, "resumed").await;
        }
        if let Some(url) = details::recording(app, event).await {
            stream_sessions::set_vod(&app.pool, event.session_id, &url).await?;
        }
        events::set_prepared(&app.pool, event.event_id).await?;
    }
    expand_all(app, event, EDIT_EXPIRY).await
}

async fn expand_all(app: &App, event: &DueEvent, expiry: Duration) -> sqlx::Result<Chunk> {
    let now = app.clock.now();
    let expansion =
        Expansion { event: event.event_id, now, lease: Duration::ZERO, chunk: CHUNK, expiry };
    let chunk = if event.kind == "online" {
        events::expand_online(&app.pool, &expansion).await?
    } else {
        events::expand_edit(&app.pool, &expansion).await?
    };
    tracing::info!(
        event.kind, event.id = %event.event_id, streamer.login = event.login,
        chunk.destinations = chunk.seen, chunk.last, "expanded a chunk"
    );
    Ok(chunk)
}

async fn close(app: &App, event: &DueEvent, outcome: &str) -> sqlx::Result<Chunk> {
    events::finish(&app.pool, event.event_id, app.clock.now(), outcome).await?;
    tracing::info!(
        event.kind, event.id = %event.event_id, streamer.login = event.login, outcome,
        "closed an event without edits"
    );
    Ok(Chunk { seen: 0, last: true })
}

async fn postpone(app: &App, event: &DueEvent, wait: Duration) -> sqlx::Result<Chunk> {
    events::postpone(&app.pool, event.event_id, app.clock.now() + wait).await?;
    Ok(Chunk { seen: 0, last: true })
}
