//! Sockets that are open, and what API Gateway's listen to.

use sm_types::{GuildId, UserId, live::Topic};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

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

/// Lets a connection of the gateway's listen to a topic, if it has less than `limit` others.
pub async fn subscribe(
    db: impl PgExecutor<'_>,
    connection: &str,
    topic: Topic,
    limit: i64,
) -> sqlx::Result<bool> {
    let there: Option<bool> = sqlx::query_scalar(
        "insert into live_subscriptions (topic, connection_id)
         select $2, $1 where exists (select from live_connections where connection_id = $1)
           and (select count(*) from live_subscriptions where connection_id = $1 and topic <> $2) < $3
         on conflict on constraint live_subscriptions_pkey do update set topic = excluded.topic
         returning true",
    )
    .bind(connection)
    .bind(topic.to_string())
    .bind(limit)
    .fetch_optional(db)
    .await?;
    Ok(there.is_some())
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

/// The gateway's connections that listen to a topic, behind one of them, in order.
pub async fn listening(
    db: impl PgExecutor<'_>,
    topic: Topic,
    after: &str,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select connection_id from live_subscriptions
         where topic = $1 and connection_id > $2 order by connection_id limit $3",
    )
    .bind(topic.to_string())
    .bind(after)
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
