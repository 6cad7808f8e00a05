//! Which announcements ping which member.

use sm_types::{GuildId, TwitchUserId, UserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// Stands for every streamer of a guild.
const ALL: &str = "*";

/// Stores whether a member wants pings for a streamer, or for all (`None`).
pub async fn set(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    streamer: Option<&TwitchUserId>,
    user: UserId,
    wants_ping: bool,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into user_preferences (guild_id, twitch_user_id, user_id, wants_ping) values ($1, $2, $3, $4)
         on conflict on constraint user_preferences_pkey
         do update set wants_ping = excluded.wants_ping, updated_at = now()",
    )
    .bind(guild.to_db())
    .bind(streamer.map_or(ALL, TwitchUserId::as_str))
    .bind(user.to_db())
    .bind(wants_ping)
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets what a member wanted, so that the level above counts again.
pub async fn clear(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    streamer: Option<&TwitchUserId>,
    user: UserId,
) -> sqlx::Result<()> {
    sqlx::query(
        "delete from user_preferences where guild_id = $1 and twitch_user_id = $2 and user_id = $3",
    )
    .bind(guild.to_db())
    .bind(streamer.map_or(ALL, TwitchUserId::as_str))
    .bind(user.to_db())
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets everything a user wanted.
pub async fn forget(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<()> {
    sqlx::query("delete from user_preferences where user_id = $1")
        .bind(user.to_db())
        .execute(db)
        .await?;
    Ok(())
}

/// What a user wants of one streamer in one guild, or of the whole guild.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Preference {
    /// The guild.
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    /// The guild's name.
    pub guild_name: String,
    /// The streamer; `None` for the whole guild.
    pub twitch_user_id: Option<String>,
    /// The streamer's login.
    pub login: Option<String>,
    /// The streamer's name.
    pub display_name: Option<String>,
    /// Whom announcements of the streamer mention here, in stored form.
    pub mention: Option<String>,
    /// What the user has chosen; `None`: nothing.
    pub wants_ping: Option<bool>,
    /// When.
    pub updated_at: Option<OffsetDateTime>,
}

/// What a user can choose in the guilds given, and what they have chosen: a row for the whole guild and
/// one per streamer that it announces.
pub async fn of_user(
    db: impl PgExecutor<'_>,
    user: UserId,
    guilds: &[GuildId],
) -> sqlx::Result<Vec<Preference>> {
    sqlx::query_as(
        "with choices as (
           select g.guild_id, g.name as guild_name, null::text as twitch_user_id, null::text as login,
             null::text as display_name, null::text as mention
           from guilds g where g.guild_id = any($2) and g.status = 'active'
           union all
           select g.guild_id, g.name, f.twitch_user_id, t.login, t.display_name,
             coalesce((select d.mention from destinations d where d.guild_id = g.guild_id
                       and d.twitch_user_id = f.twitch_user_id and d.mention is not null limit 1), c.mention, 'none')
           from guilds g join guild_streamers f using (guild_id)
           -- A look-up per follow: `offset 0` keeps the planner from reading all streamers for them.
           cross join lateral (select * from streamers s where s.twitch_user_id = f.twitch_user_id offset 0) t
           left join guild_config c using (guild_id)
           where g.guild_id = any($2) and g.status = 'active' and f.enabled
         )
         select c.*, p.wants_ping, p.updated_at
         from choices c left join user_preferences p
           on p.guild_id = c.guild_id and p.twitch_user_id = coalesce(c.twitch_user_id, '*') and p.user_id = $1
         order by lower(c.guild_name), c.guild_id, c.login nulls first limit 5000",
    )
    .bind(user.to_db())
    .bind(guilds.iter().map(|guild| guild.to_db()).collect::<Vec<_>>())
    .fetch_all(db)
    .await
}

/// Everything a user has chosen, for an export.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Choice {
    /// The guild.
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    /// The streamer, or `*` for the whole guild.
    pub twitch_user_id: String,
    /// The choice.
    pub wants_ping: bool,
    /// When.
    pub updated_at: OffsetDateTime,
}

/// Everything a user has chosen.
pub async fn export(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Vec<Choice>> {
    sqlx::query_as(
        "select guild_id, twitch_user_id, wants_ping, updated_at from user_preferences
         where user_id = $1 order by guild_id, twitch_user_id",
    )
    .bind(user.to_db())
    .fetch_all(db)
    .await
}

/// Members' wishes for one streamer in one guild, the most specific of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience {
    /// Those who want to be pinged, those who asked first at the front.
    pub wanted: Vec<UserId>,
    /// How many do not.
    pub opted_out: i32,
}

/// Reads members' wishes for one streamer in one guild.
pub async fn audience(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    streamer: &TwitchUserId,
) -> sqlx::Result<Audience> {
    let (wanted, opted_out): (Vec<i64>, i32) = sqlx::query_as(
        "with wish as (
           select distinct on (user_id) user_id, wants_ping, updated_at
           from user_preferences
           where guild_id = $1 and twitch_user_id in ($2, '*')
           order by user_id, (twitch_user_id = '*')
         )
         select coalesce(array_agg(user_id order by updated_at, user_id) filter (where wants_ping), '{}'),
                (count(*) filter (where not wants_ping))::int
         from wish",
    )
    .bind(guild.to_db())
    .bind(streamer.as_str())
    .fetch_one(db)
    .await?;
    Ok(Audience { wanted: wanted.into_iter().map(UserId::from_db).collect(), opted_out })
}
