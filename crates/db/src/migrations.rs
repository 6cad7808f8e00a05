//! The migrations, compiled in.

use sqlx::{
    PgPool, SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};
use std::{borrow::Cow, sync::LazyLock};

/// Version, description and text of each migration, oldest first.
const SOURCES: &[(i64, &str, &str)] = &[
    (1, "guilds and streamers", include_str!("../../../migrations/0001_guilds_and_streamers.sql")),
    (2, "delivery", include_str!("../../../migrations/0002_delivery.sql")),
    (3, "accounts", include_str!("../../../migrations/0003_accounts.sql")),
    (4, "audit by target", include_str!("../../../migrations/0004_audit_by_target.sql")),
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
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    MIGRATOR.run(pool).await
}
