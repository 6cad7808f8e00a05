//! Rooms: what is said, by whom, and who may say no more. The same as over the socket, for who has none.

use crate::{
    ApiError,
    caller::{Caller, InRoom, Moderator},
    extract::{JsonBody, Params, QueryOf},
    views::{page_size, rfc3339},
};
use axum::Json;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sm_db::live::shouts::Muted;
use sm_services::{
    live::{
        rooms::{self, LONGEST_MUTE, RoomError, Said},
        tickets,
    },
    setup::Problem,
};
use sm_types::{
    UserId,
    live::{Author, Place, Shout},
};
use time::Duration;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Characters of a reason at most.
const MAX_REASON: usize = 200;

impl From<RoomError> for ApiError {
    fn from(error: RoomError) -> Self {
        let detail = error.to_string();
        match error {
            RoomError::InvalidText(_) => {
                Self::Invalid(vec![Problem::new("text", "invalid", detail)])
            }
            RoomError::Muted { .. } => Self::Refused { code: "muted", detail },
            RoomError::TooFast { wait_seconds } => {
                Self::RateLimited { retry_after: wait_seconds.ceil().clamp(1.0, 60.0) as u64 }
            }
            RoomError::ClientIdUsed => Self::Refused { code: "client_id_used", detail },
            RoomError::NotFound => Self::NotFound,
            RoomError::SignedOut => Self::Unauthenticated,
            RoomError::Unknown => Self::Remote { name: "Discord" },
            RoomError::Database(error) => error.into(),
        }
    }
}

/// A message of a room.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoomMessage {
    message_id: Uuid,
    /// Its place in the room: messages are shown in this order.
    position: i64,
    /// Rises with each change.
    revision: i32,
    /// The author's own name for it.
    client_id: Uuid,
    /// Null: the account is gone.
    author: Option<RoomAuthor>,
    text: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    edited_at: Option<String>,
}

/// Who has said something, or is there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoomAuthor {
    user_id: String,
    name: String,
    /// The hash of the avatar at Discord.
    avatar: Option<String>,
}

impl From<Author> for RoomAuthor {
    fn from(Author { user_id, name, avatar }: Author) -> Self {
        Self { user_id: user_id.to_string(), name, avatar }
    }
}

impl From<Shout> for RoomMessage {
    fn from(shout: Shout) -> Self {
        Self {
            message_id: shout.shout_id,
            position: shout.position,
            revision: shout.revision,
            client_id: shout.client_id,
            author: shout.author.map(RoomAuthor::from),
            text: shout.text.unwrap_or_default(),
            created_at: shout.created_at,
            edited_at: shout.edited_at,
        }
    }
}

/// A place in a topic.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TopicPlace {
    position: i64,
    tag: String,
}

impl From<Place> for TopicPlace {
    fn from(Place { position, tag }: Place) -> Self {
        Self { position, tag }
    }
}

/// A part of a room's history, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoomPage {
    items: Vec<RoomMessage>,
    /// Ask for what is before this position; null: that was all.
    next: Option<i64>,
    /// Listen from here on, and nothing is missed.
    place: TopicPlace,
}

/// Which part of a room's history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RoomQuery {
    /// Messages before this position.
    before: Option<i64>,
    /// How many, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// What is said in a room, the latest first. Deleted messages are left out.
#[utoipa::path(get, path = "/api/rooms/{room}/messages", tag = "rooms",
    params(("room" = String, Path, description = "`public`, or a server's id. Its topic is `room:` and the same."), RoomQuery),
    responses((status = 200, body = RoomPage)))]
pub(crate) async fn messages(
    room: InRoom,
    QueryOf(RoomQuery { before, limit }): QueryOf<RoomQuery>,
) -> Result<Json<RoomPage>, ApiError> {
    let limit = page_size(limit)?;
    let page = rooms::history(room.app(), room.entered, before, limit).await?;
    let next = page.shouts.last().filter(|_| page.more).map(|last| last.position);
    let items = page.shouts.into_iter().map(RoomMessage::from).collect();
    Ok(Json(RoomPage { items, next, place: page.place.into() }))
}

