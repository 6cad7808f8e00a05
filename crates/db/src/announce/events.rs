//! Accepted facts and their expansion into deliveries, in chunks that can be resumed.

use sm_types::{EventId, SessionId, StreamId, TwitchUserId, announcement::Kind};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// An event whose time has come, with its session and streamer.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueEvent {
    /// The event.
    #[sqlx(try_from = "Uuid")]
    pub event_id: EventId,
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    /// How often it has been claimed, this time included.
    pub attempts: i32,
    /// Whether Twitch has been asked for the details already.
    pub prepared: bool,
    /// When the webhook came.
    pub received_at: OffsetDateTime,
    /// The session.
    #[sqlx(try_from = "Uuid")]
    pub session_id: SessionId,
    /// Twitch's id of the stream.
    #[sqlx(try_from = "String")]
    pub stream_id: StreamId,
    /// When the stream began.
    pub started_at: OffsetDateTime,
    /// When it ended, as far as known.
    pub ended_at: Option<OffsetDateTime>,
    /// The broadcaster.
    #[sqlx(try_from = "String")]
    pub twitch_user_id: TwitchUserId,
    /// The broadcaster's login.
    pub login: String,
}

/// Claims the event that is due longest and keeps others off it until `lease_until`.
pub async fn claim(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
    lease_until: OffsetDateTime,
) -> sqlx::Result<Option<DueEvent>> {
    sqlx::query_as(
        "with due as (
           select event_id from stream_events
           where finished_at is null and due_at <= $1 and kind = any($3)
           order by due_at limit 1 for update skip locked
         ), claimed as (
           update stream_events e set due_at = $2, attempts = attempts + 1
           from due where e.event_id = due.event_id
           returning e.*
         )
         select c.event_id, c.kind, c.attempts, c.prepared, c.received_at,
                s.session_id, s.stream_id, s.started_at, s.ended_at, s.twitch_user_id, t.login
         from claimed c
         join stream_sessions s using (session_id)
         join streamers t using (twitch_user_id)",
    )
    .bind(now)
    .bind(lease_until)
    .bind(Kind::KNOWN)
    .fetch_optional(db)
    .await
}

