//! What became of announcements, for those who ask; and sending one again.

use super::claim::join_queue;
use crate::Session;
use sm_types::{DeliveryId, DestinationId, GuildId, SessionId, TwitchUserId};
use sqlx::{PgExecutor, Postgres, QueryBuilder};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A delivery for a list.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Delivery {
    #[sqlx(try_from = "Uuid")]
    pub delivery_id: DeliveryId,
    /// `online`, `enrich`, `update`, `offline` or `test`.
    pub kind: String,
    /// `create`, `edit` or `delete`.
    pub action: String,
    /// `pending`, `sending`, `sent`, `skipped`, `failed` or `expired`.
    pub status: String,
    /// Why it was skipped, failed or waits.
    pub reason: Option<String>,
    /// The same in words.
    pub detail: Option<String>,
    /// Attempts so far.
    pub attempts: i32,
    pub channel_id: Option<i64>,
    pub message_id: Option<i64>,
    /// The streamer.
    pub twitch_user_id: Option<String>,
    pub login: Option<String>,
    pub display_name: Option<String>,
    /// The stream's title.
    pub title: Option<String>,
    /// The stream's game.
    pub game_name: Option<String>,
    /// When the stream began, by Twitch's clock.
    pub started_at: Option<OffsetDateTime>,
    /// When the webhook came.
    pub received_at: OffsetDateTime,
    /// When it was stored.
    pub committed_at: OffsetDateTime,
    /// When it was planned.
    pub created_at: OffsetDateTime,
    /// When the next attempt is due, while it is pending.
    pub due_at: OffsetDateTime,
    /// When a worker took it for the first time.
    pub first_claimed_at: Option<OffsetDateTime>,
    /// When it was sent.
    pub sent_at: Option<OffsetDateTime>,
    /// When it was settled.
    pub finished_at: Option<OffsetDateTime>,
    /// When it is no longer worth sending.
    pub expires_at: OffsetDateTime,
    /// Whether it mentions nobody, since it was sent again.
    pub silent: bool,
    /// How often it was sent again on request.
    pub resends: i32,
    /// Members left out of a mention by name.
    pub opt_outs: i32,
    /// Opt-outs that Discord cannot honour for this mention.
    pub unhonoured_opt_outs: i32,
    /// Members for whom the mention had no room.
    pub unlisted_members: i32,
    /// What the reason is about, by name; see `sm_types::announcement::NamedReason`.
    pub reason_values: Option<serde_json::Value>,
}

const COLUMNS: &str = "n.delivery_id, n.kind, n.action, n.status, n.reason, n.reason_values, n.detail, n.attempts, n.channel_id,
  n.message_id, t.twitch_user_id, t.login, t.display_name, s.title, s.game_name, s.started_at, n.received_at,
  n.committed_at, n.created_at, n.due_at, n.first_claimed_at, n.sent_at, n.finished_at, n.expires_at, n.silent,
  n.resends, n.opt_outs, n.unhonoured_opt_outs, n.unlisted_members";
const FROM: &str = " from deliveries n left join stream_sessions s using (session_id)
  left join streamers t on t.twitch_user_id = coalesce(n.streamer_id, s.twitch_user_id)";

fn select() -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new("select ");
    query.push(COLUMNS).push(FROM).push(" where n.guild_id = ");
    query
}

/// Which deliveries to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this state.
    pub status: Option<String>,
    /// Only this kind.
    pub kind: Option<String>,
    /// Only this streamer.
    pub streamer: Option<TwitchUserId>,
    /// Only those planned since.
    pub since: Option<OffsetDateTime>,
    /// Only those before this one: the cursor.
    pub before: Option<DeliveryId>,
}

/// The deliveries of a guild, the latest first.
pub async fn list(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    filter: &Filter,
    limit: i64,
) -> sqlx::Result<Vec<Delivery>> {
    let mut query = select();
    query.push_bind(guild.to_db());
    filter.push_to(&mut query);
    query.push(" order by n.delivery_id desc limit ").push_bind(limit);
    query.build_query_as().fetch_all(db).await
}

