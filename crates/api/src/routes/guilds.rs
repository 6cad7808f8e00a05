//! `/api/guilds`: the caller's servers, installing the bot, and what a server offers to choose from.

use crate::{
    ApiError,
    caller::{Caller, GuildAdmin},
    extract::{Params, QueryOf},
    routes::auth::{to_consent, to_page},
    views::rfc3339,
};
use axum::{Json, response::Response};
use serde::{Deserialize, Serialize};
use sm_db::{accounts::users::UserGuild, guilds::config};
use sm_discord::permissions::Level;
use sm_services::{
    accounts::{
        consent::{self, Purpose},
        guild_list::{self, may_manage},
    },
    audit,
    guilds::places,
};
use sm_types::GuildId;
use utoipa::{IntoParams, ToSchema};

/// A server of the caller's.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuildItem {
    /// Discord's id.
    id: String,
    /// The name.
    name: String,
    /// The icon's address.
    icon_url: Option<String>,
    /// Whether the caller owns it.
    owner: bool,
    /// Streamers it follows.
    streamers: i64,
    /// Those who are live.
    live: i64,
    /// Destinations to which nothing can be posted now.
    degraded: i64,
}

impl From<UserGuild> for GuildItem {
    fn from(guild: UserGuild) -> Self {
        let id = guild.guild_id;
        Self {
            id: id.to_string(),
            icon_url: guild.icon.map(|hash| icon_url(id, &hash)),
            name: guild.name,
            owner: guild.owner,
            streamers: guild.streamers,
            live: guild.live,
            degraded: guild.degraded,
        }
    }
}

pub(crate) fn icon_url(guild: GuildId, hash: &str) -> String {
    format!("https://cdn.discordapp.com/icons/{guild}/{hash}.png?size=128")
}

/// The caller's servers, in three groups.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct GuildGroups {
    /// The bot is there, and the caller may manage the server.
    ready: Vec<GuildItem>,
    /// The caller may add the bot.
    can_add: Vec<GuildItem>,
    /// Somebody with Manage Server has to add or set up the bot.
    no_permission: Vec<GuildItem>,
    /// When Discord was asked.
    #[schema(format = DateTime)]
    fetched_at: Option<String>,
    /// Why the list could not be brought up to date: `sign_in_again` or `discord_unavailable`.
    problem: Option<&'static str>,
}

/// Whether to ask Discord anew.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListGuilds {
    /// Asks Discord, once a minute at most.
    #[serde(default)]
    refresh: bool,
}

/// The caller's servers: ready, to be added, and those that need somebody else.
#[utoipa::path(get, path = "/api/guilds", tag = "guilds", params(ListGuilds),
    responses((status = 200, body = GuildGroups)))]
pub(crate) async fn list(
    caller: Caller,
    QueryOf(ListGuilds { refresh }): QueryOf<ListGuilds>,
) -> Result<Json<GuildGroups>, ApiError> {
    let list = guild_list::load(&caller.app, caller.user.user_id, refresh).await?;
    let mut groups = GuildGroups {
        fetched_at: list.fetched_at.map(rfc3339),
        problem: list.problem,
        ..GuildGroups::default()
    };
    for guild in list.guilds {
        let group = match (may_manage(&guild), guild.bot_present) {
            (true, true) => &mut groups.ready,
            (true, false) => &mut groups.can_add,
            (false, _) => &mut groups.no_permission,
        };
        group.push(guild.into());
    }
    Ok(Json(groups))
}

/// Sends the browser to Discord's page for adding the bot to a server.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/install", tag = "guilds",
    params(("guild_id" = String, Path)),
    responses((status = 303, description = "To Discord, to /servers?error=… or to /login?error=….")))]
pub(crate) async fn install(
    caller: Result<Caller, ApiError>,
    guild: Result<Params<GuildId>, ApiError>,
) -> Response {
    match begin_install(caller, guild).await {
        Ok(consent) => consent,
        Err(error) => to_page(&error, SERVERS),
    }
}

const SERVERS: &str = "/servers";

