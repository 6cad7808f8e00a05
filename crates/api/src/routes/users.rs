//! `/api/users/me`: what pings a member, and what we keep of a person.

use crate::{
    ApiError,
    caller::{Caller, GuildMember},
    extract::{JsonBody, Params},
    routes::auth::signed_out,
    views::rfc3339,
};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use sm_db::preferences::{self, Preference};
use sm_services::accounts::personal_data;
use sm_types::{GuildId, TwitchUserId};
use utoipa::ToSchema;

/// What a member has chosen for one streamer, or for a whole server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreferenceItem {
    /// The server.
    guild_id: String,
    /// The server's name.
    guild_name: String,
    /// The streamer; null for the whole server.
    streamer_id: Option<String>,
    /// The streamer's login.
    login: Option<String>,
    /// The streamer's name.
    display_name: Option<String>,
    /// What was chosen; null: nothing, so the level above counts.
    wants_ping: Option<bool>,
    /// Whom announcements of the streamer mention here.
    mention: Option<String>,
    /// Whether Discord can honour a choice: only mentions by name leave single members out.
    honoured: bool,
    /// When it was chosen.
    #[schema(format = DateTime)]
    updated_at: Option<String>,
}

fn honoured(mention: Option<&str>) -> bool {
    !matches!(mention, Some("role" | "everyone" | "here"))
}

impl From<Preference> for PreferenceItem {
    fn from(preference: Preference) -> Self {
        Self {
            guild_id: preference.guild_id.to_string(),
            guild_name: preference.guild_name,
            streamer_id: preference.twitch_user_id,
            login: preference.login,
            display_name: preference.display_name,
            wants_ping: preference.wants_ping,
            honoured: honoured(preference.mention.as_deref()),
            mention: preference.mention,
            updated_at: preference.updated_at.map(rfc3339),
        }
    }
}

/// What the caller can choose in their servers, and what they have chosen.
#[utoipa::path(get, path = "/api/users/me/preferences", tag = "users",
    responses((status = 200, body = Vec<PreferenceItem>)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<Vec<PreferenceItem>>, ApiError> {
    let (pool, user) = (&caller.app.pool, caller.user.user_id);
    let guilds = sm_db::users::guilds(pool, user).await?;
    let guilds: Vec<_> = guilds.into_iter().map(|guild| guild.guild_id).collect();
    let all = preferences::of_user(pool, user, &guilds).await?;
    Ok(Json(all.into_iter().map(PreferenceItem::from).collect()))
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
    if !sm_db::follows::exists(pool, member.guild, &streamer).await? {
        return Err(ApiError::NotFound);
    }
    store(&member, Some(&streamer), wants_ping).await
}

async fn store(
    member: &GuildMember,
    streamer: Option<&TwitchUserId>,
    wants_ping: Option<bool>,
) -> Result<Json<PreferenceView>, ApiError> {
    let (pool, user) = (&member.caller.app.pool, member.caller.user.user_id);
    match wants_ping {
        Some(wants) => preferences::set(pool, member.guild, streamer, user, wants).await?,
        None => preferences::clear(pool, member.guild, streamer, user).await?,
    }
    let all = preferences::of_user(pool, user, &[member.guild]).await?;
    let about = |preference: &&Preference| match streamer {
        Some(streamer) => preference.twitch_user_id.as_deref() == Some(streamer.as_str()),
        None => preference.twitch_user_id.is_some(),
    };
    let honoured = all.iter().filter(about).all(|p| honoured(p.mention.as_deref()));
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