impl Filter {
    fn push_to(&self, query: &mut QueryBuilder<Postgres>) {
        if let Some(before) = self.before {
            query.push(" and n.delivery_id < ").push_bind(before.0);
        }
        if let Some(since) = self.since {
            query.push(" and n.delivery_id >= ").push_bind(first_uuid_of(since));
        }
        if let Some(status) = &self.status {
            query.push(" and n.status = ").push_bind(status.clone());
        }
        if let Some(kind) = &self.kind {
            query.push(" and n.kind = ").push_bind(kind.clone());
        }
        if let Some(streamer) = &self.streamer {
            query.push(" and n.streamer_id = ").push_bind(streamer.0.clone());
        }
    }
}

/// A delivery and its guild.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct OfGuild {
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    /// The guild's name; `None` when the guild was deleted.
    pub guild_name: Option<String>,
    #[sqlx(flatten)]
    pub delivery: Delivery,
}

fn select_of_guild() -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new("select n.guild_id, g.name as guild_name, ");
    query
        .push(COLUMNS)
        .push(FROM)
        .push(" left join guilds g on g.guild_id = n.guild_id where true");
    query
}

/// The deliveries of one guild or of all, the latest first.
pub async fn list_of_guilds(
    db: impl PgExecutor<'_>,
    guild: Option<GuildId>,
    filter: &Filter,
    limit: i64,
) -> sqlx::Result<Vec<OfGuild>> {
    let mut query = select_of_guild();
    if let Some(guild) = guild {
        query.push(" and n.guild_id = ").push_bind(guild.to_db());
    }
    filter.push_to(&mut query);
    query.push(" order by n.delivery_id desc limit ").push_bind(limit);
    query.build_query_as().fetch_all(db).await
}

/// One delivery, whichever guild it is of.
pub async fn find_anywhere(
    db: impl PgExecutor<'_>,
    delivery: DeliveryId,
) -> sqlx::Result<Option<OfGuild>> {
    let mut query = select_of_guild();
    query.push(" and n.delivery_id = ").push_bind(delivery.0);
    query.build_query_as().fetch_optional(db).await
}

/// The smallest UUID of version 7 that was made at a moment or later.
pub(crate) fn first_uuid_of(at: OffsetDateTime) -> Uuid {
    let ms = u128::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    Uuid::from_u128(ms << 80)
}

/// One delivery of a guild.
pub async fn find(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    delivery: DeliveryId,
) -> sqlx::Result<Option<Delivery>> {
    let mut query = select();
    query.push_bind(guild.to_db()).push(" and n.delivery_id = ").push_bind(delivery.0);
    query.build_query_as().fetch_optional(db).await
}

/// An attempt to send a delivery.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Attempt {
    /// Its number, from 1.
    pub attempt: i32,
    /// What came of it.
    pub outcome: String,
    /// Discord's HTTP status.
    pub http_status: Option<i16>,
    /// Discord's own code.
    pub discord_code: Option<i32>,
    /// How long Discord asked to wait.
    pub retry_after_ms: Option<i64>,
    /// When a worker took it.
    pub claimed_at: OffsetDateTime,
    /// When the request left.
    pub sent_at: Option<OffsetDateTime>,
    /// When the answer came.
    pub answered_at: Option<OffsetDateTime>,
    /// When Discord created the message, by its own clock.
    pub message_created_at: Option<OffsetDateTime>,
}

/// The attempts of a delivery, in order.
pub async fn attempts(db: impl PgExecutor<'_>, delivery: DeliveryId) -> sqlx::Result<Vec<Attempt>> {
    sqlx::query_as(
        "select attempt, outcome, http_status, discord_code, retry_after_ms, claimed_at, sent_at, answered_at,
           message_created_at
         from delivery_attempts where delivery_id = $1 order by attempt",
    )
    .bind(delivery.0)
    .fetch_all(db)
    .await
}

