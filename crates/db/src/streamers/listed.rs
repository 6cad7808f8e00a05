//! EventSub subscriptions as Twitch lists them, and what they tell about those that should exist.

use super::subscriptions::texts;
use sm_types::TwitchUserId;
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// A subscription as Twitch lists it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Listed {
    /// Twitch's id.
    #[sqlx(rename = "subscription_id")]
    pub id: String,
    /// The streamer it is about; one of them is about the application.
    #[sqlx(rename = "twitch_user_id")]
    pub streamer: Option<String>,
    /// Its type.
    #[sqlx(rename = "type")]
    pub kind: String,
    pub version: String,
    /// Its state in Twitch's words.
    pub status: String,
    /// What it takes of the total that Twitch allows.
    pub cost: i32,
    /// Another secret than our newest signs it.
    pub outdated: bool,
    /// The other user it is about: of a chat, the bot that reads it. Mostly empty.
    pub with_user: String,
}

/// Remembers a part of Twitch's list. `run` is when the listing began: a list spans many pages.
pub async fn note(
    db: impl PgExecutor<'_>,
    listed: &[Listed],
    run: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into eventsub_subscriptions
           (subscription_id, twitch_user_id, type, version, status, cost, outdated, with_user, listed_at)
         -- A list that moves while it is read may show one twice.
         select distinct on (l.id) l.*, $9
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bool[], $8::text[])
           as l (id, twitch_user_id, type, version, status, cost, outdated, with_user)
         order by l.id
         on conflict on constraint eventsub_subscriptions_pkey
         do update set status = excluded.status, cost = excluded.cost, outdated = excluded.outdated,
           listed_at = excluded.listed_at, updated_at = now()",
    )
    .bind(listed.iter().map(|l| l.id.as_str()).collect::<Vec<_>>())
    .bind(listed.iter().map(|l| l.streamer.as_deref()).collect::<Vec<_>>())
    .bind(listed.iter().map(|l| l.kind.as_str()).collect::<Vec<_>>())
    .bind(listed.iter().map(|l| l.version.as_str()).collect::<Vec<_>>())
    .bind(listed.iter().map(|l| l.status.as_str()).collect::<Vec<_>>())
    .bind(listed.iter().map(|l| l.cost).collect::<Vec<_>>())
    .bind(listed.iter().map(|l| l.outdated).collect::<Vec<_>>())
    .bind(listed.iter().map(|l| l.with_user.as_str()).collect::<Vec<_>>())
    .bind(run)
    .execute(db)
    .await?;
    Ok(())
}

/// What Twitch has deleted at our wish is not on the list any more.
pub async fn unlist(db: impl PgExecutor<'_>, id: &str) -> sqlx::Result<()> {
    sqlx::query("update eventsub_subscriptions set listed_at = null where subscription_id = $1")
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// What a run has listed about these streamers.
pub async fn of_streamers(
    db: impl PgExecutor<'_>,
    streamers: &[TwitchUserId],
    run: OffsetDateTime,
) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(
        "select subscription_id, twitch_user_id, type, version, status, cost, outdated, with_user from eventsub_subscriptions
         where twitch_user_id = any($1) and listed_at >= $2 order by subscription_id",
    )
    .bind(texts(streamers))
    .bind(run)
    .fetch_all(db)
    .await
}

/// What a run has listed about the application itself.
pub async fn app_wide(db: impl PgExecutor<'_>, run: OffsetDateTime) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(
        "select subscription_id, twitch_user_id, type, version, status, cost, outdated, with_user from eventsub_subscriptions
         where twitch_user_id is null and listed_at >= $1 order by subscription_id",
    )
    .bind(run)
    .fetch_all(db)
    .await
}

/// Ids of streamers and of whom subscriptions are about, behind a cursor, in order.
pub async fn page(
    db: impl PgExecutor<'_>,
    after: &str,
    limit: i64,
) -> sqlx::Result<Vec<TwitchUserId>> {
    let ids: Vec<String> = sqlx::query_scalar(
        "select id from (
           (select twitch_user_id from streamers where twitch_user_id > $1 order by 1 limit $2)
           union
           (select distinct twitch_user_id from eventsub_subscriptions
            where twitch_user_id > $1 order by 1 limit $2)
         ) as either (id) order by id limit $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(TwitchUserId).collect())
}

