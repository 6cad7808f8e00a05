//! Deleting much: in bounded batches, each a transaction of its own, so that nobody waits for long.

use crate::announce::history::first_uuid_of;
use sm_types::GuildId;
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

/// What is deleted once it has outlived its use.
#[derive(Debug)]
pub struct Rule {
    pub table: &'static str,
    /// How long a row is kept after it has become useless.
    pub keep: Duration,
    /// Deletes up to `$2` rows from before `$1`; `$3` is the smallest id of that moment, for tables whose
    /// primary key tells when a row was made.
    statement: &'static str,
}

/// All of them. docs/database.md shows the same to people.
pub const RULES: &[Rule] = &[
    Rule {
        table: "sessions",
        keep: Duration::days(7),
        statement: "delete from sessions where session_id in (
           select session_id from sessions where expires_at < $1 order by expires_at limit $2)",
    },
    Rule {
        table: "invite_links",
        keep: Duration::days(30),
        statement: "delete from invite_links where code in (
           select code from invite_links where expires_at < $1 or revoked_at < $1 limit $2)",
    },
    Rule {
        table: "guild_members",
        keep: Duration::days(1),
        statement: "delete from guild_members where ctid = any(array(
           select ctid from guild_members where checked_at < $1 order by checked_at limit $2))",
    },
    Rule {
        table: "presences",
        keep: Duration::days(1),
        // Whose tabs and servers go with it.
        statement: "delete from presences where user_id in (
           select user_id from presences where not online and changed_at < $1 order by changed_at limit $2)
           and not online",
    },
    Rule {
        table: "audit_log",
        keep: Duration::days(365),
        statement: "delete from audit_log where audit_id in (
           select audit_id from audit_log where at < $1 order by at limit $2)",
    },
    Rule {
        table: "stream_events",
        keep: Duration::days(7),
        statement: "delete from stream_events where event_id in (
           select event_id from stream_events where event_id < $3 and finished_at < $1 order by event_id limit $2)",
    },
    Rule {
        table: "stream_sessions",
        // As long as the history's last partition that may tell of it: 180 days and the rest of a month.
        keep: Duration::days(212),
        statement: "delete from stream_sessions where session_id in (
           select session_id from stream_sessions s where session_id < $3 and ended_at < $1
             and not exists (select from notification_log n where n.session_id = s.session_id)
           order by session_id limit $2)",
    },
    Rule {
        table: "feed_events",
        keep: Duration::days(30),
        statement: "delete from feed_events where feed_event_id in (
           select feed_event_id from feed_events where feed_event_id < $3 and occurred_at < $1
           order by feed_event_id limit $2)",
    },
    Rule {
        table: "chat_sends",
        keep: Duration::days(14),
        statement: "delete from chat_sends where send_id in (
           select send_id from chat_sends where send_id < $3 and queued_at < $1 order by send_id limit $2)",
    },
    Rule {
        table: "chat_deletions",
        keep: Duration::days(14),
        statement: "delete from chat_deletions where message_id in (
           select message_id from chat_deletions where heard_at < $1 order by heard_at limit $2)",
    },
    Rule {
        table: "chat_channels",
        keep: Duration::days(90),
        // What the bot was to say there goes with it.
        statement: "delete from chat_channels where twitch_user_id in (
           select twitch_user_id from chat_channels where state = 'left' and left_at < $1 limit $2)",
    },
    Rule {
        table: "chat_accounts",
        keep: Duration::ZERO,
        // An account that a channel has brought, and that none speaks as any more: its tokens are nobody's.
        statement: "delete from chat_accounts where bot_id in (
           select bot_id from chat_accounts a where not is_service and updated_at < $1
             and not exists (select from chat_channels c where c.bot_id = a.bot_id) limit $2)",
    },
    Rule {
        table: "interactions",
        // Discord's signatures are good for five minutes, and its tokens for fifteen.
        keep: Duration::days(1),
        statement: "delete from interactions where interaction_id in (
           select interaction_id from interactions where received_at < $1 order by received_at limit $2)",
    },
    Rule {
        table: "eventsub_subscriptions",
        keep: Duration::days(30),
        // What Twitch lists is brought up to date every ten minutes.
        statement: "delete from eventsub_subscriptions where subscription_id in (
           select subscription_id from eventsub_subscriptions where updated_at < $1 limit $2)",
    },
    Rule {
        table: "doubts",
        keep: Duration::days(30),
        statement: "delete from doubts where (kind, subject) in (
           select kind, subject from doubts where looked_at < $1 order by looked_at limit $2)",
    },
    Rule {
        table: "chat_user_cooldowns",
        keep: Duration::ZERO,
        statement: "delete from chat_user_cooldowns where ctid = any(array(
           select ctid from chat_user_cooldowns where ready_at < $1 order by ready_at limit $2))",
    },
    Rule {
        table: "chat_tokens",
        keep: Duration::days(30),
        statement: "delete from chat_tokens where token_id in (
           select token_id from chat_tokens where revoked_at < $1 limit $2)",
    },
    Rule {
        table: "live_tickets",
        keep: Duration::ZERO,
        statement: "delete from live_tickets where ticket_hash in (
           select ticket_hash from live_tickets where expires_at < $1 order by expires_at limit $2)",
    },
    Rule {
        table: "shouts",
        keep: Duration::days(180),
        statement: "delete from shouts where shout_id in (
           select shout_id from shouts where created_at < $1 order by created_at limit $2)",
    },
    Rule {
        table: "room_mutes",
        keep: Duration::ZERO,
        statement: "delete from room_mutes where ctid = any(array(
           select ctid from room_mutes where until < $1 order by until limit $2))",
    },
    Rule {
        table: "room_marks",
        keep: Duration::days(90),
        statement: "delete from room_marks where ctid = any(array(
           select ctid from room_marks where updated_at < $1 order by updated_at limit $2))",
    },
    Rule {
        table: "rate_buckets",
        keep: Duration::ZERO,
        statement: "delete from rate_buckets where key in (
           select key from rate_buckets where next_at < least($1, clock_timestamp()) order by next_at limit $2)",
    },
    Rule {
        table: "discord_gate",
        keep: Duration::ZERO,
        statement: "delete from discord_gate where key in (
           select key from discord_gate where key <> 'global' and blocked_until < least($1, clock_timestamp())
           limit $2)",
    },
];

