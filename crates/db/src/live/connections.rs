//! Sockets that are open, and what API Gateway's listen to.

use sm_types::{
    GuildId, UserId,
    live::{FeedKinds, Topic},
};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

/// In place of what a connection may see: it has to be looked up.
const IN_DOUBT: i32 = -2;

/// Whose session it is, as long as it is valid.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Holder {
    pub session_id: Uuid,
    #[sqlx(try_from = "i64")]
    pub user_id: UserId,
    pub expires_at: OffsetDateTime,
}

/// The holder of a session that is valid.
pub async fn holder(
    db: impl PgExecutor<'_>,
    session: Uuid,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Holder>> {
    sqlx::query_as(
        "select session_id, user_id, expires_at from sessions
         where session_id = $1 and revoked_at is null and expires_at > $2",
    )
    .bind(session)
    .bind(now)
    .fetch_optional(db)
    .await
}

/// Stores a ticket by its hash.
pub async fn give_ticket(
    db: impl PgExecutor<'_>,
    hash: &[u8],
    session: Uuid,
    expires_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into live_tickets (ticket_hash, session_id, expires_at) values ($1, $2, $3)",
    )
    .bind(hash)
    .bind(session)
    .bind(expires_at)
    .execute(db)
    .await?;
    Ok(())
}

/// Uses a ticket up; the holder of its session, if both are valid.
pub async fn take_ticket(
    db: impl PgExecutor<'_>,
    hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<Option<Holder>> {
    sqlx::query_as(
        "with used as (
           delete from live_tickets where ticket_hash = $1 returning session_id, expires_at
         )
         select s.session_id, s.user_id, s.expires_at from used u join sessions s using (session_id)
         where u.expires_at > $2 and s.revoked_at is null and s.expires_at > $2",
    )
    .bind(hash)
    .bind(now)
    .fetch_optional(db)
    .await
}

/// A connection to store.
#[derive(Debug, Clone)]
pub struct NewConnection<'a> {
    pub id: &'a str,
    pub user: UserId,
    pub session: Uuid,
    pub at_gateway: bool,
    pub now: OffsetDateTime,
}

/// Stores a connection. A person may have so many: those that have been silent for longest are returned, to be closed.
pub async fn open(
    db: impl PgExecutor<'_>,
    new: &NewConnection<'_>,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "with mine as (
           insert into live_connections (connection_id, user_id, session_id, at_gateway, connected_at, seen_at)
           values ($1, $2, $3, $4, $5, $5)
           on conflict on constraint live_connections_pkey do update set seen_at = excluded.seen_at
         )
         delete from live_connections where connection_id in (
           select connection_id from live_connections where user_id = $2 and connection_id <> $1
           order by seen_at desc, connection_id offset $6)
         returning connection_id",
    )
    .bind(new.id)
    .bind(new.user.to_db())
    .bind(new.session)
    .bind(new.at_gateway)
    .bind(new.now)
    .bind(limit - 1)
    .fetch_all(db)
    .await
}

/// Connections are still there.
pub async fn seen(
    db: impl PgExecutor<'_>,
    ids: &[String],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update live_connections set seen_at = $2, state = 'open' where connection_id = any($1)",
    )
    .bind(ids)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets connections.
pub async fn close(db: impl PgExecutor<'_>, ids: &[String]) -> sqlx::Result<()> {
    sqlx::query("delete from live_connections where connection_id = any($1)")
        .bind(ids)
        .execute(db)
        .await?;
    Ok(())
}

/// How often a connection of the gateway's may say something.
#[derive(Debug, Clone, Copy)]
pub struct Frames {
    /// At once.
    pub burst: f64,
    pub per_second: f64,
}

/// A connection of the gateway's that says something.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Heard {
    #[sqlx(try_from = "i64")]
    pub user_id: UserId,
    pub session_id: Uuid,
    /// Whether it has said hello.
    pub greeted: bool,
    /// Whether it had a frame left to say.
    pub in_time: bool,
    /// How many of its frames were refused before.
    pub refused: i32,
}