/// Brings targets in line with what Twitch lists about their streamers: what is there is enabled.
///
/// Returns subscriptions that Twitch has and nobody needs, or has twice.
pub async fn reconcile(db: impl PgExecutor<'_>, listed: &[Listed]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "with listed as (
           select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
             as l (id, twitch_user_id, type, status, with_user)
         ), best as (
           select distinct on (l.twitch_user_id, l.type, l.with_user) l.* from listed l
           left join eventsub_targets x on x.subscription_id = l.id
           where l.status in ('enabled', 'webhook_callback_verification_pending')
           order by l.twitch_user_id, l.type, l.with_user, (l.status = 'enabled') desc, (x.subscription_id is not null) desc, l.id
         ), found as (
           update eventsub_targets x set state = 'enabled', subscription_id = b.id, error = null, attempts = 0,
             updated_at = now()
           from best b
           where x.twitch_user_id = b.twitch_user_id and x.type = b.type and x.with_user = b.with_user and b.status = 'enabled'
             and x.state <> 'unwanted' and (x.state <> 'enabled' or x.subscription_id is distinct from b.id)
         )
         select l.id from listed l
         where not exists (
           select from best b join eventsub_targets x
             on x.twitch_user_id = b.twitch_user_id and x.type = b.type and x.with_user = b.with_user and x.state <> 'unwanted'
           where b.id = l.id)",
    )
    .bind(listed.iter().map(|l| l.id.as_str()).collect::<Vec<_>>())
    .bind(listed.iter().map(|l| l.streamer.as_deref()).collect::<Vec<_>>())
    .bind(listed.iter().map(|l| l.kind.as_str()).collect::<Vec<_>>())
    .bind(listed.iter().map(|l| l.status.as_str()).collect::<Vec<_>>())
    .bind(listed.iter().map(|l| l.with_user.as_str()).collect::<Vec<_>>())
    .fetch_all(db)
    .await
}

/// A target whose subscription Twitch does not list alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    pub streamer: String,
    /// Its type.
    pub kind: String,
    /// The other user it is about.
    pub with_user: String,
    /// The subscription, as far as we know it.
    pub subscription_id: Option<String>,
}

/// How many subscriptions these streamers should have by now, and those that Twitch does not list. What has
/// changed since `settled_before` is left out.
pub async fn lacking(
    db: impl PgExecutor<'_>,
    streamers: &[TwitchUserId],
    listed: &[Listed],
    settled_before: OffsetDateTime,
) -> sqlx::Result<(usize, Vec<Lacking>)> {
    let rows: Vec<(String, String, String, Option<String>, bool)> = sqlx::query_as(
        "select x.twitch_user_id, x.type, x.with_user, x.subscription_id, exists (
           select from unnest($2::text[], $3::text[], $4::text[], $6::text[]) as l (twitch_user_id, type, status, with_user)
           where l.twitch_user_id = x.twitch_user_id and l.type = x.type and l.with_user = x.with_user
             and l.status in ('enabled', 'webhook_callback_verification_pending'))
         from eventsub_targets x
         where x.twitch_user_id = any($1) and x.state in ('pending', 'enabled') and x.updated_at < $5
         order by x.twitch_user_id, x.type",
    )
    .bind(texts(streamers))
    .bind(listed.iter().map(|l| l.streamer.as_deref()).collect::<Vec<_>>())
    .bind(listed.iter().map(|l| l.kind.as_str()).collect::<Vec<_>>())
    .bind(listed.iter().map(|l| l.status.as_str()).collect::<Vec<_>>())
    .bind(settled_before)
    .bind(listed.iter().map(|l| l.with_user.as_str()).collect::<Vec<_>>())
    .fetch_all(db)
    .await?;
    let known = rows.len();
    let lacking = rows.into_iter().filter(|(.., listed)| !listed);
    let lacking = lacking.map(|(streamer, kind, with_user, subscription_id, _)| Lacking {
        streamer,
        kind,
        with_user,
        subscription_id,
    });
    Ok((known, lacking.collect()))
}

/// Has lost subscriptions created anew.
pub async fn want_anew(
    db: impl PgExecutor<'_>,
    lost: &[&Lacking],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update eventsub_targets x set state = 'wanted', subscription_id = null, attempts = 0, next_try_at = $4,
           error = 'Twitch does not list the subscription any more', updated_at = now()
         from unnest($1::text[], $2::text[], $3::text[], $5::text[]) as l (twitch_user_id, type, subscription_id, with_user)
         where x.twitch_user_id = l.twitch_user_id and x.type = l.type and x.with_user = l.with_user and x.state in ('pending', 'enabled')
           -- Not one that has come meanwhile.
           and x.subscription_id is not distinct from l.subscription_id",
    )
    .bind(lost.iter().map(|l| l.streamer.as_str()).collect::<Vec<_>>())
    .bind(lost.iter().map(|l| l.kind.as_str()).collect::<Vec<_>>())
    .bind(lost.iter().map(|l| l.subscription_id.as_deref()).collect::<Vec<_>>())
    .bind(now)
    .bind(lost.iter().map(|l| l.with_user.as_str()).collect::<Vec<_>>())
    .execute(db)
    .await?;
    Ok(())
}