impl Rule {
    /// Deletes up to `limit` rows that have outlived their use; returns how many.
    pub async fn apply(
        &self,
        db: impl PgExecutor<'_>,
        now: OffsetDateTime,
        limit: i64,
    ) -> sqlx::Result<u64> {
        let before = now - self.keep;
        let mut gone = sqlx::query(self.statement).bind(before).bind(limit);
        if self.statement.contains("$3") {
            gone = gone.bind(first_uuid_of(before));
        }
        Ok(gone.execute(db).await?.rows_affected())
    }
}

/// What a batch has deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Purged {
    /// Deliveries, with their attempts.
    pub deliveries: i64,
    /// Members' wishes.
    pub preferences: i64,
    /// Entries of the log.
    pub audit_entries: i64,
}

impl Purged {
    /// How many rows.
    pub fn rows(self) -> i64 {
        self.deliveries + self.preferences + self.audit_entries
    }
}

/// Deletes up to `limit` rows of each kind that a guild has many of; the guild itself is left.
///
/// `audit`: the guild's log as well.
pub async fn purge_guild(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    audit: bool,
    limit: i64,
) -> sqlx::Result<Purged> {
    sqlx::query_as(
        "with outbox as (
           delete from notification_log where delivery_id in (
             select delivery_id from notification_log where guild_id = $1 limit $3)
           returning delivery_id
         ), history as (
           delete from delivery_history where delivery_id in (
             select delivery_id from delivery_history where guild_id = $1 limit $3)
           returning delivery_id
         ), attempts as (
           delete from delivery_attempts where delivery_id in (
             select delivery_id from outbox union all select delivery_id from history)
         ), preferences as (
           delete from user_preferences where ctid = any(array(
             select ctid from user_preferences where guild_id = $1 limit $3))
           returning 1
         ), entries as (
           delete from audit_log where $2 and audit_id in (
             select audit_id from audit_log where guild_id = $1 limit $3)
           returning 1
         )
         select (select count(*) from outbox) + (select count(*) from history) as deliveries,
           (select count(*) from preferences) as preferences,
           (select count(*) from entries) as audit_entries",
    )
    .bind(guild.to_db())
    .bind(audit)
    .bind(limit)
    .fetch_one(db)
    .await
}

/// How much a guild has of what [`purge_guild`] deletes.
pub async fn count_guild(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<Purged> {
    sqlx::query_as(
        "select (select count(*) from deliveries where guild_id = $1) as deliveries,
           (select count(*) from user_preferences where guild_id = $1) as preferences,
           (select count(*) from audit_log where guild_id = $1) as audit_entries",
    )
    .bind(guild.to_db())
    .fetch_one(db)
    .await
}