/// How to send an announcement again.
#[derive(Debug, Clone, Copy)]
pub struct Resend<'a> {
    /// As it was found: one that has changed since is left alone.
    pub found: &'a Delivery,
    /// Mentions nobody.
    pub silent: bool,
    /// The time now.
    pub now: OffsetDateTime,
    /// When it is no longer worth sending.
    pub expires_at: OffsetDateTime,
}

/// Plans an announcement again that was settled, in the caller's transaction; false when it is under way, has changed since it was
/// found, or was no announcement.
///
/// It gets a new nonce, so that Discord does not take it for the earlier message, and goes to where its
/// destination leads by now.
pub async fn resend(db: &mut Session, guild: GuildId, resend: &Resend<'_>) -> sqlx::Result<bool> {
    let planned: Option<Uuid> = sqlx::query_scalar(
        "update notification_log n set status = 'pending', reason = null, reason_values = null, detail = null,
           due_at = $4, queued_behind = (select settled from outbox_progress),
           expires_at = $5, silent = $3, resends = n.resends + 1, action = 'create', variant = 'full',
           message_id = null, first_claimed_at = null, finished_at = null,
           channel_id = coalesce(d.channel_id, c.default_channel_id, n.channel_id)
         from destinations d left join guild_config c using (guild_id)
         where n.guild_id = $1 and n.delivery_id = $2 and n.kind = 'online' and d.destination_id = n.destination_id
           and n.status in ('sent', 'failed', 'skipped', 'expired') and n.status = $6 and n.resends = $7
         returning n.session_id",
    )
    .bind(guild.to_db())
    .bind(resend.found.delivery_id.0)
    .bind(resend.silent)
    .bind(resend.now)
    .bind(resend.expires_at)
    .bind(&resend.found.status)
    .bind(resend.found.resends)
    .fetch_optional(&mut *db)
    .await?;
    if let Some(session) = planned {
        join_queue(db, SessionId(session), 0, 0).await?;
    }
    Ok(planned.is_some())
}

/// An announcement that came to nothing and could still be of use.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Recoverable {
    #[sqlx(try_from = "Uuid")]
    pub delivery_id: DeliveryId,
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    pub guild_name: String,
    #[sqlx(try_from = "Uuid")]
    pub destination_id: DestinationId,
    /// Where the destination leads by now.
    pub channel_id: Option<i64>,
    /// The streamer's login.
    pub login: String,
    /// `failed` or `expired`.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// Why the destination is degraded, when it is.
    pub degraded_reason: Option<String>,
}

/// Announcements since a moment that failed (or expired) while their stream goes on and the guild still
/// wants them; oldest first, after a cursor.
pub async fn recoverable(
    db: impl PgExecutor<'_>,
    since: OffsetDateTime,
    statuses: &[&str],
    after: Option<DeliveryId>,
    limit: i64,
) -> sqlx::Result<Vec<Recoverable>> {
    sqlx::query_as(
        "select n.delivery_id, n.guild_id, g.name as guild_name, d.destination_id, t.login, n.status, n.reason,
           coalesce(d.channel_id, c.default_channel_id) as channel_id, d.degraded_reason
         from notification_log n
         join stream_sessions s using (session_id)
         join streamers t on t.twitch_user_id = s.twitch_user_id
         join destinations d on d.destination_id = n.destination_id
         join guild_streamers f on f.guild_id = d.guild_id and f.twitch_user_id = d.twitch_user_id
         join guilds g on g.guild_id = n.guild_id
         left join guild_config c on c.guild_id = n.guild_id
         where n.delivery_id >= $1 and ($3::uuid is null or n.delivery_id > $3)
           and n.kind = 'online' and n.status = any($2) and s.ended_at is null and g.status = 'active'
           and coalesce(c.enabled, true) and f.enabled and d.enabled
         order by n.delivery_id limit $4",
    )
    .bind(first_uuid_of(since))
    .bind(statuses)
    .bind(after.map(|id| id.0))
    .bind(limit)
    .fetch_all(db)
    .await
}

