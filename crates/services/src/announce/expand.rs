//! Expansion: an accepted event becomes a delivery per destination, chunk by chunk.

use super::{
    details::{self, Live},
    held::{self, Released},
    rules::{self, Look, Stream},
};
use crate::{App, chat, guilds::presence, streamers::listing::LISTED_AFTER_END};
use sm_aws::metrics::Counter;
use sm_db::{
    Session,
    announce::{
        acceptance::END_DEBOUNCE,
        events::{self, DueEvent},
        expansion::{self, Chunk, Expanding, Planned},
        stream_sessions::{self, LiveDetails},
    },
};
use sm_types::{DestinationId, announcement::Kind};
use time::{Duration, OffsetDateTime};

/// Destinations per transaction.
const CHUNK: i64 = 1_000;
/// How long a worker may take for a chunk before another takes the event over.
const LEASE: Duration = Duration::seconds(30);
/// A go-live that is later than this, our own pace left aside, is not announced any more.
pub const ONLINE_EXPIRY: Duration = Duration::minutes(15);
/// An edit is worth sending for longer: an end card may be hours late.
const EDIT_EXPIRY: Duration = Duration::hours(6);
/// How long after the go-live viewers and a fresh preview are looked up.
pub const ENRICH_AFTER: Duration = Duration::seconds(75);
/// Get Streams may not list a stream for its first minutes: it is asked this many times.
const ENRICH_LOOKS: i32 = 3;
/// An edit waits this long for messages that are on their way.
const BUSY_WAIT: Duration = Duration::seconds(5);

/// Expands one chunk of the longest overdue event; how many destinations it had, or `None` when no event is due.
pub async fn step(app: &App) -> sqlx::Result<Option<usize>> {
    let now = app.clock.now();
    let Some(event) = events::claim(&app.pool, now, now + LEASE).await? else {
        return Ok(None);
    };
    let seen = match event.kind {
        Kind::Online => online(app, &event).await,
        Kind::Offline => offline(app, &event).await,
        Kind::Enrich | Kind::Update => update(app, &event).await,
        // None is ever queued.
        Kind::Test => close(app, &event, "unknown").await,
    }?;
    Counter::Queued.add(seen as u64);
    Ok(Some(seen))
}

async fn online(app: &App, event: &DueEvent) -> sqlx::Result<usize> {
    if !event.prepared {
        let (channel, avatar) =
            tokio::join!(details::channel(app, event), details::avatar(app, &event.twitch_user_id));
        avatar?;
        let now = app.clock.now();
        let (pool, session) = (&app.pool, event.session_id);
        stream_sessions::prepare(pool, session, channel.as_ref(), now).await?;
        let card_at = now + END_DEBOUNCE;
        if stream_sessions::end_superseded(pool, session, now, card_at).await? > 0 {
            // What has just ended may be what it resumes.
            stream_sessions::prepare(pool, session, channel.as_ref(), now).await?;
        }
        say_in_chat(app, event, chat::events::Kind::Live).await;
        // First of all: what waits for the second look must not wait for ever.
        events::queue_enrichment(pool, event.event_id, event.received_at + ENRICH_AFTER).await?;
        events::set_prepared(pool, event).await?;
        app.hub().changes().stream(&event.twitch_user_id);
    }
    expand(app, event, ONLINE_EXPIRY).await
}

/// Title, game or viewers have changed: everything posted is edited, silently.
async fn update(app: &App, event: &DueEvent) -> sqlx::Result<usize> {
    let second_look = event.kind == Kind::Enrich;
    if let Some(ended_at) = event.ended_at {
        // It may come back; then viewers are counted after all.
        if second_look && held::wait_for_end(app, event, ended_at).await? {
            return postpone(app, event, END_DEBOUNCE).await;
        }
        return close(app, event, "stream_ended").await;
    }
    if !event.prepared {
        let obstacles = stream_sessions::obstacles(&app.pool, event.session_id).await?;
        if obstacles.sending || second_look && obstacles.expanding {
            return postpone(app, event, BUSY_WAIT).await;
        }
        match details::live(app, &event.twitch_user_id).await {
            Live::Yes { stream_id, details } if stream_id == event.stream_id => {
                let details = match event.kind {
                    // Get Streams lags behind: what the channel update has told is newer.
                    Kind::Update => LiveDetails { viewers: details.viewers, ..Default::default() },
                    _ => details,
                };
                let now = app.clock.now();
                stream_sessions::enrich(&app.pool, event.session_id, &details, now).await?;
            }
            // A channel update says what has changed; viewers come with the next edit.
            _ if event.kind == Kind::Update => {}
            _ if event.looks + 1 < ENRICH_LOOKS => return look_again(app, event).await,
            // What nobody knows holds no announcement back.
            _ => {
                return match held::release(app, event).await? {
                    Released::Some(seen) => again(app, event, seen).await,
                    Released::All => close(app, event, "not_listed").await,
                };
            }
        }
        events::set_prepared(&app.pool, event).await?;
    }
    if second_look && let Released::Some(seen) = held::release(app, event).await? {
        return again(app, event, seen).await;
    }
    expand(app, event, EDIT_EXPIRY).await
}

