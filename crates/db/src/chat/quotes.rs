//! What was said and shall not be forgotten.

use sm_types::TwitchUserId;
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// A quote.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Quote {
    pub number: i32,
    pub text: String,
    /// The category in which it was said.
    pub game: Option<String>,
    pub said_at: OffsetDateTime,
}

/// The quote of this number.
pub async fn find(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    number: i32,
) -> sqlx::Result<Option<Quote>> {
    sqlx::query_as(
        "select number, text, game, said_at from chat_quotes
         where twitch_user_id = $1 and number = $2 and text is not null",
    )
    .bind(channel.as_str())
    .bind(number)
    .fetch_optional(db)
    .await
}

/// One of a channel's quotes, by a number that chance has given.
pub async fn any(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    chance: i64,
) -> sqlx::Result<Option<Quote>> {
    sqlx::query_as(
        "select number, text, game, said_at from chat_quotes
         where twitch_user_id = $1 and text is not null
         order by number
         offset abs($2) % greatest(1, (
           select count(*) from chat_quotes where twitch_user_id = $1 and text is not null))
         limit 1",
    )
    .bind(channel.as_str())
    .bind(chance)
    .fetch_optional(db)
    .await
}

/// All of a channel's quotes, by number.
pub async fn list(db: impl PgExecutor<'_>, channel: &TwitchUserId) -> sqlx::Result<Vec<Quote>> {
    sqlx::query_as(
        "select number, text, game, said_at from chat_quotes
         where twitch_user_id = $1 and text is not null order by number",
    )
    .bind(channel.as_str())
    .fetch_all(db)
    .await
}

/// A quote to keep.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// `None`: the next that is free.
    pub number: Option<i32>,
    pub text: &'a str,
    pub game: Option<&'a str>,
    pub said_at: OffsetDateTime,
}

/// Adds a quote under [`super::books::lock`]; its number, or `None` when it is taken or there are `most` already.
pub async fn insert(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    new: New<'_>,
    most: i64,
) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar(
        "insert into chat_quotes (twitch_user_id, number, text, game, said_at)
         select $1, coalesce($2, coalesce(max(number), 0) + 1), $3, $4, $5
         from chat_quotes where twitch_user_id = $1
         having count(*) filter (where text is not null) < $6
         on conflict on constraint chat_quotes_pkey do nothing
         returning number",
    )
    .bind(channel.as_str())
    .bind(new.number)
    .bind(new.text)
    .bind(new.game)
    .bind(new.said_at)
    .bind(most)
    .fetch_optional(db)
    .await
}

/// Removes a quote; whether it was there. Its number is not given again.
pub async fn remove(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    number: i32,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update chat_quotes set text = null, game = null
         where twitch_user_id = $1 and number = $2 and text is not null",
    )
    .bind(channel.as_str())
    .bind(number)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
