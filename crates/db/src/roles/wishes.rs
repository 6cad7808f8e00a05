//! From what was wished to rows: who is to carry which role.
//!
//! Wishes of a guild are compared by one at a time, who holds its row in `role_guilds`: whoever waits for it reads
//! what the other has written.

use crate::Session;
use sm_types::{GuildId, TwitchUserId, UserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// How long a role is kept that no announcement pings any more.
const RETIRED_FOR: &str = "interval '1 hour'";
/// Discord may lose one of two changes of a member that come close upon each other.
pub(super) const APART: &str = "interval '5 seconds'";

/// Whose wishes are compared; `None`: everybody's, for every streamer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope<'a> {
    pub streamer: Option<&'a TwitchUserId>,
    pub user: Option<UserId>,
}

/// Streamers ($2, or all) whose announcements in a guild ($1) ping a role of the bot's.
const MANAGED: &str = "managed as materialized (
       select f.twitch_user_id from guild_streamers f
       where f.guild_id = $1 and ($2::text is null or f.twitch_user_id = $2) and f.enabled and exists (
         select from destinations d left join guild_config c using (guild_id)
         where d.guild_id = f.guild_id and d.twitch_user_id = f.twitch_user_id and d.enabled
           and coalesce(d.mention, c.mention) = 'managed'))";

/// Who wants their pings ($3, or anybody); the wish for one streamer counts more than that for all.
const WISHED: &str = "wished as materialized (
       select m.twitch_user_id, p.user_id from managed m cross join lateral (
         select distinct on (user_id) user_id, wants_ping from user_preferences
         where guild_id = $1 and twitch_user_id in (m.twitch_user_id, '*') and ($3::bigint is null or user_id = $3)
         order by user_id, (twitch_user_id = '*')) p
       where p.wants_ping)";

/// Compares a guild's wishes for pings with its rows, within a transaction; whether anything is to be done at Discord.
pub async fn compare(
    db: &mut Session,
    guild: GuildId,
    scope: Scope<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    lock(db, guild).await?;
    let statements = [
        // A role for whoever wants one; one that was to go stays.
        format!(
            "with {MANAGED}, {WISHED}
             insert into bot_roles as r (guild_id, purpose, twitch_user_id, due_at)
             select distinct $1, 'ping', twitch_user_id, $4::timestamptz from wished
             on conflict (guild_id, twitch_user_id) where purpose = 'ping' do update
             set state = case when r.role_id is null then 'wanted' else 'ready' end, due_at = excluded.due_at,
               reason = null, attempts = 0
             where r.state = 'retired'"
        ),
        format!(
            "with {MANAGED}, {WISHED}
             insert into role_holders as h (bot_role_id, user_id, guild_id, wanted, held, due_at)
             select r.bot_role_id, w.user_id, $1, true, false,
               case when r.state = 'ready' and r.role_id is not null then $4::timestamptz end
             from wished w join bot_roles r
               on r.guild_id = $1 and r.purpose = 'ping' and r.twitch_user_id = w.twitch_user_id
             on conflict on constraint role_holders_pkey do update
             set wanted = true, changed_at = $4, reason = null, due_at = case
               when h.held then null when h.due_at is not null then h.due_at
               when excluded.due_at is not null then greatest($4, h.called_at + {APART}) end
             where not h.wanted"
        ),
        // One that nothing pings any more is deleted, and taken from nobody before.
        format!(
            "with {MANAGED}, retired as (
               update bot_roles set state = 'retired', reason = null, due_at = $4::timestamptz + {RETIRED_FOR}
               where guild_id = $1 and purpose = 'ping' and state <> 'retired'
                 and ($2::text is null or twitch_user_id = $2) and $3::bigint is null
                 and twitch_user_id not in (select twitch_user_id from managed)
               returning bot_role_id
             )
             update role_holders h set due_at = null from retired r
             where h.bot_role_id = r.bot_role_id and h.held is not null"
        ),
        format!(
            "with {MANAGED}, {WISHED}
             update role_holders h set wanted = false, changed_at = $4, reason = null, due_at = case
               when not h.held then null when h.due_at is not null then h.due_at
               when r.state = 'ready' and r.role_id is not null then greatest($4, h.called_at + {APART}) end
             from bot_roles r
             where r.bot_role_id = h.bot_role_id and r.guild_id = $1 and r.purpose = 'ping' and h.wanted
               and ($2::text is null or r.twitch_user_id = $2) and ($3::bigint is null or h.user_id = $3)
               and not exists (select from wished w where w.twitch_user_id = r.twitch_user_id and w.user_id = h.user_id)"
        ),
    ];
    let mut changed = false;
    for statement in statements {
        let done = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(guild.to_db())
            .bind(scope.streamer.map(TwitchUserId::as_str))
            .bind(scope.user.map(UserId::to_db))
            .bind(now)
            .execute(&mut *db)
            .await?;
        changed |= done.rows_affected() > 0;
    }
    Ok(changed)
}

