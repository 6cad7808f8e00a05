//! Topics and what was told in them.
//!
//! A position is given under the lock of the topic's row, which is held until the commit: whoever sees one sees
//! all before it. Some are of no event, where a statement has found that it had nothing to tell.

use sm_types::{
    GuildId, TwitchUserId,
    live::{Place, Topic},
};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

/// What processes tell each other by.
pub(super) const CHANNEL: &str = "streammaxing_live";

/// A common table expression `told`: the position and tag that topic `$1` has gone on to, if `$when` holds.
macro_rules! telling {
    ($when:literal) => {
        concat!(
            "told as (
               insert into topics as t (topic, position, tag)
               select $1, 1, left(gen_random_uuid()::text, 8) where ",
            $when,
            " on conflict on constraint topics_pkey do update
               set position = t.position + 1, tag = excluded.tag, updated_at = now()
               returning t.topic, t.position, t.tag
             )"
        )
    };
}
pub(crate) use telling;

/// Common table expressions that tell each row (topic, subject, data) of `changes` as an event of a kind, where somebody
/// has ever listened, with `moved`: the topics. Their rows are taken in order, so that two who tell much do not
/// wait for each other.
macro_rules! telling_each {
    ($kind:literal) => {
        concat!(
            "locked as (
               select t.topic, t.position from topics t where t.topic in (select topic from changes)
               order by t.topic for update
             ), told as (
               insert into topic_events (topic, position, tag, kind, subject, data)
               select c.topic, l.position + row_number() over (partition by c.topic order by c.subject),
                 left(gen_random_uuid()::text, 8), '",
            $kind,
            "', c.subject, c.data
               from changes c join locked l using (topic)
               returning topic, position, tag
             ), moved as (
               update topics t set position = l.position, tag = l.tag, updated_at = now()
               from (select distinct on (topic) topic, position, tag from told order by topic, position desc) l
               where t.topic = l.topic
               returning t.topic
             )"
        )
    };
}
pub(crate) use telling_each;

/// An event as it was stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    pub position: i64,
    pub tag: String,
    pub kind: String,
    /// What it is about.
    pub subject: String,
    pub data: Option<sqlx::types::Json<serde_json::Value>>,
    pub trace_id: Option<String>,
    pub created_at: OffsetDateTime,
}

/// Events behind a position, in order.
pub async fn after(
    db: impl PgExecutor<'_>,
    topic: Topic,
    position: i64,
    limit: i64,
) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as(
        "select position, tag, kind, subject, data, trace_id, created_at from topic_events
         where topic = $1 and position > $2 order by position limit $3",
    )
    .bind(topic.to_string())
    .bind(position)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Where a topic is; the beginning for one that nobody has used.
pub async fn place(db: impl PgExecutor<'_>, topic: Topic) -> sqlx::Result<Place> {
    let found: Option<(i64, String)> =
        sqlx::query_as("select position, tag from topics where topic = $1")
            .bind(topic.to_string())
            .fetch_optional(db)
            .await?;
    Ok(found.map(|(position, tag)| Place { position, tag }).unwrap_or_default())
}

/// Where a topic is that is only told of to those who listen: from now on it is.
///
/// Who changes somebody's presence at this moment tells nobody, since nobody has listened yet; it is waited for, so that
/// what is read behind this place is complete.
pub async fn open(pool: &crate::Pool, topic: Topic) -> sqlx::Result<Place> {
    let known: bool = sqlx::query_scalar("select exists (select from topics where topic = $1)")
        .bind(topic.to_string())
        .fetch_one(pool)
        .await?;
    if !known {
        let mut transaction = pool.begin().await?;
        sqlx::query(
            "insert into topics (topic) values ($1) on conflict on constraint topics_pkey do nothing",
        )
        .bind(topic.to_string())
        .execute(&mut *transaction)
        .await?;
        if matches!(topic, Topic::Presence(_)) {
            sqlx::query("lock table presences in share mode").execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
    }
    place(pool, topic).await
}

/// Whether a reader who has seen everything up to a place can go on from there: it is one that this topic has had,
/// and nothing behind it is gone.
pub async fn can_resume(
    db: impl PgExecutor<'_>,
    topic: Topic,
    place: &Place,
) -> sqlx::Result<bool> {
    let found: Option<bool> = sqlx::query_scalar(
        "select $2 >= t.pruned_to and case
             when $2 = t.position then $3 = t.tag
             when $2 < t.position and $2 > t.pruned_to then coalesce(
               (select e.tag = $3 from topic_events e where e.topic = $1 and e.position = $2), false)
             else $2 < t.position end
         from topics t where t.topic = $1",
    )
    .bind(topic.to_string())
    .bind(place.position)
    .bind(&place.tag)
    .fetch_optional(db)
    .await?;
    Ok(found.unwrap_or(place.position == 0))
}

/// Something to tell that has no row of its own.
#[derive(Debug, Clone)]
pub struct News<'a> {
    pub kind: &'a str,
    pub subject: &'a str,
    pub data: Option<&'a serde_json::Value>,
    pub trace_id: Option<&'a str>,
}

