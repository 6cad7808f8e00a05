//! Counters and cooldowns of commands, by the command's id.

use sm_types::{
    TwitchUserId,
    chat::{CommandId, Waits},
};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

/// Somebody uses a command.
#[derive(Debug, Clone, Copy)]
pub struct Use<'a> {
    pub channel: &'a TwitchUserId,
    pub command: CommandId,
    pub person: &'a str,
    pub waits: Waits,
    pub now: OffsetDateTime,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// It is the use of this number; nobody else answers until the cooldowns are over.
    Taken { count: i64 },
    /// It is cooling down, for all or for this person.
    CoolingDown,
    /// The person has used it at the very same time: the caller has to [`release`] it.
    Clashed,
}

/// Counts a use and begins both cooldowns, in one statement; nothing happens while one of them lasts.
///
/// Of two at once, one is told that it cools down. The two keys are independent: a person who waits holds
/// nobody else up. Run it in the transaction that stores the answer.
pub async fn reserve(db: impl PgExecutor<'_>, used: &Use<'_>) -> sqlx::Result<Reserved> {
    let Waits { global, user, exempt } = used.waits;
    let seconds = |seconds: u32| used.now + Duration::seconds(seconds.into());
    let (count, mine): (Option<i64>, bool) = sqlx::query_as(
        "with everybody as (
           insert into chat_uses as u (twitch_user_id, command_id, uses, ready_at, used_at)
           select $1, $2, 1, case when $7 then '-infinity' else $5 end, $4
           where $7 or $8 or not exists (
             select from chat_user_cooldowns
             where twitch_user_id = $1 and command_id = $2 and user_id = $3 and ready_at > $4)
           on conflict on constraint chat_uses_pkey do update
           set uses = u.uses + 1, ready_at = case when $7 then u.ready_at else $5 end, used_at = $4
           where $7 or u.ready_at <= $4
           returning u.uses
         ), person as (
           insert into chat_user_cooldowns as c (twitch_user_id, command_id, user_id, ready_at)
           select $1, $2, $3, $6 from everybody where not $7 and not $8
           on conflict on constraint chat_user_cooldowns_pkey do update
           set ready_at = excluded.ready_at where c.ready_at <= $4
           returning 1
         )
         select (select uses from everybody), $7 or $8 or exists (select from person)",
    )
    .bind(used.channel.as_str())
    .bind(used.command.0)
    .bind(used.person)
    .bind(used.now)
    .bind(seconds(global))
    .bind(seconds(user))
    .bind(exempt)
    .bind(user == 0)
    .fetch_one(db)
    .await?;
    Ok(match (count, mine) {
        (Some(count), true) => Reserved::Taken { count },
        (Some(_), false) => Reserved::Clashed,
        (None, _) => Reserved::CoolingDown,
    })
}

/// Takes a use back of which nothing was said: neither cooldown lasts, and it does not count.
///
/// `mine`: the person's cooldown was begun by this use too.
pub async fn release(db: impl PgExecutor<'_>, used: &Use<'_>, mine: bool) -> sqlx::Result<()> {
    sqlx::query(
        "with person as (
           delete from chat_user_cooldowns
           where $5 and twitch_user_id = $1 and command_id = $2 and user_id = $3
         )
         update chat_uses set uses = greatest(uses - 1, 0),
           ready_at = case when $4 then ready_at else '-infinity' end
         where twitch_user_id = $1 and command_id = $2",
    )
    .bind(used.channel.as_str())
    .bind(used.command.0)
    .bind(used.person)
    .bind(used.waits.exempt)
    .bind(mine && !used.waits.exempt && used.waits.user > 0)
    .execute(db)
    .await?;
    Ok(())
}

/// How often a command was used.
pub async fn count(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    command: CommandId,
) -> sqlx::Result<i64> {
    let found = sqlx::query_scalar(
        "select uses from chat_uses where twitch_user_id = $1 and command_id = $2",
    );
    let found = found.bind(channel.as_str()).bind(command.0).fetch_optional(db).await?;
    Ok(found.unwrap_or_default())
}

/// Whether a command would answer a person now. Only a look: [`reserve`] decides.
pub async fn is_ready(db: impl PgExecutor<'_>, used: &Use<'_>) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select $5 or not exists (
             select from chat_uses where twitch_user_id = $1 and command_id = $2 and ready_at > $4)
           and not exists (
             select from chat_user_cooldowns
             where twitch_user_id = $1 and command_id = $2 and user_id = $3 and ready_at > $4)",
    )
    .bind(used.channel.as_str())
    .bind(used.command.0)
    .bind(used.person)
    .bind(used.now)
    .bind(used.waits.exempt)
    .fetch_one(db)
    .await
}
