//! Channels whose owner has asked for the bot.

use sm_types::{TwitchUserId, UserId};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

/// A channel.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Channel {
    #[sqlx(try_from = "String")]
    pub twitch_user_id: TwitchUserId,
    pub login: String,
    pub display_name: String,
    pub owner_id: i64,
    /// `on`, `leaving` or `left`.
    pub state: String,
    /// Why it is not there.
    pub reason: Option<String>,
    /// As whom it speaks; absent: the service's account, if there is one.
    pub bot_id: Option<String>,
    pub bot_login: Option<String>,
    /// Whether the account is the channel's own.
    pub own_account: bool,
    pub joined_at: OffsetDateTime,
    pub left_at: Option<OffsetDateTime>,
    pub is_moderator: bool,
    /// Nothing is said until then, and why.
    pub paused_until: Option<OffsetDateTime>,
    pub pause_reason: Option<String>,
    /// The state of the subscription that it hears by.
    pub hears: Option<String>,
    pub hears_error: Option<String>,
}

/// Selects [`Channel`]s as `c`.
const SELECT: &str = "select c.twitch_user_id, t.login, t.display_name, c.owner_id, c.state, c.reason, a.bot_id,
    a.login as bot_login, c.bot_id is not null as own_account, c.joined_at, c.left_at,
    p.is_moderator, case when p.paused_until > clock_timestamp() then p.paused_until end as paused_until,
    case when p.paused_until > clock_timestamp() then p.pause_reason end as pause_reason,
    x.state as hears, x.error as hears_error
  from chat_channels c join streamers t using (twitch_user_id) join chat_paces p using (twitch_user_id)
  left join chat_accounts a on a.bot_id = coalesce(c.bot_id, (select bot_id from chat_accounts where is_service))
  left join eventsub_targets x on x.twitch_user_id = c.twitch_user_id and x.type = 'channel.chat.message'
    and x.with_user = a.bot_id";

/// A channel, if its owner has ever asked for the bot.
pub async fn find(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
) -> sqlx::Result<Option<Channel>> {
    let statement = format!("{SELECT} where c.twitch_user_id = $1");
    sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(channel.as_str()).fetch_optional(db).await
}

/// The channels of a person, by login.
pub async fn of_owner(db: impl PgExecutor<'_>, owner: UserId) -> sqlx::Result<Vec<Channel>> {
    let statement = format!("{SELECT} where c.owner_id = $1 order by t.login");
    sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(owner.to_db()).fetch_all(db).await
}

/// What somebody asks for.
#[derive(Debug, Clone, Copy)]
pub struct Join<'a> {
    pub channel: &'a TwitchUserId,
    pub owner: UserId,
    pub now: OffsetDateTime,
    /// Channels of one owner.
    pub per_owner: i64,
    /// Channels that are joined within an hour, over all owners.
    pub per_hour: i64,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// The bot comes.
    Joined,
    /// It is there.
    Already,
    /// The owner has as many channels as one may have.
    OwnerLimit,
    /// Too many channels have asked within an hour.
    HourLimit,
}

/// Has the bot come to a channel. In a transaction: joins wait for each other.
pub async fn join(db: &mut crate::Session, join: &Join<'_>) -> sqlx::Result<Joined> {
    let Join { channel, owner, now, per_owner, per_hour } = *join;
    sqlx::query("select pg_advisory_xact_lock(5872341907)").execute(&mut *db).await?;
    let (is_on, of_owner, of_hour): (bool, i64, i64) = sqlx::query_as(
        "select exists (select from chat_channels where twitch_user_id = $1 and owner_id = $2 and state = 'on'),
           (select count(*) from chat_channels where owner_id = $2 and state = 'on' and twitch_user_id <> $1),
           (select count(*) from chat_channels where joined_at > $3 and twitch_user_id <> $1)",
    )
    .bind(channel.as_str())
    .bind(owner.to_db())
    .bind(now - Duration::HOUR)
    .fetch_one(&mut *db)
    .await?;
    match () {
        () if is_on => return Ok(Joined::Already),
        () if of_owner >= per_owner => return Ok(Joined::OwnerLimit),
        () if of_hour >= per_hour => return Ok(Joined::HourLimit),
        () => {}
    }
    sqlx::query(
        "with channel as (
           insert into chat_channels as c (twitch_user_id, owner_id, joined_at) values ($1, $2, $3)
           on conflict on constraint chat_channels_pkey do update
           set owner_id = $2, state = 'on', reason = null, joined_at = $3, left_at = null, updated_at = now()
         )
         insert into chat_paces (twitch_user_id) values ($1)
         on conflict on constraint chat_paces_pkey do update
         set paused_until = '-infinity', pauses = 0, pause_reason = null",
    )
    .bind(channel.as_str())
    .bind(owner.to_db())
    .bind(now)
    .execute(&mut *db)
    .await?;
    Ok(Joined::Joined)
}

