//! What is said in rooms.

use super::topics::{self, News, telling};
use sm_types::{
    UserId,
    live::{Room, Topic},
};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

/// A message as it is now, with its author as far as they have an account.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Shout {
    pub shout_id: Uuid,
    pub position: i64,
    pub author_id: i64,
    /// `None`: the account is gone.
    pub author_name: Option<String>,
    pub author_avatar: Option<String>,
    pub client_id: Uuid,
    /// `None`: deleted.
    pub text: Option<String>,
    pub revision: i32,
    pub created_at: OffsetDateTime,
    pub edited_at: Option<OffsetDateTime>,
    pub deleted_by: Option<i64>,
}

/// What a query of messages selects, of a row `s` and its author `u`.
macro_rules! columns {
    () => {
        "s.shout_id, s.position, s.author_id, coalesce(u.global_name, u.username) as author_name,
         u.avatar as author_avatar, s.client_id, s.text, s.revision, s.created_at, s.edited_at, s.deleted_by"
    };
}

/// A message to store.
#[derive(Debug, Clone)]
pub struct NewShout<'a> {
    pub room: Room,
    pub author: UserId,
    pub client_id: Uuid,
    pub text: &'a str,
    pub trace_id: Option<&'a str>,
    pub now: OffsetDateTime,
}

/// How often somebody may say something.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// At once.
    pub burst: u32,
    /// Until all of that may be said again.
    pub seconds: u32,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Posted {
    /// It is there; from before, perhaps.
    Stored(Box<Shout>),
    /// The same id was used for another text.
    OtherText,
    /// The author is muted until then.
    Muted { until: OffsetDateTime },
    /// The author has said too much.
    TooFast { wait_seconds: f64 },
}

#[derive(sqlx::FromRow)]
struct Found {
    stored: bool,
    known: bool,
    muted_until: Option<OffsetDateTime>,
    wait_seconds: Option<f64>,
}

/// Stores a message and tells it in its room, unless its author is muted, too fast, or has sent it before.
pub async fn post(pool: &crate::Pool, new: &NewShout<'_>, pace: Pace) -> sqlx::Result<Posted> {
    let found: Found = sqlx::query_as(concat!(
        "with known as (
           select from shouts where room = $1 and author_id = $2 and client_id = $3
         ), muted as (
           select until from room_mutes where room = $1 and user_id = $2 and until > $6
         ), spent as (
           insert into rate_buckets as b (key, next_at)
           select 'shout:' || $2, clock_timestamp() + make_interval(secs => $8 / $7)
           where not exists (select from known) and not exists (select from muted)
           on conflict on constraint rate_buckets_pkey do update
           set next_at = greatest(b.next_at, clock_timestamp()) + make_interval(secs => $8 / $7)
           where greatest(b.next_at, clock_timestamp()) + make_interval(secs => $8 / $7)
                 <= clock_timestamp() + make_interval(secs => $8)
           returning 1
         ), ",
        telling!("exists (select from spent)"),
        ", stored as (
           insert into shouts (room, position, author_id, client_id, text, trace_id, created_at)
           select $1, told.position, $2, $3, $4, $5, $6 from told
           -- Sent twice at once: one is first.
           on conflict on constraint shouts_client_key do nothing
           returning shout_id, position
         ), event as (
           insert into topic_events (topic, position, tag, kind, subject, trace_id)
           select $1, told.position, told.tag, 'shout', stored.shout_id::text, $5 from stored, told
         )
         select exists (select from stored) as stored,
           exists (select from known) or exists (select from told) as known,
           (select until from muted) as muted_until,
           (select greatest(0.1, extract(epoch from b.next_at - clock_timestamp())::float8 - $8 + $8 / $7)
            from rate_buckets b where b.key = 'shout:' || $2) as wait_seconds"
    ))
    .bind(Topic::Room(new.room).to_string())
    .bind(new.author.to_db())
    .bind(new.client_id)
    .bind(new.text)
    .bind(new.trace_id)
    .bind(new.now)
    .bind(f64::from(pace.burst))
    .bind(f64::from(pace.seconds))
    .fetch_one(pool)
    .await?;
    if let Some(until) = found.muted_until {
        return Ok(Posted::Muted { until });
    }
    if !found.stored && !found.known {
        return Ok(Posted::TooFast { wait_seconds: found.wait_seconds.unwrap_or(1.0) });
    }
    let stored = by_client_id(pool, new.room, new.author, new.client_id).await?;
    Ok(match stored {
        // An edit has changed the text since: what was sent is there all the same.
        Some(shout)
            if found.stored || shout.revision > 1 || shout.text.as_deref() == Some(new.text) =>
        {
            Posted::Stored(Box::new(shout))
        }
        Some(_) => Posted::OtherText,
        None => return Err(sqlx::Error::RowNotFound),
    })
}

