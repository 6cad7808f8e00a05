//! Who is there, and on which page.
//!
//! A person is there as long as one of their tabs has said so lately. Whoever changes anything about a person holds
//! the lock of their row in `presences` first, several people's in the order of their ids, and the topics' only after
//! that: so everything is told once, in order, and nobody waits in a circle. Times are the database's own: a
//! process whose clock is wrong, or that was asleep, declares nobody gone.

use super::topics::telling_each;
use crate::{Pool, Session};
use sm_types::{
    GuildId, UserId,
    live::{Page, Topic},
};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// People whose presence is changed in one transaction.
const BATCH: usize = 500;

/// How long a tab is believed to be there after it has said so: browsers let hidden pages speak once a minute.
macro_rules! silence {
    () => {
        "interval '75 seconds'"
    };
}
/// How long somebody is still there after their last tab was closed: a page that is loaded anew is no leave.
macro_rules! grace {
    () => {
        "interval '15 seconds'"
    };
}

/// Whether user `u` is a member of server `g`, which has the bot, by their list `l` at Discord or by what the bot
/// found out, `m`: whichever is later.
macro_rules! is_member {
    () => {
        "coalesce(g.status = 'active' and case when m.checked_at >= coalesce(u.guilds_fetched_at, '-infinity')
           then m.member else l.user_id is not null end, false)"
    };
}
pub(crate) use is_member;

/// A tab that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// Of its socket, or made of the person and the tab's own name for itself.
    pub id: String,
    pub user: UserId,
    pub session: Uuid,
    /// The page that it looks at, if it says so now.
    pub page: Option<Page>,
}

/// Tabs are there, each named once; those of sessions that have ended are not. The topics in which something was told.
pub async fn beat(pool: &Pool, tabs: &[Tab], now: OffsetDateTime) -> sqlx::Result<Vec<Topic>> {
    let mut told = Vec::new();
    for tabs in tabs.chunks(BATCH) {
        let mut transaction = pool.begin().await?;
        let held = hold(&mut transaction, tabs.iter().map(|tab| tab.user)).await?;
        let here = note(&mut transaction, tabs, &held, now).await?;
        let turned = tabs.iter().filter(|tab| tab.page.is_some()).map(|tab| tab.user.to_db());
        let came = held.iter().filter(|one| !one.online).map(|one| one.user_id);
        let mut changed: Vec<i64> = turned.chain(came).filter(|user| here.contains(user)).collect();
        changed.sort_unstable();
        changed.dedup();
        told.extend(settle(&mut transaction, &changed, Expired::Stay).await?);
        transaction.commit().await?;
    }
    Ok(told)
}

/// Notes tabs of people whose rows are held; who is there by that.
async fn note(
    db: &mut Session,
    tabs: &[Tab],
    held: &[Held],
    now: OffsetDateTime,
) -> sqlx::Result<Vec<i64>> {
    let page = |tab: &Tab| tab.page.clone().map(|page| (page.path, page.title)).unzip();
    let (paths, titles): (Vec<Option<String>>, Vec<Option<String>>) = tabs.iter().map(page).unzip();
    sqlx::query_scalar(concat!(
        "with here as (
           insert into presence_tabs as t (tab_id, user_id, session_id, expires_at, path, title)
           select x.tab_id, s.user_id, s.session_id, now() + ",
        silence!(),
        ", x.path, x.title
           from unnest($1::text[], $2::uuid[], $3::text[], $4::text[]) as x (tab_id, session_id, path, title)
           join sessions s on s.session_id = x.session_id
           where s.user_id = any($5) and s.revoked_at is null and s.expires_at > $6
           on conflict on constraint presence_tabs_pkey do update
           set expires_at = greatest(t.expires_at, excluded.expires_at), session_id = excluded.session_id,
             path = coalesce(excluded.path, t.path), title = coalesce(excluded.title, t.title),
             active_at = case when excluded.path is null then t.active_at else excluded.active_at end
           where t.user_id = excluded.user_id
           returning user_id
         )
         update presences p set online = true, expires_at = greatest(p.expires_at, now() + ",
        silence!(),
        "), changed_at = case when p.online then p.changed_at else now() end
         where p.user_id in (select user_id from here)
         returning p.user_id"
    ))
    .bind(tabs.iter().map(|tab| tab.id.as_str()).collect::<Vec<_>>())
    .bind(tabs.iter().map(|tab| tab.session).collect::<Vec<_>>())
    .bind(paths)
    .bind(titles)
    .bind(held.iter().map(|one| one.user_id).collect::<Vec<_>>())
    .bind(now)
    .fetch_all(db)
    .await
}

