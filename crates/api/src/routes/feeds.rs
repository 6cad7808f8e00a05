//! `/api/feeds`: what happens in a channel, for who may see it. The same as over the socket, and what was before.

use crate::{
    ApiError,
    caller::Caller,
    extract::{JsonBody, Params, QueryOf},
    routes::{
        auth::{OWN_PAGE, to_consent, to_page},
        rooms::TopicPlace,
    },
    views::{key_of, page, page_size},
};
use axum::{Json, response::Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sm_db::live::watch::OpenFeed;
use sm_services::{
    accounts::consent::{self, Purpose},
    live::feeds::{self, FeedError, Wanted},
    setup::Problem,
};
use sm_types::{
    TwitchUserId,
    live::{FeedEvent, FeedGrant, FeedKind, FeedKinds},
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A minute's tests are used up: one more is let through after so many seconds.
const NEXT_TEST_SECONDS: u64 = 10;

impl From<FeedError> for ApiError {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::NotFound => Self::NotFound,
            FeedError::NotAdmin => Self::NotAdmin,
            FeedError::TooFast => Self::RateLimited { retry_after: NEXT_TEST_SECONDS },
            FeedError::Unknown => Self::Remote { name: "Discord" },
            FeedError::Database(error) => error.into(),
        }
    }
}

/// What a streamer wants their feed to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedChoice {
    /// What the feed may show from now on, out of `follows`, `subscriptions` and `cheers`, with commas between: Twitch is
    /// asked for these and for nothing else. Empty: only what is public. Left out: what it shows already.
    #[serde(default)]
    feed: Option<String>,
}

impl FeedChoice {
    pub(crate) fn grants(&self) -> Result<Option<Vec<FeedGrant>>, ApiError> {
        let Some(feed) = &self.feed else { return Ok(None) };
        let names = feed.split(',').filter(|name| !name.is_empty());
        let grants: Option<Vec<_>> = names.map(FeedGrant::named).collect();
        let mut grants = grants.ok_or_else(|| ApiError::Malformed {
            field: "feed".to_owned(),
            message: "Choose any of follows, subscriptions and cheers.".to_owned(),
        })?;
        grants.sort_unstable();
        grants.dedup();
        Ok(Some(grants))
    }
}

/// Sends the browser to Twitch, to link your own channel for its feed.
#[utoipa::path(get, path = "/api/users/me/channel/link", tag = "feeds", params(FeedChoice),
    responses((status = 303, description = "To Twitch, to /me/channel?error=… or to /login?error=….")))]
pub(crate) async fn link(
    caller: Result<Caller, ApiError>,
    choice: Result<QueryOf<FeedChoice>, ApiError>,
) -> Response {
    let begun = caller.and_then(|caller| Ok((caller, choice?.0.grants()?)));
    match begun {
        Ok((caller, grants)) => {
            let feed = grants.unwrap_or_default();
            let purpose = Purpose::Channel { user: caller.user.user_id, feed };
            to_consent(consent::begin(&caller.app, purpose), OWN_PAGE)
        }
        Err(error) => to_page(&error, OWN_PAGE),
    }
}

/// A feed that you may see something of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeedEntry {
    /// Twitch's id of the channel.
    streamer_id: String,
    login: String,
    display_name: String,
    /// The avatar's address.
    avatar_url: Option<String>,
    /// Whether the channel is live.
    is_live: bool,
    /// The kinds that you may see.
    kinds: Vec<&'static str>,
    /// Whether the channel is yours.
    owner: bool,
}

/// A page of feeds, by login.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeedList {
    items: Vec<FeedEntry>,
    /// The cursor of the next page, which there may be even where this one is short; null: that was all.
    next: Option<String>,
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedsQuery {
    /// The cursor of a page before.
    after: Option<String>,
    /// How many, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// The feeds that you may see something of: your own channels', and those that servers of yours show.
#[utoipa::path(get, path = "/api/feeds", tag = "feeds", params(FeedsQuery),
    responses((status = 200, body = FeedList)))]
pub(crate) async fn list(
    caller: Caller,
    QueryOf(FeedsQuery { after, limit }): QueryOf<FeedsQuery>,
) -> Result<Json<FeedList>, ApiError> {
    let (size, after) = (page_size(limit)?, key_of(after.as_deref())?);
    let (pool, user) = (&caller.app.pool, caller.user.user_id);
    let rows = sm_db::live::watch::feeds(pool, user, after.as_deref(), size + 1).await?;
    let (rows, next) = page(rows, size, |row| row.login.clone());
    let entry = |feed: OpenFeed| FeedEntry {
        kinds: feeds::seen(&feed).iter().map(FeedKind::as_str).collect(),
        streamer_id: feed.twitch_user_id.0,
        login: feed.login,
        display_name: feed.display_name,
        avatar_url: feed.profile_image_url,
        is_live: feed.live,
        owner: feed.is_owner,
    };
    let seen = rows.into_iter().map(entry).filter(|entry| !entry.kinds.is_empty());
    Ok(Json(FeedList { items: seen.collect(), next }))
}

