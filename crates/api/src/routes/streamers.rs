//! `/api/guilds/{guild_id}/streamers`: whom a server follows, and how it announces each.

use crate::{
    ApiError,
    caller::GuildAdmin,
    error::FieldError,
    extract::{IfMatch, JsonBody, Params, QueryOf, etag},
    routes::{
        auth::{to_consent, to_page},
        feeds::FeedChoice,
    },
    rule_views::RuleSetBody,
    views::{Mention, key_of, page, page_size, rfc3339, searched},
};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sm_db::streamers::follows::{self, Destination, Filter, Follow, Settings, StoredDestination};
use sm_services::{
    accounts::consent::{self, Purpose},
    setup::{self, Problem},
    streamers::{
        linking::{self, FollowError, Followed, Line},
        lookup::{self, SearchError},
        subscriptions::{self, Retried},
    },
};
use sm_types::{ChannelId, DestinationId, GuildId, TemplateId, TwitchUserId, rules::RuleSet};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Names that one request can add.
const MAX_LINES: usize = 100;

/// A followed streamer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamerItem {
    /// Twitch's id.
    id: String,
    /// The login.
    login: String,
    /// The display name.
    display_name: String,
    /// The avatar's address.
    avatar_url: Option<String>,
    /// Whether Twitch still knows the account.
    exists: bool,
    /// Whether the streamer has authorised the app: titles and renames then come at once.
    linked: bool,
    /// Whether the server announces them.
    enabled: bool,
    /// How they came here: `admin`, `oauth` or `invite`.
    source: String,
    /// Whether they are live.
    live: bool,
    /// Channels they are announced in.
    destinations: i64,
    /// Those to which nothing can be posted now.
    degraded: i64,
    /// `enabled`, `pending` or `failed`: what became of the subscriptions at Twitch.
    subscription: String,
    /// Why a subscription failed; a stable code: `unauthorized`, `forbidden`, `not_found`, `already_exists`,
    /// `too_many_subscriptions`, `rate_limited`, `rejected`, `unavailable`, `lost`, a status with which
    /// Twitch revokes (`user_removed`, `authorization_revoked`, `notification_failures_exceeded`,
    /// `webhook_callback_verification_failed`, `version_removed`, `beta_maintenance`) or `other`.
    subscription_reason: Option<&'static str>,
    /// The same in words.
    subscription_error: Option<String>,
    /// When they were announced here last.
    #[schema(format = DateTime)]
    last_sent_at: Option<String>,
    /// Since when they are followed.
    #[schema(format = DateTime)]
    added_at: String,
}

impl From<Follow> for StreamerItem {
    fn from(follow: Follow) -> Self {
        Self {
            id: follow.twitch_user_id.0,
            login: follow.login,
            display_name: follow.display_name,
            avatar_url: follow.profile_image_url,
            exists: follow.status == "active",
            linked: follow.authorized,
            enabled: follow.enabled,
            source: follow.source,
            live: follow.live,
            destinations: follow.destinations,
            degraded: follow.degraded,
            subscription: follow.subscription,
            subscription_reason: follow.subscription_error.as_deref().map(sm_twitch::code_of),
            subscription_error: follow.subscription_error.as_deref().map(sm_twitch::words_of),
            last_sent_at: follow.last_sent_at.map(rfc3339),
            added_at: rfc3339(follow.created_at),
        }
    }
}

/// A page of followed streamers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamerPage {
    /// By login.
    items: Vec<StreamerItem>,
    /// The cursor of the next page.
    next: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListStreamers {
    /// Only those with this in their login or name; 100 characters at most.
    #[serde(default)]
    q: Option<String>,
    /// The cursor of a page before.
    #[serde(default)]
    after: Option<String>,
    /// 1 to 100; 50 unless said.
    #[serde(default)]
    limit: Option<i64>,
}

/// The streamers that a server follows.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/streamers", tag = "streamers",
    params(("guild_id" = String, Path), ListStreamers), responses((status = 200, body = StreamerPage)))]
pub(crate) async fn list(
    admin: GuildAdmin,
    QueryOf(query): QueryOf<ListStreamers>,
) -> Result<Json<StreamerPage>, ApiError> {
    let (size, after) = (page_size(query.limit)?, key_of(query.after.as_deref())?);
    let (name, after) = (searched(query.q.as_deref())?, after.as_deref());
    let filter = Filter { name, after, ..Filter::default() };
    let rows = follows::list(&admin.app().pool, admin.guild, filter, size + 1).await?;
    let (rows, next) = page(rows, size, |row| row.login.clone());
    Ok(Json(StreamerPage { items: rows.into_iter().map(StreamerItem::from).collect(), next }))
}

