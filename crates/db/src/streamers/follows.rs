//! The streamers a guild follows, and where it announces each.

use crate::guilds::Mention;
use sm_types::{
    ChannelId, DestinationId, GuildId, RoleId, TemplateId, TwitchUserId, UserId, rules::RuleSet,
};
use sqlx::{AssertSqlSafe, PgExecutor, types::Json};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// A followed streamer for a list.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Follow {
    /// The streamer.
    #[sqlx(try_from = "String")]
    pub twitch_user_id: TwitchUserId,
    pub login: String,
    pub display_name: String,
    /// The avatar.
    pub profile_image_url: Option<String>,
    /// `active`, or `removed` when Twitch does not know the account any more.
    pub status: String,
    /// Whether the streamer has authorised the app.
    pub authorized: bool,
    /// Whether the guild announces them.
    pub enabled: bool,
    /// How they came here: `admin`, `oauth` or `invite`.
    pub source: String,
    /// The revision of this follow and its destinations.
    pub revision: i32,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Whether they are live.
    pub live: bool,
    /// Channels they are announced in.
    pub destinations: i64,
    /// Those to which nothing can be posted now.
    pub degraded: i64,
    /// `enabled`, `pending` or `failed`: the worst of their subscriptions.
    pub subscription: String,
    /// Why a subscription failed.
    pub subscription_error: Option<String>,
    /// When they were announced here last.
    pub last_sent_at: Option<OffsetDateTime>,
}

/// Which of a guild's streamers to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    pub only: Option<&'a TwitchUserId>,
    /// Only those with this in their login or name; small and capital letters are the same.
    pub name: Option<&'a str>,
    /// Only those behind this login: the cursor.
    pub after: Option<&'a str>,
}

/// The streamers a guild follows, by login.
pub async fn list(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    filter: Filter<'_>,
    limit: i64,
) -> sqlx::Result<Vec<Follow>> {
    sqlx::query_as(
        "with page as (
           select f.*, t.login, t.display_name, t.profile_image_url, t.status, t.authorized
           from guild_streamers f
           -- A look-up per follow: `offset 0` keeps the planner from reading all streamers for them.
           cross join lateral (select * from streamers s where s.twitch_user_id = f.twitch_user_id offset 0) t
           where f.guild_id = $1 and ($2::text is null or f.twitch_user_id = $2) and ($3::text is null or t.login > $3)
             and ($5::text is null or strpos(t.login, lower($5)) > 0 or strpos(lower(t.display_name), lower($5)) > 0)
           order by t.login limit $4
         )
         select p.twitch_user_id, p.login, p.display_name, p.profile_image_url, p.status, p.authorized, p.enabled,
           p.source, p.revision, p.created_at,
           exists (select from stream_sessions s where s.twitch_user_id = p.twitch_user_id and s.ended_at is null) as live,
           d.destinations, d.degraded, coalesce(e.subscription, 'pending') as subscription, e.subscription_error,
           (select n.sent_at from deliveries n
            where n.guild_id = p.guild_id and n.streamer_id = p.twitch_user_id and n.status = 'sent'
            order by n.delivery_id desc limit 1) as last_sent_at
         from page p
         cross join lateral (
           select count(*) as destinations, count(degraded_reason) as degraded from destinations d
           where d.guild_id = p.guild_id and d.twitch_user_id = p.twitch_user_id
         ) d
         cross join lateral (
           select case when bool_or(state = 'failed') then 'failed' when bool_and(state = 'enabled') then 'enabled'
                  else 'pending' end as subscription, coalesce(min(error) filter (where state = 'failed'), min(error)) as subscription_error
           from eventsub_targets x where x.twitch_user_id = p.twitch_user_id and x.state <> 'unwanted'
         ) e
         order by p.login",
    )
    .bind(guild.to_db())
    .bind(filter.only.map(TwitchUserId::as_str))
    .bind(filter.after)
    .bind(limit)
    .bind(filter.name)
    .fetch_all(db)
    .await
}

