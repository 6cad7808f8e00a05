//! How far the topics that API Gateway's connections listen to were pushed, and who is at it.

use sqlx::PgExecutor;
use time::OffsetDateTime;

/// A topic in which there may be something to push, for one worker alone.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Claimed {
    pub topic: String,
    /// The latest event that was pushed.
    pub position: i64,
    pub turn: i64,
}

/// Claims topics that have gone on since they were looked at and that somebody listens to.
pub async fn claim(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
    until: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<Claimed>> {
    sqlx::query_as(
        "with open as (
           select p.topic from live_pushes p join topics t on t.topic = p.topic
           where t.position > p.looked_to and p.held_until <= $1
             and exists (select from live_subscriptions s where s.topic = p.topic)
           order by t.updated_at limit $3 for update of p skip locked
         )
         update live_pushes p set held_until = $2, turn = p.turn + 1 from open where p.topic = open.topic
         returning p.topic, p.position, p.turn",
    )
    .bind(now)
    .bind(until)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// How far a worker has come with a topic.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    pub claimed: &'a Claimed,
    pub position: i64,
    pub looked_to: i64,
}

/// Stores how far a topic was pushed, and holds it until a moment; false: somebody else has claimed it since.
pub async fn advance(
    db: impl PgExecutor<'_>,
    progress: Progress<'_>,
    until: OffsetDateTime,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update live_pushes set position = greatest(position, $3), looked_to = greatest(looked_to, $4), held_until = $5
         where topic = $1 and turn = $2",
    )
    .bind(&progress.claimed.topic)
    .bind(progress.claimed.turn)
    .bind(progress.position)
    .bind(progress.looked_to)
    .bind(until)
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Forgets topics that nobody listens to, and to which nobody has come since a moment.
pub async fn forget(db: impl PgExecutor<'_>, joined_before: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query(
        "delete from live_pushes p where joined_at < $1
           and not exists (select from live_subscriptions s where s.topic = p.topic)",
    )
    .bind(joined_before)
    .execute(db)
    .await?;
    Ok(())
}
