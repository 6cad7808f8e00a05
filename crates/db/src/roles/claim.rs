//! Handing out what is to be done at Discord: one thing at a time per guild, in fair turns over guilds.

use super::{DueHolder, DueRole};
use sm_types::GuildId;
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

/// What is claimed.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    pub now: OffsetDateTime,
    /// Until when others keep off.
    pub lease_until: OffsetDateTime,
    /// From one change in a guild to the next.
    pub interval: Duration,
    /// Guilds at most, of each one change.
    pub limit: i64,
}

/// Claims the change that has waited longest in each guild whose turn it is.
///
/// A member is changed by one at a time. What a claim hands out counts as unknown until it is recorded.
pub async fn holders(db: impl PgExecutor<'_>, claim: &Claim) -> sqlx::Result<Vec<DueHolder>> {
    sqlx::query_as(
        "with recursive flows (id) as (
           (select guild_id from role_holders where due_at is not null order by guild_id limit 1)
           union all
           -- By index, from one guild to the next.
           select (select guild_id from role_holders where due_at is not null and guild_id > f.id
                   order by guild_id limit 1)
           from flows f where f.id is not null
         ), open as materialized (
           select p.guild_id from flows f join role_guilds p on p.guild_id = f.id
           join guilds g on g.guild_id = f.id and g.status = 'active'
           where p.free_at <= clock_timestamp() and (p.blocked_until is null or p.blocked_until <= clock_timestamp())
             and exists (select from role_holders h where h.guild_id = f.id and h.due_at <= $1)
           order by p.free_at limit $4 for update of p skip locked
         ), chosen as materialized (
           select h.* from open o cross join lateral (
             select h.bot_role_id, h.user_id, h.guild_id, h.wanted, h.held, r.role_id, r.purpose
             from role_holders h join bot_roles r using (bot_role_id)
             where h.guild_id = o.guild_id and h.due_at <= $1 and r.role_id is not null
               and (r.state = 'ready' or r.purpose = 'live' and r.state = 'retired')
               and not exists (select from role_holders x where x.guild_id = h.guild_id and x.user_id = h.user_id
                               and x.bot_role_id <> h.bot_role_id and x.held is null and x.due_at > $1)
             order by h.due_at, h.user_id limit 1) h
         ), spent as (
           update role_guilds p set free_at = clock_timestamp() + make_interval(secs => $3)
           from chosen c where p.guild_id = c.guild_id
         ), claimed as (
           update role_holders h set held = null, attempts = h.attempts + 1, due_at = $2, called_at = $1
           from chosen c where h.bot_role_id = c.bot_role_id and h.user_id = c.user_id
           returning h.bot_role_id, h.user_id, h.attempts
         )
         select c.bot_role_id, c.user_id, c.guild_id, c.wanted, c.held, c.role_id, c.purpose, x.attempts
         from chosen c join claimed x using (bot_role_id, user_id)",
    )
    .bind(claim.now)
    .bind(claim.lease_until)
    .bind(claim.interval.as_seconds_f64())
    .bind(claim.limit)
    .fetch_all(db)
    .await
}

/// Claims roles of one guild that are to be made, looked at or deleted; no other worker does so there meanwhile.
pub async fn roles(db: impl PgExecutor<'_>, claim: &Claim) -> sqlx::Result<Vec<DueRole>> {
    sqlx::query_as(
        "with chosen as materialized (
           select r.guild_id from bot_roles r join role_guilds p using (guild_id)
           join guilds g on g.guild_id = r.guild_id and g.status = 'active'
           where r.due_at <= $1 and (p.looking_until is null or p.looking_until <= $1)
             and (p.blocked_until is null or p.blocked_until <= clock_timestamp())
           order by r.due_at limit 1 for update of p skip locked
         ), leased as (
           update role_guilds p set looking_until = $2 from chosen c where p.guild_id = c.guild_id
         ), due as (
           select r.bot_role_id from bot_roles r join chosen c using (guild_id)
           where r.due_at <= $1 order by r.due_at limit $3
         ), claimed as (
           update bot_roles r set due_at = $2, attempts = r.attempts + 1
           from due d where d.bot_role_id = r.bot_role_id returning r.*
         )
         select c.bot_role_id, c.guild_id, c.purpose, c.state, c.role_id, c.mentionable, c.tried_at, c.attempts,
           s.display_name,
           exists (select from role_holders h where h.bot_role_id = c.bot_role_id and h.held is distinct from false)
             as is_held
         from claimed c left join streamers s on s.twitch_user_id = c.twitch_user_id
         order by c.bot_role_id",
    )
    .bind(claim.now)
    .bind(claim.lease_until)
    .bind(claim.limit)
    .fetch_all(db)
    .await
}