/// A followed streamer by name.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Named {
    #[sqlx(rename = "twitch_user_id", try_from = "String")]
    pub id: TwitchUserId,
    pub login: String,
    pub display_name: String,
    /// Whether the guild announces them.
    pub enabled: bool,
}

/// The streamers of a guild whose name begins so or has this in it, the former first; 25 at most.
pub async fn completed(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    typed: &str,
    only_enabled: bool,
) -> sqlx::Result<Vec<Named>> {
    sqlx::query_as(
        "select f.twitch_user_id, t.login, t.display_name, f.enabled from guild_streamers f
         cross join lateral (select * from streamers s where s.twitch_user_id = f.twitch_user_id offset 0) t
         where f.guild_id = $1 and (f.enabled or not $3)
           and (strpos(t.login, lower($2)) > 0 or strpos(lower(t.display_name), lower($2)) > 0)
         order by not (starts_with(t.login, lower($2)) or starts_with(lower(t.display_name), lower($2))), t.login
         limit 25",
    )
    .bind(guild.to_db())
    .bind(typed)
    .bind(only_enabled)
    .fetch_all(db)
    .await
}

/// The streamers of a guild who are called exactly so: by id, else by login, else by what is shown; small and capital
/// letters are the same. More than one only where several show the same name.
pub async fn named(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    name: &str,
) -> sqlx::Result<Vec<Named>> {
    sqlx::query_as(
        "with found as (
           select f.twitch_user_id, t.login, t.display_name, f.enabled,
             case when f.twitch_user_id = $2 then 0 when t.login = lower($2) then 1
                  when t.display_name || ' (' || t.login || ')' = $2 then 1 else 2 end as rank
           from guild_streamers f
           cross join lateral (select * from streamers s where s.twitch_user_id = f.twitch_user_id offset 0) t
           where f.guild_id = $1 and (f.twitch_user_id = $2 or t.login = lower($2) or lower(t.display_name) = lower($2)
             or t.display_name || ' (' || t.login || ')' = $2)
         )
         select twitch_user_id, login, display_name, enabled from found
         where rank = (select min(rank) from found) order by login limit 25",
    )
    .bind(guild.to_db())
    .bind(name)
    .fetch_all(db)
    .await
}

/// Where and how a streamer is announced; `None` means as the guild's configuration says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its id; `None` for a new one.
    pub id: Option<DestinationId>,
    pub channel: Option<ChannelId>,
    /// Whether it is used.
    pub enabled: bool,
    pub template: Option<TemplateId>,
    /// Whom to mention.
    pub mention: Option<Mention>,
    /// Only these games.
    pub game_filter: Option<Vec<String>>,
    /// Only titles that contain this.
    pub title_filter: Option<String>,
    /// Seconds between two announcements.
    pub cooldown_seconds: i32,
    /// In place of the guild's; what stands above holds beside them.
    pub rules: Option<RuleSet>,
    /// Whether members find buttons for their pings under the message.
    pub buttons: bool,
}

/// How a guild announces a streamer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether it does.
    pub enabled: bool,
    /// Where and how.
    pub destinations: Vec<Destination>,
}

/// A stored destination and its health.
#[derive(Debug, Clone)]
pub struct StoredDestination {
    /// What admins have set.
    pub destination: Destination,
    /// Why nothing can be posted there now.
    pub degraded_reason: Option<String>,
    /// Since when.
    pub degraded_at: Option<OffsetDateTime>,
    /// When it is looked at again.
    pub next_check_at: Option<OffsetDateTime>,
}

#[derive(sqlx::FromRow)]
struct DestinationRow {
    destination_id: Uuid,
    channel_id: Option<i64>,
    enabled: bool,
    template_id: Option<Uuid>,
    mention: Option<String>,
    mention_role_id: Option<i64>,
    game_filter: Option<Vec<String>>,
    title_filter: Option<String>,
    cooldown_seconds: i32,
    rules: Option<Json<RuleSet>>,
    buttons: bool,
    degraded_reason: Option<String>,
    degraded_at: Option<OffsetDateTime>,
    next_check_at: Option<OffsetDateTime>,
}

