//! Occasions to say something: what has happened in a channel whose owner wants something said to it.

use sm_types::TwitchUserId;
use sqlx::PgExecutor;
use time::Duration;
use uuid::Uuid;

/// Occasions of one channel that wait at most; more than can be said within a minute.
pub(crate) const MAX_WAITING: i64 = 60;

/// Something that has happened.
#[derive(Debug, Clone, Copy)]
pub struct NewOccasion<'a> {
    pub channel: &'a TwitchUserId,
    /// A key of `chat_books.events`.
    pub kind: &'a str,
    /// The cause of the lines that it leads to: the same is told of once.
    pub cause: &'a str,
    /// Whom it is about; empty: nobody.
    pub user_login: &'a str,
    pub user_name: &'a str,
    /// Bits, gifts or viewers.
    pub count: i64,
    /// From now on; then nobody wants to read of it.
    pub lasts: Duration,
}

/// Queues an occasion from `$from`, where the channel wants something said to it.
macro_rules! occasion {
    (
        from $from:literal, $channel:literal, $kind:literal, $cause:literal, $login:literal, $name:literal,
        $count:literal, $lasts:literal, $most:literal
    ) => {
        concat!(
            "insert into chat_occasions (twitch_user_id, kind, cause, user_login, user_name, count, expires_at)
             select c.twitch_user_id, ", $kind, ", ", $cause, ", ", $login, ", ", $name, ", ", $count, ",
               clock_timestamp() + make_interval(secs => ", $lasts, ")
             from ", $from, " chat_channels c join chat_books b using (twitch_user_id)
             where c.twitch_user_id = ", $channel, " and c.state = 'on' and b.events -> ", $kind, " -> 'enabled' = 'true'
               and (select count(*) from chat_occasions o where o.twitch_user_id = c.twitch_user_id) < ", $most, "
             on conflict on constraint chat_occasions_cause_key do nothing
             returning 1"
        )
    };
}
pub(crate) use occasion;

/// Queues an occasion; false when nothing is wanted to be said to it, it waits already, or too many do.
pub async fn queue(db: impl PgExecutor<'_>, new: &NewOccasion<'_>) -> sqlx::Result<bool> {
    let queued = sqlx::query(occasion!(
        from "", "$1", "$2", "$3", "$4", "$5", "$6::bigint", "$7", "$8"
    ));
    let queued = queued
        .bind(new.channel.as_str())
        .bind(new.kind)
        .bind(new.cause)
        .bind(new.user_login)
        .bind(new.user_name)
        .bind(new.count)
        .bind(new.lasts.as_seconds_f64())
        .bind(MAX_WAITING);
    Ok(queued.execute(db).await?.rows_affected() > 0)
}

/// An occasion to look at now.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueOccasion {
    pub occasion_id: Uuid,
    #[sqlx(rename = "twitch_user_id", try_from = "String")]
    pub channel: TwitchUserId,
    pub kind: String,
    pub cause: String,
    pub user_login: String,
    pub user_name: String,
    pub count: i64,
    /// How long anybody wants to read of it, in seconds.
    pub lasts_s: f64,
}

/// Claims occasions, and gives up those that nobody wants to read of any more.
pub async fn claim(
    db: impl PgExecutor<'_>,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<DueOccasion>> {
    sqlx::query_as(
        "with late as (
           delete from chat_occasions where expires_at <= clock_timestamp() and due_at <= clock_timestamp()
         ), chosen as (
           select occasion_id from chat_occasions
           where due_at <= clock_timestamp() and expires_at > clock_timestamp()
           order by due_at limit $2 for update skip locked
         )
         update chat_occasions o set due_at = clock_timestamp() + make_interval(secs => $1)
         from chosen c where o.occasion_id = c.occasion_id
         returning o.occasion_id, o.twitch_user_id, o.kind, o.cause, o.user_login, o.user_name, o.count,
           extract(epoch from o.expires_at - clock_timestamp())::float8 as lasts_s",
    )
    .bind(lease.as_seconds_f64())
    .bind(limit)
    .fetch_all(db)
    .await
}

/// An occasion has been looked at: what is to be said to it is in the outbox.
pub async fn finish(db: impl PgExecutor<'_>, occasion: Uuid) -> sqlx::Result<()> {
    sqlx::query("delete from chat_occasions where occasion_id = $1")
        .bind(occasion)
        .execute(db)
        .await?;
    Ok(())
}