/// Tells something in a topic.
pub async fn tell(db: impl PgExecutor<'_>, topic: Topic, news: &News<'_>) -> sqlx::Result<()> {
    sqlx::query(concat!(
        "with ",
        telling!("true"),
        " insert into topic_events (topic, position, tag, kind, subject, data, trace_id)
          select topic, position, tag, $2, $3, $4, $5 from told"
    ))
    .bind(topic.to_string())
    .bind(news.kind)
    .bind(news.subject)
    .bind(news.data.map(sqlx::types::Json))
    .bind(news.trace_id)
    .execute(db)
    .await?;
    Ok(())
}

/// Tells servers that deliveries of theirs have changed, and those that follow one of the streamers that streams have: one
/// event for each that somebody has ever listened to; their topics.
pub async fn tell_changed(
    db: impl PgExecutor<'_>,
    deliveries: &[GuildId],
    streamers: &[TwitchUserId],
) -> sqlx::Result<Vec<Topic>> {
    let told: Vec<String> = sqlx::query_scalar(concat!(
        "with changed as (
           select guild_id, 'deliveries' as what from unnest($1::bigint[]) as x (guild_id)
           union
           select guild_id, 'streams' from guild_streamers where twitch_user_id = any($2)
         ), changes as (
           -- Of hints about the same the latest is told: each combination is another.
           select t.topic, string_agg(c.what, ' ' order by c.what) as subject,
             jsonb_build_object('what', jsonb_agg(c.what order by c.what)) as data
           from changed c join topics t on t.topic = 'server:' || c.guild_id
           group by t.topic
         ), ",
        telling_each!("changed"),
        " select topic from moved"
    ))
    .bind(deliveries.iter().map(|guild| guild.to_db()).collect::<Vec<_>>())
    .bind(streamers.iter().map(TwitchUserId::as_str).collect::<Vec<_>>())
    .fetch_all(db)
    .await?;
    Ok(told.iter().filter_map(|topic| topic.parse().ok()).collect())
}

/// Forgets events from before a moment, at most so many; how many there were. Who stands before them begins anew.
pub async fn prune(
    db: impl PgExecutor<'_>,
    before: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "with gone as (
           delete from topic_events where (topic, position) in (
             select topic, position from topic_events where created_at < $1 order by created_at limit $2)
           returning topic, position
         ), locked as (
           -- In the order in which those take them who tell in several.
           select topic from topics where topic in (select topic from gone) order by topic for update
         ), pruned as (
           update topics t set pruned_to = greatest(t.pruned_to, g.position)
           from (select topic, max(position) as position from gone join locked using (topic) group by topic) g
           where t.topic = g.topic
         )
         select count(*) from gone",
    )
    .bind(before)
    .bind(limit)
    .fetch_one(db)
    .await
}

/// Tells other processes that there is something new in topics, or that sessions have ended: texts without spaces,
/// 8,000 bytes in all at most. In a statement of its own, since the notification takes a lock of the whole database.
pub async fn notify(db: impl PgExecutor<'_>, what: &[String]) -> sqlx::Result<()> {
    sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(what.join(" ")).execute(db).await?;
    Ok(())
}

/// Which sessions of some have ended.
pub async fn ended(
    db: impl PgExecutor<'_>,
    sessions: &[Uuid],
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "select id from unnest($1::uuid[]) as x (id)
         where not exists (select from sessions s
                           where s.session_id = x.id and s.revoked_at is null and s.expires_at > $2)",
    )
    .bind(sessions)
    .bind(now)
    .fetch_all(db)
    .await
}
