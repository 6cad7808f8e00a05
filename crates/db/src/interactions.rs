//! What people do on Discord: taken once, held to limits, and the outbox of answers that are owed.

use sm_types::{GuildId, InteractionId, UserId};
use sqlx::{PgExecutor, types::Json};
use time::Duration;

/// For how long Discord takes answers to an interaction: 15 minutes, less what a request may take.
const LASTS: &str = "interval '14 minutes 50 seconds'";
/// So many claims may end without an answer, before what is to be done is thought to be at fault.
const MOST_CLAIMS: i32 = 5;

/// A bucket that a person or a server fills: `burst` at once, and as many within `seconds`.
#[derive(Debug, Clone, Copy)]
pub struct Bucket<'a> {
    pub key: &'a str,
    pub burst: u32,
    pub seconds: u32,
}

/// What became of an interaction at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    New,
    /// It was here before.
    Before,
    /// The person or the server has done too much.
    Limited,
}

/// Takes an interaction once, out of both buckets.
pub async fn admit(
    db: impl PgExecutor<'_>,
    id: InteractionId,
    user: Bucket<'_>,
    guild: Bucket<'_>,
) -> sqlx::Result<Admitted> {
    let (is_new, has_room): (bool, bool) = sqlx::query_as(
        "with seen as (
           insert into interactions (interaction_id) values ($1)
           on conflict on constraint interactions_pkey do nothing returning 1
         ), spent as (
           insert into rate_buckets as b (key, next_at)
           select key, clock_timestamp() + make_interval(secs => seconds / burst)
           from seen, (values ($2::text, $3::float8, $4::float8), ($5, $6, $7)) as k (key, burst, seconds)
           -- In the same order everywhere: two of these never wait for each other.
           order by key
           on conflict on constraint rate_buckets_pkey do update
           set next_at = greatest(b.next_at, clock_timestamp()) + (excluded.next_at - clock_timestamp())
           where greatest(b.next_at, clock_timestamp()) + (excluded.next_at - clock_timestamp())
                 <= clock_timestamp() + make_interval(secs => case when b.key = $2 then $4 else $7 end)
           returning 1
         )
         select exists (select from seen), (select count(*) = 2 from spent)",
    )
    .bind(id.to_db())
    .bind(user.key)
    .bind(f64::from(user.burst))
    .bind(f64::from(user.seconds))
    .bind(guild.key)
    .bind(f64::from(guild.burst))
    .bind(f64::from(guild.seconds))
    .fetch_one(db)
    .await?;
    Ok(match (is_new, has_room) {
        (false, _) => Admitted::Before,
        (true, false) => Admitted::Limited,
        (true, true) => Admitted::New,
    })
}

/// An answer that is owed.
#[derive(Debug, Clone, Copy)]
pub struct NewTask<'a> {
    pub id: InteractionId,
    pub guild: GuildId,
    pub user: UserId,
    pub language: &'a str,
    /// What is to be done.
    pub task: &'a serde_json::Value,
    /// The interaction's token, encrypted.
    pub token: &'a [u8],
}

/// Puts what is to be done into the outbox.
pub async fn queue(db: impl PgExecutor<'_>, new: &NewTask<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "update interactions set state = 'queued', guild_id = $2, user_id = $3, language = $4, task = $5, token = $6,
           due_at = clock_timestamp()
         where interaction_id = $1",
    )
    .bind(new.id.to_db())
    .bind(new.guild.to_db())
    .bind(new.user.to_db())
    .bind(new.language)
    .bind(Json(new.task))
    .bind(new.token)
    .execute(db)
    .await?;
    Ok(())
}

/// An answer to work on.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueAnswer {
    #[sqlx(rename = "interaction_id", try_from = "i64")]
    pub id: InteractionId,
    #[sqlx(rename = "guild_id", try_from = "i64")]
    pub guild: GuildId,
    #[sqlx(rename = "user_id", try_from = "i64")]
    pub user: UserId,
    pub language: String,
    pub task: Json<serde_json::Value>,
    pub token: Vec<u8>,
    /// What only has to be sent.
    pub reply: Option<Json<serde_json::Value>>,
    /// Claims so far, this one included.
    pub attempts: i32,
}

