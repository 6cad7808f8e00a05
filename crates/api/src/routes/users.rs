//! `/api/users/me`: what pings a member, and what we keep of a person.

use crate::{
    ApiError,
    caller::{Caller, GuildMember},
    extract::{JsonBody, Params, QueryOf},
    routes::{auth::signed_out, guilds::icon_url},
    views::{key_of, page, page_size, rfc3339, searched},
};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use sm_db::guilds::preferences::{self, GuildPreference, StreamerPreference};
use sm_services::{accounts::personal_data, guilds::wishes};
use sm_types::{GuildId, TwitchUserId};
use utoipa::{IntoParams, ToSchema};

/// A server of the caller's, and what they have chosen there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuildPreferenceItem {
    /// The server.
    guild_id: String,
    /// The server's name.
    guild_name: String,
    /// The server's icon.
    icon_url: Option<String>,
    /// What was chosen for the whole server; null: nothing, and nothing pings the caller by name.
    wants_ping: Option<bool>,
    /// When it was chosen.
    #[schema(format = DateTime)]
    updated_at: Option<String>,
    /// Streamers that the server announces.
    streamers: i64,
    /// Those of them whose pings the caller has turned off, one by one.
    opted_out: i64,
    /// Whether Discord can honour a choice for the whole server: only mentions by name leave single
    /// members out.
    honoured: bool,
}

impl From<GuildPreference> for GuildPreferenceItem {
    fn from(guild: GuildPreference) -> Self {
        Self {
            guild_id: guild.guild_id.to_string(),
            icon_url: guild.icon.map(|hash| icon_url(guild.guild_id, &hash)),
            guild_name: guild.guild_name,
            wants_ping: guild.wants_ping,
            updated_at: guild.updated_at.map(rfc3339),
            streamers: guild.streamers,
            opted_out: guild.opted_out,
            honoured: guild.honoured,
        }
    }
}

/// The caller's servers that have the bot, and what they have chosen for each.
///
/// All of them: Discord lets nobody join more than 200.
#[utoipa::path(get, path = "/api/users/me/preferences", tag = "users",
    responses((status = 200, body = Vec<GuildPreferenceItem>)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<Vec<GuildPreferenceItem>>, ApiError> {
    let guilds = preferences::guilds(&caller.app.pool, caller.user.user_id).await?;
    Ok(Json(guilds.into_iter().map(GuildPreferenceItem::from).collect()))
}

/// What a member has chosen for one streamer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreferenceItem {
    /// The streamer.
    streamer_id: String,
    /// The streamer's login.
    login: String,
    /// The streamer's name.
    display_name: String,
    /// What was chosen; null: nothing, so the choice for the whole server counts.
    wants_ping: Option<bool>,
    /// Whom announcements of the streamer mention here: `none`, `role`, `everyone`, `here` or `members`.
    mention: String,
    /// Whether Discord can honour a choice: only mentions by name leave single members out.
    honoured: bool,
    /// When it was chosen.
    #[schema(format = DateTime)]
    updated_at: Option<String>,
}

impl From<StreamerPreference> for PreferenceItem {
    fn from(preference: StreamerPreference) -> Self {
        Self {
            honoured: preference.honoured(),
            streamer_id: preference.twitch_user_id,
            login: preference.login,
            display_name: preference.display_name,
            wants_ping: preference.wants_ping,
            mention: preference.mention,
            updated_at: preference.updated_at.map(rfc3339),
        }
    }
}

/// A page of streamers and choices.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreferencePage {
    /// By login.
    items: Vec<PreferenceItem>,
    /// The cursor of the next page.
    next: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPreferences {
    /// Only those with this in their login or name; 100 characters at most.
    #[serde(default)]
    q: Option<String>,
    /// The cursor of a page before.
    #[serde(default)]
    after: Option<String>,
    /// 1 to 100; 50 unless said.
    #[serde(default)]
    limit: Option<i64>,
}

/// The streamers that a server announces, and what the caller has chosen for each.
#[utoipa::path(get, path = "/api/users/me/preferences/{guild_id}", tag = "users",
    params(("guild_id" = String, Path), ListPreferences),
    responses((status = 200, body = PreferencePage)))]
