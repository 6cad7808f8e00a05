//! Who is there. Pages without a socket say here that they are.

use crate::{
    ApiError,
    caller::{Caller, GuildMember},
    extract::JsonBody,
    routes::rooms::{RoomAuthor, TopicPlace},
};
use axum::Json;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sm_services::{live::presence, setup::Problem};
use sm_types::live::{Page, Presence};
use utoipa::ToSchema;
use uuid::Uuid;

/// Somebody who is there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PresentPerson {
    user: RoomAuthor,
    /// Null: no page of this server's, nor one of the streams'.
    page: Option<PresentPage>,
}

/// A page that somebody looks at.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PresentPage {
    /// Begins with a slash.
    path: String,
    title: String,
}

impl From<Presence> for PresentPerson {
    fn from(presence: Presence) -> Self {
        let page = presence.page.map(|Page { path, title }| PresentPage { path, title });
        Self { user: presence.user.into(), page }
    }
}

/// Who is there, of a server's members.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PresenceList {
    /// By name; 1,000 at most.
    people: Vec<PresentPerson>,
    /// How many there are.
    online: i64,
    /// Listen to `presence:<server id>` from here on, and nothing is missed.
    place: TopicPlace,
}

/// Who is there, of a server's members.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/presence", tag = "presence",
    params(("guild_id" = String, Path)), responses((status = 200, body = PresenceList)))]
pub(crate) async fn list(member: GuildMember) -> Result<Json<PresenceList>, ApiError> {
    let GuildMember { caller, guild } = member;
    let there = presence::there(&caller.app, guild, caller.user.user_id).await?;
    let people = there.people.into_iter().map(PresentPerson::from).collect();
    Ok(Json(PresenceList { people, online: there.online, place: there.place.into() }))
}

/// A tab that is there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeatBody {
    /// The tab's own name for itself.
    client_id: Uuid,
    /// The path of its page, 300 characters at most; query and fragment are not kept.
    path: String,
    /// The title of its page; what is beyond 200 characters is cut off.
    title: String,
}

/// When to say it again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NextBeat {
    /// Without another word for 75 seconds the tab is taken to be closed.
    next_in_seconds: i64,
}

/// Says that a tab without a socket is there, and on which page.
#[utoipa::path(put, path = "/api/presence", tag = "presence", request_body = BeatBody,
    responses((status = 200, body = NextBeat)))]
pub(crate) async fn beat(
    caller: Caller,
    JsonBody(BeatBody { client_id, path, title }): JsonBody<BeatBody>,
) -> Result<Json<NextBeat>, ApiError> {
    let page = Page::clean(&path, &title).map_err(|error| {
        ApiError::Invalid(vec![Problem::new("path", "invalid", error.to_string())])
    })?;
    let user = caller.user.user_id;
    presence::beat(&caller.app, user, caller.session_id, client_id, page).await?;
    Ok(Json(NextBeat { next_in_seconds: presence::BEAT_EVERY.whole_seconds() }))
}

/// Whether others are told of you.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Visibility {
    /// For others it is as if you were not there.
    invisible: bool,
}

/// Whether others are told of you.
#[utoipa::path(get, path = "/api/presence/visibility", tag = "presence",
    responses((status = 200, body = Visibility)))]
pub(crate) async fn visibility(caller: Caller) -> Result<Json<Visibility>, ApiError> {
    let user = caller.user.user_id;
    let invisible = sm_db::live::presence::is_invisible(&caller.app.pool, user).await?;
    Ok(Json(Visibility { invisible }))
}

/// Chooses whether others are told of you; it holds at once, and until you choose otherwise.
#[utoipa::path(put, path = "/api/presence/visibility", tag = "presence", request_body = Visibility,
    responses((status = 204)))]
pub(crate) async fn set_visibility(
    caller: Caller,
    JsonBody(Visibility { invisible }): JsonBody<Visibility>,
) -> Result<StatusCode, ApiError> {
    presence::set_invisible(&caller.app, caller.user.user_id, invisible).await?;
    Ok(StatusCode::NO_CONTENT)
}
