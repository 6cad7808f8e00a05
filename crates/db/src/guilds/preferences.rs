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

/// A guild of a user's, and what they have chosen there.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct GuildPreference {
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    pub guild_name: String,
    /// The hash of the guild's icon.
    pub icon: Option<String>,
    /// What the user has chosen for the whole guild; `None`: nothing.
    pub wants_ping: Option<bool>,
    pub updated_at: Option<OffsetDateTime>,
    /// Streamers that the guild announces.
    pub streamers: i64,
    /// Those of them whose pings the user has turned off, one by one.
    pub opted_out: i64,
    /// Whether Discord can honour a choice for the whole guild: no announcement pings a crowd.
    pub honoured: bool,
}

/// The guilds of a user that have the bot, by name.
pub async fn guilds(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Vec<GuildPreference>> {
    sqlx::query_as(
        "select g.guild_id, g.name as guild_name, coalesce(g.icon, u.icon) as icon, w.wants_ping, w.updated_at,
           (select count(*) from guild_streamers f where f.guild_id = g.guild_id and f.enabled) as streamers,
           coalesce(o.opted_out, 0) as opted_out,
           not exists (
             select from destinations d left join guild_config c using (guild_id)
             where d.guild_id = g.guild_id and d.enabled and coalesce(d.mention, c.mention) = any($2)
               -- No join: of a server with far more streamers than most, it would read all of them for each.
               and (select f.enabled from guild_streamers f
                    where f.guild_id = d.guild_id and f.twitch_user_id = d.twitch_user_id)
           ) as honoured
         from user_guilds u join guilds g using (guild_id)
         left join user_preferences w
           on w.guild_id = g.guild_id and w.twitch_user_id = '*' and w.user_id = u.user_id
         -- From the user's own choices: they are fewer than their guilds' streamers.
         left join (
           select p.guild_id, count(*) as opted_out
           from user_preferences p join guild_streamers f using (guild_id, twitch_user_id)
           where p.user_id = $1 and not p.wants_ping and f.enabled group by p.guild_id
         ) o on o.guild_id = g.guild_id
         where u.user_id = $1 and g.status = 'active'
         order by lower(g.name), g.guild_id",
    )
    .bind(user.to_db())
    .bind(CROWDS.as_slice())
    .fetch_all(db)
    .await
}

/// Mentions that ping a crowd: Discord cannot leave single members out.
const CROWDS: [&str; 3] = ["role", "everyone", "here"];

/// A streamer that a guild announces, and what a user has chosen.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StreamerPreference {
    pub twitch_user_id: String,
    pub login: String,
    pub display_name: String,
    /// Whom announcements mention here, in stored form; a crowd if any channel's do.
    pub mention: String,
    /// What the user has chosen; `None`: nothing.
    pub wants_ping: Option<bool>,
    pub updated_at: Option<OffsetDateTime>,
}

impl StreamerPreference {
    /// Whether Discord can honour a choice.
    pub fn honoured(&self) -> bool {
        !CROWDS.contains(&self.mention.as_str())
    }
}

/// Which streamers are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// A part of the login or the name; small and capital letters are the same.
    pub name: Option<&'a str>,
    /// The login of the last one of the page before.
    pub after: Option<&'a str>,
    /// How many at most.
    pub limit: i64,
}