async fn by_client_id(
    db: impl PgExecutor<'_>,
    room: Room,
    author: UserId,
    client_id: Uuid,
) -> sqlx::Result<Option<Shout>> {
    sqlx::query_as(concat!(
        "select ",
        columns!(),
        " from shouts s left join users u on u.user_id = s.author_id
         where s.room = $1 and s.author_id = $2 and s.client_id = $3"
    ))
    .bind(room.to_string())
    .bind(author.to_db())
    .bind(client_id)
    .fetch_optional(db)
    .await
}

/// Messages by their ids, as they are now.
pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[Uuid]) -> sqlx::Result<Vec<Shout>> {
    sqlx::query_as(concat!(
        "select ",
        columns!(),
        " from shouts s left join users u on u.user_id = s.author_id where s.shout_id = any($1)"
    ))
    .bind(ids)
    .fetch_all(db)
    .await
}

/// Messages of a room before a position, the latest first; deleted ones are left out.
pub async fn page(
    db: impl PgExecutor<'_>,
    room: Room,
    before: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<Shout>> {
    sqlx::query_as(concat!(
        "select ",
        columns!(),
        " from shouts s left join users u on u.user_id = s.author_id
         where s.room = $1 and s.position < $2 and s.deleted_at is null
         order by s.position desc limit $3"
    ))
    .bind(room.to_string())
    .bind(before.unwrap_or(i64::MAX))
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Who may change a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Its author.
    Author(UserId),
    /// A moderator of the room.
    Moderator(UserId),
}

impl By {
    fn user(self) -> UserId {
        match self {
            Self::Author(user) | Self::Moderator(user) => user,
        }
    }
}

/// Changes the text of one's own message; `None`: it is not there, deleted, or somebody else's, or its author is muted.
pub async fn edit(
    pool: &crate::Pool,
    room: Room,
    shout: Uuid,
    author: UserId,
    text: &str,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Shout>> {
    let changed: Option<Uuid> = sqlx::query_scalar(concat!(
        "with mine as (
           select shout_id from shouts
           where shout_id = $2 and room = $1 and author_id = $3 and deleted_at is null
             and not exists (select from room_mutes where room = $1 and user_id = $3 and until > $5)
           for update
         ), ",
        telling!("exists (select from mine)"),
        ", changed as (
           update shouts s set text = $4, edited_at = $5, revision = s.revision + 1
           from mine, told where s.shout_id = mine.shout_id returning s.shout_id
         ), event as (
           insert into topic_events (topic, position, tag, kind, subject)
           select $1, told.position, told.tag, 'shout', changed.shout_id::text from changed, told
         )
         select shout_id from changed"
    ))
    .bind(Topic::Room(room).to_string())
    .bind(shout)
    .bind(author.to_db())
    .bind(text)
    .bind(now)
    .fetch_optional(pool)
    .await?;
    match changed {
        Some(id) => Ok(by_ids(pool, &[id]).await?.pop()),
        None => Ok(None),
    }
}

/// Takes a message's text away for good; false: it is not there, gone already, or not theirs to delete.
pub async fn delete(
    db: impl PgExecutor<'_>,
    room: Room,
    shout: Uuid,
    by: By,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let author = match by {
        By::Author(user) => Some(user.to_db()),
        By::Moderator(_) => None,
    };
    let deleted: Option<Uuid> = sqlx::query_scalar(concat!(
        "with theirs as (
           select shout_id from shouts
           where shout_id = $2 and room = $1 and deleted_at is null and ($3::bigint is null or author_id = $3)
           for update
         ), ",
        telling!("exists (select from theirs)"),
        ", deleted as (
           update shouts s set text = null, deleted_at = $5, deleted_by = $4, revision = s.revision + 1
           from theirs, told where s.shout_id = theirs.shout_id returning s.shout_id
         ), event as (
           insert into topic_events (topic, position, tag, kind, subject)
           select $1, told.position, told.tag, 'shout', deleted.shout_id::text from deleted, told
         )
         select shout_id from deleted"
    ))
    .bind(Topic::Room(room).to_string())
    .bind(shout)
    .bind(author)
    .bind(by.user().to_db())
    .bind(now)
    .fetch_optional(db)
    .await?;
    Ok(deleted.is_some())
}

/// Who writes no more in a room, until when and why.
#[derive(Debug, Clone)]
pub struct Mute<'a> {
    pub room: Room,
    pub user: UserId,
    pub until: OffsetDateTime,
    pub reason: &'a str,
    pub by: UserId,
}

/// Lets somebody write no more in a room, in place of what was set before; until when, to the microsecond as it is stored.
pub async fn mute(db: impl PgExecutor<'_>, mute: &Mute<'_>) -> sqlx::Result<OffsetDateTime> {
    sqlx::query_scalar(
        "insert into room_mutes (room, user_id, until, reason, muted_by) values ($1, $2, $3, $4, $5)
         on conflict on constraint room_mutes_pkey do update
         set until = excluded.until, reason = excluded.reason, muted_by = excluded.muted_by, created_at = now()
         returning until",
    )
    .bind(mute.room.to_string())
    .bind(mute.user.to_db())
    .bind(mute.until)
    .bind(mute.reason)
    .bind(mute.by.to_db())
    .fetch_one(db)
    .await
}

