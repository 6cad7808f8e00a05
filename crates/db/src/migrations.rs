//! The migrations, compiled in.

use crate::{Pool, Session};
use sqlx::{
    SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};
use std::{borrow::Cow, sync::LazyLock, time::Instant};

/// Version, description and text of each migration, oldest first.
const SOURCES: &[(i64, &str, &str)] = &[
    (1, "guilds and streamers", include_str!("../../../migrations/0001_guilds_and_streamers.sql")),
    (2, "delivery", include_str!("../../../migrations/0002_delivery.sql")),
    (3, "accounts", include_str!("../../../migrations/0003_accounts.sql")),
    (4, "audit by target", include_str!("../../../migrations/0004_audit_by_target.sql")),
    (5, "job progress", include_str!("../../../migrations/0005_job_progress.sql")),
    (6, "doubted sessions", include_str!("../../../migrations/0006_doubted_sessions.sql")),
    (7, "reason values", include_str!("../../../migrations/0007_reason_values.sql")),
    (8, "history bound", include_str!("../../../migrations/0008_history_bound.sql")),
    (9, "history bound holds", include_str!("../../../migrations/0009_history_bound_holds.sql")),
    (10, "outbox and history", include_str!("../../../migrations/0010_outbox_and_history.sql")),
    (11, "doubts", include_str!("../../../migrations/0011_doubts.sql")),
    (14, "news and zones", include_str!("../../../migrations/0014_news_and_zones.sql")),
    (15, "lighter outbox", include_str!("../../../migrations/0015_lighter_outbox.sql")),
    (16, "added by", include_str!("../../../migrations/0016_added_by.sql")),
    (17, "room", include_str!("../../../migrations/0017_room.sql")),
    (18, "presence", include_str!("../../../migrations/0018_presence.sql")),
    (19, "gateway", include_str!("../../../migrations/0019_gateway.sql")),
    (20, "feed", include_str!("../../../migrations/0020_feed.sql")),
    (21, "chat", include_str!("../../../migrations/0021_chat.sql")),
    (22, "chat commands", include_str!("../../../migrations/0022_chat_commands.sql")),
    (23, "chat events", include_str!("../../../migrations/0023_chat_events.sql")),
    (24, "chat occasions", include_str!("../../../migrations/0024_chat_occasions.sql")),
    (25, "rules", include_str!("../../../migrations/0025_rules.sql")),
    (26, "interactions", include_str!("../../../migrations/0026_interactions.sql")),
];

/// All migrations of the product, in order.
pub static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let migrations = SOURCES.iter().map(|&(version, description, sql)| {
        let simple = MigrationType::Simple;
        Migration::new(version, Cow::Borrowed(description), simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
});

/// Held while a migration is done. It ends with the transaction: one of the session's would stay behind at a
/// server process that a pooling proxy goes on using.
const LOCK: &str = "select pg_advisory_xact_lock(5872341906)";

/// As sqlx's own migrator makes it, so that its tools can be used too.
const TABLE: &str = "create table if not exists _sqlx_migrations (
  version bigint primary key,
  description text not null,
  installed_on timestamptz not null default now(),
  success boolean not null,
  checksum bytea not null,
  execution_time bigint not null
)";

/// Brings the database up to date, each migration in a transaction; safe to call from several instances at once.
///
/// Not sqlx's migrator: it locks by session, and prepares statements under names, which a transaction-pooling
/// proxy in between may not allow.
pub async fn migrate(pool: &Pool) -> Result<(), MigrateError> {
    while do_next(pool).await? {}
    Ok(())
}

/// Does the oldest migration that is pending; whether there was one.
async fn do_next(pool: &Pool) -> Result<bool, MigrateError> {
    let mut transaction = pool.begin().await?;
    transaction.run_unlimited(LOCK).await?;
    let begun = is_begun(&mut transaction).await?;
    let done = if begun { done(&mut transaction).await? } else { Vec::new() };
    let Some(next) = next(&done)? else {
        transaction.commit().await?;
        return Ok(false);
    };
    if !begun {
        sqlx::raw_sql(TABLE).execute(&mut *transaction).await?;
    }
    let start = Instant::now();
    let script = transaction.run_unlimited(next.sql.as_str()).await;
    script.map_err(|error| MigrateError::ExecuteMigration(error, next.version))?;
    let took = i64::try_from(start.elapsed().as_nanos()).unwrap_or(i64::MAX);
    sqlx::query(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values ($1, $2, true, $3, $4)",
    )
    .bind(next.version)
    .bind(&*next.description)
    .bind(&*next.checksum)
    .bind(took)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(true)
}

