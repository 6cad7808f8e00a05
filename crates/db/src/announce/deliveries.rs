//! The outbox: what is to be sent, and what became of it. Claiming it fairly is a matter of its own: [`claim`].
//!
//! [`claim`]: super::claim

use crate::lease::Outbox;
use sm_types::{
    ChannelId, DeliveryId, DestinationId, GuildId, MessageId, SessionId, TwitchUserId,
    announcement::{Action, Kind, Reason, Status, Variant},
};
use sqlx::{AssertSqlSafe, PgExecutor};
use std::sync::LazyLock;
use time::OffsetDateTime;
use uuid::Uuid;

const OUTBOX: Outbox = Outbox {
    table: "notification_log",
    key: &[("delivery_id", "uuid")],
    due: "due_at",
    open: "status in ('pending', 'sending')",
};

/// A delivery to send, with all that its message is made of.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueDelivery {
    #[sqlx(try_from = "Uuid")]
    pub delivery_id: DeliveryId,
    /// The destination; gone when an admin has removed it since.
    pub destination_id: Option<Uuid>,
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    pub channel_id: Option<i64>,
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    #[sqlx(try_from = "String")]
    pub action: Action,
    #[sqlx(try_from = "String")]
    pub variant: Variant,
    /// Which attempt this is, from 1.
    pub attempts: i32,
    /// How often it was sent again on request.
    pub resends: i32,
    /// When it was claimed for the first time.
    pub first_claimed_at: OffsetDateTime,
    /// When it is no longer worth sending.
    pub expires_at: OffsetDateTime,
    /// The message to edit or delete.
    pub message_id: Option<i64>,
    /// When the webhook came.
    pub received_at: OffsetDateTime,
    /// Why the destination is degraded, when it is.
    pub degraded_reason: Option<String>,
    pub guild_name: String,
    /// Whether the bot is said not to be in the guild.
    pub guild_doubted: bool,
    /// Whom to mention, in stored form.
    pub mention: String,
    pub mention_role_id: Option<i64>,
    /// Whether members find buttons for their pings under the message.
    pub buttons: bool,
    /// The template as JSON; `None`: the product's own. One that cannot be read costs its own delivery alone, so it
    /// is read there.
    pub template: Option<String>,
    #[sqlx(try_from = "Uuid")]
    pub session_id: SessionId,
    /// When the stream began.
    pub started_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
    pub title: Option<String>,
    /// The category.
    pub game_name: Option<String>,
    /// Viewers, once known.
    pub viewers: Option<i32>,
    /// Since when the preview is fresh.
    pub preview_at: Option<OffsetDateTime>,
    /// The recording.
    pub vod_url: Option<String>,
    /// The broadcaster.
    #[sqlx(try_from = "String")]
    pub twitch_user_id: TwitchUserId,
    /// The login at this time.
    pub login: String,
    /// The display name at this time.
    pub display_name: String,
    /// The avatar.
    pub profile_image_url: Option<String>,
    /// The broadcast language.
    pub language: Option<String>,
}

impl DueDelivery {
    /// The channel, as an id.
    pub fn channel(&self) -> Option<ChannelId> {
        self.channel_id.map(ChannelId::from_db)
    }

    /// The message, as an id.
    pub fn message(&self) -> Option<MessageId> {
        self.message_id.map(MessageId::from_db)
    }

    /// The destination, as an id.
    pub fn destination(&self) -> Option<DestinationId> {
        self.destination_id.map(DestinationId)
    }
}

/// What became of a delivery, or of one attempt at it.
#[derive(Debug, Clone)]
pub struct Record {
    pub delivery_id: DeliveryId,
    /// Which attempt.
    pub attempt: i32,
    /// The new state.
    pub status: Status,
    /// Why it was skipped, failed or expired, or what the attempt ran into.
    pub reason: Option<Reason>,
    /// What the reason is about, by name; see `sm_types::announcement::NamedReason`.
    pub reason_values: Option<serde_json::Value>,
    /// The same in words, for an admin.
    pub detail: Option<String>,
    /// When to try again, for `Status::Pending`.
    pub due_at: Option<OffsetDateTime>,
    /// How much of the message to try from now on.
    pub variant: Variant,
    /// The action from now on.
    pub action: Action,
    /// The message on Discord.
    pub message_id: Option<MessageId>,
    /// Members left out of a mention by name.
    pub opt_outs: i32,
    /// Opt-outs that Discord cannot honour.
    pub unhonoured_opt_outs: i32,
    /// Members for whom the mention list had no room.
    pub unlisted_members: i32,
    /// The HTTP status of the answer.
    pub http_status: Option<i16>,
    /// Discord's error code.
    pub discord_code: Option<i32>,
    /// How long Discord asked to wait.
    pub retry_after_ms: Option<i64>,
    /// When the attempt was claimed.
    pub claimed_at: OffsetDateTime,
    /// When the request left; `None` when none did.
    pub sent_at: Option<OffsetDateTime>,
    /// When the answer came.
    pub answered_at: Option<OffsetDateTime>,
    /// Discord's own time of the message.
    pub message_created_at: Option<OffsetDateTime>,
}

