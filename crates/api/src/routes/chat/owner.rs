//! Whose channel it is.

use crate::{ApiError, caller::Caller};
use axum::extract::{FromRef, FromRequestParts, MatchedPath, RawPathParams};
use http::request::Parts;
use sm_services::{App, LazyApp, audit, audit::Actor};
use sm_types::TwitchUserId;

/// A caller to whom the channel in the path belongs: they have proved it, and asked for the bot.
#[derive(Debug)]
pub(crate) struct Owner {
    pub(crate) caller: Caller,
    pub(crate) channel: TwitchUserId,
}

impl Owner {
    pub(crate) fn app(&self) -> &App {
        &self.caller.app
    }

    pub(crate) fn actor(&self) -> Actor {
        self.caller.actor()
    }
}

const CHANNEL: &str = "channel_id";

impl<S> FromRequestParts<S> for Owner
where
    LazyApp: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| ApiError::NotFound)?;
        let channel = params.iter().find(|(name, _)| *name == CHANNEL).map(|(_, value)| value);
        let channel = channel.filter(|channel| {
            (1..=20).contains(&channel.len()) && channel.bytes().all(|b| b.is_ascii_digit())
        });
        let channel = TwitchUserId::from(channel.ok_or(ApiError::NotFound)?);
        let user = caller.user.user_id;
        if sm_db::chat::books::is_owner(&caller.app.pool, &channel, user).await? {
            return Ok(Self { caller, channel });
        }
        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let action = format!("{} {path}", parts.method);
        audit::denied_channel(&caller.app, &channel, &action, &caller.actor()).await;
        // Nobody learns where the bot is.
        Err(ApiError::NotFound)
    }
}
