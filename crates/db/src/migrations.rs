//! The migrations, compiled in.

use crate::{Pool, Session};
use sqlx::{
    SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};
use std::{borrow::Cow, sync::LazyLock};

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
];

/// All migrations of the product, in order.
pub static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let migrations = SOURCES.iter().map(|&(version, description, sql)| {
        let simple = MigrationType::Simple;
        Migration::new(version, Cow::Borrowed(description), simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
});

/// Brings the database up to date; safe to call from several instances at once.
pub async fn migrate(pool: &Pool) -> Result<(), MigrateError> {
    MIGRATOR.run(pool.acquire().await?.unlimited()?).await
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
           outbox_progress, outbox_flows, doubts, _sqlx_migrations;
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
    let begun: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut *db)
        .await?;
    let mut done: Vec<(i64, bool, Vec<u8>)> = Vec::new();
    if begun {
        done = sqlx::query_as("select version, success, checksum from _sqlx_migrations")
            .fetch_all(db)
            .await?;
    }
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