/// An event of a feed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeedItem {
    event_id: Uuid,
    /// Its place in the feed.
    position: i64,
    /// `online`, `offline`, `update`, `raid`, `follow`, `subscribe`, `gift` or `cheer`.
    #[schema(example = "follow")]
    kind: &'static str,
    /// By Twitch's clock.
    #[schema(format = DateTime)]
    occurred_at: String,
    /// Somebody has tried the feed out: it did not happen.
    is_test: bool,
    /// What belongs to the kind. `online`: stream_id, type, title, game; `offline`: stream_id; `update`: title, game;
    /// `raid`: from, viewers; `follow`: user; `subscribe`: user, tier, is_gift; `gift`: user, tier, total,
    /// cumulative_total; `cheer`: user, bits, message. A user, and from, has id, login and name; null: they do not wish
    /// to be named.
    #[schema(value_type = Object)]
    details: Value,
}

impl From<(i64, FeedEvent)> for FeedItem {
    fn from((position, event): (i64, FeedEvent)) -> Self {
        Self {
            event_id: event.event_id,
            position,
            kind: event.kind.as_str(),
            occurred_at: event.occurred_at,
            is_test: event.is_test,
            details: event.details,
        }
    }
}

/// A part of a feed's history, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeedPage {
    items: Vec<FeedItem>,
    /// Ask for what is before this position; null: that was all.
    next: Option<i64>,
    /// Listen from here on, and nothing is missed.
    place: TopicPlace,
    /// The kinds that you may see.
    kinds: Vec<&'static str>,
    /// Whether the channel is yours.
    owner: bool,
    /// What the streamer lets the feed show beyond what is public: `follows`, `subscriptions`, `cheers`.
    granted: Vec<&'static str>,
    /// What they wanted it to show and have to grant again: Twitch does not let us have it any more.
    grant_again: Vec<&'static str>,
}

/// Which part of a feed's history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedQuery {
    /// Events before this position.
    before: Option<i64>,
    /// How many, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// Only these kinds, with commas between.
    kinds: Option<String>,
}

/// What has happened in a channel, the latest first, as far as you may see it.
#[utoipa::path(get, path = "/api/feeds/{streamer_id}", tag = "feeds",
    params(("streamer_id" = String, Path), FeedQuery), responses((status = 200, body = FeedPage)))]
pub(crate) async fn history(
    caller: Caller,
    Params(streamer): Params<TwitchUserId>,
    QueryOf(FeedQuery { before, limit, kinds }): QueryOf<FeedQuery>,
) -> Result<Json<FeedPage>, ApiError> {
    let kinds = kinds.map(|kinds| kinds.split(',').map(known).collect()).transpose()?;
    let wanted = Wanted { kinds, before, limit: page_size(limit)? };
    let page = feeds::history(&caller.app, &streamer, caller.user.user_id, wanted).await?;
    let names = |grants: Vec<FeedGrant>| grants.into_iter().map(FeedGrant::as_str).collect();
    Ok(Json(FeedPage {
        items: page.events.into_iter().map(FeedItem::from).collect(),
        next: page.next,
        place: page.place.into(),
        kinds: page.sight.sees.iter().map(FeedKind::as_str).collect(),
        owner: page.sight.is_owner,
        granted: names(page.granted),
        grant_again: names(page.lost),
    }))
}

fn known(kind: &str) -> Result<FeedKind, ApiError> {
    FeedKind::named(kind).ok_or_else(|| ApiError::Malformed {
        field: "kinds".to_owned(),
        message: format!("Choose any of {}.", all_kinds()),
    })
}

fn all_kinds() -> String {
    FeedKinds::ALL.iter().map(FeedKind::as_str).collect::<Vec<_>>().join(", ")
}

/// Something to try out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedTestBody {
    /// `online`, `offline`, `update`, `raid`, `follow`, `subscribe`, `gift` or `cheer`.
    #[schema(example = "follow")]
    kind: String,
}

/// Shows a test event, marked as one, to everybody who may see its kind. For the streamer and for admins of servers that
/// follow them.
#[utoipa::path(post, path = "/api/feeds/{streamer_id}/test", tag = "feeds",
    params(("streamer_id" = String, Path)), request_body = FeedTestBody, responses((status = 201, body = FeedItem)))]
pub(crate) async fn test(
    caller: Caller,
    Params(streamer): Params<TwitchUserId>,
    JsonBody(FeedTestBody { kind }): JsonBody<FeedTestBody>,
) -> Result<(StatusCode, Json<FeedItem>), ApiError> {
    let Some(kind) = FeedKind::named(&kind) else {
        let message = format!("Choose one of {}.", all_kinds());
        return Err(ApiError::Invalid(vec![Problem::new("kind", "invalid", message)]));
    };
    let event = feeds::test(&caller.app, &streamer, caller.user.user_id, kind).await?;
    Ok((StatusCode::CREATED, Json(event.into())))
}