/// Compares who is live with who carries a guild's role for that, within a transaction.
pub async fn compare_live(
    db: &mut Session,
    guild: GuildId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    lock(db, guild).await?;
    let statements = [
        // One that is not the server's choice any more is taken from everybody, and forgotten then.
        "update bot_roles r set state = 'retired', due_at = $2::timestamptz
         where guild_id = $1 and purpose = 'live' and state <> 'retired'
           and not exists (select from guild_config c where c.guild_id = r.guild_id and c.live_role_id = r.role_id)"
            .to_owned(),
        "insert into bot_roles as r (guild_id, purpose, role_id, state, due_at)
         select guild_id, 'live', live_role_id, 'ready', $2::timestamptz from guild_config c
         where guild_id = $1 and live_role_id is not null
           -- A role that is pinged is none of these.
           and not exists (select from bot_roles p where p.guild_id = c.guild_id and p.role_id = c.live_role_id
                           and p.purpose = 'ping')
         on conflict (guild_id, role_id) where role_id is not null do update set state = 'ready', due_at = $2, reason = null
         where r.purpose = 'live' and r.state = 'retired'"
            .to_owned(),
        format!(
            "with {LIVE}
             insert into role_holders as h (bot_role_id, user_id, guild_id, wanted, held, due_at)
             select l.bot_role_id, l.user_id, $1, true, false, $2::timestamptz from live l
             on conflict on constraint role_holders_pkey do update
             set wanted = true, changed_at = $2, reason = null, due_at = case
               when h.held then null when h.due_at is not null then h.due_at else greatest($2, h.called_at + {APART}) end
             where not h.wanted"
        ),
        format!(
            "with {LIVE}
             update role_holders h set wanted = false, changed_at = $2, reason = null, due_at = case
               when not h.held then null when h.due_at is not null then h.due_at
               else greatest($2, h.called_at + {APART}) end
             from bot_roles r
             where r.bot_role_id = h.bot_role_id and r.guild_id = $1 and r.purpose = 'live' and h.wanted
               and not exists (select from live l where l.bot_role_id = h.bot_role_id and l.user_id = h.user_id)"
        ),
    ];
    for statement in statements {
        let statement = sqlx::query(sqlx::AssertSqlSafe(statement));
        statement.bind(guild.to_db()).bind(now).execute(&mut *db).await?;
    }
    Ok(())
}

/// Streamers of a guild ($1) who are live and are somebody here.
const LIVE: &str = "live as materialized (
       select distinct r.bot_role_id, o.owner_id as user_id
       from bot_roles r
       join guild_streamers f on f.guild_id = r.guild_id and f.enabled
       join streamer_feeds o on o.twitch_user_id = f.twitch_user_id and o.owner_id is not null
       where r.guild_id = $1 and r.purpose = 'live' and r.state <> 'retired'
         and exists (select from stream_sessions s where s.twitch_user_id = f.twitch_user_id and s.ended_at is null))";

async fn lock(db: &mut Session, guild: GuildId) -> sqlx::Result<()> {
    sqlx::query(
        "insert into role_guilds (guild_id) select guild_id from guilds where guild_id = $1
         on conflict on constraint role_guilds_pkey do update set guild_id = excluded.guild_id",
    )
    .bind(guild.to_db())
    .execute(db)
    .await?;
    Ok(())
}

/// Has a guild's wishes compared by the next worker: what they are held against has changed.
pub async fn plan(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into role_guilds as r (guild_id, sync_at) select guild_id, $2 from guilds where guild_id = $1
         on conflict on constraint role_guilds_pkey do update set sync_at = least(r.sync_at, excluded.sync_at)",
    )
    .bind(guild.to_db())
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// The same for every guild in which a streamer's beginning or end changes who carries a role; whether there is any.
pub async fn plan_live(
    db: impl PgExecutor<'_>,
    streamer: &TwitchUserId,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let planned = sqlx::query(
        "insert into role_guilds as r (guild_id, sync_at)
         select f.guild_id, $2 from guild_streamers f join guild_config c using (guild_id)
         where f.twitch_user_id = $1 and c.live_role_id is not null
           and exists (select from streamer_feeds o where o.twitch_user_id = $1 and o.owner_id is not null)
         order by f.guild_id
         on conflict on constraint role_guilds_pkey do update set sync_at = least(r.sync_at, excluded.sync_at)",
    );
    let planned = planned.bind(streamer.as_str()).bind(now).execute(db).await?;
    Ok(planned.rows_affected() > 0)
}

