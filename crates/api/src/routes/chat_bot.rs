//! `/api/channels/{channel_id}/bot`: whether the chat bot is in a channel, as whom it speaks, and what it has said. For
//! whose channel it is, and for nobody else.

use crate::{
    ApiError,
    caller::Caller,
    extract::{Params, QueryOf},
    routes::auth::{BOT_PAGE, to_consent, to_page},
    views::{page_size, rfc3339},
};
use axum::{Json, response::Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sm_db::chat::{
    channels::{self as db, Channel},
    sends::{self, Sent},
};
use sm_services::{
    accounts::consent::{self, Purpose},
    chat::channels,
};
use sm_types::TwitchUserId;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A channel that the chat bot is in, or was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatChannel {
    channel_id: String,
    login: String,
    display_name: String,
    /// `on`, `leaving` or `left`.
    #[schema(example = "on")]
    state: String,
    /// Why it has left: `owner`, `revoked`, `banned`, `not_granted` or `account_deleted`.
    reason: Option<String>,
    /// The account that it speaks as; null: none is linked.
    bot_login: Option<String>,
    /// Whether the account is the channel's own.
    own_account: bool,
    /// Whether the bot moderates there, by what its own lines show.
    moderator: bool,
    /// Nothing is said until then.
    #[schema(format = DateTime)]
    paused_until: Option<String>,
    /// `timed_out`, `channel_suspended` or `not_permitted`.
    pause_reason: Option<String>,
    /// How far the subscription is by which it hears: `wanted`, `pending`, `enabled`, `failed`; null: there is none.
    hears: Option<String>,
    /// Why it does not hear.
    hears_error: Option<String>,
    #[schema(format = DateTime)]
    joined_at: String,
    #[schema(format = DateTime)]
    left_at: Option<String>,
}

impl From<Channel> for ChatChannel {
    fn from(channel: Channel) -> Self {
        Self {
            channel_id: channel.twitch_user_id.as_str().to_owned(),
            login: channel.login,
            display_name: channel.display_name,
            state: channel.state,
            reason: channel.reason,
            bot_login: channel.bot_login,
            own_account: channel.own_account,
            moderator: channel.is_moderator,
            paused_until: channel.paused_until.map(rfc3339),
            pause_reason: channel.pause_reason,
            hears: channel.hears,
            hears_error: channel.hears_error,
            joined_at: rfc3339(channel.joined_at),
            left_at: channel.left_at.map(rfc3339),
        }
    }
}

/// Your channels.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatChannels {
    items: Vec<ChatChannel>,
}

/// Where the chat bot is that you have asked for.
#[utoipa::path(get, path = "/api/users/me/bot", tag = "chat", responses((status = 200, body = ChatChannels)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<ChatChannels>, ApiError> {
    let items = db::of_owner(&caller.app.pool, caller.user.user_id).await?;
    Ok(Json(ChatChannels { items: items.into_iter().map(ChatChannel::from).collect() }))
}

/// Sends the browser to Twitch, to let the chat bot into your own channel.
#[utoipa::path(get, path = "/api/users/me/bot/link", tag = "chat",
    responses((status = 303, description = "To Twitch, to /me/bot?error=… or to /login?error=….")))]
pub(crate) async fn link(caller: Result<Caller, ApiError>) -> Response {
    match caller {
        Ok(caller) => {
            let purpose = Purpose::ChatBot { user: caller.user.user_id };
            to_consent(consent::begin(&caller.app, purpose), BOT_PAGE)
        }
        Err(error) => to_page(&error, BOT_PAGE),
    }
}

async fn owned(caller: &Caller, channel: &TwitchUserId) -> Result<Channel, ApiError> {
    let found = channels::of_owner(&caller.app, channel, caller.user.user_id).await?;
    found.ok_or(ApiError::NotFound)
}

/// Whether the chat bot is in your channel, and how it is there.
#[utoipa::path(get, path = "/api/channels/{channel_id}/bot", tag = "chat",
    params(("channel_id" = String, Path)), responses((status = 200, body = ChatChannel)))]
pub(crate) async fn get(
    caller: Caller,
    Params(channel): Params<TwitchUserId>,
) -> Result<Json<ChatChannel>, ApiError> {
    Ok(Json(owned(&caller, &channel).await?.into()))
}

/// Has the chat bot leave your channel.
#[utoipa::path(delete, path = "/api/channels/{channel_id}/bot", tag = "chat",
    params(("channel_id" = String, Path)), responses((status = 204)))]