/// Has the bot leave a channel: what it still had to say is not said. False when it is not there.
pub async fn leave(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    reason: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let left = sqlx::query_scalar(
        "with left_one as (
           update chat_channels c set reason = $2, left_at = $3, updated_at = now(),
             -- Until Twitch has deleted what it heard by, if there is any such thing.
             state = case when exists (select from eventsub_targets x where x.twitch_user_id = c.twitch_user_id
                                       and x.type = 'channel.chat.message') then 'leaving' else 'left' end
           where twitch_user_id = $1 and state = 'on'
           returning twitch_user_id
         ), unsaid as (
           update chat_sends s set state = 'dropped', reason = 'left' from left_one l
           where s.twitch_user_id = l.twitch_user_id and s.state = 'queued'
         )
         select exists (select from left_one)",
    );
    left.bind(channel.as_str()).bind(reason).bind(now).fetch_one(db).await
}

/// The channels of a person that the bot is in.
pub async fn on_of_owner(
    db: impl PgExecutor<'_>,
    owner: UserId,
) -> sqlx::Result<Vec<TwitchUserId>> {
    let ids: Vec<String> = sqlx::query_scalar(
        "select twitch_user_id from chat_channels where owner_id = $1 and state = 'on' order by 1",
    )
    .bind(owner.to_db())
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(TwitchUserId).collect())
}

/// The channels in which an account speaks, behind a cursor.
pub async fn with_account(
    db: impl PgExecutor<'_>,
    bot: &TwitchUserId,
    after: &str,
    limit: i64,
) -> sqlx::Result<Vec<TwitchUserId>> {
    let ids: Vec<String> = sqlx::query_scalar(
        "select twitch_user_id from chat_channels where twitch_user_id > $2
           and (bot_id = $1 or bot_id is null and exists (select from chat_accounts where bot_id = $1 and is_service))
         order by 1 limit $3",
    )
    .bind(bot.as_str())
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(TwitchUserId).collect())
}

/// Lets a channel speak as an account, or as the service's; false when the bot was never asked for there.
pub async fn set_account(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    bot: Option<&TwitchUserId>,
) -> sqlx::Result<bool> {
    let set = sqlx::query(
        "with set as (
           update chat_channels set bot_id = $2, updated_at = now() where twitch_user_id = $1
           returning twitch_user_id
         )
         update chat_paces p set is_moderator = false from set where p.twitch_user_id = set.twitch_user_id",
    );
    let set = set.bind(channel.as_str()).bind(bot.map(TwitchUserId::as_str)).execute(db).await?;
    Ok(set.rows_affected() > 0)
}

/// Forgets who asked for the bot, and has it leave; for somebody who is deleted.
pub async fn forget_owner(
    db: impl PgExecutor<'_>,
    owner: UserId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "with left_ones as (
           update chat_channels c set owner_id = 0, state = case
               when state = 'on' and exists (select from eventsub_targets x where x.twitch_user_id = c.twitch_user_id
                                             and x.type = 'channel.chat.message') then 'leaving'
               when state = 'on' then 'left' else state end,
             reason = 'account_deleted', left_at = coalesce(left_at, $2), bot_id = null, updated_at = now()
           where owner_id = $1 returning twitch_user_id
         )
         update chat_sends s set state = 'dropped', reason = 'left' from left_ones l
         where s.twitch_user_id = l.twitch_user_id and s.state = 'queued'",
    )
    .bind(owner.to_db())
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// Notes whether the bot moderates a channel, by a badge or by a drop that no moderator meets.
pub async fn set_moderator(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    is_moderator: bool,
) -> sqlx::Result<()> {
    sqlx::query(
        "update chat_paces set is_moderator = $2 where twitch_user_id = $1 and is_moderator <> $2",
    )
    .bind(channel.as_str())
    .bind(is_moderator)
    .execute(db)
    .await?;
    Ok(())
}

/// A channel that the bot is in, and its account: kept in memory, since each line asks for it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct On {
    #[sqlx(try_from = "String")]
    pub bot_id: TwitchUserId,
    /// The version of the channel's commands; 0: nothing was ever saved.
    pub book: i64,
    /// Whether the account can delete what the channel filters, as far as is known.
    pub deletes: bool,
}

/// Whether the bot is in a channel, and as whom. `moderates`: the scope of an account that deletes lines.
pub async fn on(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    moderates: &str,
) -> sqlx::Result<Option<On>> {
    sqlx::query_as(
        "select a.bot_id, coalesce(b.version, 0) as book,
           a.tokens is not null and $2 = any(a.scopes) and p.filters_wait_until <= clock_timestamp() as deletes
         from chat_channels c join chat_paces p using (twitch_user_id)
         left join chat_books b using (twitch_user_id)
         join chat_accounts a on a.bot_id = coalesce(c.bot_id, (select bot_id from chat_accounts where is_service))
         where c.twitch_user_id = $1 and c.state = 'on'",
    )
    .bind(channel.as_str())
    .bind(moderates)
    .fetch_optional(db)
    .await
}