/// Records a batch of outcomes in one statement, all or none.
///
/// An outcome counts only while its attempt is the latest: a worker that lost its lease and comes
/// back late changes nothing.
pub async fn record(
    db: impl PgExecutor<'_>,
    records: &[Record],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    macro_rules! column {
        ($get:expr) => {
            records.iter().map($get).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "with outcome as (
           select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
             $7::text[], $8::text[], $9::bigint[], $10::int[], $11::int[], $12::int[], $13::smallint[],
             $14::int[], $15::bigint[], $16::timestamptz[], $17::timestamptz[], $18::timestamptz[],
             $19::timestamptz[], $21::jsonb[])
           as o (delivery_id, attempt, status, reason, detail, due_at, variant, action, message_id, opt_outs,
             unhonoured_opt_outs, unlisted_members, http_status, discord_code, retry_after_ms, claimed_at,
             sent_at, answered_at, message_created_at, reason_values)
         ), attempt as (
           insert into delivery_attempts (delivery_id, attempt, outcome, http_status, discord_code, retry_after_ms,
             claimed_at, sent_at, answered_at, message_created_at)
           -- A message that was sent may have a reason too: what to remark on it.
           select delivery_id, attempt, case when status = 'sent' then status else coalesce(reason, status) end,
             http_status, discord_code, retry_after_ms, claimed_at, sent_at, answered_at, message_created_at
           from outcome
           on conflict on constraint delivery_attempts_pkey do nothing
         ), recorded as (
           update notification_log n
           set status = o.status, reason = o.reason, reason_values = o.reason_values, detail = o.detail,
             due_at = coalesce(o.due_at, n.due_at), variant = o.variant, action = o.action,
             message_id = coalesce(o.message_id, n.message_id), opt_outs = o.opt_outs,
             unhonoured_opt_outs = o.unhonoured_opt_outs, unlisted_members = o.unlisted_members,
             sent_at = case when o.status = 'sent' then coalesce(o.sent_at, $20) else n.sent_at end,
             finished_at = case when o.status <> 'pending' then $20 end
           from outcome o
           where n.delivery_id = o.delivery_id and n.status = 'sending' and n.attempts = o.attempt
           returning n.status
         )
         update outbox_progress p set settled = p.settled + r.settled
         from (select count(*) as settled from recorded where status <> 'pending') r where r.settled > 0",
    )
    .bind(column!(|r| r.delivery_id.0))
    .bind(column!(|r| r.attempt))
    .bind(column!(|r| r.status.as_str()))
    .bind(column!(|r| r.reason.map(|reason| reason.to_string())))
    .bind(column!(|r| r.detail.as_deref()))
    .bind(column!(|r| r.due_at))
    .bind(column!(|r| r.variant.as_str()))
    .bind(column!(|r| r.action.as_str()))
    .bind(column!(|r| r.message_id.map(MessageId::to_db)))
    .bind(column!(|r| r.opt_outs))
    .bind(column!(|r| r.unhonoured_opt_outs))
    .bind(column!(|r| r.unlisted_members))
    .bind(column!(|r| r.http_status))
    .bind(column!(|r| r.discord_code))
    .bind(column!(|r| r.retry_after_ms))
    .bind(column!(|r| r.claimed_at))
    .bind(column!(|r| r.sent_at))
    .bind(column!(|r| r.answered_at))
    .bind(column!(|r| r.message_created_at))
    .bind(now)
    .bind(column!(|r| r.reason_values.clone()))
    .execute(db)
    .await?;
    Ok(())
}

/// How many attempts at a delivery Discord has answered with 429.
pub async fn count_limited(db: impl PgExecutor<'_>, delivery: DeliveryId) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from delivery_attempts where delivery_id = $1 and http_status = 429",
    )
    .bind(delivery.0)
    .fetch_one(db)
    .await
}

static RELEASE: LazyLock<String> =
    LazyLock::new(|| OUTBOX.release(", status = 'pending'", "x.status = 'sending'"));

/// Gives claimed deliveries back unsent, unless another worker has taken them over meanwhile.
pub async fn release(
    db: impl PgExecutor<'_>,
    claimed: &[DueDelivery],
    due_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(AssertSqlSafe(RELEASE.as_str()))
        .bind(due_at)
        .bind(claimed.iter().map(|delivery| delivery.attempts).collect::<Vec<_>>())
        .bind(claimed.iter().map(|delivery| delivery.delivery_id.0).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}

/// A delivery for a list.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Latest {
    pub guild_name: String,
    /// The streamer's login.
    pub login: String,
    /// `online`, `enrich`, `update` or `offline`.
    pub kind: String,
    /// Its state.
    pub status: String,
    /// Why it was skipped, failed or waits.
    pub reason: Option<String>,
    /// The same in words.
    pub detail: Option<String>,
    /// Attempts so far.
    pub attempts: i32,
    /// From the webhook to the request, in milliseconds.
    pub latency_ms: Option<i64>,
}

/// The deliveries that came last.
pub async fn latest(db: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<Latest>> {
    sqlx::query_as(
        "select g.name as guild_name, t.login, n.kind, n.status, n.reason, n.detail, n.attempts,
           (extract(epoch from n.sent_at - n.received_at) * 1000)::bigint as latency_ms
         from deliveries n
         join guilds g using (guild_id)
         join stream_sessions s using (session_id)
         join streamers t using (twitch_user_id)
         order by n.delivery_id desc limit $1",
    )
    .bind(limit)
    .fetch_all(db)
    .await
}