/// A test message that was sent, or could not be.
#[derive(Debug, Clone)]
pub struct Test<'a> {
    pub guild: GuildId,
    pub channel_id: i64,
    /// The streamer it was made for.
    pub streamer: Option<&'a TwitchUserId>,
    /// `sent` or `failed`.
    pub status: &'a str,
    /// Why it failed.
    pub reason: Option<&'a str>,
    /// The same in words.
    pub detail: Option<&'a str>,
    pub message_id: Option<i64>,
    /// When it was asked for.
    pub asked_at: OffsetDateTime,
    /// When the answer came.
    pub now: OffsetDateTime,
    /// What the reason is about, by name.
    pub reason_values: Option<serde_json::Value>,
}

/// Records a test message; returns its id.
pub async fn record_test(db: impl PgExecutor<'_>, test: &Test<'_>) -> sqlx::Result<DeliveryId> {
    sqlx::query_scalar(
        "insert into delivery_history (guild_id, channel_id, streamer_id, kind, action, status, reason, detail,
           message_id, attempts, due_at, expires_at, received_at, committed_at, sent_at, finished_at,
           reason_values)
         values ($1, $2, $3, 'test', 'create', $4, $5, $6, $7, 1, $8, $8, $8, $8, $9, $9, $10)
         returning delivery_id",
    )
    .bind(test.guild.to_db())
    .bind(test.channel_id)
    .bind(test.streamer.map(TwitchUserId::as_str))
    .bind(test.status)
    .bind(test.reason)
    .bind(test.detail)
    .bind(test.message_id)
    .bind(test.asked_at)
    .bind(test.now)
    .bind(test.reason_values.as_ref())
    .fetch_one(db)
    .await
    .map(DeliveryId)
}

/// What became of a guild's announcements lately, in numbers.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Figures {
    /// New announcements that were posted.
    pub sent: i64,
    pub failed: i64,
    /// That a rule left out.
    pub skipped: i64,
    /// That came too late.
    pub expired: i64,
    /// Half of them were requested from Discord within so many milliseconds of the webhook.
    pub p50_ms: Option<f64>,
    /// 95 of 100 were.
    pub p95_ms: Option<f64>,
}

/// The figures of a guild's announcements within `span` before `now`; edits and tests do not count.
pub async fn figures(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    now: OffsetDateTime,
    span: Duration,
) -> sqlx::Result<Figures> {
    sqlx::query_as(
        "select count(*) filter (where status = 'sent') as sent, count(*) filter (where status = 'failed') as failed,
           count(*) filter (where status = 'skipped') as skipped, count(*) filter (where status = 'expired') as expired,
           percentile_cont(0.5) within group (order by ms) as p50_ms,
           percentile_cont(0.95) within group (order by ms) as p95_ms
         from (select status, case when status = 'sent' and resends = 0
                 then extract(epoch from sent_at - received_at)::float8 * 1000 end as ms
               from deliveries where guild_id = $1 and delivery_id >= $2 and kind = 'online') as lately",
    )
    .bind(guild.to_db())
    .bind(first_uuid_of(now - span))
    .fetch_one(db)
    .await
}

/// Whether the stream of a delivery has ended, and whether its destination is still set up.
pub async fn resendable(
    db: impl PgExecutor<'_>,
    delivery: DeliveryId,
) -> sqlx::Result<(bool, bool)> {
    sqlx::query_as(
        "select coalesce(s.ended_at is not null, true),
           exists (select from destinations d where d.destination_id = n.destination_id)
         from deliveries n left join stream_sessions s using (session_id) where n.delivery_id = $1",
    )
    .bind(delivery.0)
    .fetch_one(db)
    .await
}