/// The oldest migration that is pending, if the database is one that ours can follow.
fn next(done: &[Done]) -> Result<Option<&'static Migration>, MigrateError> {
    if let Some((version, ..)) = done.iter().find(|(_, success, _)| !success) {
        return Err(MigrateError::Dirty(*version));
    }
    for (version, _, checksum) in done {
        match MIGRATOR.iter().find(|migration| migration.version == *version) {
            None => return Err(MigrateError::VersionMissing(*version)),
            Some(migration) if *migration.checksum != **checksum => {
                return Err(MigrateError::VersionMismatch(*version));
            }
            Some(_) => {}
        }
    }
    let is_done = |migration: &&Migration| done.iter().any(|(v, ..)| *v == migration.version);
    Ok(MIGRATOR.iter().find(|migration| !is_done(migration)))
}

/// Version, success and checksum of a migration that was begun.
type Done = (i64, bool, Vec<u8>);

async fn is_begun(db: &mut Session) -> sqlx::Result<bool> {
    // Not by `to_regclass`: a server process remembers that there was none, and does not notice a table that another
    // has made while it waited for the lock.
    sqlx::query_scalar(
        "select exists (select from pg_class where relname = '_sqlx_migrations'
                        and relnamespace = any (current_schemas(false)::regnamespace[]))",
    )
    .fetch_one(db)
    .await
}

async fn done(db: &mut Session) -> sqlx::Result<Vec<Done>> {
    sqlx::query_as("select version, success, checksum from _sqlx_migrations order by version")
        .fetch_all(db)
        .await
}

/// Takes away everything that the migrations have made, with all that is in it; what others have made stays.
pub async fn remove(pool: &Pool) -> sqlx::Result<()> {
    let mut transaction = pool.begin().await?;
    sqlx::raw_sql(
        "drop view if exists deliveries;
         drop table if exists
           guilds, message_templates, guild_config, streamers, guild_streamers, destinations, user_preferences,
           webhook_messages, stream_sessions, stream_events, notification_log, eventsub_subscriptions, rate_buckets, rate_windows,
           delivery_history, delivery_attempts, discord_gate, discord_invalid_requests, service_tokens, users, sessions,
           user_guilds, guild_members, invite_links, audit_log, jobs, eventsub_targets, partitions, outbox_lanes,
           outbox_progress, outbox_flows, doubts, topics, topic_events, live_connections, live_subscriptions, live_pushes,
           live_tickets, shouts, room_mutes, room_marks, presences, presence_tabs, presence_guilds, presence_watch,
           streamer_feeds, feed_events, user_favorites, chat_sends, chat_paces, chat_channels, chat_accounts, chat_books,
           chat_commands, chat_command_names, chat_uses, chat_user_cooldowns, chat_quotes, chat_secrets, chat_tokens,
           chat_timers, chat_deletions, chat_occasions, interactions,
           _sqlx_migrations;
         drop function if exists uuid_v7(), uuid_at(timestamptz);",
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

/// How far a database is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Migrations that are done.
    pub applied: usize,
    /// Version and description of those that are still to be done, in order.
    pub pending: Vec<(i64, String)>,
    /// Those that a newer version of the product has done.
    pub unknown: Vec<i64>,
    /// Those whose text has changed since they were done, or that broke off.
    pub broken: Vec<i64>,
}

/// Compares a database with the migrations; changes nothing.
pub async fn state(db: &mut Session) -> sqlx::Result<State> {
    let done = if is_begun(db).await? { done(db).await? } else { Vec::new() };
    let mut state = State::default();
    for migration in MIGRATOR.iter() {
        match done.iter().find(|(version, ..)| *version == migration.version) {
            None => state.pending.push((migration.version, migration.description.to_string())),
            Some((version, success, checksum)) => {
                state.applied += 1;
                if !success || **checksum != *migration.checksum {
                    state.broken.push(*version);
                }
            }
        }
    }
    let known = |version: &i64| MIGRATOR.iter().any(|migration| migration.version == *version);
    state.unknown = done.iter().map(|(version, ..)| *version).filter(|v| !known(v)).collect();
    Ok(state)
}
