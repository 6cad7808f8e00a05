//! Recording what became of a request about roles. Whoever has lost a lease changes nothing.

use super::{DueHolder, DueRole, wishes::APART};
use sm_types::{GuildId, RoleId, UserId};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// What became of a member's change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// Whether they carry the role is known.
    Known(bool),
    /// They are not in the guild; whoever comes back is looked at again.
    NotMember,
    /// Nothing was done; the same again after a wait.
    Refused(Duration),
    /// Nobody knows whether it was done; the same again after a wait.
    Unknown(Duration),
    /// Nothing was done, and nothing will be until the role is looked at.
    Parked,
}

/// Records what became of a member's change. What was wished meanwhile is due after a pause.
pub async fn holder(
    db: impl PgExecutor<'_>,
    due: &DueHolder,
    changed: Changed,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let (held, reason, wait) = match changed {
        Changed::Known(held) => (Some(held), None, None),
        Changed::NotMember => (Some(false), Some("not_member"), None),
        Changed::Refused(wait) => (due.held, Some("refused"), Some(wait)),
        Changed::Unknown(wait) => (None, Some("no_answer"), Some(wait)),
        Changed::Parked => (due.held, Some("role_blocked"), None),
    };
    let statement = format!(
        "update role_holders h set held = $4,
           reason = case when $7 = 'known' or not h.wanted and $7 = 'not_member' then null else $5 end,
           attempts = case when $7 in ('known', 'not_member') then 0 else h.attempts end,
           due_at = case
             when $6::float8 is not null then $8::timestamptz + make_interval(secs => $6)
             when $7 = 'known' and h.wanted <> $4 then $8::timestamptz + {APART} end
         where h.bot_role_id = $1 and h.user_id = $2 and h.attempts = $3 and h.held is null"
    );
    let kind = match changed {
        Changed::Known(_) => "known",
        Changed::NotMember => "not_member",
        _ => "other",
    };
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(due.bot_role_id)
        .bind(due.user.to_db())
        .bind(due.attempts)
        .bind(held)
        .bind(reason)
        .bind(wait.map(Duration::as_seconds_f64))
        .bind(kind)
        .bind(now)
        .execute(db)
        .await?;
    Ok(())
}

/// What became of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// It is there and can be granted.
    Ready { role: RoleId, mentionable: bool },
    /// Discord is about to be asked to make it.
    Trying,
    /// It is gone, or was never made: it is to be made.
    Lost,
    /// Nothing can be done with it for now.
    Blocked(&'static str),
    /// It is forgotten with all its rows.
    Gone,
    /// The answer is not known; it is looked at again.
    Later,
}

/// Records what became of a role; it is due again after `wait`.
///
/// One that is ready has whoever is to get or to lose it due; one that was lost is carried by nobody.
pub async fn role(
    db: impl PgExecutor<'_>,
    due: &DueRole,
    looked: Looked,
    wait: Duration,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let again = now + wait;
    let (id, attempts) = (due.bot_role_id, due.attempts);
    let query = match looked {
        Looked::Ready { role, mentionable } => sqlx::query(
            "with role as (
               update bot_roles set state = case when state = 'retired' then state else 'ready' end, role_id = $4,
                 mentionable = $5, reason = null, tried_at = null, attempts = 0, due_at = $3
               where bot_role_id = $1 and attempts = $2 returning bot_role_id, purpose, state
             )
             update role_holders h set due_at = $6, reason = null from role r
             where h.bot_role_id = r.bot_role_id and h.due_at is null and h.wanted is distinct from h.held
               and h.reason is distinct from 'not_member' and (r.purpose = 'live' or r.state = 'ready')",
        )
        .bind(id)
        .bind(attempts)
        .bind(again)
        .bind(role.to_db())
        .bind(mentionable)
        .bind(now),
        Looked::Trying => sqlx::query(
            "update bot_roles set tried_at = coalesce(tried_at, $4) where bot_role_id = $1 and attempts = $2
               and due_at = due_at and $3::timestamptz is not null",
        )
        .bind(id)
        .bind(attempts)
        .bind(again)
        .bind(now),
        Looked::Lost => return lost_where(db, id, attempts, again).await,
        Looked::Blocked(reason) => sqlx::query(
            "update bot_roles set state = case when state = 'retired' then state else 'blocked' end, reason = $4,
               due_at = $3
             where bot_role_id = $1 and attempts = $2",
        )
        .bind(id)
        .bind(attempts)
        .bind(again)
        .bind(reason),
        Looked::Gone => sqlx::query(
            "delete from bot_roles where bot_role_id = $1 and attempts = $2 and state = 'retired'
               and $3::timestamptz is not null",
        )
        .bind(id)
        .bind(attempts)
        .bind(again),
        Looked::Later => sqlx::query(
            "update bot_roles set due_at = $3 where bot_role_id = $1 and attempts = $2",
        )
        .bind(id)
        .bind(attempts)
        .bind(again),
    };
    query.execute(db).await?;
    Ok(())
}