/// Streamers to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddStreamers {
    /// Names or addresses, as typed or pasted; 1 to 100.
    #[schema(example = json!(["ana_live", "https://www.twitch.tv/bruno"]))]
    names: Vec<String>,
}

/// What a name came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AddResult {
    /// As it was sent.
    name: String,
    /// `added`, `already`, `limit_reached` (the server's), `by_name_limit` (the person's own, over all servers),
    /// `budget_reserved` (what Twitch allows by name is nearly used up), `unknown` (nobody on Twitch has this name)
    /// or `invalid` (it names no channel; see reason).
    result: &'static str,
    /// Twitch's id.
    id: Option<String>,
    /// The login that was understood.
    login: Option<String>,
    /// Of `invalid`, what it is instead of a channel; a stable code: `video`, `clip`, `category`, `team`,
    /// `search`, `page` (another page of Twitch), `elsewhere` (another site) or `name` (no possible name).
    reason: Option<&'static str>,
    /// In words what helps: what to paste instead, or how else the streamer can come.
    message: Option<String>,
}

/// Adds streamers by name or address, with a result for each.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/streamers", tag = "streamers",
    params(("guild_id" = String, Path)), request_body = AddStreamers,
    responses((status = 200, body = Vec<AddResult>)))]
pub(crate) async fn add(
    admin: GuildAdmin,
    JsonBody(AddStreamers { names }): JsonBody<AddStreamers>,
) -> Result<Json<Vec<AddResult>>, ApiError> {
    if names.is_empty() || names.len() > MAX_LINES {
        let message = format!("Send 1 to {MAX_LINES} names.");
        return Err(ApiError::Invalid(vec![Problem::new("names", "invalid", message)]));
    }
    let lines = linking::follow_lines(admin.app(), admin.guild, &names, &admin.actor()).await;
    let lines = lines.map_err(|error| match error {
        FollowError::Twitch(error) => twitch(&error),
        FollowError::Database(error) => error.into(),
    })?;
    Ok(Json(names.into_iter().zip(lines).map(result).collect()))
}

fn result((name, line): (String, Line)) -> AddResult {
    let none = AddResult { name, result: "", id: None, login: None, reason: None, message: None };
    match line {
        Line::Found { id, login, followed } => {
            let result = match followed {
                Followed::Added => "added",
                Followed::Already => "already",
                Followed::LimitReached => "limit_reached",
                Followed::ByNameLimit => "by_name_limit",
                Followed::BudgetReserved => "budget_reserved",
            };
            let message = followed.remedy().map(str::to_owned);
            AddResult { result, id: Some(id.0), login: Some(login), message, ..none }
        }
        Line::Unknown { login } => AddResult { result: "unknown", login: Some(login), ..none },
        Line::Invalid(what) => {
            let (reason, message) = (Some(what.code()), Some(what.to_string()));
            AddResult { result: "invalid", reason, message, ..none }
        }
    }
}

pub(crate) fn twitch(error: &sm_twitch::Error) -> ApiError {
    tracing::warn!(%error, "Twitch could not be asked for a person");
    match error {
        sm_twitch::Error::RateLimited { retry_after } => {
            ApiError::RateLimited { retry_after: retry_after.as_secs().max(1) }
        }
        _ => ApiError::Remote { name: "Twitch" },
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// A name or its beginning, or an address; 2 to 100 characters.
    q: String,
}

impl Search {
    /// What is searched for.
    pub(crate) fn text(&self) -> Result<&str, ApiError> {
        let length = self.q.trim().chars().count();
        if (lookup::MIN_SEARCH..=100).contains(&length) {
            return Ok(&self.q);
        }
        let message = "Search for 2 to 100 characters.".to_owned();
        Err(ApiError::Malformed { field: "q".to_owned(), message })
    }
}

pub(crate) fn found_nothing(error: SearchError) -> ApiError {
    match error {
        SearchError::NoChannel(what) => {
            ApiError::Malformed { field: "q".to_owned(), message: what.to_string() }
        }
        SearchError::Twitch(error) => twitch(&error),
        SearchError::Database(error) => error.into(),
    }
}

/// A channel that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundItem {
    /// Twitch's id.
    id: String,
    /// The login.
    login: String,
    /// The display name.
    display_name: String,
    /// The avatar's address.
    avatar_url: Option<String>,
    /// Whether the channel is live, when the search tells.
    live: Option<bool>,
}

/// Searches Twitch's channels: the exact name first, then those that begin like it.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/streamers/search", tag = "streamers",
    params(("guild_id" = String, Path), Search), responses((status = 200, body = Vec<FoundItem>)))]