async fn begin_install(
    caller: Result<Caller, ApiError>,
    guild: Result<Params<GuildId>, ApiError>,
) -> Result<Response, ApiError> {
    let (caller, Params(guild)) = (caller?, guild?);
    let user = caller.user.user_id;
    let guilds = sm_db::accounts::users::guilds(&caller.app.pool, user).await?;
    // Discord checks again on its page, and we check what came of it.
    if !guilds.iter().any(|listed| listed.guild_id == guild && may_manage(listed)) {
        let request = Some(caller.request_id.as_str());
        audit::denied(&caller.app, Some(guild), Some(user), "bot.install", request).await;
        return Err(ApiError::NotAdmin);
    }
    Ok(to_consent(consent::begin(&caller.app, Purpose::Install { guild, user }), SERVERS))
}

/// A channel to choose.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelItem {
    /// Discord's id.
    id: String,
    /// The name.
    name: String,
    /// `text`, `announcement`, `voice`, `stage` or `thread`.
    kind: &'static str,
    /// The category it is in.
    category: Option<String>,
    /// Whether the bot can post.
    can_post: bool,
    /// Permissions that the bot lacks to post.
    missing: Vec<&'static str>,
    /// Whose permissions are to be changed for that: `server`, `category`, `channel` or `thread` (the channel that
    /// the thread is in).
    missing_at: Option<&'static str>,
    /// Until when the bot is timed out, and can post nowhere.
    #[schema(format = DateTime)]
    timed_out_until: Option<String>,
    /// Whether embeds are shown; without Embed Links only the text is posted.
    embeds: bool,
    /// Whether the bot may ping everyone here, and roles that are not mentionable.
    may_mention_everyone: bool,
}

/// A role to mention.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoleItem {
    /// Discord's id.
    id: String,
    /// The name.
    name: String,
    /// Whether everybody may mention it; if not, the bot may only where it may mention everyone.
    mentionable: bool,
    /// Whether it belongs to an integration, as those of Twitch's subscribers and of boosters do.
    managed: bool,
}

/// What a server offers to choose from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlacesView {
    /// Whether the bot is in the server.
    bot_present: bool,
    /// Whether the bot may ping everyone and roles that are not mentionable, as far as channels do not differ.
    may_mention_everyone: bool,
    /// Channels, in Discord's order.
    channels: Vec<ChannelItem>,
    /// Roles, the highest first; without `@everyone` and those of bots.
    roles: Vec<RoleItem>,
}

/// Channels and roles of a server, with what the bot may do there.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/places", tag = "guilds",
    params(("guild_id" = String, Path)), responses((status = 200, body = PlacesView)))]
pub(crate) async fn get_places(admin: GuildAdmin) -> Result<Json<PlacesView>, ApiError> {
    let (app, guild) = (admin.app(), admin.guild);
    let mut found = places::load(app, guild).await?;
    let config = config::find(&app.pool, guild).await?;
    let chosen = config.and_then(|(config, _)| config.default_channel);
    // Threads are in no list: the one that was chosen is shown all the same.
    if let Some(chosen) = chosen.filter(|_| found.bot_present)
        && found.channels.iter().all(|place| place.id != chosen)
        && let Ok(Some(thread)) = places::find_thread(app, guild, chosen).await
    {
        found.channels.push(thread);
    }
    let channel = |place: places::Place| ChannelItem {
        can_post: place.can_post(),
        id: place.id.to_string(),
        name: place.name,
        kind: place.kind,
        category: place.category,
        missing: place.missing,
        missing_at: place.at.map(Level::code),
        timed_out_until: place.timed_out_until.map(rfc3339),
        embeds: place.embeds,
        may_mention_everyone: place.may_mention_everyone,
    };
    let role = |role: places::PingRole| RoleItem {
        id: role.id.to_string(),
        name: role.name,
        mentionable: role.mentionable,
        managed: role.managed,
    };
    Ok(Json(PlacesView {
        bot_present: found.bot_present,
        may_mention_everyone: found.may_mention_everyone,
        channels: found.channels.into_iter().map(channel).collect(),
        roles: found.roles.into_iter().map(role).collect(),
    }))
}
