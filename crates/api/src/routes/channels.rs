//! `/api/channels`: a channel to watch.

use crate::{ApiError, caller::Caller, extract::Params, routes::streamers::twitch, views::rfc3339};
use axum::Json;
use serde::Serialize;
use sm_db::live::watch::{Server, Stream};
use sm_services::live::watch::{self, ChannelError};
use utoipa::ToSchema;

/// One more channel that nobody here knows is looked up after so many seconds.
const NEXT_LOOKUP_SECONDS: u64 = 6;

/// A stream of a channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelStream {
    #[schema(format = DateTime)]
    started_at: String,
    /// Null: it is under way.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    title: Option<String>,
    game: Option<String>,
    /// Who watched when we looked last.
    viewers: Option<i32>,
    /// The recording's address, once there is one.
    vod_url: Option<String>,
}

impl From<Stream> for ChannelStream {
    fn from(stream: Stream) -> Self {
        Self {
            started_at: rfc3339(stream.started_at),
            ended_at: stream.ended_at.map(rfc3339),
            title: stream.title,
            game: stream.game_name,
            viewers: stream.viewers,
            vod_url: stream.vod_url,
        }
    }
}

/// A server of yours that follows a channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelServer {
    guild_id: String,
    name: String,
    /// Whether it announces the channel now.
    announces: bool,
    /// Whether its members may see anything of feeds.
    shows_feed: bool,
}

impl From<Server> for ChannelServer {
    fn from(server: Server) -> Self {
        Self {
            guild_id: server.guild_id.to_string(),
            name: server.name,
            announces: server.announces,
            shows_feed: server.shows,
        }
    }
}

/// A channel to watch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelView {
    /// Twitch's id.
    id: String,
    login: String,
    display_name: String,
    /// The avatar's address.
    avatar_url: Option<String>,
    /// Whether it is live; null: no server follows it and nobody has linked it, so that it is not known.
    is_live: Option<bool>,
    /// The stream under way, else the last one that we know of.
    stream: Option<ChannelStream>,
    /// Your servers that follow it, by name; 20 at most.
    servers: Vec<ChannelServer>,
}

/// A channel by its login. One that nobody here knows is looked up at Twitch, 10 times a minute.
#[utoipa::path(get, path = "/api/channels/{login}", tag = "feeds", params(("login" = String, Path)),
    responses((status = 200, body = ChannelView)))]
pub(crate) async fn get(
    caller: Caller,
    Params(login): Params<String>,
) -> Result<Json<ChannelView>, ApiError> {
    let found = watch::channel(&caller.app, caller.user.user_id, &login).await;
    let found = found.map_err(|error| match error {
        ChannelError::NotFound => ApiError::NotFound,
        ChannelError::TooFast => ApiError::RateLimited { retry_after: NEXT_LOOKUP_SECONDS },
        ChannelError::Twitch(error) => twitch(&error),
        ChannelError::Database(error) => error.into(),
    })?;
    Ok(Json(ChannelView {
        id: found.channel.twitch_user_id.0,
        login: found.channel.login,
        display_name: found.channel.display_name,
        avatar_url: found.channel.profile_image_url,
        is_live: found.live,
        stream: found.stream.map(ChannelStream::from),
        servers: found.servers.into_iter().map(ChannelServer::from).collect(),
    }))
}
