//! Tokens of our own that instances share. The text is encrypted by the caller.

use sqlx::PgExecutor;
use time::OffsetDateTime;

/// Finds a token that is still valid at `now`.
pub async fn find(
    db: impl PgExecutor<'_>,
    name: &str,
    now: OffsetDateTime,
) -> sqlx::Result<Option<(Vec<u8>, OffsetDateTime)>> {
    sqlx::query_as(
        "select ciphertext, expires_at from service_tokens where name = $1 and expires_at > $2",
    )
    .bind(name)
    .bind(now)
    .fetch_optional(db)
    .await
}

/// Stores a token for all instances.
pub async fn upsert(
    db: impl PgExecutor<'_>,
    name: &str,
    ciphertext: &[u8],
    expires_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into service_tokens (name, ciphertext, expires_at) values ($1, $2, $3)
         on conflict on constraint service_tokens_pkey
         do update set ciphertext = excluded.ciphertext, expires_at = excluded.expires_at, updated_at = now()",
    )
    .bind(name)
    .bind(ciphertext)
    .bind(expires_at)
    .execute(db)
    .await?;
    Ok(())
}