/// Notes that a connection of the gateway's says something; `None` for one that we do not know.
pub async fn heard(
    db: impl PgExecutor<'_>,
    id: &str,
    frames: Frames,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Heard>> {
    sqlx::query_as(
        "with mine as (
           select c.connection_id, greatest(c.next_frame_at, n.at) + make_interval(secs => 1 / $4) as next_at,
             n.at + make_interval(secs => $3 / $4) as full_at
           from live_connections c, (select clock_timestamp() as at) n
           where c.connection_id = $1 and c.at_gateway for update of c
         )
         update live_connections c set seen_at = $2,
           next_frame_at = case when m.next_at <= m.full_at then m.next_at else c.next_frame_at end
         from mine m where c.connection_id = m.connection_id
         returning c.user_id, c.session_id, c.state = 'open' as greeted, m.next_at <= m.full_at as in_time, c.refused",
    )
    .bind(id)
    .bind(now)
    .bind(frames.burst)
    .bind(frames.per_second)
    .fetch_optional(db)
    .await
}

/// Notes what came of a frame: whether the connection has said hello, and how many of its frames were refused.
pub async fn note(
    db: impl PgExecutor<'_>,
    id: &str,
    greeted: bool,
    refused: i32,
) -> sqlx::Result<()> {
    sqlx::query(
        "update live_connections set state = case when $2 then 'open' else state end, refused = refused + $3
         where connection_id = $1",
    )
    .bind(id)
    .bind(greeted)
    .bind(refused)
    .execute(db)
    .await?;
    Ok(())
}

/// Lets a connection of the gateway's listen to a topic, if it has less than `limit` others.
///
/// Read the topic afterwards: what is told from here on is pushed. Where nobody else listens, what was told before is
/// not. Of two that come at once neither sees the other; both begin where the topic was before either was there.
pub async fn subscribe(
    db: impl PgExecutor<'_>,
    connection: &str,
    (topic, sees): (Topic, FeedKinds),
    limit: i64,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "with joined as (
           insert into live_subscriptions (topic, connection_id, sees)
           select $2, $1, $5 where exists (select from live_connections where connection_id = $1)
             and (select count(*) from live_subscriptions where connection_id = $1 and topic <> $2) < $3
           on conflict on constraint live_subscriptions_pkey do update set sees = excluded.sees
           returning topic
         ), place as (
           select j.topic, coalesce(t.position, 0) as position from joined j left join topics t on t.topic = j.topic
         ), push as (
           insert into live_pushes as p (topic, position, looked_to, joined_at)
           select topic, position, position, $4 from place
           on conflict on constraint live_pushes_pkey do update
           set joined_at = excluded.joined_at,
             position = case when exists (select from live_subscriptions s
                                          where s.topic = p.topic and s.connection_id <> $1)
                        then p.position else greatest(p.position, excluded.position) end
         )
         select exists (select from joined)",
    )
    .bind(connection)
    .bind(topic.to_string())
    .bind(limit)
    .bind(now)
    .bind(sees.to_db())
    .fetch_one(db)
    .await
}

pub async fn unsubscribe(
    db: impl PgExecutor<'_>,
    connection: &str,
    topic: Topic,
) -> sqlx::Result<()> {
    sqlx::query("delete from live_subscriptions where topic = $1 and connection_id = $2")
        .bind(topic.to_string())
        .bind(connection)
        .execute(db)
        .await?;
    Ok(())
}

/// One of the gateway's connections that listens to a topic.
#[derive(Debug)]
pub struct Listening {
    pub connection_id: String,
    pub session_id: Uuid,
    /// What it may see of events that have a kind; `None`: that has to be looked up.
    pub sees: Option<FeedKinds>,
}

/// The gateway's connections that listen to a topic, behind one of them, in order.
pub async fn listening(
    db: impl PgExecutor<'_>,
    topic: Topic,
    after: &str,
    limit: i64,
) -> sqlx::Result<Vec<Listening>> {
    let rows: Vec<(String, Uuid, i32)> = sqlx::query_as(
        "select connection_id, c.session_id, s.sees from live_subscriptions s join live_connections c using (connection_id)
         where s.topic = $1 and connection_id > $2 order by connection_id limit $3",
    )
    .bind(topic.to_string())
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await?;
    let listening = |(connection_id, session_id, sees)| {
        let sees = (sees != IN_DOUBT).then(|| FeedKinds::from_db(sees));
        Listening { connection_id, session_id, sees }
    };
    Ok(rows.into_iter().map(listening).collect())
}

