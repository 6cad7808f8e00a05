//! Sign-ins to the dashboard.

use crate::{
    Pool,
    accounts::users::{self, User},
};
use sm_types::{GuildId, UserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

/// A sign-in to store.
#[derive(Debug, Clone)]
pub struct NewSession<'a> {
    /// The id that the cookie names.
    pub session_id: Uuid,
    pub user: UserId,
    /// The browser, as it describes itself.
    pub user_agent: &'a str,
    pub now: OffsetDateTime,
    /// Until when it lasts.
    pub expires_at: OffsetDateTime,
}

/// Stores a session; the user's oldest end where there would be more than `limit`.
pub async fn insert(pool: &Pool, new: &NewSession<'_>, limit: i64) -> sqlx::Result<()> {
    let mut transaction = pool.begin().await?;
    users::lock(&mut *transaction, new.user).await?;
    sqlx::query(
        "update sessions set revoked_at = $2 where session_id in (
           select session_id from sessions
           where user_id = $1 and revoked_at is null and expires_at > $2
           order by created_at desc, session_id desc offset $3)",
    )
    .bind(new.user.to_db())
    .bind(new.now)
    .bind(limit - 1)
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "insert into sessions (session_id, user_id, user_agent, created_at, last_seen_at, expires_at)
         values ($1, $2, $3, $4, $4, $5)",
    )
    .bind(new.session_id)
    .bind(new.user.to_db())
    .bind(new.user_agent)
    .bind(new.now)
    .bind(new.expires_at)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

/// The limit of requests per user: a bucket that holds `burst` and refills within `seconds`.
#[derive(Debug, Clone, Copy)]
pub struct UserLimit {
    /// Requests that a full bucket allows.
    pub burst: u32,
    /// Seconds in which an empty bucket fills.
    pub seconds: u32,
}

/// A request's user, their limit, and what is known of them in the guild the request is about.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Authenticated {
    #[sqlx(flatten)]
    pub user: User,
    /// When the session ends.
    pub expires_at: OffsetDateTime,
    /// Whether the limit allows the request.
    pub allowed: bool,
    /// Seconds until the next request is allowed.
    pub wait_seconds: f64,
    /// Whether the user is a member of the guild, as found out last.
    pub member: Option<bool>,
    /// The member's permissions in the guild.
    pub permissions: Option<i64>,
    /// When that was found out.
    pub checked_at: Option<OffsetDateTime>,
    /// Whether the bot is in the guild; `None`: we do not know the guild.
    pub bot_present: Option<bool>,
}

/// Finds the user of a session, takes a request off their limit, and reads what is known of them
/// in a guild: all that a request needs, in one round trip.
///
/// `None` when the session does not exist, has ended or was revoked.
pub async fn authenticate(
    db: impl PgExecutor<'_>,
    session: Uuid,
    guild: Option<GuildId>,
    now: OffsetDateTime,
    limit: UserLimit,
) -> sqlx::Result<Option<Authenticated>> {
    sqlx::query_as(
        "with live as (
           select s.user_id, s.expires_at, u.username, u.global_name, u.avatar, 'user:' || s.user_id as key
           from sessions s join users u using (user_id)
           where s.session_id = $1 and s.revoked_at is null and s.expires_at > $3
         ), seen as (
           update sessions set last_seen_at = $3
           where session_id = $1 and last_seen_at < $3 - interval '1 minute' and revoked_at is null
         ), spent as (
           insert into rate_buckets as b (key, next_at)
           select key, clock_timestamp() + make_interval(secs => $5 / $4) from live
           on conflict on constraint rate_buckets_pkey do update
           set next_at = greatest(b.next_at, clock_timestamp()) + make_interval(secs => $5 / $4)
           where greatest(b.next_at, clock_timestamp()) + make_interval(secs => $5 / $4)
                 <= clock_timestamp() + make_interval(secs => $5)
           returning b.next_at
         )
         select l.user_id, l.username, l.global_name, l.avatar, l.expires_at,
           exists (select from spent) as allowed,
           greatest(0, extract(epoch from b.next_at - clock_timestamp())::float8 - $5 + $5 / $4) as wait_seconds,
           m.member, m.permissions, m.checked_at, g.status = 'active' as bot_present
         from live l
         left join rate_buckets b on b.key = l.key
         left join guilds g on g.guild_id = $2
         left join guild_members m on m.guild_id = $2 and m.user_id = l.user_id",
    )
    .bind(session)
    .bind(guild.map(GuildId::to_db))
    .bind(now)
    .bind(f64::from(limit.burst))
    .bind(f64::from(limit.seconds))
    .fetch_optional(db)
    .await
}

/// A sign-in for its user's list.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Session {
    pub session_id: Uuid,
    /// The browser, as it described itself.
    pub user_agent: String,
    pub created_at: OffsetDateTime,
    /// When it was used last, to the minute.
    pub last_seen_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
}

/// The sessions of a user that are valid, the latest first.
pub async fn list(
    db: impl PgExecutor<'_>,
    user: UserId,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Session>> {
    sqlx::query_as(
        "select session_id, user_agent, created_at, last_seen_at, expires_at from sessions
         where user_id = $1 and expires_at > $2 and revoked_at is null
         order by last_seen_at desc, session_id limit 200",
    )
    .bind(user.to_db())
    .bind(now)
    .fetch_all(db)
    .await
}

/// Which of a user's sessions to end.
#[derive(Debug, Clone, Copy)]
pub enum Which {
    /// This one.
    One(Uuid),
    /// Every one but this.
    Others(Uuid),
    /// Every one.
    All,
}

/// Ends sessions of a user at once; returns how many.
pub async fn revoke(
    db: impl PgExecutor<'_>,
    user: UserId,
    which: Which,
    now: OffsetDateTime,
) -> sqlx::Result<u64> {
    let (only, except) = match which {
        Which::One(id) => (Some(id), None),
        Which::Others(id) => (None, Some(id)),
        Which::All => (None, None),
    };
    let revoked = sqlx::query(
        "update sessions set revoked_at = $2
         where user_id = $1 and revoked_at is null and expires_at > $2
           and ($3::uuid is null or session_id = $3) and ($4::uuid is null or session_id <> $4)",
    )
    .bind(user.to_db())
    .bind(now)
    .bind(only)
    .bind(except)
    .execute(db)
    .await?;
    Ok(revoked.rows_affected())
}
