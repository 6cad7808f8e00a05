//! What a remote did not list, or refused: noted until it is believed or has turned out to be there.

use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

/// A doubt that nobody has looked at for this long says nothing of today: the next look is a first one.
const STALE_AFTER: Duration = Duration::days(7);

/// Something that is said to be gone.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Doubt {
    /// Whose id.
    pub subject: String,
    /// The first look that said so.
    pub since: OffsetDateTime,
    /// How many have said so in a row.
    pub looks: i32,
    /// Which sources have, each once.
    pub sources: Vec<String>,
    /// Since when it is believed.
    pub believed_at: Option<OffsetDateTime>,
}

/// Notes that a source does not have these any more, none of them named twice; the doubts as they are now.
pub async fn note(
    db: impl PgExecutor<'_>,
    kind: &str,
    subjects: &[&str],
    source: &str,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Doubt>> {
    sqlx::query_as(
        "insert into doubts as d (kind, subject, since, sources, looked_at)
         select $1, subject, $4, array[$3], $4 from unnest($2::text[]) as s (subject)
         -- In the same order everywhere: two of these never wait for each other.
         order by subject
         on conflict on constraint doubts_pkey do update set
           since = case when d.looked_at < $5 then $4 else d.since end,
           looks = case when d.looked_at < $5 then 1 else d.looks + 1 end,
           sources = case when d.looked_at < $5 then array[$3]
                          when $3 = any(d.sources) then d.sources else d.sources || $3 end,
           looked_at = greatest(d.looked_at, $4)
         returning subject, since, looks, sources, believed_at",
    )
    .bind(kind)
    .bind(subjects)
    .bind(source)
    .bind(now)
    .bind(now - STALE_AFTER)
    .fetch_all(db)
    .await
}

/// Marks doubts as believed, so that whoever ends them knows that something has to be given back.
pub async fn believe(
    db: impl PgExecutor<'_>,
    kind: &str,
    subjects: &[&str],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update doubts set believed_at = $3 where kind = $1 and subject = any($2) and believed_at is null",
    )
    .bind(kind)
    .bind(subjects)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// Ends doubts: these are there. Returns those that had been believed.
pub async fn clear(
    db: impl PgExecutor<'_>,
    kind: &str,
    subjects: &[&str],
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "with gone as (
           delete from doubts where kind = $1 and subject = any($2) returning subject, believed_at
         )
         select subject from gone where believed_at is not null",
    )
    .bind(kind)
    .bind(subjects)
    .fetch_all(db)
    .await
}

/// Doubts of a kind that are not believed yet, those first that were looked at longest ago.
pub async fn open(db: impl PgExecutor<'_>, kind: &str, limit: i64) -> sqlx::Result<Vec<Doubt>> {
    sqlx::query_as(
        "select subject, since, looks, sources, believed_at from doubts
         where kind = $1 and believed_at is null order by looked_at limit $2",
    )
    .bind(kind)
    .bind(limit)
    .fetch_all(db)
    .await
}
