//! Accepted facts: events that wait to be expanded into deliveries.

use super::claim;
use crate::lease::Outbox;
use sm_types::{EventId, SessionId, StreamId, TwitchUserId, announcement::Kind};
use sqlx::{AssertSqlSafe, PgExecutor};
use std::sync::LazyLock;
use time::OffsetDateTime;
use uuid::Uuid;

static OUTBOX: LazyLock<Outbox> = LazyLock::new(|| Outbox {
    table: "stream_events",
    key: &[("event_id", "uuid")],
    due: "due_at",
    open: &OPEN,
});

// A kind of a newer version is left to it.
static OPEN: LazyLock<String> =
    LazyLock::new(|| format!("finished_at is null and kind in ('{}')", Kind::KNOWN.join("', '")));

/// An event whose time has come, with its session and streamer.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueEvent {
    #[sqlx(try_from = "Uuid")]
    pub event_id: EventId,
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    /// How often it has been claimed, this time included.
    pub attempts: i32,
    /// How often Twitch was asked for its details in vain.
    pub looks: i32,
    /// Whether Twitch has been asked for the details already.
    pub prepared: bool,
    /// When the webhook came.
    pub received_at: OffsetDateTime,
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
    /// Whether it is a live stream of a channel that the chat bot is in.
    pub has_bot: bool,
}

static CLAIM: LazyLock<String> = LazyLock::new(|| {
    OUTBOX.claim("")
        + "select c.event_id, c.kind, c.attempts, c.looks, c.prepared, c.received_at,
                  s.session_id, s.stream_id, s.started_at, s.ended_at, s.twitch_user_id, t.login,
                  s.type = 'live' and exists (
                    select from chat_channels b where b.twitch_user_id = s.twitch_user_id and b.state = 'on') as has_bot
           from claimed c
           join stream_sessions s using (session_id)
           join streamers t using (twitch_user_id)"
});

/// Claims the longest overdue event and keeps others off it until `lease_until`.
pub async fn claim(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
    lease_until: OffsetDateTime,
) -> sqlx::Result<Option<DueEvent>> {
    sqlx::query_as(AssertSqlSafe(CLAIM.as_str()))
        .bind(now)
        .bind(lease_until)
        .bind(1_i64)
        .fetch_optional(db)
        .await
}

/// Remembers that the details are in, so that a later chunk does not ask Twitch again.
pub async fn set_prepared(db: impl PgExecutor<'_>, event: &DueEvent) -> sqlx::Result<()> {
    sqlx::query("update stream_events set prepared = true where event_id = $1 and attempts = $2")
        .bind(event.event_id.0)
        .bind(event.attempts)
        .execute(db)
        .await?;
    Ok(())
}

/// Puts an event off until `due_at`; `looked` counts a vain look at Twitch.
pub async fn postpone(
    db: impl PgExecutor<'_>,
    event: &DueEvent,
    due_at: OffsetDateTime,
    looked: bool,
) -> sqlx::Result<()> {
    sqlx::query(
        "update stream_events set due_at = $3, looks = looks + case when $4 then 1 else 0 end
         where event_id = $1 and attempts = $2",
    )
    .bind(event.event_id.0)
    .bind(event.attempts)
    .bind(due_at)
    .bind(looked)
    .execute(db)
    .await?;
    Ok(())
}

/// Closes an event without deliveries.
pub async fn finish(
    db: impl PgExecutor<'_>,
    event: &DueEvent,
    now: OffsetDateTime,
    outcome: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "update stream_events set finished_at = $3, outcome = $4 where event_id = $1 and attempts = $2",
    )
    .bind(event.event_id.0)
    .bind(event.attempts)
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

/// When the next event is due.
pub async fn next_event_due(db: impl PgExecutor<'_>) -> sqlx::Result<Option<OffsetDateTime>> {
    static NEXT_DUE: LazyLock<String> = LazyLock::new(|| OUTBOX.next_due());
    sqlx::query_scalar(AssertSqlSafe(NEXT_DUE.as_str())).fetch_one(db).await
}

/// When the next open event or delivery is due; `None` when nothing waits.
pub async fn next_due(
    db: &crate::Pool,
    now: OffsetDateTime,
) -> sqlx::Result<Option<OffsetDateTime>> {
    let (event, delivery) = (next_event_due(db).await?, claim::next_due(db, now).await?);
    Ok([event, delivery].into_iter().flatten().min())
}
