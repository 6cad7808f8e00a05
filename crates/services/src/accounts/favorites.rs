//! Channels that somebody watches.

use crate::{App, setup::SaveError, twitch_token::with_token};
use sm_db::accounts::favorites::{self, Named};
use sm_types::{TwitchUserId, UserId};

/// Channels of one person at most.
pub const MAX: usize = 50;
/// Times that Twitch is asked for one person's new channels: so many at once, and within a minute.
const LOOKUPS: u32 = 10;

/// Why channels were not kept.
#[derive(Debug, thiserror::Error)]
pub enum FavoritesError {
    #[error(transparent)]
    Save(#[from] SaveError),
    #[error("Twitch: {0}")]
    Twitch(#[from] sm_twitch::Error),
    #[error("too many new channels at once")]
    TooFast,
}

impl From<sqlx::Error> for FavoritesError {
    fn from(error: sqlx::Error) -> Self {
        Self::Save(error.into())
    }
}

/// Replaces somebody's channels, in this order. Those that we do not know are asked for at Twitch.
pub async fn replace(app: &App, user: UserId, ids: &[TwitchUserId]) -> Result<(), FavoritesError> {
    if ids.len() > MAX {
        let message = format!("Keep {MAX} channels at most.");
        return Err(SaveError::field("streamer_ids", "invalid", message).into());
    }
    if let Some(at) = (1..ids.len()).find(|at| ids[..*at].contains(&ids[*at])) {
        let field = format!("streamer_ids[{at}]");
        return Err(
            SaveError::field(&field, "invalid", "This channel is in the list already.").into()
        );
    }
    let mut known = favorites::known(&app.pool, user, ids).await?;
    let is_known = |known: &[Named], id: &TwitchUserId| known.iter().any(|named| named.id == *id);
    let unknown: Vec<_> = ids.iter().filter(|id| !is_known(&known, id)).cloned().collect();
    if !unknown.is_empty() {
        let key = format!("favorites:{user}");
        if !sm_db::limits::spend(&app.pool, &key, LOOKUPS, 60).await? {
            return Err(FavoritesError::TooFast);
        }
        known.extend(look_up(app, &unknown).await?);
    }
    let mut ordered = Vec::with_capacity(ids.len());
    for (at, id) in ids.iter().enumerate() {
        let Some(named) = known.iter().find(|named| named.id == *id) else {
            let message = "Twitch does not know this channel.";
            return Err(SaveError::field(
                format!("streamer_ids[{at}]"),
                "unknown_streamer",
                message,
            )
            .into());
        };
        ordered.push(named.clone());
    }
    let mut transaction = app.pool.begin().await?;
    favorites::replace(&mut transaction, user, &ordered).await?;
    transaction.commit().await?;
    Ok(())
}

async fn look_up(app: &App, ids: &[TwitchUserId]) -> Result<Vec<Named>, FavoritesError> {
    // What cannot be an id would have Twitch refuse the others too.
    let digits = |id: &&TwitchUserId| {
        (1..=20).contains(&id.as_str().len()) && id.as_str().bytes().all(|b| b.is_ascii_digit())
    };
    let ids: Vec<_> = ids.iter().filter(digits).cloned().collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = &ids;
    let users = with_token(app, |token| async move { app.twitch.users(&token, ids).await }).await?;
    let named = |user: sm_twitch::User| {
        let unnamed = user.display_name.is_empty();
        let display_name = if unnamed { user.login.clone() } else { user.display_name };
        Named {
            id: user.id,
            login: user.login,
            display_name,
            profile_image_url: user.profile_image_url,
        }
    };
    Ok(users.into_iter().map(named).collect())
}