async fn lost_where(
    db: impl PgExecutor<'_>,
    id: Uuid,
    attempts: i32,
    due_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "with role as (
           update bot_roles set state = case when state = 'retired' then state when purpose = 'live' then 'blocked'
               else 'wanted' end,
             reason = case when purpose = 'live' then 'role_gone' end,
             role_id = case when purpose = 'live' then role_id end, tried_at = null, attempts = 0, due_at = $3
           where bot_role_id = $1 and attempts = $2 returning bot_role_id
         )
         update role_holders h set held = false, due_at = null from role r where h.bot_role_id = r.bot_role_id",
    )
    .bind(id)
    .bind(attempts)
    .bind(due_at)
    .execute(db)
    .await?;
    Ok(())
}

/// A role is known not to be there any more, by whichever answer; whether it was one of ours.
pub async fn lost(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    role: RoleId,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let found = sqlx::query(
        "with role as (
           update bot_roles set state = case when state = 'retired' then state when purpose = 'live' then 'blocked'
               else 'wanted' end,
             reason = case when purpose = 'live' then 'role_gone' end,
             role_id = case when purpose = 'live' then role_id end, tried_at = null, attempts = 0, due_at = $3
           where guild_id = $1 and role_id = $2 returning bot_role_id
         ), nobody as (
           update role_holders h set held = false, due_at = null from role r where h.bot_role_id = r.bot_role_id
         )
         select 1 from role",
    );
    let found = found.bind(guild.to_db()).bind(role.to_db()).bind(now).fetch_optional(db).await?;
    Ok(found.is_some())
}

/// A role could not be granted: whoever waits for it waits for the next look, which is due now.
pub async fn doubt(
    db: impl PgExecutor<'_>,
    due: &DueHolder,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "with role as (
           update bot_roles set due_at = least(due_at, $2),
             state = case when state = 'ready' then 'blocked' else state end
           where bot_role_id = $1 returning bot_role_id
         )
         update role_holders h set due_at = null from role r
         where h.bot_role_id = r.bot_role_id and h.due_at is not null and h.held is not null",
    )
    .bind(due.bot_role_id)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// What a member carries was seen: whoever lacks a role that they are to have, or has one that they are not, is due.
///
/// Nothing is undone that is under way. The role of who is live is granted once per stream: another bot may take it.
pub async fn seen(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    user: UserId,
    roles: &[RoleId],
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let carried: Vec<i64> = roles.iter().map(|role| role.to_db()).collect();
    let due = sqlx::query(
        "update role_holders h set held = r.role_id = any($3), reason = null,
           due_at = case when h.wanted <> (r.role_id = any($3)) then $4::timestamptz end
         from bot_roles r
         where h.guild_id = $1 and h.user_id = $2 and r.bot_role_id = h.bot_role_id and r.role_id is not null
           and r.state = 'ready' and h.due_at is null and (h.held is not null)
           and (r.purpose = 'ping' or h.reason = 'not_member' or not h.wanted)
           and (h.held <> (r.role_id = any($3)) or h.reason = 'not_member')",
    );
    let due = due.bind(guild.to_db()).bind(user.to_db()).bind(carried).bind(now);
    Ok(due.execute(db).await?.rows_affected() > 0)
}