/// Tabs were closed. Who has no other is there a little longer: perhaps the page is only loaded anew.
pub async fn leave(pool: &Pool, tabs: &[(String, UserId)]) -> sqlx::Result<Vec<Topic>> {
    let mut told = Vec::new();
    for tabs in tabs.chunks(BATCH) {
        let mut transaction = pool.begin().await?;
        hold(&mut transaction, tabs.iter().map(|(_, user)| *user)).await?;
        let left: Vec<i64> = sqlx::query_scalar(
            "delete from presence_tabs t using unnest($1::text[], $2::bigint[]) as x (tab_id, user_id)
             where t.tab_id = x.tab_id and t.user_id = x.user_id returning t.user_id",
        )
        .bind(tabs.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>())
        .bind(tabs.iter().map(|(_, user)| user.to_db()).collect::<Vec<_>>())
        .fetch_all(&mut *transaction)
        .await?;
        sqlx::query(concat!(
            "update presences p set expires_at = coalesce(
               (select max(t.expires_at) from presence_tabs t where t.user_id = p.user_id and t.expires_at > now()),
               least(p.expires_at, now() + ",
            grace!(),
            ")) where p.user_id = any($1)"
        ))
        .bind(&left)
        .execute(&mut *transaction)
        .await?;
        told.extend(settle(&mut transaction, &left, Expired::Stay).await?);
        transaction.commit().await?;
    }
    Ok(told)
}

/// Sessions of a person's have ended: their tabs are gone at once.
pub async fn sign_out(pool: &Pool, user: UserId, now: OffsetDateTime) -> sqlx::Result<Vec<Topic>> {
    let mut transaction = pool.begin().await?;
    let told = drop_tabs(&mut transaction, user, Some(now)).await?;
    transaction.commit().await?;
    Ok(told)
}

/// A person is gone at once, whatever tabs they have; for whoever is deleted.
pub async fn erase(db: &mut Session, user: UserId) -> sqlx::Result<Vec<Topic>> {
    drop_tabs(db, user, None).await
}

/// Drops tabs whose session has ended at a moment, or all without one; who has no other is gone.
async fn drop_tabs(
    db: &mut Session,
    user: UserId,
    ended_by: Option<OffsetDateTime>,
) -> sqlx::Result<Vec<Topic>> {
    hold(db, [user]).await?;
    sqlx::query(
        "delete from presence_tabs t where t.user_id = $1 and not exists (
           select from sessions s
           where s.session_id = t.session_id and s.revoked_at is null and s.expires_at > $2)",
    )
    .bind(user.to_db())
    .bind(ended_by)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "update presences p set expires_at = coalesce(
           (select max(t.expires_at) from presence_tabs t where t.user_id = p.user_id and t.expires_at > now()), now())
         where p.user_id = $1",
    )
    .bind(user.to_db())
    .execute(&mut *db)
    .await?;
    settle(db, &[user.to_db()], Expired::End).await
}

/// Whether a person is told of.
pub async fn set_invisible(pool: &Pool, user: UserId, invisible: bool) -> sqlx::Result<Vec<Topic>> {
    let mut transaction = pool.begin().await?;
    hold(&mut transaction, [user]).await?;
    sqlx::query("update users set invisible = $2 where user_id = $1 and invisible <> $2")
        .bind(user.to_db())
        .bind(invisible)
        .execute(&mut *transaction)
        .await?;
    let told = settle(&mut transaction, &[user.to_db()], Expired::Stay).await?;
    transaction.commit().await?;
    Ok(told)
}

pub async fn is_invisible(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<bool> {
    let found: Option<bool> = sqlx::query_scalar("select invisible from users where user_id = $1")
        .bind(user.to_db())
        .fetch_optional(db)
        .await?;
    Ok(found.unwrap_or(false))
}

/// Tells a server of a person who is there and has become a member since they came.
pub async fn show(pool: &Pool, user: UserId, guild: GuildId) -> sqlx::Result<Vec<Topic>> {
    let missing: bool = sqlx::query_scalar(
        "select exists (select from presences p join users u using (user_id)
           where p.user_id = $1 and p.online and not u.invisible)
         and not exists (select from presence_guilds where user_id = $1 and guild_id = $2)",
    )
    .bind(user.to_db())
    .bind(guild.to_db())
    .fetch_one(pool)
    .await?;
    if !missing {
        return Ok(Vec::new());
    }
    let mut transaction = pool.begin().await?;
    hold(&mut transaction, [user]).await?;
    let told = settle(&mut transaction, &[user.to_db()], Expired::Stay).await?;
    transaction.commit().await?;
    Ok(told)
}