/// The end has held for a while: end cards, unless the stream is back.
async fn offline(app: &App, event: &DueEvent) -> sqlx::Result<usize> {
    if event.ended_at.is_none() {
        return close(app, event, "resumed").await;
    }
    let obstacles = stream_sessions::obstacles(&app.pool, event.session_id).await?;
    if obstacles.superseding || obstacles.announcing || obstacles.sending {
        return postpone(app, event, BUSY_WAIT).await;
    }
    if !event.prepared {
        if let Live::Yes { stream_id, .. } = details::live(app, &event.twitch_user_id).await
            && stream_id == event.stream_id
        {
            let ended_at = event.ended_at.unwrap_or(event.received_at);
            if app.clock.now() - ended_at <= LISTED_AFTER_END {
                return postpone(app, event, END_DEBOUNCE).await;
            }
            stream_sessions::reopen(&app.pool, event.session_id).await?;
            return close(app, event, "resumed").await;
        }
        if let Some(url) = details::recording(app, event).await {
            stream_sessions::set_vod(&app.pool, event.session_id, &url).await?;
        }
        say_in_chat(app, event, chat::events::Kind::End).await;
        events::set_prepared(&app.pool, event).await?;
    }
    expand(app, event, EDIT_EXPIRY).await
}

/// Has the chat bot tell of a stream, if it is there. No announcement depends on a line of chat.
async fn say_in_chat(app: &App, event: &DueEvent, kind: chat::events::Kind) {
    if !event.has_bot {
        return;
    }
    let told = chat::tell::stream(app, &event.twitch_user_id, kind, &event.stream_id).await;
    if let Err(error) = told {
        tracing::warn!(%error, event.id = %event.event_id, "nothing will be said in chat of a stream");
    }
}

/// Expands the next chunk, in one transaction.
async fn expand(app: &App, due: &DueEvent, expiry: Duration) -> sqlx::Result<usize> {
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    let event = expansion::begin(&mut *transaction, due.event_id, due.attempts).await?;
    let Some(event) = event else {
        // Another worker has taken it over.
        return Ok(0);
    };
    let Batch { planned, cursor, seen } = match event.kind {
        Kind::Online => announcements(&mut transaction, &event, now).await?,
        _ => edits(&mut transaction, &event).await?,
    };
    let last = (seen as i64) < CHUNK;
    let chunk = Chunk { now, expiry, cursor, last };
    expansion::write(&mut transaction, &event, &planned, &chunk).await?;
    transaction.commit().await?;
    tracing::info!(
        event.kind = %due.kind, event.id = %due.event_id, streamer.login = due.login,
        chunk.destinations = seen, chunk.last = last, "expanded a chunk"
    );
    Ok(seen)
}

/// What is to be written of a chunk.
struct Batch {
    planned: Vec<Planned>,
    cursor: Option<DestinationId>,
    seen: usize,
}

async fn announcements(
    db: &mut Session,
    event: &Expanding,
    now: OffsetDateTime,
) -> sqlx::Result<Batch> {
    let mut found = expansion::candidates(&mut *db, event, now, CHUNK).await?;
    presence::plan_looks(db, &mut found).await?;
    let planned = rules::decide(&Stream::of(event, Look::First), &found, now);
    let cursor = found.last().map(|to| to.destination_id);
    Ok(Batch { planned, cursor, seen: found.len() })
}

async fn edits(db: &mut Session, event: &Expanding) -> sqlx::Result<Batch> {
    let found = expansion::posted(&mut *db, event, CHUNK).await?;
    let planned = found.iter().filter_map(|posted| rules::edit(event, posted)).collect();
    let cursor = found.last().map(|posted| posted.destination_id);
    Ok(Batch { planned, cursor, seen: found.len() })
}

async fn close(app: &App, event: &DueEvent, outcome: &str) -> sqlx::Result<usize> {
    events::finish(&app.pool, event, app.clock.now(), outcome).await?;
    tracing::info!(
        event.kind = %event.kind, event.id = %event.event_id, streamer.login = event.login, outcome,
        "closed an event without edits"
    );
    Ok(0)
}

/// Goes on with an event at once, after `seen` destinations of it.
async fn again(app: &App, event: &DueEvent, seen: usize) -> sqlx::Result<usize> {
    postpone(app, event, Duration::ZERO).await?;
    Ok(seen)
}

/// Puts an event off without a look at Twitch.
async fn postpone(app: &App, event: &DueEvent, wait: Duration) -> sqlx::Result<usize> {
    events::postpone(&app.pool, event, app.clock.now() + wait, false).await?;
    Ok(0)
}

async fn look_again(app: &App, event: &DueEvent) -> sqlx::Result<usize> {
    events::postpone(&app.pool, event, app.clock.now() + ENRICH_AFTER, true).await?;
    Ok(0)
}
