//! Helix: users, channels, streams, search, videos and EventSub subscriptions.

use crate::{
    Client, Error,
    client::Request,
    eventsub::{Subscription, fields::set},
};
use reqwest::Method;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::json;
use sm_types::{Secret, StreamId, TwitchUserId};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Ids that one request may name.
const MAX_IDS: usize = 100;
/// Pages read of a list: at about 100 rows each, four subscriptions of 250,000 streamers.
const MAX_PAGES: usize = 10_000;

#[derive(Debug, Clone, Deserialize)]
pub struct User {
    pub id: TwitchUserId,
    pub login: String,
    #[serde(default, deserialize_with = "text")]
    pub display_name: String,
    #[serde(default, deserialize_with = "set")]
    pub profile_image_url: Option<String>,
}

/// A channel's present or last title and category; known offline and right at going live.
#[derive(Debug, Clone, Deserialize)]
pub struct Channel {
    pub broadcaster_id: TwitchUserId,
    /// The title; may be empty.
    #[serde(default, deserialize_with = "text")]
    pub title: String,
    #[serde(default, deserialize_with = "set")]
    pub game_id: Option<String>,
    #[serde(default, deserialize_with = "set")]
    pub game_name: Option<String>,
    #[serde(default, rename = "broadcaster_language", deserialize_with = "set")]
    pub language: Option<String>,
}

/// A live stream. Missing for about a minute after going live.
#[derive(Debug, Clone, Deserialize)]
pub struct Stream {
    pub id: StreamId,
    pub user_id: TwitchUserId,
    #[serde(default, deserialize_with = "text")]
    pub title: String,
    #[serde(default, deserialize_with = "set")]
    pub game_id: Option<String>,
    #[serde(default, deserialize_with = "set")]
    pub game_name: Option<String>,
    /// Viewers now.
    #[serde(default)]
    pub viewer_count: u64,
    #[serde(default, deserialize_with = "moment")]
    pub started_at: Option<OffsetDateTime>,
}

/// What Twitch keeps of a stream that is over.
#[derive(Debug, Clone, Deserialize)]
pub struct Video {
    #[serde(default)]
    pub stream_id: Option<StreamId>,
    /// Its page.
    pub url: String,
}

/// A channel found by a search.
#[derive(Debug, Clone, Deserialize)]
pub struct FoundChannel {
    /// The broadcaster: channels have no ids of their own.
    pub id: TwitchUserId,
    pub broadcaster_login: String,
    #[serde(default, deserialize_with = "text")]
    pub display_name: String,
    /// Whether the channel is live.
    #[serde(default)]
    pub is_live: bool,
    /// The avatar. Search has no picture of the stream.
    #[serde(default, deserialize_with = "set")]
    pub thumbnail_url: Option<String>,
}

/// A subscription to create, with webhook transport.
#[derive(Debug, Clone)]
pub struct NewSubscription {
    /// The type, such as `stream.online`.
    pub kind: String,
    pub version: String,
    pub condition: serde_json::Value,
    /// Where Twitch posts to.
    pub callback: String,
    /// Signs what is posted: 10 to 100 ASCII characters.
    pub secret: Secret,
}

/// Reads a text that may be `null`.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(set(deserializer)?.unwrap_or_default())
}

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OffsetDateTime>, D::Error> {
    Ok(set(deserializer)?.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok()))
}

#[derive(Deserialize)]
struct Page<T> {
    /// Always there: an answer without it is not an empty list.
    data: Vec<T>,
    #[serde(default)]
    pagination: serde_json::Value,
}

/// What the application's subscriptions cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Budget {
    /// How many there are, of all callbacks.
    pub total: u64,
    /// What they cost together.
    pub total_cost: u64,
    /// What they may cost.
    pub max_total_cost: u64,
}

impl<T> Page<T> {
    /// The next page's cursor; `{}`, an empty string or none means that this is the last.
    fn cursor(&self) -> Option<String> {
        let cursor = self.pagination.get("cursor")?.as_str()?;
        (!cursor.is_empty()).then(|| cursor.to_owned())
    }
}

impl Client {
    /// Users by id; unknown and suspended ones are left out.
    pub async fn users(&self, token: &Secret, ids: &[TwitchUserId]) -> Result<Vec<User>, Error> {
        self.by_ids("users", "id", token, ids).await
    }

    /// Users by login; unknown ones are left out.
    pub async fn users_by_login(
        &self,
        token: &Secret,
        logins: &[&str],
    ) -> Result<Vec<User>, Error> {
        let mut users = Vec::new();
        for logins in logins.chunks(MAX_IDS) {
            let query: Vec<_> = logins.iter().map(|login| ("login", *login)).collect();
            users.extend(self.page::<User>("users", token, &query).await?.data);
        }
        Ok(users)
    }