/// A message to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SayBody {
    /// Of your choice: sent again under the same id, it is there once.
    client_id: Uuid,
    /// 1 to 500 characters.
    text: String,
}

/// Says something.
#[utoipa::path(post, path = "/api/rooms/{room}/messages", tag = "rooms",
    params(("room" = String, Path)), request_body = SayBody,
    responses((status = 201, body = RoomMessage),
        (status = 409, description = "You are muted, or the client_id was used for another text.")))]
pub(crate) async fn say(
    room: InRoom,
    JsonBody(SayBody { client_id, text }): JsonBody<SayBody>,
) -> Result<(StatusCode, Json<RoomMessage>), ApiError> {
    let trace = &room.caller.request_id;
    let said = Said { client_id, text: &text, trace_id: Some(trace) };
    let shout = rooms::say(room.app(), room.entered, said).await?;
    Ok((StatusCode::CREATED, Json(shout.into())))
}

/// A message's new text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditBody {
    /// 1 to 500 characters.
    text: String,
}

/// Changes your own message.
#[utoipa::path(put, path = "/api/rooms/{room}/messages/{message_id}", tag = "rooms",
    params(("room" = String, Path), ("message_id" = String, Path)), request_body = EditBody,
    responses((status = 200, body = RoomMessage)))]
pub(crate) async fn edit(
    room: InRoom,
    Params((_, message)): Params<(String, Uuid)>,
    JsonBody(EditBody { text }): JsonBody<EditBody>,
) -> Result<Json<RoomMessage>, ApiError> {
    let shout = rooms::edit(room.app(), room.entered, message, &text).await?;
    Ok(Json(shout.into()))
}

/// Why a moderator deletes a message.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReasonQuery {
    /// Up to 200 characters; kept in the audit log.
    reason: Option<String>,
}

/// Deletes a message: your own, or as a moderator anybody's.
#[utoipa::path(delete, path = "/api/rooms/{room}/messages/{message_id}", tag = "rooms",
    params(("room" = String, Path), ("message_id" = String, Path), ReasonQuery),
    responses((status = 204)))]
pub(crate) async fn delete(
    room: InRoom,
    Params((_, message)): Params<(String, Uuid)>,
    QueryOf(ReasonQuery { reason }): QueryOf<ReasonQuery>,
) -> Result<StatusCode, ApiError> {
    let reason = reason.unwrap_or_default();
    check_reason(&reason)?;
    let actor = room.caller.actor();
    rooms::delete(room.app(), room.entered, message, &reason, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What somebody has not read, and what they may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoomState {
    /// Up to where they have read.
    read_to: i64,
    /// How many messages of others lie behind that; 100 stands for more.
    unread: i64,
    /// Whether they moderate the room.
    moderates: bool,
    /// Until when they may not write; null: they may.
    #[schema(format = DateTime)]
    muted_until: Option<String>,
    /// Listen from here on, and every message is either counted or told.
    place: TopicPlace,
}

/// How much of a room you have not read.
#[utoipa::path(get, path = "/api/rooms/{room}", tag = "rooms",
    params(("room" = String, Path, description = "`public`, or a server's id. Its topic is `room:` and the same.")),
    responses((status = 200, body = RoomState)))]
pub(crate) async fn state(room: InRoom) -> Result<Json<RoomState>, ApiError> {
    let found = rooms::unread(room.app(), room.entered).await?;
    Ok(Json(RoomState {
        read_to: found.position,
        unread: found.unread,
        moderates: room.entered.moderates,
        muted_until: found.muted_until.map(rfc3339),
        place: TopicPlace { position: found.topic_position, tag: found.topic_tag },
    }))
}

/// Up to where somebody has read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkBody {
    position: i64,
}

/// Marks a room as read up to a position. What was read stays so.
#[utoipa::path(put, path = "/api/rooms/{room}/mark", tag = "rooms",
    params(("room" = String, Path)), request_body = MarkBody, responses((status = 204)))]
