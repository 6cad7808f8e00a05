//! Channels that somebody watches.

use crate::{App, streamers::lookup};
use sm_db::live::watch::{self, Channel, Server, Stream};
use sm_types::UserId;

/// Servers of one person that are shown with a channel.
const MAX_SERVERS: i64 = 20;
/// Channels that nobody here knows and that Twitch is asked for, of one person: so many at once, and within a minute.
const LOOKUPS: u32 = 10;
/// Twitch's logins have 25 characters at most.
const MAX_LOGIN: usize = 25;

/// Why there is no channel to show.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// Nobody is called so.
    #[error("there is no such channel")]
    NotFound,
    #[error("too many channels that nobody here knows")]
    TooFast,
    #[error("Twitch: {0}")]
    Twitch(#[from] sm_twitch::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A channel with what somebody may know of it.
#[derive(Debug)]
pub struct Watched {
    pub channel: Channel,
    /// Whether it is live; `None`: Twitch does not tell us of it.
    pub live: Option<bool>,
    /// The stream under way, or the last one.
    pub stream: Option<Stream>,
    /// Their servers that follow it.
    pub servers: Vec<Server>,
}

/// Finds a channel by its login. One that we do not know is asked for at Twitch.
pub async fn channel(app: &App, user: UserId, login: &str) -> Result<Watched, ChannelError> {
    let is_login = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if login.is_empty() || login.len() > MAX_LOGIN || !login.chars().all(is_login) {
        return Err(ChannelError::NotFound);
    }
    let login = login.to_ascii_lowercase();
    let channel = match watch::channel(&app.pool, user, &login).await? {
        Some(channel) => channel,
        None => ask(app, user, login).await?,
    };
    let (told, stream) = watch::stream(&app.pool, &channel.twitch_user_id).await?;
    let servers = watch::servers(&app.pool, user, &channel.twitch_user_id, MAX_SERVERS).await?;
    let under_way = stream.as_ref().is_some_and(|stream| stream.ended_at.is_none());
    Ok(Watched { channel, live: told.then_some(under_way), stream, servers })
}

async fn ask(app: &App, user: UserId, login: String) -> Result<Channel, ChannelError> {
    if !sm_db::limits::spend(&app.pool, &format!("channels:{user}"), LOOKUPS, 60).await? {
        return Err(ChannelError::TooFast);
    }
    let found = lookup::by_logins(app, &[login]).await?.into_iter().next();
    let user = found.ok_or(ChannelError::NotFound)?;
    let unnamed = user.display_name.is_empty();
    Ok(Channel {
        display_name: if unnamed { user.login.clone() } else { user.display_name },
        twitch_user_id: user.id,
        login: user.login,
        profile_image_url: user.profile_image_url,
    })
}