/// Ends the presence of everybody who has fallen silent, and forgets pages of tabs that have. The topics in which
/// something was told.
///
/// Who looks only now and then has not heard what was said meanwhile: after a gap longer than `longest_gap` between two
/// sweeps nobody is declared gone until everybody had the time to speak.
pub async fn sweep(pool: &Pool, longest_gap: Duration) -> sqlx::Result<Vec<Topic>> {
    let mut told = Vec::new();
    if !is_watching(pool, longest_gap).await? {
        return Ok(told);
    }
    loop {
        let mut transaction = pool.begin().await?;
        let due = hold_due(&mut transaction).await?;
        told.extend(settle(&mut transaction, &due, Expired::End).await?);
        transaction.commit().await?;
        if due.len() < BATCH {
            return Ok(told);
        }
    }
}

/// Notes that somebody looks; whether this was so for as long as a tab may be silent.
async fn is_watching(pool: &Pool, longest_gap: Duration) -> sqlx::Result<bool> {
    sqlx::query_scalar(concat!(
        "insert into presence_watch as w (watched_since, swept_at) values (now(), now())
         on conflict on constraint presence_watch_pkey do update set swept_at = now(),
           watched_since = case when w.swept_at < now() - make_interval(secs => $1) then now()
             else w.watched_since end
         returning w.watched_since <= now() - ",
        silence!()
    ))
    .bind(longest_gap.as_seconds_f64())
    .fetch_one(pool)
    .await
}

/// Takes the rows of people whose presence has something to be changed about it. Who is held by another is left to
/// them: they have just said something, or the next sweep finds them.
async fn hold_due(db: &mut Session) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar(concat!(
        "select p.user_id from presences p
         where p.online and (p.expires_at <= now()
           or exists (select from presence_tabs t where t.user_id = p.user_id and t.expires_at <= now())
           or p.user_id in (
             select s.user_id from presence_guilds s join users u using (user_id) join guilds g using (guild_id)
             left join user_guilds l on l.user_id = s.user_id and l.guild_id = s.guild_id
             left join guild_members m on m.user_id = s.user_id and m.guild_id = s.guild_id
             where not ",
        is_member!(),
        ")) order by p.user_id limit $1 for update of p skip locked"
    ))
    .bind(i64::try_from(BATCH).unwrap_or(i64::MAX))
    .fetch_all(db)
    .await
}

/// A person whose row is held until the transaction ends.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
struct Held {
    user_id: i64,
    online: bool,
}

/// Takes people's rows, which are made where there are none; who has no account has none.
async fn hold(
    db: &mut Session,
    users: impl IntoIterator<Item = UserId>,
) -> sqlx::Result<Vec<Held>> {
    let mut users: Vec<i64> = users.into_iter().map(UserId::to_db).collect();
    users.sort_unstable();
    users.dedup();
    let held = take(db, &users).await?;
    // Another has made one of them at the same moment: now it can be seen.
    if held.len() == users.len() { Ok(held) } else { take(db, &users).await }
}

async fn take(db: &mut Session, users: &[i64]) -> sqlx::Result<Vec<Held>> {
    sqlx::query_as(
        "with made as (
           insert into presences (user_id)
           select u.user_id from users u where u.user_id = any($1)
             and not exists (select from presences p where p.user_id = u.user_id)
           order by u.user_id for key share of u
           on conflict on constraint presences_pkey do nothing
           returning user_id, online
         ), held as (
           select user_id, online from presences where user_id = any($1) order by user_id for update
         )
         select user_id, online from made union all select user_id, online from held",
    )
    .bind(users)
    .fetch_all(db)
    .await
}

/// What becomes of somebody whose time is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expired {
    /// They are there until somebody looks after those who have fallen silent.
    Stay,
    /// They are gone.
    End,
}