/// The streamers that a guild announces, by login, and what a user has chosen for each.
pub async fn streamers(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    user: UserId,
    page: Page<'_>,
) -> sqlx::Result<Vec<StreamerPreference>> {
    sqlx::query_as(
        "with page as (
           select f.guild_id, f.twitch_user_id, t.login, t.display_name
           from guild_streamers f
           -- A look-up per follow: `offset 0` keeps the planner from reading all streamers for them.
           cross join lateral (select * from streamers s where s.twitch_user_id = f.twitch_user_id offset 0) t
           where f.guild_id = $1 and f.enabled and ($3::text is null or t.login > $3)
             and ($4::text is null or strpos(t.login, lower($4)) > 0 or strpos(lower(t.display_name), lower($4)) > 0)
           order by t.login limit $5
         )
         select p.twitch_user_id, p.login, p.display_name, w.wants_ping, w.updated_at,
           coalesce(d.mention, 'none') as mention
         from page p
         left join user_preferences w
           on w.guild_id = p.guild_id and w.twitch_user_id = p.twitch_user_id and w.user_id = $2
         left join lateral (
           select coalesce(d.mention, c.mention, 'none') as mention
           from destinations d left join guild_config c using (guild_id)
           where d.guild_id = p.guild_id and d.twitch_user_id = p.twitch_user_id and d.enabled
           -- One channel that pings a crowd pings whoever has opted out.
           order by coalesce(d.mention, c.mention, 'none') = any($6) desc, d.destination_id limit 1
         ) d on true
         order by p.login",
    )
    .bind(guild.to_db())
    .bind(user.to_db())
    .bind(page.after)
    .bind(page.name)
    .bind(page.limit)
    .bind(CROWDS.as_slice())
    .fetch_all(db)
    .await
}

/// What a user has chosen for a whole guild; `None`: nothing.
pub async fn of_guild(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    user: UserId,
) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar(
        "select wants_ping from user_preferences where guild_id = $1 and twitch_user_id = '*' and user_id = $2",
    )
    .bind(guild.to_db())
    .bind(user.to_db())
    .fetch_optional(db)
    .await
}

/// Whether no announcement of a streamer, or of all (`None`), pings a crowd in a guild.
pub async fn honoured(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    streamer: Option<&TwitchUserId>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select not exists (
           select from destinations d left join guild_config c using (guild_id)
           where d.guild_id = $1 and ($2::text is null or d.twitch_user_id = $2)
             and d.enabled and coalesce(d.mention, c.mention) = any($3)
             -- No join: as in `guilds`.
             and (select f.enabled from guild_streamers f
                  where f.guild_id = d.guild_id and f.twitch_user_id = d.twitch_user_id))",
    )
    .bind(guild.to_db())
    .bind(streamer.map(TwitchUserId::as_str))
    .bind(CROWDS.as_slice())
    .fetch_one(db)
    .await
}

/// Everything a user has chosen, for an export.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Choice {
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    /// The streamer, or `*` for the whole guild.
    pub twitch_user_id: String,
    pub wants_ping: bool,
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

/// Turns the pings of a streamer on or off for whoever has proved a Twitch account to be theirs, in every
/// server of theirs that announces the streamer. The servers' names; `None`: nobody has.
pub async fn set_by_account(
    db: impl PgExecutor<'_>,
    streamer: &TwitchUserId,
    account: &TwitchUserId,
    wants_ping: bool,
) -> sqlx::Result<Option<Vec<String>>> {
    let (linked, servers): (bool, Vec<String>) = sqlx::query_as(
        "with person as (
           select owner_id as user_id from streamer_feeds where twitch_user_id = $2 and owner_id is not null
         ), chosen as (
           insert into user_preferences (guild_id, twitch_user_id, user_id, wants_ping)
           select f.guild_id, $1, p.user_id, $3
           from person p
           join user_guilds u using (user_id)
           join guilds g on g.guild_id = u.guild_id and g.status = 'active'
           join guild_streamers f on f.guild_id = g.guild_id and f.twitch_user_id = $1 and f.enabled
           on conflict on constraint user_preferences_pkey
           do update set wants_ping = excluded.wants_ping, updated_at = now()
           returning guild_id
         )
         select exists (select from person),
           array(select g.name from chosen join guilds g using (guild_id) order by lower(g.name))",
    )
    .bind(streamer.as_str())
    .bind(account.as_str())
    .bind(wants_ping)
    .fetch_one(db)
    .await?;
    Ok(linked.then_some(servers))
}