    /// Titles and categories by broadcaster.
    pub async fn channels(
        &self,
        token: &Secret,
        ids: &[TwitchUserId],
    ) -> Result<Vec<Channel>, Error> {
        self.by_ids("channels", "broadcaster_id", token, ids).await
    }

    /// Live streams by broadcaster; who is offline is left out.
    pub async fn streams(
        &self,
        token: &Secret,
        ids: &[TwitchUserId],
    ) -> Result<Vec<Stream>, Error> {
        let mut streams = Vec::new();
        for ids in ids.chunks(MAX_IDS) {
            // Without `first` Twitch returns 20 at most, however many ids are named.
            let query: Vec<_> = std::iter::once(("first", "100"))
                .chain(ids.iter().map(|id| ("user_id", id.as_str())))
                .collect();
            streams.extend(self.page::<Stream>("streams", token, &query).await?.data);
        }
        Ok(streams)
    }

    /// Channels whose login begins with `text` and that streamed within six months.
    pub async fn search_channels(
        &self,
        token: &Secret,
        text: &str,
    ) -> Result<Vec<FoundChannel>, Error> {
        Ok(self.page("search/channels", token, &[("query", text), ("first", "20")]).await?.data)
    }

    /// A broadcaster's latest recordings.
    pub async fn archives(
        &self,
        token: &Secret,
        broadcaster: &TwitchUserId,
    ) -> Result<Vec<Video>, Error> {
        let query = [("user_id", broadcaster.as_str()), ("type", "archive"), ("first", "5")];
        match self.page("videos", token, &query).await {
            Ok(page) => Ok(page.data),
            Err(Error::NotFound) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Creates a subscription. Twitch challenges the callback, often before this returns.
    pub async fn create_subscription(
        &self,
        token: &Secret,
        new: &NewSubscription,
    ) -> Result<Subscription, Error> {
        let body = json!({
            "type": new.kind, "version": new.version, "condition": new.condition,
            "transport": { "method": "webhook", "callback": new.callback, "secret": new.secret.expose() },
        });
        let request = Request { query: &[], body: Some(body) };
        let path = "eventsub/subscriptions";
        let page: Page<Subscription> = self.call(Method::POST, path, token, request).await?;
        page.data.into_iter().next().ok_or(Error::Decode)
    }

    /// All subscriptions of the application, in every state: a request per page.
    pub async fn list_subscriptions(&self, token: &Secret) -> Result<Vec<Subscription>, Error> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let (page, next) = self.subscriptions_page(token, cursor.as_deref()).await?;
            all.extend(page);
            cursor = next;
            if cursor.is_none() {
                return Ok(all);
            }
        }
        // Half a list would look like missing subscriptions.
        Err(Error::Decode)
    }

    /// A page of them, oldest first, and the cursor of the next one. Twitch does not say how long a
    /// cursor is good for, nor how many are on a page.
    pub async fn subscriptions_page(
        &self,
        token: &Secret,
        after: Option<&str>,
    ) -> Result<(Vec<Subscription>, Option<String>), Error> {
        let query: Vec<_> = after.iter().map(|cursor| ("after", *cursor)).collect();
        let page: Page<Subscription> = self.page("eventsub/subscriptions", token, &query).await?;
        let next = page.cursor();
        Ok((page.data, next))
    }

    /// What the application's subscriptions cost and may cost.
    pub async fn subscription_budget(&self, token: &Secret) -> Result<Budget, Error> {
        let request = Request { query: &[], body: None };
        self.call(Method::GET, "eventsub/subscriptions", token, request).await
    }

    /// A subscription by its id.
    pub async fn subscription(
        &self,
        token: &Secret,
        id: &str,
    ) -> Result<Option<Subscription>, Error> {
        let query = [("subscription_id", id)];
        let page: Page<Subscription> = self.page("eventsub/subscriptions", token, &query).await?;
        Ok(page.data.into_iter().next())
    }

    /// Deletes a subscription; one that is gone already counts as deleted.
    pub async fn delete_subscription(&self, token: &Secret, id: &str) -> Result<(), Error> {
        let request = Request { query: &[("id", id)], body: None };
        match self.call_empty(Method::DELETE, "eventsub/subscriptions", token, request).await {
            Err(Error::NotFound) => Ok(()),
            done => done,
        }
    }

    async fn by_ids<T: DeserializeOwned>(
        &self,
        path: &str,
        name: &str,
        token: &Secret,
        ids: &[TwitchUserId],
    ) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        for ids in ids.chunks(MAX_IDS) {
            let query: Vec<_> = ids.iter().map(|id| (name, id.as_str())).collect();
            found.extend(self.page::<T>(path, token, &query).await?.data);
        }
        Ok(found)
    }

    async fn page<T: DeserializeOwned>(
        &self,
        path: &str,
        token: &Secret,
        query: &[(&str, &str)],
    ) -> Result<Page<T>, Error> {
        self.call(Method::GET, path, token, Request { query, body: None }).await
    }
}
