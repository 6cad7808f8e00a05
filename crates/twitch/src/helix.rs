//! Helix: users, channels, streams, search, videos and EventSub subscriptions.

use crate::{
    Client, Error, List,
    client::Request,
    eventsub::{
        Subscription,
        fields::{given, moment, set, texts},
    },
    list::{Page, Row},
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use sm_types::{Secret, StreamId, TwitchUserId};
use std::collections::HashSet;
use time::OffsetDateTime;

/// Ids that one request may name.
const MAX_IDS: usize = 100;
/// Pages read of a list: at about 100 rows each, four subscriptions of 250,000 streamers.
const MAX_PAGES: usize = 10_000;

#[derive(Debug, Clone, Deserialize)]
pub struct User {
    pub id: TwitchUserId,
    pub login: String,
    #[serde(default, deserialize_with = "given")]
    pub display_name: String,
    #[serde(default, deserialize_with = "set")]
    pub profile_image_url: Option<String>,
}

/// A channel's present or last title and category; known offline and right at going live.
#[derive(Debug, Clone, Deserialize)]
pub struct Channel {
    pub broadcaster_id: TwitchUserId,
    /// The title; may be empty.
    #[serde(default, deserialize_with = "given")]
    pub title: String,
    #[serde(default, deserialize_with = "set")]
    pub game_id: Option<String>,
    #[serde(default, deserialize_with = "set")]
    pub game_name: Option<String>,
    #[serde(default, rename = "broadcaster_language", deserialize_with = "set")]
    pub language: Option<String>,
    /// `None`: Twitch did not say.
    #[serde(default, deserialize_with = "texts")]
    pub tags: Option<Vec<String>>,
}

/// A live stream. Missing for about a minute after going live.
#[derive(Debug, Clone, Deserialize)]
pub struct Stream {
    pub id: StreamId,
    pub user_id: TwitchUserId,
    #[serde(default, deserialize_with = "given")]
    pub title: String,
    #[serde(default, deserialize_with = "set")]
    pub game_id: Option<String>,
    #[serde(default, deserialize_with = "set")]
    pub game_name: Option<String>,
    /// Viewers now.
    #[serde(default, deserialize_with = "given")]
    pub viewer_count: u64,
    /// `live`, or not set when Twitch cannot say.
    #[serde(default, rename = "type", deserialize_with = "set")]
    pub kind: Option<String>,
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
    #[serde(default, deserialize_with = "given")]
    pub display_name: String,
    /// Whether the channel is live.
    #[serde(default, deserialize_with = "given")]
    pub is_live: bool,
    /// The avatar. Search has no picture of the stream.
    #[serde(default, deserialize_with = "set")]
    pub thumbnail_url: Option<String>,
}

/// A category, which Helix calls a game.
#[derive(Debug, Clone, Deserialize)]
pub struct Category {
    pub id: String,
    #[serde(default, deserialize_with = "given")]
    pub name: String,
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

macro_rules! rows {
    ($($kind:literal $row:ident $key:ident)*) => {
        $(impl Row for $row {
            const KIND: &str = $kind;

            fn key(&self) -> &str {
                self.$key.as_str()
            }
        })*
    };
}

rows! {
    "user" User id
    "channel" Channel broadcaster_id
    "stream" Stream id
    "video" Video url
    "search" FoundChannel id
    "category" Category id
}

impl Client {
    /// Users by id; unknown and suspended ones are left out.
    pub async fn users(&self, token: &Secret, ids: &[TwitchUserId]) -> Result<List<User>, Error> {
        self.by_ids("users", "id", token, ids).await
    }

    /// Users by login; unknown ones are left out.
    pub async fn users_by_login(
        &self,
        token: &Secret,
        logins: &[&str],
    ) -> Result<List<User>, Error> {
        let mut users = List::default();
        for logins in logins.chunks(MAX_IDS) {
            let query: Vec<_> = logins.iter().map(|login| ("login", *login)).collect();
            users.append(self.page::<User>("users", token, &query).await?.list);
        }
        Ok(users)
    }

    /// Titles and categories by broadcaster.
    pub async fn channels(
        &self,
        token: &Secret,
        ids: &[TwitchUserId],
    ) -> Result<List<Channel>, Error> {
        self.by_ids("channels", "broadcaster_id", token, ids).await
    }

    /// Live streams by broadcaster; who is offline is left out.
    pub async fn streams(
        &self,
        token: &Secret,
        ids: &[TwitchUserId],
    ) -> Result<List<Stream>, Error> {
        let mut streams = List::default();
        for ids in ids.chunks(MAX_IDS) {
            // Without `first` Twitch returns 20 at most, however many ids are named.
            let query: Vec<_> = std::iter::once(("first", "100"))
                .chain(ids.iter().map(|id| ("user_id", id.as_str())))
                .collect();
            streams.append(self.page::<Stream>("streams", token, &query).await?.list);
        }
        Ok(streams)
    }

    /// Channels whose login begins with `text` and that streamed within six months.
    pub async fn search_channels(
        &self,
        token: &Secret,
        text: &str,
    ) -> Result<Vec<FoundChannel>, Error> {
        let query = [("query", text), ("first", "20")];
        let mut found: Vec<FoundChannel> =
            self.page("search/channels", token, &query).await?.list.rows;
        found.retain(|channel| is_login(&channel.broadcaster_login));
        Ok(found)
    }

    /// Categories by id; unknown ones are left out.
    pub async fn games(&self, token: &Secret, ids: &[&str]) -> Result<List<Category>, Error> {
        let mut found = List::default();
        for ids in ids.chunks(MAX_IDS) {
            let query: Vec<_> = ids.iter().map(|id| ("id", *id)).collect();
            found.append(self.page("games", token, &query).await?.list);
        }
        Ok(found)
    }

    /// Categories in whose name every word of `text` occurs.
    pub async fn search_categories(
        &self,
        token: &Secret,
        text: &str,
    ) -> Result<Vec<Category>, Error> {
        let query = [("query", text), ("first", "20")];
        Ok(self.page("search/categories", token, &query).await?.list.rows)
    }

    /// A broadcaster's latest recordings.
    pub async fn archives(
        &self,
        token: &Secret,
        broadcaster: &TwitchUserId,
    ) -> Result<Vec<Video>, Error> {
        let query = [("user_id", broadcaster.as_str()), ("type", "archive"), ("first", "5")];
        match self.page("videos", token, &query).await {
            Ok(page) => Ok(page.list.rows),
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
        let page: Page<Subscription> = self.list(Method::POST, path, token, request).await?;
        page.list.into_iter().next().ok_or(Error::Decode)
    }

    /// All subscriptions of the application, in every state: a request per page.
    pub async fn list_subscriptions(&self, token: &Secret) -> Result<Vec<Subscription>, Error> {
        let mut all = List::default();
        let (mut cursor, mut seen) = (None::<String>, HashSet::new());
        for _ in 0..MAX_PAGES {
            let (page, next) = self.subscriptions_page(token, cursor.as_deref()).await?;
            all.append(page);
            let Some(next) = next else { return Ok(all.once().rows) };
            if !seen.insert(next.clone()) {
                break;
            }
            cursor = Some(next);
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
    ) -> Result<(List<Subscription>, Option<String>), Error> {
        let query: Vec<_> = after.iter().map(|cursor| ("after", *cursor)).collect();
        let page: Page<Subscription> = self.page("eventsub/subscriptions", token, &query).await?;
        Ok((page.list, page.cursor))
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
        // A list that is not whole may have left it out.
        match page.list.whole {
            true => Ok(page.list.into_iter().find(|found| found.id == id)),
            false => Err(Error::Decode),
        }
    }

    /// Deletes a subscription; one that is gone already counts as deleted.
    pub async fn delete_subscription(&self, token: &Secret, id: &str) -> Result<(), Error> {
        let request = Request { query: &[("id", id)], body: None };
        match self.call_empty(Method::DELETE, "eventsub/subscriptions", token, request).await {
            Err(Error::NotFound) => Ok(()),
            done => done,
        }
    }

    async fn by_ids<T: Row>(
        &self,
        path: &str,
        name: &str,
        token: &Secret,
        ids: &[TwitchUserId],
    ) -> Result<List<T>, Error> {
        let mut found = List::default();
        for ids in ids.chunks(MAX_IDS) {
            let query: Vec<_> = ids.iter().map(|id| (name, id.as_str())).collect();
            found.append(self.page::<T>(path, token, &query).await?.list);
        }
        Ok(found)
    }

    async fn page<T: Row>(
        &self,
        path: &str,
        token: &Secret,
        query: &[(&str, &str)],
    ) -> Result<Page<T>, Error> {
        self.list(Method::GET, path, token, Request { query, body: None }).await
    }
}

/// Search passes on rows that name no channel.
fn is_login(text: &str) -> bool {
    let byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && text.bytes().all(byte) && !matches!(text, "true" | "false" | "null")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list;

    #[test]
    fn one_row_costs_one_row() {
        let json = br#"{"data":[{"id":"1","user_id":"7","viewer_count":null,"type":"","title":null},
            {"id":"2","user_id":8},null,{"id":"1","user_id":"7"},{"id":"3","user_id":"9","type":"rerun"}]}"#;
        let page = list::read::<Stream>(json).unwrap();
        let ids: Vec<_> = page.list.iter().map(|stream| stream.id.as_str()).collect();
        assert_eq!((ids, page.skipped, page.list.whole), (vec!["1", "3"], 2, false));
        let kinds: Vec<_> = page.list.iter().map(|stream| stream.kind.as_deref()).collect();
        assert_eq!(kinds, [None, Some("rerun")]);
    }

    #[test]
    fn list_without_data_is_none_and_not_an_empty_one() {
        for json in ["{}", r#"{"data":null}"#, r#"{"data":{}}"#, "[]", ""] {
            assert!(list::read::<User>(json.as_bytes()).is_err(), "{json}");
        }
        let page = list::read::<User>(br#"{"data":[],"pagination":null}"#).unwrap();
        assert!(page.list.is_empty() && page.list.whole && page.cursor.is_none());
    }
}