const DESTINATION: &str =
    "destination_id, channel_id, enabled, template_id, mention, mention_role_id, game_filter,
  title_filter, cooldown_seconds, rules, buttons, degraded_reason, degraded_at, next_check_at";

impl From<DestinationRow> for StoredDestination {
    fn from(row: DestinationRow) -> Self {
        Self {
            destination: Destination {
                id: Some(DestinationId(row.destination_id)),
                channel: row.channel_id.map(ChannelId::from_db),
                enabled: row.enabled,
                template: row.template_id.map(TemplateId),
                mention: row.mention.map(|kind| Mention::from_db(&kind, row.mention_role_id)),
                game_filter: row.game_filter,
                title_filter: row.title_filter,
                cooldown_seconds: row.cooldown_seconds,
                rules: row.rules.map(|rules| rules.0),
                buttons: row.buttons,
            },
            degraded_reason: row.degraded_reason,
            degraded_at: row.degraded_at,
            next_check_at: row.next_check_at,
        }
    }
}

/// The destinations of a followed streamer, the oldest first.
pub async fn destinations(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    streamer: &TwitchUserId,
) -> sqlx::Result<Vec<StoredDestination>> {
    let statement = format!(
        "select {DESTINATION} from destinations where guild_id = $1 and twitch_user_id = $2 order by destination_id"
    );
    let rows: Vec<DestinationRow> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(guild.to_db())
        .bind(streamer.as_str())
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(StoredDestination::from).collect())
}

/// How a guild announces one of its streamers.
#[derive(Debug, Clone)]
pub struct Followed {
    pub streamer: TwitchUserId,
    pub login: String,
    pub revision: i32,
    pub settings: Settings,
}

/// All streamers of a guild with their settings, by login.
pub async fn all(db: &mut crate::Session, guild: GuildId) -> sqlx::Result<Vec<Followed>> {
    #[derive(sqlx::FromRow)]
    struct OfStreamer {
        twitch_user_id: String,
        #[sqlx(flatten)]
        row: DestinationRow,
    }
    let follows: Vec<(String, String, i32, bool)> = sqlx::query_as(
        "select f.twitch_user_id, s.login, f.revision, f.enabled
         from guild_streamers f join streamers s using (twitch_user_id) where f.guild_id = $1 order by s.login",
    )
    .bind(guild.to_db())
    .fetch_all(&mut *db)
    .await?;
    let statement = format!(
        "select twitch_user_id, {DESTINATION} from destinations where guild_id = $1 order by destination_id"
    );
    let rows: Vec<OfStreamer> =
        sqlx::query_as(AssertSqlSafe(statement)).bind(guild.to_db()).fetch_all(db).await?;
    let mut destinations: BTreeMap<String, Vec<Destination>> = BTreeMap::new();
    for OfStreamer { twitch_user_id, row } in rows {
        let stored = StoredDestination::from(row);
        destinations.entry(twitch_user_id).or_default().push(stored.destination);
    }
    let followed = |(id, login, revision, enabled): (String, String, i32, bool)| Followed {
        settings: Settings { enabled, destinations: destinations.remove(&id).unwrap_or_default() },
        streamer: TwitchUserId(id),
        login,
        revision,
    };
    Ok(follows.into_iter().map(followed).collect())
}

/// A streamer to follow from now on.
#[derive(Debug, Clone, Copy)]
pub struct NewFollow<'a> {
    /// The guild that follows.
    pub guild: GuildId,
    /// Whom it follows.
    pub streamer: &'a TwitchUserId,
    /// How it came to that: `admin`, `oauth` or `invite`.
    pub source: &'a str,
    /// The admin, when it was one.
    pub added_by: Option<UserId>,
}