/// What a claim has brought.
#[derive(Debug, Default)]
pub struct Claimed {
    pub answers: Vec<DueAnswer>,
    /// Given up on the way: Discord takes no answer any more, or the work broke off time and again.
    pub given_up: u64,
}

/// Claims answers, and gives up those that nobody can be given any more.
pub async fn claim(db: &mut crate::Session, lease: Duration, limit: i64) -> sqlx::Result<Claimed> {
    let late = format!(
        "update interactions set state = 'given_up', guild_id = null, user_id = null, language = null, task = null,
           token = null, reply = null,
           reason = case when received_at <= clock_timestamp() - {LASTS} then 'too_late' else 'failed' end
         where state = 'queued' and due_at <= clock_timestamp()
           and (received_at <= clock_timestamp() - {LASTS} or reply is null and attempts >= $1)"
    );
    let late = sqlx::query(sqlx::AssertSqlSafe(late)).bind(MOST_CLAIMS);
    let given_up = late.execute(&mut *db).await?.rows_affected();
    let answers = sqlx::query_as(
        "with chosen as (
           select interaction_id from interactions where state = 'queued' and due_at <= clock_timestamp()
           order by due_at limit $2 for update skip locked
         )
         update interactions i set attempts = i.attempts + 1,
           due_at = clock_timestamp() + make_interval(secs => $1)
         from chosen c where i.interaction_id = c.interaction_id
         returning i.interaction_id, i.guild_id, i.user_id, i.language, i.task, i.token, i.reply, i.attempts",
    )
    .bind(lease.as_seconds_f64())
    .bind(limit)
    .fetch_all(db)
    .await?;
    Ok(Claimed { answers, given_up })
}

/// Notes what is to be answered, so that nothing is done twice to find that out; false when another worker has it.
pub async fn note_reply(
    db: impl PgExecutor<'_>,
    due: &DueAnswer,
    reply: &serde_json::Value,
) -> sqlx::Result<bool> {
    let noted = sqlx::query(
        "update interactions set reply = $3 where interaction_id = $1 and attempts = $2 and state = 'queued'",
    )
    .bind(due.id.to_db())
    .bind(due.attempts)
    .bind(Json(reply))
    .execute(db)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Answered,
    GivenUp(&'static str),
    /// It is tried again after a wait.
    Again(Duration),
}

/// Records what became of an answer, and forgets whose it was. One that another worker has taken over changes nothing.
pub async fn record(
    db: impl PgExecutor<'_>,
    due: &DueAnswer,
    outcome: Outcome,
) -> sqlx::Result<()> {
    if let Outcome::Again(wait) = outcome {
        sqlx::query(
            "update interactions set due_at = clock_timestamp() + make_interval(secs => $3)
             where interaction_id = $1 and attempts = $2 and state = 'queued'",
        )
        .bind(due.id.to_db())
        .bind(due.attempts)
        .bind(wait.as_seconds_f64())
        .execute(db)
        .await?;
        return Ok(());
    }
    let (state, reason) = match outcome {
        Outcome::GivenUp(reason) => ("given_up", Some(reason)),
        _ => ("done", None),
    };
    sqlx::query(
        "update interactions set state = $3, reason = $4, guild_id = null, user_id = null, language = null,
           task = null, token = null, reply = null
         where interaction_id = $1 and attempts = $2 and state = 'queued'",
    )
    .bind(due.id.to_db())
    .bind(due.attempts)
    .bind(state)
    .bind(reason)
    .execute(db)
    .await?;
    Ok(())
}

/// How long until an answer is to be worked on; `None` when none is owed.
pub async fn next_due(db: impl PgExecutor<'_>) -> sqlx::Result<Option<Duration>> {
    let seconds: Option<f64> = sqlx::query_scalar(
        "select extract(epoch from min(due_at) - clock_timestamp())::float8 from interactions
         where state = 'queued'",
    )
    .fetch_one(db)
    .await?;
    Ok(seconds.map(Duration::seconds_f64))
}

/// Drops the answers that are owed to a person.
pub async fn forget(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<()> {
    sqlx::query(
        "update interactions set state = 'given_up', reason = 'too_late', guild_id = null, user_id = null,
           language = null, task = null, token = null, reply = null where user_id = $1",
    )
    .bind(user.to_db())
    .execute(db)
    .await?;
    Ok(())
}
