//! Finding a streamer at Twitch.

use super::pasted::{NoChannel, login_of};
use crate::{App, twitch_token::with_token};
use sm_twitch::{Error, User};
use sm_types::TwitchUserId;

/// What a search needs at least.
pub const MIN_SEARCH: usize = 2;

/// A channel that a search has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub id: TwitchUserId,
    pub login: String,
    pub display_name: String,
    pub profile_image_url: Option<String>,
    /// Whether the channel is live, when the search tells.
    pub live: Option<bool>,
}

/// Why a search came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// It is an address that names no channel.
    #[error("{0}")]
    NoChannel(NoChannel),
    /// Twitch does not answer.
    #[error("Twitch: {0}")]
    Twitch(#[from] Error),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Searches: the exact login first, then what Twitch's own search finds.
pub async fn search(app: &App, text: &str) -> Result<Vec<Found>, SearchError> {
    let login = match login_of(text) {
        Ok(login) => Some(login),
        // The beginning of a display name can be anything.
        Err(NoChannel::Name) => None,
        Err(address) => return Err(SearchError::NoChannel(address)),
    };
    let exact = async {
        match &login {
            Some(login) => by_logins(app, std::slice::from_ref(login)).await,
            None => Ok(Vec::new()),
        }
    };
    let query = text.trim();
    let others = async {
        if query.chars().count() < MIN_SEARCH {
            return Ok(Vec::new());
        }
        with_token(app, |token| async move { app.twitch.search_channels(&token, query).await })
            .await
    };
    let (exact, others) = tokio::join!(exact, others);
    let mut found: Vec<Found> = exact?
        .into_iter()
        .map(|user| Found {
            id: user.id,
            login: user.login,
            display_name: user.display_name,
            profile_image_url: user.profile_image_url,
            live: None,
        })
        .collect();
    let others = match others {
        Ok(others) => others,
        // The exact name is what was asked for.
        Err(error) if !found.is_empty() => {
            tracing::warn!(%error, "Twitch's search did not answer");
            Vec::new()
        }
        Err(error) => return Err(error.into()),
    };
    for other in others {
        if let Some(known) = found.iter_mut().find(|known| known.id == other.id) {
            known.live = Some(other.is_live);
            continue;
        }
        found.push(Found {
            id: other.id,
            login: other.broadcaster_login,
            display_name: other.display_name,
            profile_image_url: other.thumbnail_url,
            live: Some(other.is_live),
        });
    }
    Ok(found)
}

/// Accounts by login; unknown ones are left out.
pub async fn by_logins(app: &App, logins: &[String]) -> Result<Vec<User>, Error> {
    let users = with_token(app, |token| async move {
        let logins: Vec<&str> = logins.iter().map(String::as_str).collect();
        app.twitch.users_by_login(&token, &logins).await
    });
    Ok(users.await?.rows)
}

/// An account by id.
pub async fn by_id(app: &App, id: &TwitchUserId) -> Result<Option<User>, Error> {
    let users =
        with_token(
            app,
            |token| async move { app.twitch.users(&token, std::slice::from_ref(id)).await },
        );
    Ok(users.await?.into_iter().next())
}
