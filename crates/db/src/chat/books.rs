//! What goes for all commands of a channel, what templates can tell of it, and its secrets.

use sm_types::{
    TwitchUserId, UserId,
    chat::{Builtin, BuiltinSettings, Person},
};
use sqlx::{PgExecutor, types::Json};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// A channel's settings as they are stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Stored {
    /// Grows with every change of settings or commands; 0 where nothing was ever saved.
    pub version: i64,
    pub prefix: String,
    pub discord_url: Option<String>,
    pub ignored: Json<Vec<Person>>,
    pub builtins: Json<BTreeMap<Builtin, BuiltinSettings>>,
    pub filters: Json<serde_json::Value>,
    pub drops_repeats: bool,
    pub events: Json<serde_json::Value>,
    pub revision: i32,
}

/// What is saved of it.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    pub prefix: &'a str,
    pub discord_url: Option<&'a str>,
    pub ignored: &'a [Person],
    pub builtins: &'a BTreeMap<Builtin, BuiltinSettings>,
    pub filters: &'a serde_json::Value,
    /// Whether a text that was just said is left out, instead of varied.
    pub drops_repeats: bool,
    pub events: &'a serde_json::Value,
}

/// A channel's settings; `None`: all as it comes, at revision 1.
pub async fn find(db: impl PgExecutor<'_>, channel: &TwitchUserId) -> sqlx::Result<Option<Stored>> {
    sqlx::query_as(
        "select version, prefix, discord_url, ignored, builtins, filters, drops_repeats, events, revision
         from chat_books where twitch_user_id = $1",
    )
    .bind(channel.as_str())
    .fetch_optional(db)
    .await
}

/// The version of a channel's book.
pub async fn version(db: impl PgExecutor<'_>, channel: &TwitchUserId) -> sqlx::Result<i64> {
    let found = sqlx::query_scalar("select version from chat_books where twitch_user_id = $1");
    Ok(found.bind(channel.as_str()).fetch_optional(db).await?.unwrap_or_default())
}

/// Holds a channel's commands and settings still until the transaction ends; false: the bot is not there.
pub async fn lock(db: impl PgExecutor<'_>, channel: &TwitchUserId) -> sqlx::Result<bool> {
    let locked: Option<i32> =
        sqlx::query_scalar("select 1 from chat_channels where twitch_user_id = $1 for update")
            .bind(channel.as_str())
            .fetch_optional(db)
            .await?;
    Ok(locked.is_some())
}

/// Lets every instance read the channel's commands anew.
pub async fn touch(db: impl PgExecutor<'_>, channel: &TwitchUserId) -> sqlx::Result<()> {
    sqlx::query(
        "insert into chat_books as b (twitch_user_id) values ($1)
         on conflict on constraint chat_books_pkey do update set version = b.version + 1",
    )
    .bind(channel.as_str())
    .execute(db)
    .await?;
    Ok(())
}

/// Saves settings made from `revision`; the new revision, or `None` when somebody has saved since.
pub async fn save(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    new: Content<'_>,
    revision: i32,
) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar(
        "insert into chat_books as b
           (twitch_user_id, prefix, discord_url, ignored, builtins, filters, events, drops_repeats, revision)
         select $1, $2, $3, $4, $5, $6, $8, $9, 2
         where $7 = 1 or exists (select from chat_books where twitch_user_id = $1)
         on conflict on constraint chat_books_pkey do update
         set prefix = excluded.prefix, discord_url = excluded.discord_url, ignored = excluded.ignored,
             builtins = excluded.builtins, filters = excluded.filters, events = excluded.events,
             drops_repeats = excluded.drops_repeats,
             revision = b.revision + 1, version = b.version + 1, updated_at = now()
         where b.revision = $7
         returning revision",
    )
    .bind(channel.as_str())
    .bind(new.prefix)
    .bind(new.discord_url)
    .bind(Json(new.ignored))
    .bind(Json(new.builtins))
    .bind(Json(new.filters))
    .bind(revision)
    .bind(Json(new.events))
    .bind(new.drops_repeats)
    .fetch_optional(db)
    .await
}

/// What is known of a channel.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Scene {
    pub login: String,
    pub display_name: String,
    pub title: Option<String>,
    pub game_name: Option<String>,
    /// Since when it is live, by Twitch; `None`: it is offline.
    pub live_since: Option<OffsetDateTime>,
    pub viewers: Option<i32>,
}

/// What is known of a channel at this moment.
pub async fn scene(db: impl PgExecutor<'_>, channel: &TwitchUserId) -> sqlx::Result<Option<Scene>> {
    sqlx::query_as(
        "select t.login, t.display_name, coalesce(t.title, s.title) as title,
           coalesce(t.game_name, s.game_name) as game_name, s.started_at as live_since, s.viewers
         from streamers t left join lateral (
           select started_at, title, game_name, viewers from stream_sessions
           where twitch_user_id = t.twitch_user_id and ended_at is null
           order by started_at desc limit 1) s on true
         where t.twitch_user_id = $1",
    )
    .bind(channel.as_str())
    .fetch_optional(db)
    .await
}

/// Stores a secret, which the caller has encrypted; false: there are `most` others already.
pub async fn set_secret(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    name: &str,
    value: &[u8],
    most: i64,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into chat_secrets (twitch_user_id, name, value)
         select $1, $2, $3
         where (select count(*) from chat_secrets where twitch_user_id = $1 and name <> $2) < $4
         on conflict on constraint chat_secrets_pkey
         do update set value = excluded.value, updated_at = now()",
    )
    .bind(channel.as_str())
    .bind(name)
    .bind(value)
    .bind(most)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Names of a channel's secrets.
pub async fn secret_names(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("select name from chat_secrets where twitch_user_id = $1 order by name")
        .bind(channel.as_str())
        .fetch_all(db)
        .await
}

/// Secrets as they are stored, encrypted.
pub async fn secrets(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    names: &[String],
) -> sqlx::Result<Vec<(String, Vec<u8>)>> {
    sqlx::query_as(
        "select name, value from chat_secrets where twitch_user_id = $1 and name = any($2)",
    )
    .bind(channel.as_str())
    .bind(names)
    .fetch_all(db)
    .await
}

/// Forgets a secret; whether it was there.
pub async fn delete_secret(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    name: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query("delete from chat_secrets where twitch_user_id = $1 and name = $2")
        .bind(channel.as_str())
        .bind(name)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether a channel in which the bot is belongs to somebody.
pub async fn is_owner(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    user: UserId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from chat_channels where twitch_user_id = $1 and owner_id = $2)",
    )
    .bind(channel.as_str())
    .bind(user.to_db())
    .fetch_one(db)
    .await
}