pub(crate) async fn leave(
    caller: Caller,
    Params(channel): Params<TwitchUserId>,
) -> Result<StatusCode, ApiError> {
    owned(&caller, &channel).await?;
    channels::leave(&caller.app, &channel, "owner", Some(&caller.actor())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A line that the bot has said, or has not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatLine {
    line_id: Uuid,
    /// What it answers: `line:` and Twitch's id of a line, `run:…`, `timer:…`.
    cause: String,
    /// Its place in the answer, from 0.
    part: i16,
    command_id: Option<Uuid>,
    text: String,
    /// `queued`, `sending`, `sent`, `dropped` or `unknown`: Twitch's answer was lost.
    state: String,
    /// Why it was not said: `late`, `paused`, `left`, `repeated`, `too_long`, `forbidden`, … or Twitch's own code.
    reason: Option<String>,
    /// What Twitch has said about it.
    detail: Option<String>,
    #[schema(format = DateTime)]
    queued_at: String,
    /// When Twitch has answered.
    #[schema(format = DateTime)]
    answered_at: Option<String>,
    /// Whether it was seen in chat: what is sent is not always shown.
    seen: bool,
}

impl From<Sent> for ChatLine {
    fn from(sent: Sent) -> Self {
        Self {
            line_id: sent.send_id,
            cause: sent.cause,
            part: sent.part,
            command_id: sent.command_id,
            text: sent.said.unwrap_or(sent.text),
            state: sent.state,
            reason: sent.reason,
            detail: sent.detail.filter(|detail| !detail.is_empty()),
            queued_at: rfc3339(sent.queued_at),
            answered_at: sent.spent_at.map(rfc3339),
            seen: sent.seen_at.is_some(),
        }
    }
}

/// Lines, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatLines {
    items: Vec<ChatLine>,
    /// Ask for what is before this one; null: that was all.
    next: Option<Uuid>,
}

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChatLinesQuery {
    /// Lines from before this one.
    before: Option<Uuid>,
    /// How many, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// What the chat bot has to say in your channel, has said and has not, the latest first.
#[utoipa::path(get, path = "/api/channels/{channel_id}/bot/lines", tag = "chat",
    params(("channel_id" = String, Path), ChatLinesQuery), responses((status = 200, body = ChatLines)))]
pub(crate) async fn lines(
    caller: Caller,
    Params(channel): Params<TwitchUserId>,
    QueryOf(ChatLinesQuery { before, limit }): QueryOf<ChatLinesQuery>,
) -> Result<Json<ChatLines>, ApiError> {
    owned(&caller, &channel).await?;
    let limit = page_size(limit)?;
    let found = sends::list(&caller.app.pool, &channel, before, limit).await?;
    let full = i64::try_from(found.len()).is_ok_and(|len| len == limit);
    let next = found.last().filter(|_| full).map(|sent| sent.send_id);
    Ok(Json(ChatLines { items: found.into_iter().map(ChatLine::from).collect(), next }))
}

/// Which account.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChatAccountQuery {
    /// The login of the account that is to agree; another is refused.
    login: String,
}

/// Sends the browser to Twitch, where an account of yours lets the bot speak as it in your channel.
#[utoipa::path(get, path = "/api/channels/{channel_id}/bot/account/link", tag = "chat",
    params(("channel_id" = String, Path), ChatAccountQuery),
    responses((status = 303, description = "To Twitch, to /me/bot?error=… or to /login?error=….")))]
pub(crate) async fn link_account(
    caller: Result<Caller, ApiError>,
    Params(channel): Params<TwitchUserId>,
    query: Result<QueryOf<ChatAccountQuery>, ApiError>,
) -> Response {
    let begun = async {
        let (caller, QueryOf(ChatAccountQuery { login })) = (caller?, query?);
        owned(&caller, &channel).await?;
        Ok::<_, ApiError>((caller, login))
    };
    match begun.await {
        Ok((caller, login)) => {
            let login = login.trim().trim_start_matches('@').to_ascii_lowercase();
            let purpose = Purpose::ChatAccount { user: caller.user.user_id, channel, login };
            to_consent(consent::begin(&caller.app, purpose), BOT_PAGE)
        }
        Err(error) => to_page(&error, BOT_PAGE),
    }
}

/// Lets the bot speak as the service's own account in your channel again.
#[utoipa::path(delete, path = "/api/channels/{channel_id}/bot/account", tag = "chat",
    params(("channel_id" = String, Path)), responses((status = 204)))]
pub(crate) async fn drop_account(
    caller: Caller,
    Params(channel): Params<TwitchUserId>,
) -> Result<StatusCode, ApiError> {
    owned(&caller, &channel).await?;
    channels::drop_account(&caller.app, &channel, &caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}