/// Lets a guild follow a streamer in its default channel, unless it does or has `limit` streamers.
///
/// True when the follow is new.
pub async fn insert(
    db: &mut crate::Session,
    new: &NewFollow<'_>,
    limit: i64,
) -> sqlx::Result<bool> {
    let added = sqlx::query(
        "insert into guild_streamers (guild_id, twitch_user_id, source, added_by)
         select $1, $2, $3, $4 where (select count(*) from guild_streamers where guild_id = $1) < $5
         on conflict do nothing",
    )
    .bind(new.guild.to_db())
    .bind(new.streamer.as_str())
    .bind(new.source)
    .bind(new.added_by.map(UserId::to_db))
    .bind(limit)
    .execute(&mut *db)
    .await?;
    if added.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("insert into destinations (guild_id, twitch_user_id) values ($1, $2) on conflict do nothing")
        .bind(new.guild.to_db())
        .bind(new.streamer.as_str())
        .execute(db)
        .await?;
    Ok(true)
}

/// What somebody has left of streamers whom they can add by name, over all guilds. Only those count whose
/// subscriptions cost something: who have not authorised the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct ByName {
    /// Streamers whom this person has added by name.
    pub own: i64,
    /// What the subscriptions of all who have not authorised the app cost together.
    pub cost: i64,
}

/// Counts what a person has added by name, and what all such streamers cost; others who count for the same person wait.
pub async fn count_by_name(db: &mut crate::Session, user: UserId) -> sqlx::Result<ByName> {
    crate::accounts::users::lock(&mut *db, user).await?;
    sqlx::query_as(
        "select
           (select count(distinct f.twitch_user_id) from guild_streamers f join streamers s using (twitch_user_id)
            where f.added_by = $1 and f.source = 'admin' and not s.authorized) as own,
           (select count(*) from eventsub_targets t join streamers s using (twitch_user_id)
            where not s.authorized) as cost",
    )
    .bind(user.to_db())
    .fetch_one(db)
    .await
}

/// What a streamer would add to what a person has by name, and to the cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Share {
    /// They are not among the person's own yet, and cost something.
    pub is_own: bool,
    /// Nobody's subscriptions are there yet, and they cost something.
    pub costs: bool,
}

/// What a streamer, who is known, would add.
pub async fn share_of(
    db: impl PgExecutor<'_>,
    user: UserId,
    streamer: &TwitchUserId,
) -> sqlx::Result<Share> {
    sqlx::query_as(
        "select
           not s.authorized and not exists (select from guild_streamers f where f.twitch_user_id = $2
                                            and f.added_by = $1 and f.source = 'admin') as is_own,
           not s.authorized and not exists (select from eventsub_targets t where t.twitch_user_id = $2) as costs
         from streamers s where s.twitch_user_id = $2",
    )
    .bind(user.to_db())
    .bind(streamer.as_str())
    .fetch_one(db)
    .await
}

/// The login of a streamer whom a guild follows, and whether it announces them.
pub async fn find(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    streamer: &TwitchUserId,
) -> sqlx::Result<Option<(String, bool)>> {
    sqlx::query_as(
        "select s.login, f.enabled from guild_streamers f join streamers s using (twitch_user_id)
         where f.guild_id = $1 and f.twitch_user_id = $2",
    )
    .bind(guild.to_db())
    .bind(streamer.as_str())
    .fetch_optional(db)
    .await
}

/// Whether a guild follows a streamer.
pub async fn exists(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    streamer: &TwitchUserId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from guild_streamers where guild_id = $1 and twitch_user_id = $2)",
    )
    .bind(guild.to_db())
    .bind(streamer.as_str())
    .fetch_one(db)
    .await
}

/// Ends a follow with its destinations; the history stays. False when there was none.
pub async fn delete(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    streamer: &TwitchUserId,
) -> sqlx::Result<bool> {
    let gone =
        sqlx::query("delete from guild_streamers where guild_id = $1 and twitch_user_id = $2")
            .bind(guild.to_db())
            .bind(streamer.as_str())
            .execute(db)
            .await?;
    Ok(gone.rows_affected() == 1)
}