pub(crate) async fn list_guild(
    member: GuildMember,
    QueryOf(query): QueryOf<ListPreferences>,
) -> Result<Json<PreferencePage>, ApiError> {
    let (size, after) = (page_size(query.limit)?, key_of(query.after.as_deref())?);
    let name = searched(query.q.as_deref())?;
    let (pool, user) = (&member.caller.app.pool, member.caller.user.user_id);
    let which = preferences::Page { name, after: after.as_deref(), limit: size + 1 };
    let rows = preferences::streamers(pool, member.guild, user, which).await?;
    let (rows, next) = page(rows, size, |row| row.login.clone());
    Ok(Json(PreferencePage { items: rows.into_iter().map(PreferenceItem::from).collect(), next }))
}

/// A choice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreferenceBody {
    /// Whether announcements are to ping; null forgets the choice.
    wants_ping: Option<bool>,
}

/// What was stored, and whether Discord can honour it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreferenceView {
    /// The choice.
    wants_ping: Option<bool>,
    /// Whether Discord can honour it.
    honoured: bool,
    /// Why it cannot, and what can be done.
    notice: Option<&'static str>,
}

const NOTICE: &str = "This server mentions a role or everyone, and Discord cannot leave single members out of \
                      that. Give up the role, or mute the channel in Discord.";

/// Chooses for a whole server.
#[utoipa::path(put, path = "/api/users/me/preferences/{guild_id}", tag = "users",
    params(("guild_id" = String, Path)), request_body = PreferenceBody,
    responses((status = 200, body = PreferenceView)))]
pub(crate) async fn put_guild(
    member: GuildMember,
    JsonBody(PreferenceBody { wants_ping }): JsonBody<PreferenceBody>,
) -> Result<Json<PreferenceView>, ApiError> {
    store(&member, None, wants_ping).await
}

/// Chooses for one streamer in one server.
#[utoipa::path(put, path = "/api/users/me/preferences/{guild_id}/{streamer_id}", tag = "users",
    params(("guild_id" = String, Path), ("streamer_id" = String, Path)), request_body = PreferenceBody,
    responses((status = 200, body = PreferenceView)))]
pub(crate) async fn put_streamer(
    member: GuildMember,
    Params((_, streamer)): Params<(GuildId, TwitchUserId)>,
    JsonBody(PreferenceBody { wants_ping }): JsonBody<PreferenceBody>,
) -> Result<Json<PreferenceView>, ApiError> {
    let pool = &member.caller.app.pool;
    if !sm_db::streamers::follows::exists(pool, member.guild, &streamer).await? {
        return Err(ApiError::NotFound);
    }
    store(&member, Some(&streamer), wants_ping).await
}

async fn store(
    member: &GuildMember,
    streamer: Option<&TwitchUserId>,
    wants_ping: Option<bool>,
) -> Result<Json<PreferenceView>, ApiError> {
    let (app, user) = (&member.caller.app, member.caller.user.user_id);
    let who = (user, &member.caller.actor());
    let wishes::Chosen { honoured } =
        wishes::choose(app, member.guild, streamer, who, wants_ping).await?;
    let refused = wants_ping == Some(false) && !honoured;
    Ok(Json(PreferenceView { wants_ping, honoured, notice: refused.then_some(NOTICE) }))
}

/// Everything we keep of the caller, as a file.
#[utoipa::path(get, path = "/api/users/me/export", tag = "users",
    responses((status = 200, body = Object, content_type = "application/json")))]
pub(crate) async fn export(caller: Caller) -> Result<Response, ApiError> {
    let data = personal_data::export(&caller.app, &caller.user).await?;
    let mut response = Json(data).into_response();
    let name = HeaderValue::from_static("attachment; filename=\"streammaxing-export.json\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

/// Deletes the caller: sessions, Discord tokens, preferences. What was set up in servers stays theirs.
#[utoipa::path(delete, path = "/api/users/me", tag = "users", responses((status = 204)))]
pub(crate) async fn delete(caller: Caller) -> Result<Response, ApiError> {
    personal_data::delete(&caller.app, caller.user.user_id).await?;
    Ok(signed_out())
}
