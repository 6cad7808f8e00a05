//! Users of the dashboard, their Discord tokens, and the guilds Discord listed for them.

use sm_types::{GuildId, UserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// A user as Discord describes them.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct User {
    #[sqlx(try_from = "i64")]
    pub user_id: UserId,
    /// The unique name.
    pub username: String,
    /// The name that is shown.
    pub global_name: Option<String>,
    /// The hash of the avatar.
    pub avatar: Option<String>,
}

/// Inserts a user or brings name and avatar up to date.
pub async fn upsert(db: impl PgExecutor<'_>, user: &User) -> sqlx::Result<()> {
    sqlx::query(
        "insert into users (user_id, username, global_name, avatar) values ($1, $2, $3, $4)
         on conflict on constraint users_pkey do update
         set username = excluded.username, global_name = excluded.global_name, avatar = excluded.avatar,
             updated_at = now()",
    )
    .bind(user.user_id.to_db())
    .bind(&user.username)
    .bind(&user.global_name)
    .bind(&user.avatar)
    .execute(db)
    .await?;
    Ok(())
}

/// Makes others wait who count what a user has, until the transaction ends; see [`crate::guilds::lock`].
pub async fn lock(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<()> {
    sqlx::query("select from users where user_id = $1 for no key update")
        .bind(user.to_db())
        .execute(db)
        .await?;
    Ok(())
}

pub async fn find(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<User>> {
    sqlx::query_as("select user_id, username, global_name, avatar from users where user_id = $1")
        .bind(user.to_db())
        .fetch_optional(db)
        .await
}

/// How much is stored about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Holdings {
    /// Sign-ins, ended ones included.
    pub sessions: i64,
    /// Guilds that Discord listed.
    pub guilds: i64,
    /// Wishes about pings.
    pub preferences: i64,
    /// Entries of the log that name them.
    pub audit_entries: i64,
}

/// Counts what is stored about a person.
pub async fn holdings(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Holdings> {
    sqlx::query_as(
        "select (select count(*) from sessions where user_id = $1) as sessions,
           (select count(*) from user_guilds where user_id = $1) as guilds,
           (select count(*) from user_preferences where user_id = $1) as preferences,
           (select count(*) from audit_log where actor_id = $1) as audit_entries",
    )
    .bind(user.to_db())
    .fetch_one(db)
    .await
}

/// Deletes a user with sessions, tokens and guild list. Preferences are deleted by their own function.
pub async fn delete(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<()> {
    sqlx::query("delete from users where user_id = $1").bind(user.to_db()).execute(db).await?;
    Ok(())
}

/// The encrypted tokens of a user.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Tokens {
    /// The ciphertext; `None`: the user has to sign in again.
    pub tokens: Option<Vec<u8>>,
    /// When the access token expires.
    pub tokens_expire_at: Option<OffsetDateTime>,
    /// When the guild list was fetched.
    pub guilds_fetched_at: Option<OffsetDateTime>,
}

/// Reads a user's encrypted tokens.
pub async fn tokens(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<Tokens>> {
    sqlx::query_as(
        "select tokens, tokens_expire_at, guilds_fetched_at from users where user_id = $1",
    )
    .bind(user.to_db())
    .fetch_optional(db)
    .await
}

/// Takes the right to refresh a user's tokens until `until`; false when another has it.
pub async fn lease_tokens(
    db: impl PgExecutor<'_>,
    user: UserId,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> sqlx::Result<bool> {
    let leased = sqlx::query(
        "update users set tokens_leased_until = $3
         where user_id = $1 and (tokens_leased_until is null or tokens_leased_until <= $2)",
    )
    .bind(user.to_db())
    .bind(now)
    .bind(until)
    .execute(db)
    .await?;
    Ok(leased.rows_affected() == 1)
}

/// Stores tokens and ends the lease; `None` forgets them.
pub async fn set_tokens(
    db: impl PgExecutor<'_>,
    user: UserId,
    tokens: Option<(&[u8], OffsetDateTime)>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update users set tokens = $2, tokens_expire_at = $3, tokens_leased_until = null, updated_at = now()
         where user_id = $1",
    )
    .bind(user.to_db())
    .bind(tokens.map(|(text, _)| text))
    .bind(tokens.map(|(_, at)| at))
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets tokens and ends the lease, unless others have been stored since; false then.
pub async fn forget_tokens(
    db: impl PgExecutor<'_>,
    user: UserId,
    tokens: &[u8],
) -> sqlx::Result<bool> {
    let forgotten = sqlx::query(
        "update users set tokens = null, tokens_expire_at = null, tokens_leased_until = null, updated_at = now()
         where user_id = $1 and tokens = $2",
    )
    .bind(user.to_db())
    .bind(tokens)
    .execute(db)
    .await?;
    Ok(forgotten.rows_affected() == 1)
}

/// Ends the lease; the tokens stay as they are.
pub async fn release_tokens(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<()> {
    sqlx::query("update users set tokens_leased_until = null where user_id = $1")
        .bind(user.to_db())
        .execute(db)
        .await?;
    Ok(())
}

/// A guild as Discord lists it for a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedGuild {
    pub guild_id: GuildId,
    pub name: String,
    /// The hash of its icon.
    pub icon: Option<String>,
    /// Whether the user owns it.
    pub owner: bool,
    /// The user's permissions in it, channels aside.
    pub permissions: u64,
}

/// Replaces the guild list of a user, within a transaction of the caller's.
pub async fn set_guilds(
    db: &mut crate::Session,
    user: UserId,
    guilds: &[ListedGuild],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("delete from user_guilds where user_id = $1")
        .bind(user.to_db())
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "insert into user_guilds (user_id, guild_id, name, icon, owner, permissions)
         select $1, * from unnest($2::bigint[], $3::text[], $4::text[], $5::boolean[], $6::bigint[])
         on conflict do nothing",
    )
    .bind(user.to_db())
    .bind(guilds.iter().map(|g| g.guild_id.to_db()).collect::<Vec<_>>())
    .bind(guilds.iter().map(|g| g.name.as_str()).collect::<Vec<_>>())
    .bind(guilds.iter().map(|g| g.icon.as_deref()).collect::<Vec<_>>())
    .bind(guilds.iter().map(|g| g.owner).collect::<Vec<_>>())
    .bind(guilds.iter().map(|g| g.permissions.cast_signed()).collect::<Vec<_>>())
    .execute(&mut *db)
    .await?;
    sqlx::query("update users set guilds_fetched_at = $2 where user_id = $1")
        .bind(user.to_db())
        .bind(now)
        .execute(db)
        .await?;
    Ok(())
}

/// A guild of a user, and what we know of it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct UserGuild {
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    pub name: String,
    /// The hash of its icon.
    pub icon: Option<String>,
    /// Whether the user owns it.
    pub owner: bool,
    /// The user's permissions as Discord listed them.
    pub permissions: i64,
    /// Whether the bot is in it.
    pub bot_present: bool,
    pub streamers: i64,
    /// Those of them who are live.
    pub live: i64,
    /// Destinations to which nothing can be posted now.
    pub degraded: i64,
}

/// The guilds of a user, by name.
pub async fn guilds(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Vec<UserGuild>> {
    sqlx::query_as(
        "select u.guild_id, coalesce(g.name, u.name) as name, u.icon, u.owner, u.permissions,
           coalesce(g.status = 'active', false) as bot_present,
           (select count(*) from guild_streamers f where f.guild_id = g.guild_id) as streamers,
           (select count(*) from guild_streamers f where f.guild_id = g.guild_id and exists
             (select from stream_sessions s where s.twitch_user_id = f.twitch_user_id and s.ended_at is null)) as live,
           (select count(*) from destinations d where d.guild_id = g.guild_id and d.degraded_reason is not null) as degraded
         from user_guilds u left join guilds g using (guild_id)
         where u.user_id = $1 order by lower(u.name), u.guild_id",
    )
    .bind(user.to_db())
    .fetch_all(db)
    .await
}