/// Saves a follow with all its destinations, made from `revision`; the new revision, or `None` when
/// somebody else has saved since.
///
/// Destinations that are not named are removed; those that are keep their history. Call it within
/// a transaction: a broken constraint (`destinations_channel_key`: a channel twice) undoes all.
pub async fn save(
    db: &mut crate::Session,
    guild: GuildId,
    streamer: &TwitchUserId,
    settings: &Settings,
    revision: i32,
) -> sqlx::Result<Option<i32>> {
    let Settings { enabled, destinations } = settings;
    let saved: Option<i32> = sqlx::query_scalar(
        "update guild_streamers set enabled = $4, revision = revision + 1
         where guild_id = $1 and twitch_user_id = $2 and revision = $3 returning revision",
    )
    .bind(guild.to_db())
    .bind(streamer.as_str())
    .bind(revision)
    .bind(enabled)
    .fetch_optional(&mut *db)
    .await?;
    if saved.is_none() {
        return Ok(None);
    }
    let kept: Vec<_> = destinations.iter().filter_map(|d| d.id).map(|id| id.0).collect();
    sqlx::query(
        "delete from destinations where guild_id = $1 and twitch_user_id = $2 and destination_id <> all($3)",
    )
    .bind(guild.to_db())
    .bind(streamer.as_str())
    .bind(&kept)
    .execute(&mut *db)
    .await?;
    forget_troubles(db, guild, streamer, destinations).await?;
    // Two may have swapped their channels: they must not meet half-way.
    sqlx::query(
        "update destinations set channel_id = -row
         from (select destination_id as id, row_number() over () as row from destinations
               where guild_id = $1 and twitch_user_id = $2) as numbered
         where destination_id = id",
    )
    .bind(guild.to_db())
    .bind(streamer.as_str())
    .execute(&mut *db)
    .await?;
    for destination in destinations {
        save_destination(db, guild, streamer, destination).await?;
    }
    Ok(saved)
}

/// Drops what was found out about other channels than those that are wanted now.
async fn forget_troubles(
    db: &mut crate::Session,
    guild: GuildId,
    streamer: &TwitchUserId,
    destinations: &[Destination],
) -> sqlx::Result<()> {
    let known =
        destinations.iter().filter_map(|d| Some((d.id?.0, d.channel.map(ChannelId::to_db))));
    let (ids, channels): (Vec<_>, Vec<_>) = known.unzip();
    sqlx::query(
        "update destinations d
         set degraded_reason = null, degraded_at = null, next_check_at = null, failed_checks = 0
         from unnest($3::uuid[], $4::bigint[]) as wanted (id, channel_id)
         where d.destination_id = wanted.id and d.guild_id = $1 and d.twitch_user_id = $2
           and d.degraded_reason is not null and d.channel_id is distinct from wanted.channel_id",
    )
    .bind(guild.to_db())
    .bind(streamer.as_str())
    .bind(&ids)
    .bind(&channels)
    .execute(db)
    .await?;
    Ok(())
}

async fn save_destination(
    db: &mut crate::Session,
    guild: GuildId,
    streamer: &TwitchUserId,
    destination: &Destination,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into destinations as d (destination_id, guild_id, twitch_user_id, channel_id, enabled, template_id,
           mention, mention_role_id, game_filter, title_filter, cooldown_seconds, rules, buttons)
         values (coalesce($1, uuid_v7()), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict on constraint destinations_pkey do update
         set channel_id = excluded.channel_id, enabled = excluded.enabled, template_id = excluded.template_id,
             mention = excluded.mention, mention_role_id = excluded.mention_role_id,
             game_filter = excluded.game_filter, title_filter = excluded.title_filter,
             cooldown_seconds = excluded.cooldown_seconds, rules = excluded.rules,
             buttons = excluded.buttons
         where d.guild_id = $2 and d.twitch_user_id = $3",
    )
    .bind(destination.id.map(|id| id.0))
    .bind(guild.to_db())
    .bind(streamer.as_str())
    .bind(destination.channel.map(ChannelId::to_db))
    .bind(destination.enabled)
    .bind(destination.template.map(|template| template.0))
    .bind(destination.mention.map(Mention::kind))
    .bind(destination.mention.and_then(Mention::role).map(RoleId::to_db))
    .bind(&destination.game_filter)
    .bind(&destination.title_filter)
    .bind(destination.cooldown_seconds)
    .bind(destination.rules.as_ref().map(Json))
    .bind(destination.buttons)
    .execute(db)
    .await?;
    Ok(())
}