pub(crate) async fn search(
    admin: GuildAdmin,
    QueryOf(wanted): QueryOf<Search>,
) -> Result<Json<Vec<FoundItem>>, ApiError> {
    let found = lookup::search(admin.app(), wanted.text()?).await.map_err(found_nothing)?;
    let item = |found: lookup::Found| FoundItem {
        id: found.id.0,
        login: found.login,
        display_name: found.display_name,
        avatar_url: found.profile_image_url,
        live: found.live,
    };
    Ok(Json(found.into_iter().map(item).collect()))
}

/// Sends the browser to Twitch, to link the channel of whoever signs in there.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/streamers/link", tag = "streamers",
    params(("guild_id" = String, Path), FeedChoice),
    responses((status = 303, description = "To Twitch, to the server's streamers with ?error=… or to /login?error=….")))]
pub(crate) async fn link(
    guild: Result<Params<GuildId>, ApiError>,
    admin: Result<GuildAdmin, ApiError>,
    choice: Result<QueryOf<FeedChoice>, ApiError>,
) -> Response {
    let page = match guild {
        Ok(Params(guild)) => format!("/s/{guild}/streamers"),
        Err(_) => "/servers".to_owned(),
    };
    let begun = admin.and_then(|admin| Ok((admin, choice?.0.grants()?)));
    let (admin, feed) = match begun {
        Ok(begun) => begun,
        Err(error) => return to_page(&error, &page),
    };
    let (guild, user) = (admin.guild, admin.caller.user.user_id);
    to_consent(consent::begin(admin.app(), Purpose::Link { guild, user, feed }), &page)
}

/// Where and how a streamer is announced; null means as the server's configuration says.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DestinationBody {
    /// Its id; left out for a new one.
    #[serde(default)]
    id: Option<Uuid>,
    /// The channel.
    #[schema(value_type = Option<String>)]
    channel_id: Option<ChannelId>,
    /// Whether it is used.
    #[serde(default = "yes")]
    enabled: bool,
    /// The template.
    #[serde(default)]
    template_id: Option<Uuid>,
    /// Whom to mention.
    #[serde(default)]
    mention: Option<Mention>,
    /// Only these games; 1 to 50, each once whatever its capital letters.
    #[serde(default)]
    game_filter: Option<Vec<String>>,
    /// Only titles that contain this; 1 to 140 characters.
    #[serde(default)]
    title_filter: Option<String>,
    /// Seconds between two announcements.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 604_800)]
    cooldown_seconds: i32,
    /// What else has to hold, in place of the server's rules; null: those.
    #[serde(default)]
    rules: Option<RuleSetBody>,
    /// Whether members find buttons under the message, by which they choose whether its pings reach them.
    #[serde(default)]
    buttons: bool,
}

fn yes() -> bool {
    true
}

impl From<Destination> for DestinationBody {
    fn from(destination: Destination) -> Self {
        Self {
            id: destination.id.map(|id| id.0),
            channel_id: destination.channel,
            enabled: destination.enabled,
            template_id: destination.template.map(|template| template.0),
            mention: destination.mention.map(Mention::from),
            game_filter: destination.game_filter,
            title_filter: destination.title_filter,
            cooldown_seconds: destination.cooldown_seconds,
            rules: destination.rules.map(RuleSetBody::from),
            buttons: destination.buttons,
        }
    }
}

impl From<DestinationBody> for Destination {
    fn from(body: DestinationBody) -> Self {
        Self {
            id: body.id.map(DestinationId),
            channel: body.channel_id,
            enabled: body.enabled,
            template: body.template_id.map(TemplateId),
            mention: body.mention.map(Into::into),
            game_filter: body.game_filter,
            title_filter: body.title_filter,
            cooldown_seconds: body.cooldown_seconds,
            rules: body.rules.map(RuleSet::from),
            buttons: body.buttons,
        }
    }
}

/// A destination and its health.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DestinationView {
    /// What admins have set: what a save sends back.
    settings: DestinationBody,
    /// Why nothing can be posted there now; a stable code.
    degraded_reason: Option<String>,
    /// Since when.
    #[schema(format = DateTime)]
    degraded_at: Option<String>,
    /// When it is looked at again.
    #[schema(format = DateTime)]
    next_check_at: Option<String>,
}

impl From<StoredDestination> for DestinationView {
    fn from(stored: StoredDestination) -> Self {
        Self {
            settings: stored.destination.into(),
            degraded_reason: stored.degraded_reason,
            degraded_at: stored.degraded_at.map(rfc3339),
            next_check_at: stored.next_check_at.map(rfc3339),
        }
    }
}

/// A followed streamer with their destinations.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamerView {
    /// The streamer.
    streamer: StreamerItem,
    /// Where they are announced.
    destinations: Vec<DestinationView>,
    /// After a save: what will not do what it seems to, as in the server's configuration.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<FieldError>,
}