/// Brings what is told of people whose rows are held in line with their tabs, in one statement for all of them; the
/// topics in which something was told.
async fn settle(db: &mut Session, users: &[i64], expired: Expired) -> sqlx::Result<Vec<Topic>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let topics: Vec<String> = sqlx::query_scalar(concat!(
        "with are as (
           select p.user_id, o.online, u.invisible, u.guilds_fetched_at,
             -- Between two tabs it is the page of the last.
             case when o.online then case when t.tab_id is null then p.path else t.path end end as path,
             case when o.online then case when t.tab_id is null then p.title else t.title end end as title
           from presences p join users u using (user_id)
           cross join lateral (select p.online and not ($2 and p.expires_at <= now()) as online) o
           left join lateral (
             select t.tab_id, t.path, t.title from presence_tabs t
             where t.user_id = p.user_id and t.expires_at > now()
             order by t.path is not null desc, t.active_at desc, t.tab_id desc limit 1
           ) t on true
           where p.user_id = any($1)
         ), kept as (
           update presences p set online = a.online, path = a.path, title = a.title,
             changed_at = case when p.online = a.online then p.changed_at else now() end
           from are a where p.user_id = a.user_id
             and (p.online, p.path, p.title) is distinct from (a.online, a.path, a.title)
         ), forgotten as (
           delete from presence_tabs t using are a
           where t.user_id = a.user_id and (not a.online or $2 and t.expires_at <= now())
         ), wanted as (
           select u.user_id, g.guild_id, p.told, u.path, u.title from are u
           cross join lateral (
             select guild_id from user_guilds where user_id = u.user_id
             union select guild_id from guild_members where user_id = u.user_id
           ) k
           join guilds g on g.guild_id = k.guild_id
           left join user_guilds l on l.user_id = u.user_id and l.guild_id = g.guild_id
           left join guild_members m on m.user_id = u.user_id and m.guild_id = g.guild_id
           -- Pages of this server and of the streams, which are everybody's; of others nothing is told.
           cross join lateral (
             select exists (select from unnest(array['/s/' || g.guild_id, '/live']) as x (start)
               where u.path = x.start or starts_with(u.path, x.start || '/')) as told
           ) p
           where u.online and not u.invisible and ",
        is_member!(),
        "), gone as (
           delete from presence_guilds s where s.user_id = any($1)
             and not exists (select from wanted w where w.user_id = s.user_id and w.guild_id = s.guild_id)
           returning s.guild_id, s.user_id
         ), there as (
           insert into presence_guilds as s (guild_id, user_id, path, title)
           select guild_id, user_id, case when told then path end, case when told then title end from wanted
           on conflict on constraint presence_guilds_pkey do update
           set path = excluded.path, title = excluded.title
           where (s.path, s.title) is distinct from (excluded.path, excluded.title)
           returning s.guild_id, s.user_id
         ), changes as (
           select 'presence:' || guild_id as topic, user_id::text as subject, '{\"online\": false}'::jsonb as data
           from gone
           union all
           select 'presence:' || guild_id, user_id::text, '{\"online\": true}'::jsonb from there
         ), ",
        telling_each!("presence"),
        " select topic from moved"
    ))
    .bind(users)
    .bind(expired == Expired::End)
    .fetch_all(db)
    .await?;
    Ok(topics.iter().filter_map(|topic| topic.parse().ok()).collect())
}

/// A person as a server is told of them.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Seen {
    pub user_id: i64,
    /// `None`: the account is gone.
    pub name: Option<String>,
    pub avatar: Option<String>,
    pub online: bool,
    pub path: Option<String>,
    pub title: Option<String>,
}

/// Who is there, of a server's members, by name.
pub async fn list(db: impl PgExecutor<'_>, guild: GuildId, limit: i64) -> sqlx::Result<Vec<Seen>> {
    sqlx::query_as(
        "select s.user_id, coalesce(u.global_name, u.username) as name, u.avatar, true as online, s.path, s.title
         from presence_guilds s join users u using (user_id) where s.guild_id = $1
         order by lower(coalesce(u.global_name, u.username)), s.user_id limit $2",
    )
    .bind(guild.to_db())
    .bind(limit)
    .fetch_all(db)
    .await
}

/// How many are there, of a server's members.
pub async fn count(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from presence_guilds where guild_id = $1")
        .bind(guild.to_db())
        .fetch_one(db)
        .await
}

/// People as a server is told of them now.
pub async fn by_ids(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    users: &[i64],
) -> sqlx::Result<Vec<Seen>> {
    sqlx::query_as(
        "select x.user_id, coalesce(u.global_name, u.username) as name, u.avatar, s.user_id is not null as online,
           s.path, s.title
         from unnest($2::bigint[]) as x (user_id)
         left join users u on u.user_id = x.user_id
         left join presence_guilds s on s.user_id = x.user_id and s.guild_id = $1",
    )
    .bind(guild.to_db())
    .bind(users)
    .fetch_all(db)
    .await
}

/// What is kept of a person's presence.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Kept {
    pub invisible: bool,
    pub online: bool,
    pub path: Option<String>,
    pub title: Option<String>,
    pub changed_at: Option<OffsetDateTime>,
}

/// What is kept of a person's presence; `None`: they have no account.
pub async fn of_user(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<Kept>> {
    sqlx::query_as(
        "select u.invisible, coalesce(p.online, false) as online, p.path, p.title, p.changed_at
         from users u left join presences p using (user_id) where u.user_id = $1",
    )
    .bind(user.to_db())
    .fetch_optional(db)
    .await
}
