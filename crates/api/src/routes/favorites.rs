//! `/api/users/me/favorites`: channels that somebody watches; `/api/streamers/search`: finding others.

use crate::{
    ApiError,
    caller::Caller,
    extract::{JsonBody, QueryOf},
    routes::streamers::{Search, found_nothing, twitch},
};
use axum::Json;
use serde::{Deserialize, Serialize};
use sm_db::accounts::favorites::{self as db, Favorite};
use sm_services::{
    accounts::favorites::{self, FavoritesError},
    streamers::search::{self, Match},
};
use sm_types::TwitchUserId;
use utoipa::ToSchema;

/// A channel that is watched.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FavoriteItem {
    /// Twitch's id.
    id: String,
    login: String,
    display_name: String,
    /// The avatar's address.
    avatar_url: Option<String>,
    /// Whether the channel is live; null: no server follows it, so that it is not known.
    is_live: Option<bool>,
}

impl From<Favorite> for FavoriteItem {
    fn from(favorite: Favorite) -> Self {
        Self {
            id: favorite.twitch_user_id.0,
            login: favorite.login,
            display_name: favorite.display_name,
            avatar_url: favorite.profile_image_url,
            is_live: favorite.live,
        }
    }
}

/// Channels that are watched.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FavoritesBody {
    /// Twitch's ids, in the order in which they are shown; 50 at most, each once.
    #[schema(value_type = Vec<String>)]
    streamer_ids: Vec<TwitchUserId>,
}

async fn all(caller: &Caller) -> Result<Json<Vec<FavoriteItem>>, ApiError> {
    let all = db::list(&caller.app.pool, caller.user.user_id).await?;
    Ok(Json(all.into_iter().map(FavoriteItem::from).collect()))
}

/// The channels that you watch, in your order.
#[utoipa::path(get, path = "/api/users/me/favorites", tag = "users",
    responses((status = 200, body = Vec<FavoriteItem>)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<Vec<FavoriteItem>>, ApiError> {
    all(&caller).await
}

/// Replaces the channels that you watch.
#[utoipa::path(put, path = "/api/users/me/favorites", tag = "users", request_body = FavoritesBody,
    responses((status = 200, body = Vec<FavoriteItem>)))]
pub(crate) async fn put(
    caller: Caller,
    JsonBody(FavoritesBody { streamer_ids }): JsonBody<FavoritesBody>,
) -> Result<Json<Vec<FavoriteItem>>, ApiError> {
    let saved = favorites::replace(&caller.app, caller.user.user_id, &streamer_ids).await;
    saved.map_err(|error| match error {
        FavoritesError::Save(error) => error.into(),
        FavoritesError::Twitch(error) => twitch(&error),
        FavoritesError::TooFast => ApiError::RateLimited { retry_after: 6 },
    })?;
    all(&caller).await
}

/// A channel that was found to watch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelFound {
    /// Twitch's id.
    id: String,
    login: String,
    display_name: String,
    /// The avatar's address.
    avatar_url: Option<String>,
    /// Whether the channel is live, where that is known.
    is_live: Option<bool>,
    /// Why it is here: its name is `exact`, begins so (`prefix`), or is `similar`.
    #[serde(rename = "match")]
    #[schema(example = "prefix")]
    fit: &'static str,
}

/// Searches channels to watch: the exact name first, then those that begin like it, then similar ones; 20 at most.
#[utoipa::path(get, path = "/api/streamers/search", tag = "streamers", params(Search),
    responses((status = 200, body = Vec<ChannelFound>)))]
pub(crate) async fn search(
    caller: Caller,
    QueryOf(wanted): QueryOf<Search>,
) -> Result<Json<Vec<ChannelFound>>, ApiError> {
    let found = search::search(&caller.app, wanted.text()?).await.map_err(found_nothing)?;
    let item = |(fit, found): (Match, sm_services::streamers::lookup::Found)| ChannelFound {
        id: found.id.0,
        login: found.login,
        display_name: found.display_name,
        avatar_url: found.profile_image_url,
        is_live: found.live,
        fit: match fit {
            Match::Exact => "exact",
            Match::Prefix => "prefix",
            Match::Similar => "similar",
        },
    };
    Ok(Json(found.into_iter().map(item).collect()))
}