/// Remembers that the details are in, so that a later chunk does not ask Twitch again.
pub async fn set_prepared(db: impl PgExecutor<'_>, event: EventId) -> sqlx::Result<()> {
    sqlx::query("update stream_events set prepared = true where event_id = $1")
        .bind(event.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Puts an event off until `due_at`.
pub async fn postpone(
    db: impl PgExecutor<'_>,
    event: EventId,
    due_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("update stream_events set due_at = $2 where event_id = $1")
        .bind(event.0)
        .bind(due_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Closes an event.
pub async fn finish(
    db: impl PgExecutor<'_>,
    event: EventId,
    now: OffsetDateTime,
    outcome: &str,
) -> sqlx::Result<()> {
    sqlx::query("update stream_events set finished_at = $2, outcome = $3 where event_id = $1")
        .bind(event.0)
        .bind(now)
        .bind(outcome)
        .execute(db)
        .await?;
    Ok(())
}

/// Queues the silent edit that adds viewers and a fresh preview; once per session at a time.
pub async fn queue_enrichment(
    db: impl PgExecutor<'_>,
    event: EventId,
    due_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into stream_events (session_id, kind, occurred_at, received_at, due_at)
         select session_id, 'enrich', occurred_at, received_at, $2 from stream_events where event_id = $1
         on conflict (session_id, kind) where finished_at is null do nothing",
    )
    .bind(event.0)
    .bind(due_at)
    .execute(db)
    .await?;
    Ok(())
}

/// When the next open event or delivery is due; `None` when nothing waits.
pub async fn next_due(db: impl PgExecutor<'_>) -> sqlx::Result<Option<OffsetDateTime>> {
    sqlx::query_scalar(
        "select least(
           (select min(due_at) from stream_events where finished_at is null),
           (select min(due_at) from notification_log where status in ('pending', 'sending') and priority = 0),
           (select min(due_at) from notification_log where status in ('pending', 'sending') and priority = 1))",
    )
    .fetch_one(db)
    .await
}

/// How a chunk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Destinations or messages looked at.
    pub seen: usize,
    /// Whether it was the last one; the event is closed then.
    pub last: bool,
}

/// What an expansion works with.
#[derive(Debug, Clone, Copy)]
pub struct Expansion {
    /// The event.
    pub event: EventId,
    /// The time now.
    pub now: OffsetDateTime,
    /// How long the event stays claimed.
    pub lease: Duration,
    /// How many destinations a chunk takes.
    pub chunk: i64,
    /// How long after the webhook a delivery is still worth sending.
    pub expiry: Duration,
}

/// Expands the next chunk of an `online` event: a row for each destination, sent or not.
///
/// Rules are decided here; a destination that will not be announced gets a row with the reason.
pub async fn expand_online(db: impl PgExecutor<'_>, e: &Expansion) -> sqlx::Result<Chunk> {
    expand(db, e, EXPAND_ONLINE).await
}

/// Expands the next chunk of an event that edits what a session has posted.
pub async fn expand_edit(db: impl PgExecutor<'_>, e: &Expansion) -> sqlx::Result<Chunk> {
    expand(db, e, EXPAND_EDIT).await
}

async fn expand(
    db: impl PgExecutor<'_>,
    e: &Expansion,
    statement: &'static str,
) -> sqlx::Result<Chunk> {
    let seen: i64 = sqlx::query_scalar(statement)
        .bind(e.event.0)
        .bind(e.now)
        .bind(e.now + e.lease)
        .bind(e.chunk)
        .bind(e.expiry.whole_seconds())
        .fetch_one(db)
        .await?;
    Ok(Chunk { seen: usize::try_from(seen).unwrap_or(0), last: seen < e.chunk })
}

const EXPAND_ONLINE: &str = "
with event as (
  select e.event_id, e.session_id, e.received_at, e.committed_at, e.cursor,
         s.twitch_user_id, s.type, s.title, s.game_name, s.game_id, s.started_at, s.continues,
         p.ended_at as previous_ended_at
  from stream_events e
  join stream_sessions s using (session_id)
  left join stream_sessions p on p.session_id = s.continues
  where e.event_id = $1 and e.finished_at is null
), batch as (
  select d.*, gs.enabled as follow_enabled, c.enabled as guild_enabled,
         coalesce(d.channel_id, c.default_channel_id) as target_channel,
         coalesce(c.announce_types, '{live}') as announce_types,
         coalesce(c.merge_window_seconds, 600) as merge_window_seconds,
         c.quiet_from, c.quiet_until, ($2 at time zone coalesce(c.timezone, 'UTC'))::time as local_time
  from event
  join destinations d on d.twitch_user_id = event.twitch_user_id
    and (event.cursor is null or d.destination_id > event.cursor)
  join guild_streamers gs on gs.guild_id = d.guild_id and gs.twitch_user_id = d.twitch_user_id
  left join guild_config c on c.guild_id = d.guild_id
  order by d.destination_id
  limit $4
), decided as (
  select b.destination_id, b.guild_id, b.target_channel, previous.message_id as reopen_message_id,
    case
      when not coalesce(b.guild_enabled, true) then 'guild_paused'
      when not b.follow_enabled then 'streamer_paused'
      when not b.enabled then 'destination_paused'
      when b.target_channel is null then 'no_channel'
      when event.type <> all (b.announce_types) then 'stream_type'
      -- A game or title that nobody knows does not hold an announcement back.
      when b.game_filter is not null and event.game_name is not null
        and not exists (select from unnest(b.game_filter) g where lower(g) = lower(event.game_name))
        then 'game_filter'
      when b.title_filter is not null and event.title is not null
        and position(lower(b.title_filter) in lower(event.title)) = 0 then 'title_filter'
      when previous.message_id is not null then null
      when b.quiet_from is not null and case when b.quiet_from <= b.quiet_until
          then b.local_time >= b.quiet_from and b.local_time < b.quiet_until
          else b.local_time >= b.quiet_from or b.local_time < b.quiet_until end
        then 'quiet_hours'
      when b.cooldown_seconds > 0 and exists (
          select from notification_log n
          where n.destination_id = b.destination_id and n.kind = 'online' and n.action = 'create'
            and n.status = 'sent' and n.sent_at > $2 - make_interval(secs => b.cooldown_seconds))
        then 'cooldown'
    end as reason,
    case
      when event.type <> all (b.announce_types) then 'type: ' || event.type
      when b.game_filter is not null or b.title_filter is not null
        then 'game: ' || coalesce(event.game_name, '-') || ', title: ' || coalesce(event.title, '-')
      when b.quiet_from is not null then 'quiet until ' || to_char(b.quiet_until, 'HH24:MI')
      when b.cooldown_seconds > 0 then 'cooldown: ' || b.cooldown_seconds || ' s'
    end as detail
  from batch b
  cross join event
  -- A short break: the message of the earlier session is re-opened, without a ping.
  left join notification_log previous
    on previous.destination_id = b.destination_id and previous.session_id = event.continues
    and previous.kind = 'online' and previous.status = 'sent'
    and previous.channel_id = b.target_channel
    and b.merge_window_seconds > 0
    and event.started_at - event.previous_ended_at <= make_interval(secs => b.merge_window_seconds)
), inserted as (
  insert into notification_log
    (destination_id, session_id, event_id, guild_id, channel_id, kind, action, status, reason, detail,
     due_at, expires_at, message_id, received_at, committed_at, finished_at, streamer_id)
  select d.destination_id, event.session_id, event.event_id, d.guild_id, d.target_channel, 'online',
         case when d.reopen_message_id is null then 'create' else 'edit' end,
         case when d.reason is null then 'pending' else 'skipped' end,
         d.reason, case when d.reason is not null then d.detail end,
         $2, event.received_at + make_interval(secs => $5), d.reopen_message_id,
         event.received_at, event.committed_at, case when d.reason is not null then $2 end, event.twitch_user_id
  from decided d cross join event
  on conflict on constraint notification_log_once_key do nothing
), progress as (
  update stream_events e
  set cursor = coalesce((select destination_id from batch order by destination_id desc limit 1), e.cursor),
      due_at = $3,
      finished_at = case when (select count(*) from batch) < $4 then $2 end,
      outcome = case when (select count(*) from batch) < $4 then 'expanded' end
  from event where e.event_id = event.event_id
)
select count(*) from batch";

const EXPAND_EDIT: &str = "
with event as (
  select e.event_id, e.session_id, e.kind, e.received_at, e.committed_at, e.cursor, s.twitch_user_id
  from stream_events e join stream_sessions s using (session_id) where e.event_id = $1 and e.finished_at is null
), batch as (
  select n.destination_id, n.guild_id, n.channel_id, n.message_id,
         case when event.kind = 'offline' then coalesce(c.end_action, 'edit') else 'edit' end as end_action
  from event
  join notification_log n on n.session_id = event.session_id and n.kind = 'online'
    and n.status = 'sent' and n.message_id is not null
    and (event.cursor is null or n.destination_id > event.cursor)
  left join guild_config c on c.guild_id = n.guild_id
  where n.destination_id is not null
  order by n.destination_id
  limit $4
), inserted as (
  insert into notification_log
    (destination_id, session_id, event_id, guild_id, channel_id, kind, action, status, reason, priority,
     due_at, expires_at, message_id, received_at, committed_at, finished_at, streamer_id)
  select b.destination_id, event.session_id, event.event_id, b.guild_id, b.channel_id, event.kind,
         case b.end_action when 'delete' then 'delete' else 'edit' end,
         case b.end_action when 'leave' then 'skipped' else 'pending' end,
         case b.end_action when 'leave' then 'end_action_leave' end,
         1, $2, $2 + make_interval(secs => $5), b.message_id,
         event.received_at, event.committed_at, case b.end_action when 'leave' then $2 end, event.twitch_user_id
  from batch b cross join event
  -- The same kind of edit again: the row is taken up once more, its attempts are kept.
  on conflict on constraint notification_log_once_key do update
    set status = excluded.status, reason = excluded.reason, action = excluded.action,
        event_id = excluded.event_id, due_at = excluded.due_at, expires_at = excluded.expires_at,
        received_at = excluded.received_at, committed_at = excluded.committed_at,
        finished_at = excluded.finished_at
    where notification_log.event_id is distinct from excluded.event_id
), progress as (
  update stream_events e
  set cursor = coalesce((select destination_id from batch order by destination_id desc limit 1), e.cursor),
      due_at = $3,
      finished_at = case when (select count(*) from batch) < $4 then $2 end,
      outcome = case when (select count(*) from batch) < $4 then 'expanded' end
  from event where e.event_id = event.event_id
)
select count(*) from batch";
