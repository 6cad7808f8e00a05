//! Whom announcements ping by roles of the bot's, and who does not want to be announced.

use crate::{
    ApiError,
    caller::{Caller, GuildAdmin},
    extract::{JsonBody, Params},
    routes::guilds::icon_url,
    views::rfc3339,
};
use axum::Json;
use serde::{Deserialize, Serialize};
use sm_db::{roles::shown, streamers::blocks};
use sm_services::{setup::audiences, streamers::blocking};
use sm_types::{GuildId, TwitchUserId};
use utoipa::ToSchema;

/// A role that the bot grants.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GrantedRole {
    /// `ping`: announcements of one streamer ping it. `live`: linked streamers carry it while they are live.
    purpose: String,
    /// The streamer, of a role for pings.
    streamer_id: Option<String>,
    /// Their login.
    login: Option<String>,
    /// Their name.
    display_name: Option<String>,
    /// Discord's id; null: it is not made yet.
    role_id: Option<String>,
    /// `wanted`: it is to be made; `ready`; `blocked`: something stands in the way.
    state: String,
    /// What does: `missing_permission` (Manage Roles), `role_too_high` (it stands above the bot's), `role_gone`,
    /// `role_of_integration`, `streamer_cap` (50 in a server), `too_many_roles` (240 in a server), `rate_limited`.
    reason: Option<String>,
    /// Whether every member may mention it, since the bot lacks Mention Everyone.
    mentionable: bool,
    /// Members who are to carry it.
    wanted: i64,
    /// Members who do, as far as we know.
    held: i64,
    /// Members who are to get or to lose it.
    waiting: i64,
    /// Since when the first of them waits.
    #[schema(format = DateTime)]
    waiting_since: Option<String>,
}

impl From<shown::Shown> for GrantedRole {
    fn from(role: shown::Shown) -> Self {
        Self {
            role_id: role.role().map(|id| id.to_string()),
            purpose: role.purpose,
            streamer_id: role.twitch_user_id,
            login: role.login,
            display_name: role.display_name,
            state: role.state,
            reason: role.reason,
            mentionable: role.mentionable,
            wanted: role.wanted,
            held: role.held,
            waiting: role.waiting,
            waiting_since: role.waiting_since.map(rfc3339),
        }
    }
}

/// Roles that the bot grants in a server, and who does not want to be announced there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PingsView {
    /// The roles in use.
    roles: Vec<GrantedRole>,
    /// Followed streamers who have blocked the server: they are not announced.
    blocked_by: Vec<String>,
}

/// Roles that the bot grants in a server, how far they are, and streamers who have blocked it.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/pings", tag = "guilds",
    params(("guild_id" = String, Path)), responses((status = 200, body = PingsView)))]
pub(crate) async fn get(admin: GuildAdmin) -> Result<Json<PingsView>, ApiError> {
    let (pool, guild) = (&admin.app().pool, admin.guild);
    let roles = shown::list(pool, guild, None).await?;
    let blocked_by = blocks::of_guild(pool, guild).await?;
    Ok(Json(PingsView { roles: roles.into_iter().map(GrantedRole::from).collect(), blocked_by }))
}

/// Whose announcements are converted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConvertBody {
    /// One streamer; left out: everything in the server.
    #[serde(default)]
    streamer_id: Option<String>,
}

/// What was converted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConvertedView {
    /// Whether the server's own mention was.
    server: bool,
    /// Channels whose own mention was.
    channels: i64,
    /// Members who asked for pings, and get the roles.
    enrolled: i64,
}

/// Has announcements that ping a role, everyone or here ping a role of the bot's instead, which members choose.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/pings/convert", tag = "guilds",
    params(("guild_id" = String, Path)), request_body = ConvertBody,
    responses((status = 200, body = ConvertedView)))]
pub(crate) async fn convert(
    admin: GuildAdmin,
    JsonBody(body): JsonBody<ConvertBody>,
) -> Result<Json<ConvertedView>, ApiError> {
    let streamer = match body.streamer_id {
        None => None,
        Some(id) if id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(TwitchUserId(id))
        }
        Some(_) => return Err(ApiError::NotFound),
    };
    let (app, guild) = (admin.app(), admin.guild);
    let converted = audiences::convert(app, guild, streamer.as_ref(), &admin.actor()).await?;
    let (converted, enrolled) = converted;
    let (server, channels) = (converted.server, converted.channels);
    Ok(Json(ConvertedView { server, channels, enrolled }))
}

/// A server that announces a streamer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BlockableServer {
    /// The server.
    guild_id: String,
    /// Its name.
    name: String,
    /// Its icon.
    icon_url: Option<String>,
    /// Whether it may not announce the streamer.
    blocked: bool,
}

/// Where a streamer does not want to be announced.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BlocksView {
    /// Nowhere at all.
    all: bool,
    /// Servers that follow them, by name; 1,000 at most.
    servers: Vec<BlockableServer>,
}

impl From<blocks::Blocks> for BlocksView {
    fn from(blocks: blocks::Blocks) -> Self {
        let server = |server: blocks::Server| BlockableServer {
            guild_id: server.guild_id.to_string(),
            icon_url: server.icon.map(|hash| icon_url(server.guild_id, &hash)),
            name: server.name,
            blocked: server.blocked,
        };
        Self { all: blocks.all, servers: blocks.servers.into_iter().map(server).collect() }
    }
}

/// Where a streamer does not want to be announced, from the next go-live on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlocksBody {
    /// Nowhere at all.
    all: bool,
    /// Not in these servers; 1,000 at most.
    #[schema(value_type = Vec<String>)]
    guild_ids: Vec<GuildId>,
}

/// Servers that announce your own channel, and those that may not.
#[utoipa::path(get, path = "/api/users/me/channel/{streamer_id}/blocks", tag = "feeds",
    params(("streamer_id" = String, Path)), responses((status = 200, body = BlocksView)))]
pub(crate) async fn blocks(
    caller: Caller,
    Params(streamer): Params<TwitchUserId>,
) -> Result<Json<BlocksView>, ApiError> {
    let found = blocking::read(&caller.app, &streamer, caller.user.user_id).await?;
    Ok(Json(found.ok_or(ApiError::NotFound)?.into()))
}

/// Says which servers may not announce your own channel.
#[utoipa::path(put, path = "/api/users/me/channel/{streamer_id}/blocks", tag = "feeds",
    params(("streamer_id" = String, Path)), request_body = BlocksBody,
    responses((status = 200, body = BlocksView)))]
pub(crate) async fn set_blocks(
    caller: Caller,
    Params(streamer): Params<TwitchUserId>,
    JsonBody(body): JsonBody<BlocksBody>,
) -> Result<Json<BlocksView>, ApiError> {
    if body.guild_ids.len() > 1_000 {
        let message = "Name 1,000 servers at most.".to_owned();
        return Err(ApiError::Malformed { field: "guild_ids".to_owned(), message });
    }
    let who = (caller.user.user_id, &caller.actor());
    let stored = blocking::replace(&caller.app, &streamer, who, body.all, &body.guild_ids).await?;
    Ok(Json(stored.ok_or(ApiError::NotFound)?.into()))
}
