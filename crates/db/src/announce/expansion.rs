//! Expanding an event into deliveries, chunk by chunk: reading those concerned, writing what was decided.

use super::{claim::join_queue, history::first_uuid_of};
use crate::Session;
use sm_types::{
    ChannelId, DestinationId, EventId, GuildId, MessageId, SessionId, TwitchUserId,
    announcement::{Action, Kind, Reason, Status, Variant},
    rules::{Facts, MAX_PAUSE},
};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime, Time};
use uuid::Uuid;

/// An event under expansion, with what its rules ask of the stream.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Expanding {
    #[sqlx(try_from = "Uuid")]
    pub event_id: EventId,
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    /// The attempt under which it was claimed.
    pub attempts: i32,
    pub received_at: OffsetDateTime,
    pub committed_at: OffsetDateTime,
    /// The last destination that was expanded.
    pub cursor: Option<Uuid>,
    #[sqlx(try_from = "Uuid")]
    pub session_id: SessionId,
    #[sqlx(try_from = "String")]
    pub twitch_user_id: TwitchUserId,
    /// `live`, `rerun`, … as Twitch calls the type of stream.
    pub stream_type: String,
    /// What rules see of the stream.
    #[sqlx(json)]
    pub seen: Facts,
    pub started_at: OffsetDateTime,
    /// The session that this one resumes.
    pub continues: Option<Uuid>,
    /// When that one ended.
    pub previous_ended_at: Option<OffsetDateTime>,
    /// Deliveries that have come to an end, ever.
    pub settled: i64,
}

/// Locks an event for the transaction; `None` when another worker has taken it over or it is closed.
pub async fn begin(
    db: impl PgExecutor<'_>,
    event: EventId,
    attempt: i32,
) -> sqlx::Result<Option<Expanding>> {
    sqlx::query_as(
        "select e.event_id, e.kind, e.attempts, e.received_at, e.committed_at, e.cursor, s.session_id,
           s.twitch_user_id, s.type as stream_type, s.started_at, s.continues,
           -- Of a session that the version before has prepared nothing else is known.
           coalesce(s.seen, jsonb_build_object('title', s.title, 'game_id', s.game_id, 'game_name', s.game_name)) as seen,
           p.ended_at as previous_ended_at, (select settled from outbox_progress) as settled
         from stream_events e
         join stream_sessions s using (session_id)
         left join stream_sessions p on p.session_id = s.continues
         where e.event_id = $1 and e.attempts = $2 and e.finished_at is null
         for update of e",
    )
    .bind(event.0)
    .bind(attempt)
    .fetch_optional(db)
    .await
}

/// A destination of a streamer, with what the rules ask of it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Candidate {
    #[sqlx(try_from = "Uuid")]
    pub destination_id: DestinationId,
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    /// Its own channel, or the guild's default.
    pub channel_id: Option<i64>,
    /// Which of the guild's destinations for this streamer it is, from 0.
    pub turn: i16,
    /// Whether the bot is in the guild, or may be: a look comes before the message.
    pub present: bool,
    pub guild_enabled: bool,
    pub follow_enabled: bool,
    pub enabled: bool,
    pub announce_types: Vec<String>,
    pub game_filter: Option<Vec<String>>,
    pub title_filter: Option<String>,
    pub quiet_from: Option<Time>,
    pub quiet_until: Option<Time>,
    pub timezone: String,
    pub cooldown_seconds: i32,
    /// When it was announced last; read only where there is a cooldown.
    pub last_sent_at: Option<OffsetDateTime>,
    /// Its own rules, or the guild's, as JSON: whoever reads them copes with whatever stands there.
    pub rules: Option<String>,
    /// Whether they are its own.
    pub own_rules: bool,
    /// When the guild was pinged within a week for other sessions, the latest first; read only where a rule asks.
    pub pings: Vec<OffsetDateTime>,
    pub merge_window_seconds: i32,
    /// The message of the session that this one resumes, and where it stands.
    pub previous_message_id: Option<i64>,
    pub previous_channel_id: Option<i64>,
    pub previous_variant: Option<String>,
}

