//! Commands of a channel, and the namespace that they share.

use sm_types::{
    TwitchUserId,
    chat::{Command, CommandId, Fetch, Level, Order, Person, When, text::fold},
};
use sqlx::{PgExecutor, Row, postgres::PgRow, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

/// A command as it is stored.
#[derive(Debug, Clone)]
pub struct Stored {
    pub command: Command,
    pub revision: i32,
    /// How often it was used.
    pub uses: i64,
    pub used_at: Option<OffsetDateTime>,
    pub updated_at: OffsetDateTime,
}

impl sqlx::FromRow<'_, PgRow> for Stored {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let word = |column: &str| row.try_get::<Option<String>, _>(column);
        let level = |word: Option<String>| word.as_deref().and_then(Level::by_word);
        let (mut names, fallback): (Vec<String>, _) = (row.try_get("names")?, row.try_get("name")?);
        let name = if names.is_empty() { fallback } else { names.remove(0) };
        let seconds = |column: &str| {
            Ok::<_, sqlx::Error>(row.try_get::<i32, _>(column)?.max(0).cast_unsigned())
        };
        let list =
            |column: &str| Ok::<_, sqlx::Error>(row.try_get::<Json<Vec<Person>>, _>(column)?.0);
        let fallback: String = row.try_get("fetch_fallback")?;
        let command = Command {
            id: CommandId(row.try_get("command_id")?),
            name,
            aliases: names,
            responses: row.try_get("responses")?,
            order: match word("response_order")?.as_deref() {
                Some("in_turn") => Order::InTurn,
                _ => Order::Random,
            },
            reply: row.try_get("is_reply")?,
            // What nobody knows any more opens nothing.
            level: level(word("level")?).unwrap_or(Level::Broadcaster),
            allow: list("allowed")?,
            deny: list("denied")?,
            cooldown: seconds("cooldown_s")?,
            user_cooldown: seconds("user_cooldown_s")?,
            no_cooldown_from: level(word("no_cooldown_from")?),
            when: match word("answers")?.as_deref() {
                Some("online") => When::Online,
                Some("offline") => When::Offline,
                _ => When::Always,
            },
            enabled: row.try_get("enabled")?,
            expires_at: row.try_get("expires_at")?,
            category: row.try_get("category")?,
            fetch: word("fetch_url")?.map(|url| Fetch { url, fallback }),
        };
        Ok(Self {
            command,
            revision: row.try_get("revision")?,
            uses: row.try_get("uses")?,
            used_at: row.try_get("used_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

macro_rules! stored {
    ($rest:literal) => {
        concat!(
            "select c.*, coalesce(u.uses, 0) as uses, u.used_at,
               array(select n.name from chat_command_names n
                     where n.command_id = c.command_id order by n.rank) as names
             from chat_commands c left join chat_uses u
               on u.twitch_user_id = c.twitch_user_id and u.command_id = c.command_id
             where c.twitch_user_id = $1 ",
            $rest
        )
    };
}

/// All commands of a channel, by name.
pub async fn list(db: impl PgExecutor<'_>, channel: &TwitchUserId) -> sqlx::Result<Vec<Stored>> {
    sqlx::query_as(stored!("order by lower(c.name), c.command_id"))
        .bind(channel.as_str())
        .fetch_all(db)
        .await
}

/// One command.
pub async fn find(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    command: CommandId,
) -> sqlx::Result<Option<Stored>> {
    sqlx::query_as(stored!("and c.command_id = $2"))
        .bind(channel.as_str())
        .bind(command.0)
        .fetch_optional(db)
        .await
}

/// The command of this name or alias.
pub async fn find_named(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    name: &str,
) -> sqlx::Result<Option<Stored>> {
    sqlx::query_as(stored!(
        "and c.command_id = (select command_id from chat_command_names
           where twitch_user_id = $1 and folded = $2)"
    ))
    .bind(channel.as_str())
    .bind(fold(name))
    .fetch_optional(db)
    .await
}

/// Inserts a command under its own id, without its names; `false`: the channel has `most` already.
pub async fn insert(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    new: &Command,
    most: i64,
) -> sqlx::Result<bool> {
    let statement = sqlx::query(
        "insert into chat_commands (twitch_user_id, command_id, name, responses, response_order, is_reply,
           level, allowed, denied, cooldown_s, user_cooldown_s, no_cooldown_from, answers, enabled,
           expires_at, category, fetch_url, fetch_fallback)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18
         where (select count(*) from chat_commands where twitch_user_id = $1) < $19",
    );
    let done = bound(statement, channel, new).bind(most).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Updates a command made from `revision`, its names excepted; the new revision, or `None`.
pub async fn update(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    new: &Command,
    revision: i32,
) -> sqlx::Result<Option<i32>> {
    let statement = sqlx::query(
        "update chat_commands set name = $3, responses = $4, response_order = $5, is_reply = $6,
           level = $7, allowed = $8, denied = $9, cooldown_s = $10, user_cooldown_s = $11,
           no_cooldown_from = $12, answers = $13, enabled = $14, expires_at = $15, category = $16,
           fetch_url = $17, fetch_fallback = $18, revision = revision + 1, updated_at = now()
         where twitch_user_id = $1 and command_id = $2 and revision = $19
         returning revision",
    );
    let row = bound(statement, channel, new).bind(revision).fetch_optional(db).await?;
    row.map(|row| row.try_get(0)).transpose()
}

type Statement<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn bound<'q>(
    statement: Statement<'q>,
    channel: &'q TwitchUserId,
    new: &'q Command,
) -> Statement<'q> {
    let fetch = new.fetch.as_ref();
    statement
        .bind(channel.as_str())
        .bind(new.id.0)
        .bind(&new.name)
        .bind(&new.responses)
        .bind(new.order.as_str())
        .bind(new.reply)
        .bind(new.level.as_str())
        .bind(Json(&new.allow))
        .bind(Json(&new.deny))
        .bind(new.cooldown.cast_signed())
        .bind(new.user_cooldown.cast_signed())
        .bind(new.no_cooldown_from.map(Level::as_str))
        .bind(new.when.as_str())
        .bind(new.enabled)
        .bind(new.expires_at)
        .bind(&new.category)
        .bind(fetch.map(|fetch| fetch.url.as_str()))
        .bind(fetch.map_or("", |fetch| fetch.fallback.as_str()))
}

/// Gives up a command's names. Two statements, this and [`take_names`]: what one of them deletes, its
/// other half would still see.
pub async fn free_names(db: impl PgExecutor<'_>, command: CommandId) -> sqlx::Result<()> {
    sqlx::query("delete from chat_command_names where command_id = $1")
        .bind(command.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Takes a command's name and aliases; fails by `chat_command_names_pkey` when another has one of them.
pub async fn take_names(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    command: &Command,
) -> sqlx::Result<()> {
    let names: Vec<&str> =
        std::iter::once(&command.name).chain(&command.aliases).map(String::as_str).collect();
    sqlx::query(
        "insert into chat_command_names (twitch_user_id, folded, name, command_id, rank)
         select $1, n.folded, n.name, $2, n.rank - 1
         from unnest($3::text[], $4::text[]) with ordinality as n (folded, name, rank)",
    )
    .bind(channel.as_str())
    .bind(command.id.0)
    .bind(names.iter().map(|name| fold(name)).collect::<Vec<_>>())
    .bind(&names)
    .execute(db)
    .await?;
    Ok(())
}

/// Who holds a name.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Holder {
    pub folded: String,
    pub command_id: Uuid,
    /// The holder's own name.
    pub name: String,
}

/// Who holds these folded names.
pub async fn holders(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    folded: &[String],
) -> sqlx::Result<Vec<Holder>> {
    sqlx::query_as(
        "select n.folded, n.command_id, c.name from chat_command_names n join chat_commands c using (command_id)
         where n.twitch_user_id = $1 and n.folded = any($2)",
    )
    .bind(channel.as_str())
    .bind(folded)
    .fetch_all(db)
    .await
}

/// Deletes a command with its names, counter and cooldowns; whether it was there.
pub async fn delete(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    command: CommandId,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "with uses as (
           delete from chat_uses where twitch_user_id = $1 and command_id = $2
         ), waits as (
           delete from chat_user_cooldowns where twitch_user_id = $1 and command_id = $2
         )
         delete from chat_commands where twitch_user_id = $1 and command_id = $2",
    )
    .bind(channel.as_str())
    .bind(command.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Switches commands on or off; those that were otherwise before.
pub async fn switch(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    commands: &[Uuid],
    enabled: bool,
) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "update chat_commands set enabled = $3, revision = revision + 1, updated_at = now()
         where twitch_user_id = $1 and command_id = any($2) and enabled <> $3
         returning command_id",
    )
    .bind(channel.as_str())
    .bind(commands)
    .bind(enabled)
    .fetch_all(db)
    .await
}

/// Sets a counter, as an import does for a command that is new.
pub async fn set_uses(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    command: CommandId,
    uses: i64,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into chat_uses (twitch_user_id, command_id, uses, used_at) values ($1, $2, $3, $4)
         on conflict on constraint chat_uses_pkey do update set uses = excluded.uses",
    )
    .bind(channel.as_str())
    .bind(command.0)
    .bind(uses)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}