/// What the gateway's connections may see of feeds has to be looked up before they are told more.
pub async fn doubt_feeds(db: impl PgExecutor<'_>) -> sqlx::Result<()> {
    sqlx::query("update live_subscriptions set sees = $1 where topic like 'feed:%' and sees <> $1")
        .bind(IN_DOUBT)
        .execute(db)
        .await?;
    Ok(())
}

/// What a connection of the gateway's may see of a topic has changed, perhaps.
pub async fn see(
    db: impl PgExecutor<'_>,
    connection: &str,
    topic: Topic,
    sees: FeedKinds,
) -> sqlx::Result<()> {
    sqlx::query(
        "update live_subscriptions set sees = $3 where topic = $1 and connection_id = $2 and sees <> $3",
    )
    .bind(topic.to_string())
    .bind(connection)
    .bind(sees.to_db())
    .execute(db)
    .await?;
    Ok(())
}

/// Whether anybody at the gateway listens to any of these topics.
pub async fn is_listened_to(db: impl PgExecutor<'_>, topics: &[String]) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from live_subscriptions where topic = any($1))")
        .bind(topics)
        .fetch_one(db)
        .await
}

/// Forgets connections that the gateway does not know; those of which it may not know yet stay.
pub async fn gone(db: impl PgExecutor<'_>, ids: &[String]) -> sqlx::Result<()> {
    sqlx::query(
        "delete from live_connections where connection_id = any($1) and at_gateway and state = 'open'",
    )
    .bind(ids)
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets connections of which nothing was heard since a moment, and the gateway's from before another.
pub async fn forget_dead(
    db: impl PgExecutor<'_>,
    silent_since: OffsetDateTime,
    opened_before: OffsetDateTime,
) -> sqlx::Result<u64> {
    let gone = sqlx::query(
        "delete from live_connections where seen_at < $1 or (at_gateway and connected_at < $2)",
    )
    .bind(silent_since)
    .bind(opened_before)
    .execute(db)
    .await?;
    Ok(gone.rows_affected())
}

/// The gateway's connections whose session has ended.
pub async fn ended_at_gateway(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select connection_id from live_connections c
         where c.at_gateway and not exists (
           select from sessions s where s.session_id = c.session_id and s.revoked_at is null and s.expires_at > $1)
         limit $2",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// How many connections the gateway holds.
pub async fn count_at_gateway(db: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from live_connections where at_gateway").fetch_one(db).await
}

/// What a connection of the gateway's listens to.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Subscription {
    pub connection_id: String,
    pub session_id: Uuid,
    pub topic: String,
}

/// What the gateway's connections listen to, behind one of them, in order.
pub async fn subscriptions(
    db: impl PgExecutor<'_>,
    after: (&str, &str),
    limit: i64,
) -> sqlx::Result<Vec<Subscription>> {
    sqlx::query_as(
        "select s.connection_id, c.session_id, s.topic
         from live_subscriptions s join live_connections c using (connection_id)
         where (s.connection_id, s.topic) > ($1, $2) order by s.connection_id, s.topic limit $3",
    )
    .bind(after.0)
    .bind(after.1)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// What is known of the holder of a valid session in a server.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Standing {
    #[sqlx(try_from = "i64")]
    pub user_id: UserId,
    pub member: Option<bool>,
    pub permissions: Option<i64>,
    pub checked_at: Option<OffsetDateTime>,
    pub bot_present: bool,
}

/// What is known of the holder of a session; `None` when it has ended.
pub async fn standing(
    db: impl PgExecutor<'_>,
    session: Uuid,
    guild: Option<GuildId>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Standing>> {
    sqlx::query_as(
        "select s.user_id, m.member, m.permissions, m.checked_at, coalesce(g.status = 'active', false) as bot_present
         from sessions s
         left join guilds g on g.guild_id = $2
         left join guild_members m on m.guild_id = $2 and m.user_id = s.user_id
         where s.session_id = $1 and s.revoked_at is null and s.expires_at > $3",
    )
    .bind(session)
    .bind(guild.map(GuildId::to_db))
    .bind(now)
    .fetch_optional(db)
    .await
}