/// Pings of a guild that a rule looks back at, at most; more than any limit of a day's.
const PINGS: i64 = 200;
/// As far back as a rule looks, and no further than a server has many.
const PINGS_WITHIN: Duration = Duration::seconds(MAX_PAUSE as i64);

macro_rules! candidates {
    ($destinations:literal) => {
        concat!(
            "select d.destination_id, d.guild_id, coalesce(d.channel_id, c.default_channel_id) as channel_id,
           (select count(*) from destinations x where x.guild_id = d.guild_id and x.twitch_user_id = d.twitch_user_id
            and x.destination_id < d.destination_id)::smallint as turn,
           g.status = 'active' as present, coalesce(c.enabled, true) as guild_enabled, f.enabled as follow_enabled,
           d.enabled,
           -- Flat and without nulls, whatever is stored: one server's list must not cost the others their chunk.
           case when c.announce_types is null then '{live}'
                else array(select a from unnest(c.announce_types) a where a is not null) end as announce_types,
           case when d.game_filter is not null
                then array(select g from unnest(d.game_filter) g where g is not null) end as game_filter,
           d.title_filter,
           c.quiet_from, c.quiet_until, coalesce(c.timezone, 'UTC') as timezone,
           d.cooldown_seconds,
           coalesce(c.merge_window_seconds, 600) as merge_window_seconds,
           case when d.cooldown_seconds > 0 then (
             select n.sent_at from deliveries n
             where n.guild_id = d.guild_id and n.streamer_id = d.twitch_user_id
               and n.destination_id = d.destination_id and n.kind = 'online' and n.action = 'create'
               and n.status = 'sent'
             order by n.delivery_id desc limit 1) end as last_sent_at,
           coalesce(d.rules, c.rules)::text as rules, d.rules is not null as own_rules,
           case when coalesce(d.rules, c.rules) ?| '{pause_seconds,most_pings}' then array(
             select min(coalesce(n.sent_at, n.created_at)) from deliveries n
             where n.guild_id = d.guild_id and n.delivery_id >= $5 and n.kind = 'online' and n.action = 'create'
               and n.status in ('pending', 'sending', 'sent') and not n.silent and n.session_id <> $6
             group by n.session_id order by 1 desc limit $7) else '{}' end as pings,
           p.message_id as previous_message_id, p.channel_id as previous_channel_id, p.variant as previous_variant
         from (",
            $destinations,
            ") d
         cross join lateral (select * from guilds g where g.guild_id = d.guild_id offset 0) g
         cross join lateral (select * from guild_streamers f where f.guild_id = d.guild_id
                             and f.twitch_user_id = d.twitch_user_id offset 0) f
         left join lateral (select * from guild_config c where c.guild_id = d.guild_id offset 0) c on true
         left join lateral (
           select n.message_id, n.channel_id, n.variant from notification_log n
           where n.session_id = $3 and n.destination_id = d.destination_id and n.kind = 'online'
             and n.status = 'sent' and n.message_id is not null offset 0) p on $3 is not null
         order by d.destination_id"
        )
    };
}

/// The next `limit` destinations of an `online` event.
///
/// Everything is looked up per destination, by key: the chunk is cut first, and the planner knows how small it is.
pub async fn candidates(
    db: impl PgExecutor<'_>,
    event: &Expanding,
    now: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<Candidate>> {
    let next = candidates!(
        "select * from destinations where twitch_user_id = $1 and destination_id > $2
           order by destination_id limit $4"
    );
    sqlx::query_as(next)
        .bind(event.twitch_user_id.as_str())
        .bind(event.cursor.unwrap_or_default())
        .bind(event.continues)
        .bind(limit)
        .bind(first_uuid_of(now - PINGS_WITHIN))
        .bind(event.session_id.0)
        .bind(PINGS)
        .fetch_all(db)
        .await
}

/// The next `limit` destinations whose announcement waits for the second look at a session.
pub async fn awaiting_viewers(
    db: impl PgExecutor<'_>,
    event: &Expanding,
    now: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<Candidate>> {
    let held = candidates!(
        "select x.* from destinations x join (
             select destination_id from notification_log
             where session_id = $6 and destination_id > $2 and kind = 'online' and status = 'skipped'
               and reason = 'awaiting_viewers'
             order by destination_id limit $4) held using (destination_id)
           where x.twitch_user_id = $1"
    );
    sqlx::query_as(held)
        .bind(event.twitch_user_id.as_str())
        .bind(Uuid::nil())
        .bind(event.continues)
        .bind(limit)
        .bind(first_uuid_of(now - PINGS_WITHIN))
        .bind(event.session_id.0)
        .bind(PINGS)
        .fetch_all(db)
        .await
}

/// A message of a session, to be edited or deleted.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Posted {
    #[sqlx(try_from = "Uuid")]
    pub destination_id: DestinationId,
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    pub channel_id: Option<i64>,
    pub message_id: i64,
    /// How much of it Discord has accepted; an edit sends no more.
    #[sqlx(try_from = "String")]
    pub variant: Variant,
    /// What the guild does with messages of streams that have ended: `leave`, `edit` or `delete`.
    pub end_action: String,
    /// Whether the stream's next session has taken the message over.
    pub taken_over: bool,
}

/// The next `limit` messages of an event's session.
pub async fn posted(
    db: impl PgExecutor<'_>,
    event: &Expanding,
    limit: i64,
) -> sqlx::Result<Vec<Posted>> {
    sqlx::query_as(
        "select n.destination_id, n.guild_id, n.channel_id, n.message_id, n.variant,
           coalesce(c.end_action, 'edit') as end_action,
           exists (select from stream_sessions s join notification_log m using (session_id)
                   where s.continues = $1 and m.destination_id = n.destination_id and m.kind = 'online'
                     and m.message_id = n.message_id and m.status in ('pending', 'sending', 'sent')) as taken_over
         from (
           select * from notification_log
           where session_id = $1 and kind = 'online' and status = 'sent' and message_id is not null
             and destination_id > $2
           order by destination_id limit $3) n
         left join lateral (select * from guild_config c where c.guild_id = n.guild_id offset 0) c on true
         order by n.destination_id",
    )
    .bind(event.session_id.0)
    .bind(event.cursor.unwrap_or_default())
    .bind(limit)
    .fetch_all(db)
    .await
}

/// What was decided about one destination.
#[derive(Debug, Clone)]
pub struct Planned {
    pub destination_id: DestinationId,
    pub guild_id: GuildId,
    pub channel: Option<ChannelId>,
    pub turn: i16,
    pub action: Action,
    pub variant: Variant,
    /// The message to edit or delete.
    pub message: Option<MessageId>,
    /// Why nothing is sent, and what that is about; `None`: it is sent.
    pub skipped: Option<(Reason, Option<serde_json::Value>)>,
}

impl Planned {
    pub(super) fn status(&self) -> Status {
        if self.skipped.is_some() { Status::Skipped } else { Status::Pending }
    }
}

/// How a chunk is written.
#[derive(Debug, Clone, Copy)]
pub struct Chunk {
    pub now: OffsetDateTime,
    /// How long after the webhook (of an edit: from now) a delivery is worth sending.
    pub expiry: Duration,
    /// The last destination of the chunk; the next one begins behind it.
    pub cursor: Option<DestinationId>,
    /// Whether no other chunk follows: the event is closed.
    pub last: bool,
}

/// Writes a chunk: a row per destination, the stream's place in the queue, and how far the event is.
///
/// All in the transaction of [`begin`].
pub async fn write(
    db: &mut Session,
    event: &Expanding,
    planned: &[Planned],
    chunk: &Chunk,
) -> sqlx::Result<()> {
    insert(db, event, planned, chunk).await?;
    let pending = planned.iter().filter(|row| row.skipped.is_none()).count();
    if pending > 0 {
        // Last of all: nobody holds a place in the queue while waiting for deliveries.
        let added = i32::try_from(pending).unwrap_or(i32::MAX);
        join_queue(&mut *db, event.session_id, lane(event.kind), added).await?;
    }
    progress(db, event, chunk).await
}

/// New messages go in one lane, edits of what is posted in another.
fn lane(kind: Kind) -> i16 {
    i16::from(kind != Kind::Online)
}

async fn insert(
    db: &mut Session,
    event: &Expanding,
    planned: &[Planned],
    chunk: &Chunk,
) -> sqlx::Result<()> {
    macro_rules! column {
        ($get:expr) => {
            planned.iter().map($get).collect::<Vec<_>>()
        };
    }
    let from = if event.kind == Kind::Online { event.received_at } else { chunk.now };
    sqlx::query(
        "insert into notification_log
           (destination_id, session_id, event_id, guild_id, channel_id, kind, action, variant, status, reason,
            reason_values, priority, turn, due_at, expires_at, message_id, received_at, committed_at, finished_at,
            streamer_id, queued_behind)
         select p.destination_id, $1, $2, p.guild_id, p.channel_id, $3, p.action, p.variant, p.status, p.reason,
           p.reason_values, $4, p.turn, $5, $6, p.message_id, $7, $8,
           case when p.status = 'skipped' then $5 end, $9, $10
         from unnest($11::uuid[], $12::bigint[], $13::bigint[], $14::smallint[], $15::text[], $16::text[],
             $17::bigint[], $18::text[], $19::text[], $20::jsonb[])
           as p (destination_id, guild_id, channel_id, turn, action, variant, message_id, status, reason,
                 reason_values)
         -- The same kind of edit again: the row is taken up once more, its attempts are kept.
         on conflict on constraint notification_log_once_key do update
           set status = excluded.status, reason = excluded.reason, reason_values = excluded.reason_values,
               detail = null, action = excluded.action, variant = excluded.variant,
               channel_id = excluded.channel_id, message_id = excluded.message_id, event_id = excluded.event_id,
               due_at = excluded.due_at, expires_at = excluded.expires_at, received_at = excluded.received_at,
               committed_at = excluded.committed_at, finished_at = excluded.finished_at,
               queued_behind = excluded.queued_behind
           where notification_log.kind <> 'online' and notification_log.event_id is distinct from excluded.event_id",
    )
    .bind(event.session_id.0)
    .bind(event.event_id.0)
    .bind(event.kind.as_str())
    .bind(lane(event.kind))
    .bind(chunk.now)
    .bind(from + chunk.expiry)
    .bind(event.received_at)
    .bind(event.committed_at)
    .bind(event.twitch_user_id.as_str())
    .bind(event.settled)
    .bind(column!(|p| p.destination_id.0))
    .bind(column!(|p| p.guild_id.to_db()))
    .bind(column!(|p| p.channel.map(ChannelId::to_db)))
    .bind(column!(|p| p.turn))
    .bind(column!(|p| p.action.as_str()))
    .bind(column!(|p| p.variant.as_str()))
    .bind(column!(|p| p.message.map(MessageId::to_db)))
    .bind(column!(|p| p.status().as_str()))
    .bind(column!(|p| p.skipped.as_ref().map(|(reason, _)| reason.to_string())))
    .bind(column!(|p| p.skipped.as_ref().and_then(|(_, values)| values.clone())))
    .execute(db)
    .await?;
    Ok(())
}

/// Notes how far an event is. What has changed since its first chunk gets a round of its own when it closes.
async fn progress(db: &mut Session, event: &Expanding, chunk: &Chunk) -> sqlx::Result<()> {
    sqlx::query(
        "with event as (
           update stream_events set cursor = coalesce($2, cursor), due_at = $3,
             finished_at = case when $4 then $3 end, outcome = case when $4 then 'expanded' end
           where event_id = $1
           returning *
         )
         insert into stream_events (session_id, kind, occurred_at, received_at, due_at)
         select session_id, kind, occurred_at, $3, $3 from event where $4 and again",
    )
    .bind(event.event_id.0)
    .bind(chunk.cursor.map(|cursor| cursor.0))
    .bind(chunk.now)
    .bind(chunk.last)
    .execute(db)
    .await?;
    Ok(())
}