/// Ends the look at a guild's roles.
pub async fn looked(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<()> {
    let done = sqlx::query("update role_guilds set looking_until = null where guild_id = $1");
    done.bind(guild.to_db()).execute(db).await?;
    Ok(())
}

/// Reserves the moment for one more request about a guild's roles; how long it is until then.
pub async fn reserve(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    interval: Duration,
) -> sqlx::Result<Duration> {
    let wait: Option<f64> = sqlx::query_scalar(
        "update role_guilds p set free_at = start.at + make_interval(secs => $2)
         from (select guild_id, greatest(free_at, blocked_until, clock_timestamp()) as at
               from role_guilds where guild_id = $1 for update) start
         where p.guild_id = start.guild_id
         returning extract(epoch from start.at - clock_timestamp())::float8",
    )
    .bind(guild.to_db())
    .bind(interval.as_seconds_f64())
    .fetch_optional(db)
    .await?;
    Ok(Duration::seconds_f64(wait.unwrap_or(0.0).max(0.0)))
}

/// Nothing about a guild's roles is asked of Discord for a while.
pub async fn block(db: impl PgExecutor<'_>, guild: GuildId, wait: Duration) -> sqlx::Result<()> {
    sqlx::query(
        "update role_guilds set blocked_until =
           greatest(blocked_until, clock_timestamp() + make_interval(secs => $2)) where guild_id = $1",
    )
    .bind(guild.to_db())
    .bind(wait.as_seconds_f64())
    .execute(db)
    .await?;
    Ok(())
}

/// Whether announcements wait to be sent.
pub async fn announcements_wait(db: impl PgExecutor<'_>) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from outbox_flows where lane = 0 and waiting > 0)")
        .fetch_one(db)
        .await
}

/// What waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, sqlx::FromRow)]
pub struct Outlook {
    /// Seconds until something is due; below 0: since when.
    pub next_s: Option<f64>,
    /// Changes of members that are due.
    pub waiting: i64,
    /// For how many seconds the oldest of them has waited.
    pub oldest_s: i64,
}

/// What waits, and when something is due.
pub async fn outlook(db: impl PgExecutor<'_>, now: OffsetDateTime) -> sqlx::Result<Outlook> {
    sqlx::query_as(
        "select extract(epoch from least(
             (select min(h.due_at) from role_holders h), (select min(due_at) from bot_roles),
             (select min(sync_at) from role_guilds)) - $1)::float8 as next_s,
           (select count(*) from (select from role_holders where due_at <= $1 limit 100000) due) as waiting,
           coalesce(extract(epoch from $1 - (
             select min(h.changed_at) from (select changed_at from role_holders where due_at <= $1 limit 100000) h)), 0)::bigint
             as oldest_s",
    )
    .bind(now)
    .fetch_one(db)
    .await
}

/// Seconds until something is due, below 0: since when.
pub async fn next_due_s(db: impl PgExecutor<'_>, now: OffsetDateTime) -> sqlx::Result<Option<f64>> {
    sqlx::query_scalar(
        "select extract(epoch from least(
           (select min(due_at) from role_holders where due_at is not null),
           (select min(due_at) from bot_roles where due_at is not null),
           (select min(sync_at) from role_guilds where sync_at is not null)) - $1)::float8",
    )
    .bind(now)
    .fetch_one(db)
    .await
}