/// Lets somebody write again; false: they were not muted.
pub async fn unmute(
    db: impl PgExecutor<'_>,
    room: Room,
    user: UserId,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let gone =
        sqlx::query("delete from room_mutes where room = $1 and user_id = $2 and until > $3")
            .bind(room.to_string())
            .bind(user.to_db())
            .bind(now)
            .execute(db)
            .await?;
    Ok(gone.rows_affected() > 0)
}

/// Somebody who may not write in a room.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Muted {
    pub user_id: i64,
    pub name: Option<String>,
    pub until: OffsetDateTime,
    pub reason: String,
    pub muted_by: i64,
}

/// Who may not write in a room, and until when.
pub async fn muted(
    db: impl PgExecutor<'_>,
    room: Room,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Muted>> {
    sqlx::query_as(
        "select m.user_id, coalesce(u.global_name, u.username) as name, m.until, m.reason, m.muted_by
         from room_mutes m left join users u on u.user_id = m.user_id
         where m.room = $1 and m.until > $2 order by m.until, m.user_id limit 500",
    )
    .bind(room.to_string())
    .bind(now)
    .fetch_all(db)
    .await
}

/// How far somebody has read, and how much of others lies behind that; no more than 100 are counted.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Unread {
    pub position: i64,
    pub unread: i64,
    /// Where the room was when it was counted.
    pub topic_position: i64,
    pub topic_tag: String,
    /// Until when they may not write.
    pub muted_until: Option<OffsetDateTime>,
}

/// Counts what somebody has not read of a room.
pub async fn unread(
    db: impl PgExecutor<'_>,
    room: Room,
    user: UserId,
    now: OffsetDateTime,
) -> sqlx::Result<Unread> {
    sqlx::query_as(
        "with mark as (
           select coalesce((select position from room_marks where room = $1 and user_id = $2), 0) as position
         )
         select mark.position, (select count(*) from (
           select from shouts s where s.room = $1 and s.position > mark.position and s.author_id <> $2
             and s.deleted_at is null limit 100) as x) as unread,
           (select until from room_mutes where room = $1 and user_id = $2 and until > $3) as muted_until,
           coalesce(t.position, 0) as topic_position, coalesce(t.tag, '') as topic_tag
         from mark left join topics t on t.topic = $1",
    )
    .bind(room.to_string())
    .bind(user.to_db())
    .bind(now)
    .fetch_one(db)
    .await
}

/// Notes how far somebody has read; what was read stays so, and nobody has read what is not there.
pub async fn mark(
    db: impl PgExecutor<'_>,
    room: Room,
    user: UserId,
    position: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into room_marks as m (room, user_id, position)
         select $1, $2, least($3, t.position) from topics t where t.topic = $1
         on conflict on constraint room_marks_pkey do update
         set position = excluded.position, updated_at = now() where m.position < excluded.position",
    )
    .bind(room.to_string())
    .bind(user.to_db())
    .bind(position)
    .execute(db)
    .await?;
    Ok(())
}

/// What somebody has said, for themselves.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Own {
    pub room: String,
    pub text: String,
    pub created_at: OffsetDateTime,
}

/// What somebody has said and not deleted, the latest first.
pub async fn of_author(db: impl PgExecutor<'_>, author: UserId) -> sqlx::Result<Vec<Own>> {
    sqlx::query_as(
        "select room, text, created_at from shouts where author_id = $1 and deleted_at is null
         order by shout_id desc limit 10000",
    )
    .bind(author.to_db())
    .fetch_all(db)
    .await
}

/// Forgets a person: their texts, and how far they have read. The rooms in which they have said something are told.
pub async fn forget(
    db: &mut crate::Transaction,
    author: UserId,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Topic>> {
    sqlx::query("delete from room_marks where user_id = $1")
        .bind(author.to_db())
        .execute(&mut **db)
        .await?;
    let rooms: Vec<String> = sqlx::query_scalar(
        "with gone as (
           update shouts set text = null, deleted_at = $2, deleted_by = $1, revision = revision + 1
           where author_id = $1 and deleted_at is null returning room
         )
         select distinct room from gone order by room",
    )
    .bind(author.to_db())
    .bind(now)
    .fetch_all(&mut **db)
    .await?;
    let rooms: Vec<Topic> = rooms.iter().filter_map(|room| room.parse().ok()).collect();
    let subject = author.to_string();
    let data = serde_json::json!({ "forgotten_author": subject });
    for room in &rooms {
        let news = News { kind: "changed", subject: &subject, data: Some(&data), trace_id: None };
        topics::tell(&mut **db, *room, &news).await?;
    }
    Ok(rooms)
}
