//! Who follows a channel.

use crate::{Client, Error, client::Request};
use http::Method;
use serde::Deserialize;
use sm_types::{Secret, TwitchUserId};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

#[derive(Deserialize)]
struct Answer {
    total: u64,
    #[serde(default)]
    data: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    followed_at: Option<String>,
}

impl Client {
    /// How many follow a channel; any token may ask.
    pub async fn follower_count(
        &self,
        token: &Secret,
        channel: &TwitchUserId,
    ) -> Result<u64, Error> {
        let query = [("broadcaster_id", channel.as_str()), ("first", "1")];
        Ok(self.followers(token, &query).await?.total)
    }

    /// Since when somebody has followed. `None`: they do not, or the token may not know
    /// (`moderator:read:followers`); Twitch's answer is the same.
    pub async fn followed_since(
        &self,
        token: &Secret,
        channel: &TwitchUserId,
        person: &TwitchUserId,
    ) -> Result<Option<OffsetDateTime>, Error> {
        let query = [("broadcaster_id", channel.as_str()), ("user_id", person.as_str())];
        let answer = self.followers(token, &query).await?;
        let at = answer.data.into_iter().next().and_then(|row| row.followed_at);
        Ok(at.and_then(|at| OffsetDateTime::parse(&at, &Rfc3339).ok()))
    }

    async fn followers(&self, token: &Secret, query: &[(&str, &str)]) -> Result<Answer, Error> {
        let request = Request { query, body: None };
        self.call(Method::GET, "channels/followers", token, request).await
    }
}
