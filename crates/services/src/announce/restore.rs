//! After a restore of an older copy of the database, before anything else runs on it.
//!
//! What was posted since the copy is not in it, and would be posted again. For each stream that is live, the
//! channels are read: a message of the bot's with the streamer's link, not older than the stream, is taken up.

use crate::{
    App,
    announce::{
        gate::Turns,
        lookup::{self, Look, Sought},
    },
    streamers::ReconcileError,
    twitch_token::with_token,
};
use sm_db::{
    announce::{
        acceptance::{self, Acceptance, Accepted, Notice, StreamStart},
        restore::{self, Place},
        stream_sessions,
    },
    streamers,
};
use sm_twitch::Stream;
use sm_types::{MessageId, SessionId, TwitchUserId};
use time::{Duration, OffsetDateTime};

/// Streamers per request to Twitch.
const PAGE: i64 = 100;
/// Clocks of Twitch and Discord may differ by so much.
const LEEWAY: Duration = Duration::seconds(30);

/// What was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Restored {
    /// Streams that are live.
    pub live: usize,
    /// Messages that were taken up.
    pub adopted: usize,
    /// Places in which no message was found: they are announced as if nothing had happened.
    pub open: usize,
    /// Places that could not be read. They may be announced twice.
    pub unread: usize,
    /// Sign-ins that were ended.
    pub signed_out: u64,
}

/// Takes up what was posted since the copy was made, and signs everybody out. May run again.
pub async fn run(
    app: &App,
    dry_run: bool,
    mut progress: impl FnMut(),
) -> Result<Restored, ReconcileError> {
    let mut sum = Restored::default();
    let mut after: Option<TwitchUserId> = None;
    loop {
        let page = streamers::wanted(&app.pool, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        let ids = page.as_slice();
        let live =
            with_token(app, |token| async move { app.twitch.streams(&token, ids).await }).await?;
        for stream in live.iter() {
            sum.live += 1;
            take_up(app, stream, dry_run, &mut sum).await?;
            progress();
        }
    }
    if !dry_run {
        sum.signed_out = restore::sign_everybody_out(&app.pool, app.clock.now()).await?;
    }
    Ok(sum)
}

async fn take_up(
    app: &App,
    stream: &Stream,
    dry_run: bool,
    sum: &mut Restored,
) -> sqlx::Result<()> {
    let started_at = stream.started_at.unwrap_or_else(|| app.clock.now());
    let session = stream_sessions::find(&app.pool, &stream.user_id, &stream.id).await?;
    let mut found = Vec::new();
    for place in restore::places(&app.pool, &stream.user_id).await? {
        let settled = match session {
            Some(session) => restore::is_settled(&app.pool, session, place.destination_id).await?,
            None => false,
        };
        if settled {
            continue;
        }
        let sought = Sought {
            guild: place.guild_id,
            channel: place.channel_id,
            login: &place.login,
            display_name: "",
            since: started_at - LEEWAY,
            delivery: None,
            rendered: None,
        };
        match lookup::look(app, &mut Turns::new(app), &sought).await? {
            Look::Found(message) => found.push((place, message)),
            Look::Absent => sum.open += 1,
            Look::Unknown(doubt) => {
                tracing::warn!(%doubt, guild.id = %place.guild_id, channel.id = %place.channel_id, "a channel could not be read");
                sum.unread += 1;
            }
        }
    }
    sum.adopted += found.len();
    if !dry_run && !found.is_empty() {
        record(app, stream, started_at, session, &found).await?;
    }
    Ok(())
}

/// Session and deliveries come at once: a worker that looked in between would announce.
async fn record(
    app: &App,
    stream: &Stream,
    started_at: OffsetDateTime,
    session: Option<SessionId>,
    found: &[(Place, MessageId)],
) -> sqlx::Result<()> {
    let mut transaction = app.pool.begin().await?;
    let session = match session {
        Some(session) => Some(session),
        None => {
            let message_id = format!("restore/online/{}", stream.id);
            let notice = Notice {
                message_id: &message_id,
                occurred_at: started_at,
                received_at: started_at.min(app.clock.now()),
                streamer: &stream.user_id,
                login: "",
                display_name: "",
            };
            let source = "reconciler";
            let start = StreamStart {
                stream_id: &stream.id,
                kind: "live",
                started_at,
                source,
                takes_back_end: false,
            };
            let accepted =
                acceptance::stream_online(&mut *transaction, &notice, &start, true).await?;
            match accepted {
                Some(Acceptance { accepted: Accepted::Queued { session }, .. }) => Some(session),
                _ => None,
            }
        }
    };
    if let Some(session) = session {
        for (place, message) in found {
            let ms = i128::from(message.created_at_unix_ms());
            let at = OffsetDateTime::from_unix_timestamp_nanos(ms * 1_000_000);
            let at = at.unwrap_or_else(|_| app.clock.now());
            restore::adopt(&mut *transaction, session, place, *message, at).await?;
        }
    }
    transaction.commit().await
}