pub(crate) async fn mark(
    room: InRoom,
    JsonBody(MarkBody { position }): JsonBody<MarkBody>,
) -> Result<StatusCode, ApiError> {
    rooms::mark(room.app(), room.entered, position).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Somebody who may not write in a room.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MuteItem {
    user_id: String,
    /// Null: the account is gone.
    name: Option<String>,
    #[schema(format = DateTime)]
    until: String,
    reason: String,
    muted_by: String,
}

/// Who may not write in a room.
#[utoipa::path(get, path = "/api/rooms/{room}/mutes", tag = "rooms",
    params(("room" = String, Path)), responses((status = 200, body = Vec<MuteItem>)))]
pub(crate) async fn mutes(Moderator(room): Moderator) -> Result<Json<Vec<MuteItem>>, ApiError> {
    let all = rooms::muted(room.app(), room.entered).await?;
    let item = |muted: Muted| MuteItem {
        user_id: UserId::from_db(muted.user_id).to_string(),
        name: muted.name,
        until: rfc3339(muted.until),
        reason: muted.reason,
        muted_by: UserId::from_db(muted.muted_by).to_string(),
    };
    Ok(Json(all.into_iter().map(item).collect()))
}

/// How long somebody may not write, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MuteBody {
    /// 1 to 40,320 (28 days).
    #[schema(minimum = 1, maximum = 40320)]
    minutes: i64,
    /// Up to 200 characters; kept in the audit log.
    reason: String,
}

/// Until when somebody may not write.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MutedUntil {
    #[schema(format = DateTime)]
    until: String,
}

/// Mutes somebody in a room.
#[utoipa::path(put, path = "/api/rooms/{room}/mutes/{user_id}", tag = "rooms",
    params(("room" = String, Path), ("user_id" = String, Path)), request_body = MuteBody,
    responses((status = 200, body = MutedUntil)))]
pub(crate) async fn mute(
    Moderator(room): Moderator,
    Params((_, user)): Params<(String, UserId)>,
    JsonBody(MuteBody { minutes, reason }): JsonBody<MuteBody>,
) -> Result<Json<MutedUntil>, ApiError> {
    let most = LONGEST_MUTE.whole_minutes();
    if !(1..=most).contains(&minutes) {
        let message = format!("Choose from 1 to {most} minutes.");
        return Err(ApiError::Invalid(vec![Problem::new("minutes", "invalid", message)]));
    }
    check_reason(&reason)?;
    let (actor, lasts) = (room.caller.actor(), Duration::minutes(minutes));
    let until = rooms::mute(room.app(), room.entered, user, (lasts, &reason), &actor).await?;
    Ok(Json(MutedUntil { until: rfc3339(until) }))
}

/// Lets somebody write again.
#[utoipa::path(delete, path = "/api/rooms/{room}/mutes/{user_id}", tag = "rooms",
    params(("room" = String, Path), ("user_id" = String, Path)), responses((status = 204)))]
pub(crate) async fn unmute(
    Moderator(room): Moderator,
    Params((_, user)): Params<(String, UserId)>,
) -> Result<StatusCode, ApiError> {
    let actor = room.caller.actor();
    rooms::unmute(room.app(), room.entered, user, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn check_reason(reason: &str) -> Result<(), ApiError> {
    if reason.chars().count() <= MAX_REASON {
        return Ok(());
    }
    let message = format!("Use up to {MAX_REASON} characters.");
    Err(ApiError::Invalid(vec![Problem::new("reason", "too_long", message)]))
}

/// A proof for one socket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ticket {
    /// Hand it over as the subprotocol `ticket.<ticket>`, beside `streammaxing.v1`.
    ticket: String,
    /// Seconds that it is good for, once.
    expires_in: i64,
}

/// A ticket to open a socket with, where no cookie reaches.
#[utoipa::path(post, path = "/api/ws/tickets", tag = "rooms",
    responses((status = 201, body = Ticket)))]
pub(crate) async fn ticket(caller: Caller) -> Result<(StatusCode, Json<Ticket>), ApiError> {
    let ticket = tickets::give(&caller.app, caller.session_id).await?;
    let ticket = ticket.ok_or(ApiError::Unavailable)?.expose().to_owned();
    let expires_in = tickets::LIFETIME.whole_seconds();
    Ok((StatusCode::CREATED, Json(Ticket { ticket, expires_in })))
}