/// Plans a comparison for guilds behind `after` that have such roles, or want them: what another version has changed,
/// or whatever else was overlooked. The last of them; `None`: there are no more.
pub async fn plan_page(
    db: impl PgExecutor<'_>,
    after: GuildId,
    now: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Option<GuildId>> {
    let last: Option<i64> = sqlx::query_scalar(
        "with page as (
           select g.guild_id from guilds g left join guild_config c using (guild_id)
           where g.guild_id > $1 and g.status = 'active' and (
             c.mention = 'managed' or c.live_role_id is not null
             or exists (select from bot_roles r where r.guild_id = g.guild_id)
             or exists (select from destinations d where d.guild_id = g.guild_id and d.mention = 'managed'))
           order by g.guild_id limit $3
         ), planned as (
           insert into role_guilds as r (guild_id, sync_at) select guild_id, $2 from page
           on conflict on constraint role_guilds_pkey do update set sync_at = least(r.sync_at, excluded.sync_at)
         )
         select max(guild_id) from page",
    )
    .bind(after.to_db())
    .bind(now)
    .bind(limit)
    .fetch_one(db)
    .await?;
    Ok(last.map(GuildId::from_db))
}

/// Plans a comparison for guilds in which somebody carries the role of who is live and is not, or the other way round.
pub async fn plan_live_drift(db: impl PgExecutor<'_>, now: OffsetDateTime) -> sqlx::Result<u64> {
    let planned = sqlx::query(
        "insert into role_guilds as r (guild_id, sync_at)
         select distinct r.guild_id, $1::timestamptz from bot_roles r
         join role_holders h using (bot_role_id)
         where r.purpose = 'live' and h.wanted and not exists (
           select from streamer_feeds o join stream_sessions s using (twitch_user_id)
           join guild_streamers f on f.guild_id = r.guild_id and f.twitch_user_id = o.twitch_user_id and f.enabled
           where o.owner_id = h.user_id and s.ended_at is null)
         union
         select f.guild_id, $1 from stream_sessions s
         join streamer_feeds o using (twitch_user_id)
         join guild_streamers f using (twitch_user_id)
         join guild_config c on c.guild_id = f.guild_id and c.live_role_id is not null
         where s.ended_at is null and o.owner_id is not null and f.enabled and not exists (
           select from bot_roles r join role_holders h using (bot_role_id)
           where r.guild_id = f.guild_id and r.purpose = 'live' and r.role_id = c.live_role_id
             and h.user_id = o.owner_id and h.wanted)
         order by 1
         on conflict on constraint role_guilds_pkey do update set sync_at = least(r.sync_at, excluded.sync_at)",
    );
    Ok(planned.bind(now).execute(db).await?.rows_affected())
}

/// A guild whose wishes are to be compared, within the transaction that does it.
pub async fn take(db: &mut Session, now: OffsetDateTime) -> sqlx::Result<Option<GuildId>> {
    let guild: Option<i64> = sqlx::query_scalar(
        "update role_guilds set sync_at = null where guild_id = (
           select guild_id from role_guilds where sync_at <= $1 order by sync_at limit 1 for update skip locked)
         returning guild_id",
    )
    .bind(now)
    .fetch_optional(db)
    .await?;
    Ok(guild.map(GuildId::from_db))
}

/// Takes from a user every role that they carry, everywhere.
pub async fn forget(
    db: impl PgExecutor<'_>,
    user: UserId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let statement = format!(
        "update role_holders h set wanted = false, changed_at = $2, reason = null, due_at = case
           when not h.held then null when h.due_at is not null then h.due_at
           when r.state = 'ready' and r.role_id is not null then greatest($2, h.called_at + {APART}) end
         from bot_roles r where r.bot_role_id = h.bot_role_id and h.user_id = $1 and h.wanted and r.purpose = 'ping'"
    );
    let statement = sqlx::query(sqlx::AssertSqlSafe(statement));
    statement.bind(user.to_db()).bind(now).execute(db).await?;
    Ok(())
}