/// How a streamer is announced, as a whole: destinations that are not named are removed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamerBody {
    /// Whether the server announces them.
    enabled: bool,
    /// Where; 1 to 10.
    destinations: Vec<DestinationBody>,
}

impl StreamerBody {
    pub(crate) fn into_settings(self) -> Settings {
        let destinations = self.destinations.into_iter().map(Destination::from).collect();
        Settings { enabled: self.enabled, destinations }
    }
}

/// The streamer as it is stored, and the revision.
async fn view(admin: &GuildAdmin, id: &TwitchUserId) -> Result<(i32, StreamerView), ApiError> {
    let (pool, guild) = (&admin.app().pool, admin.guild);
    let only = Filter { only: Some(id), ..Filter::default() };
    let (rows, destinations) = tokio::try_join!(
        follows::list(pool, guild, only, 1),
        follows::destinations(pool, guild, id),
    )?;
    let follow = rows.into_iter().next().ok_or(ApiError::NotFound)?;
    let destinations = destinations.into_iter().map(DestinationView::from).collect();
    Ok((
        follow.revision,
        StreamerView { streamer: follow.into(), destinations, warnings: Vec::new() },
    ))
}

/// A followed streamer; the ETag names the revision.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/streamers/{streamer_id}", tag = "streamers",
    params(("guild_id" = String, Path), ("streamer_id" = String, Path)),
    responses((status = 200, body = StreamerView)))]
pub(crate) async fn get(
    admin: GuildAdmin,
    Params((_, id)): Params<(GuildId, TwitchUserId)>,
) -> Result<impl IntoResponse, ApiError> {
    let (revision, view) = view(&admin, &id).await?;
    Ok((etag(revision), Json(view)))
}

/// Saves how a streamer is announced, made from the revision in `If-Match`.
#[utoipa::path(put, path = "/api/guilds/{guild_id}/streamers/{streamer_id}", tag = "streamers",
    params(("guild_id" = String, Path), ("streamer_id" = String, Path),
        ("If-Match" = String, Header, description = "The ETag it was made from.")),
    request_body = StreamerBody, responses((status = 200, body = StreamerView)))]
pub(crate) async fn put(
    admin: GuildAdmin,
    Params((_, id)): Params<(GuildId, TwitchUserId)>,
    IfMatch(revision): IfMatch,
    JsonBody(body): JsonBody<StreamerBody>,
) -> Result<impl IntoResponse, ApiError> {
    let (app, guild) = (admin.app(), admin.guild);
    let settings = body.into_settings();
    let planned = settings.destinations.clone();
    setup::overrides::save(app, guild, &id, settings, revision, &admin.actor()).await?;
    let (revision, mut view) = view(&admin, &id).await?;
    let warnings = setup::warnings::of_destinations(app, guild, &planned).await?;
    view.warnings = warnings.into_iter().map(FieldError::from).collect();
    Ok((etag(revision), Json(view)))
}

/// Tries failed subscriptions of a streamer again, at once; once a minute at most.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/streamers/{streamer_id}/subscribe", tag = "streamers",
    params(("guild_id" = String, Path), ("streamer_id" = String, Path)),
    responses((status = 202), (status = 409, description = "Nothing has failed, or it was tried just now; see code.")))]
pub(crate) async fn subscribe(
    admin: GuildAdmin,
    Params((_, id)): Params<(GuildId, TwitchUserId)>,
) -> Result<StatusCode, ApiError> {
    let refused = |code, detail: &str| Err(ApiError::Refused { code, detail: detail.to_owned() });
    match subscriptions::retry(admin.app(), admin.guild, &id, &admin.actor()).await? {
        Retried::Due => Ok(StatusCode::ACCEPTED),
        Retried::JustNow => {
            refused("tried_just_now", "It was tried less than a minute ago. Wait a moment.")
        }
        Retried::NothingFailed => refused("not_failed", "No subscription has failed."),
        Retried::NotFollowed => Err(ApiError::NotFound),
    }
}

/// Stops announcing a streamer; the history stays.
#[utoipa::path(delete, path = "/api/guilds/{guild_id}/streamers/{streamer_id}", tag = "streamers",
    params(("guild_id" = String, Path), ("streamer_id" = String, Path)), responses((status = 204)))]
pub(crate) async fn remove(
    admin: GuildAdmin,
    Params((_, id)): Params<(GuildId, TwitchUserId)>,
) -> Result<StatusCode, ApiError> {
    if linking::unfollow(admin.app(), admin.guild, &id, &admin.actor()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::NotFound)
    }
}
