//! `/api/users/me/channel`: one's own channels, and what their feeds may show.

use crate::{
    ApiError,
    caller::Caller,
    extract::{Params, QueryOf},
};
use axum::Json;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sm_db::live::feeds;
use sm_services::streamers::own_channel;
use sm_types::{TwitchUserId, live::FeedGrant};
use utoipa::{IntoParams, ToSchema};

/// A channel of the caller's.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnChannel {
    /// Twitch's id.
    streamer_id: String,
    login: String,
    display_name: String,
    avatar_url: Option<String>,
    /// What the feed may show beyond what is public: `follows`, `subscriptions`, `cheers`.
    granted: Vec<String>,
    /// What was granted and has to be again: Twitch does not let us have it any more.
    grant_again: Vec<String>,
}

impl From<feeds::OwnChannel> for OwnChannel {
    fn from(channel: feeds::OwnChannel) -> Self {
        Self {
            streamer_id: channel.twitch_user_id,
            login: channel.login,
            display_name: channel.display_name,
            avatar_url: channel.profile_image_url,
            granted: channel.granted,
            grant_again: channel.lost,
        }
    }
}

/// The channels that the caller has linked, by login, and what their feeds may show.
#[utoipa::path(get, path = "/api/users/me/channel", tag = "feeds",
    responses((status = 200, body = Vec<OwnChannel>)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<Vec<OwnChannel>>, ApiError> {
    let channels = feeds::own_channels(&caller.app.pool, caller.user.user_id).await?;
    Ok(Json(channels.into_iter().map(OwnChannel::from).collect()))
}

/// What is taken back.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Withdrawal {
    /// `follows`, `subscriptions` or `cheers`. Left out: everything, and the channel is not known as yours any more.
    grant: Option<String>,
}

/// Takes back what the feed of your own channel may show. Servers go on announcing it.
#[utoipa::path(delete, path = "/api/users/me/channel/{streamer_id}", tag = "feeds",
    params(("streamer_id" = String, Path), Withdrawal), responses((status = 204)))]
pub(crate) async fn withdraw(
    caller: Caller,
    Params(streamer): Params<TwitchUserId>,
    QueryOf(Withdrawal { grant }): QueryOf<Withdrawal>,
) -> Result<StatusCode, ApiError> {
    let known = |name: String| {
        FeedGrant::named(&name).ok_or_else(|| ApiError::Malformed {
            field: "grant".to_owned(),
            message: "Choose follows, subscriptions or cheers.".to_owned(),
        })
    };
    let (grant, owner) = (grant.map(known).transpose()?, caller.user.user_id);
    if own_channel::withdraw(&caller.app, &streamer, owner, grant).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::NotFound)
    }
}
