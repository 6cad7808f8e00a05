//! `/api/channels/{channel_id}/commands/settings`: what goes for all commands, and the secrets of addresses.

use super::owner::Owner;
use crate::{
    ApiError,
    extract::{IfMatch, JsonBody, Params, etag},
};
use axum::{Json, response::IntoResponse};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sm_db::{
    chat::{books, deletions},
    live::feeds,
};
use sm_services::chat::{
    events::{Events, Kind},
    filters::Filters,
    settings,
};
use sm_types::{
    Secret,
    chat::{Builtin, BuiltinSettings, Level},
};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What goes for all commands of a channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BookView {
    /// What stands before a command's name.
    prefix: String,
    /// The invite to the channel's Discord server.
    discord_url: Option<String>,
    /// Logins of who is never answered.
    ignored: Vec<String>,
    /// All built-in commands.
    builtins: Vec<BuiltinView>,
    /// Filters for links, capitals, repetition and terms, each with the level from which on it does not count.
    #[schema(value_type = Object)]
    filters: Filters,
    /// Why filters delete nothing now: `not_granted` (the bot's account has not granted it), `not_moderator`. Null: they do.
    filters_obstacle: Option<String>,
    /// What is said by itself when something happens.
    events: Vec<EventView>,
    /// Whether a text that was said within half a minute is left out, instead of said with a visible ending.
    drop_repeats: bool,
    /// Names of the secrets that addresses can carry; their values are never shown.
    secrets: Vec<String>,
    /// The revision; the ETag.
    revision: i32,
}

/// A built-in command.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BuiltinView {
    name: &'static str,
    about: &'static str,
    enabled: bool,
    /// Who may use it.
    #[schema(value_type = String)]
    level: Level,
    /// Who may use it where nothing else was chosen.
    #[schema(value_type = String)]
    default_level: Level,
    /// Seconds until it answers anybody again.
    cooldown: u32,
    /// Seconds until it answers the same person again.
    user_cooldown: u32,
}

/// What is said to one kind of event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// `follow`, `subscribe`, `gift`, `cheer`, `raid`, `live` or `end`.
    kind: &'static str,
    enabled: bool,
    /// A template; `{user}` and `{count}` are who it is about, and how many bits, gifts or viewers.
    text: String,
    /// Bits, gifts or viewers below which nothing is said.
    at_least: i64,
    /// Whether the streamer lets us hear of it; granted with the channel's feed.
    granted: bool,
}

/// Settings to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BookBody {
    /// What stands before a command's name; up to 5 characters, or nothing.
    prefix: String,
    discord_url: Option<String>,
    /// Logins of who is never answered; up to 200.
    ignored: Vec<String>,
    /// Built-in commands that differ from how they come, by name: `enabled`, `level`, `cooldown`, `user_cooldown`.
    #[schema(value_type = Object)]
    builtins: BTreeMap<Builtin, BuiltinSettings>,
    /// Filters; what is left out is off.
    #[serde(default)]
    #[schema(value_type = Object)]
    filters: Filters,
    /// What is said by itself, by kind: `enabled`, `text`, `at_least`; what is left out is off.
    #[serde(default)]
    #[schema(value_type = Object)]
    events: Events,
    /// Whether a text that was said within half a minute is left out, instead of said with a visible ending.
    #[serde(default)]
    drop_repeats: bool,
}

async fn shown(owner: &Owner) -> Result<BookView, ApiError> {
    let (pool, channel) = (&owner.app().pool, &owner.channel);
    let stored = books::find(pool, channel).await?;
    let secrets = books::secret_names(pool, channel).await?;
    let revision = stored.as_ref().map_or(1, |stored| stored.revision);
    let filters = stored.as_ref().map(|stored| stored.filters.0.clone()).unwrap_or_default();
    let events = stored.as_ref().map(|stored| stored.events.0.clone()).unwrap_or_default();
    let events: Events = serde_json::from_value(events).unwrap_or_default();
    let drop_repeats = stored.as_ref().is_some_and(|stored| stored.drops_repeats);
    let obstacle = deletions::obstacle(pool, channel, sm_twitch::MODERATE_SCOPE).await?;
    let granted = feeds::granted(pool, channel).await?.map(|feed| feed.granted).unwrap_or_default();
    let event = |kind: &Kind| {
        let reply = events.of(*kind);
        EventView {
            kind: kind.as_str(),
            enabled: reply.enabled,
            text: reply.text,
            at_least: reply.at_least,
            granted: kind.grant().is_none_or(|grant| granted.iter().any(|name| name == grant)),
        }
    };
    let book = stored.map(settings::of_stored).unwrap_or_default();
    let builtin = |builtin: &Builtin| {
        let of = book.of(*builtin);
        BuiltinView {
            name: builtin.name(),
            about: builtin.about(),
            enabled: of.enabled,
            level: of.level.unwrap_or(builtin.level()),
            default_level: builtin.level(),
            cooldown: of.cooldown,
            user_cooldown: of.user_cooldown,
        }
    };
    Ok(BookView {
        builtins: Builtin::ALL.iter().map(builtin).collect(),
        prefix: book.prefix,
        discord_url: book.discord_url,
        ignored: book.ignored.into_iter().map(|person| person.login).collect(),
        filters: serde_json::from_value(filters).unwrap_or_default(),
        filters_obstacle: obstacle,
        events: Kind::ALL.iter().map(event).collect(),
        drop_repeats,
        secrets,
        revision,
    })
}

/// What goes for all commands of a channel; the ETag names its revision.
#[utoipa::path(get, path = "/api/channels/{channel_id}/commands/settings", tag = "chat",
    params(("channel_id" = String, Path)), responses((status = 200, body = BookView)))]
pub(crate) async fn get(owner: Owner) -> Result<impl IntoResponse, ApiError> {
    let view = shown(&owner).await?;
    Ok((etag(view.revision), Json(view)))
}

/// Saves what goes for all commands, made from the revision in `If-Match`.
#[utoipa::path(put, path = "/api/channels/{channel_id}/commands/settings", tag = "chat",
    params(("channel_id" = String, Path),
        ("If-Match" = String, Header, description = "The ETag it was made from.")),
    request_body = BookBody, responses((status = 200, body = BookView)))]
pub(crate) async fn put(
    owner: Owner,
    IfMatch(revision): IfMatch,
    JsonBody(body): JsonBody<BookBody>,
) -> Result<impl IntoResponse, ApiError> {
    let BookBody { prefix, discord_url, ignored, builtins, filters, events, drop_repeats } = body;
    let draft =
        settings::Draft { prefix, discord_url, ignored, builtins, filters, events, drop_repeats };
    settings::save(owner.app(), &owner.channel, draft, revision, &owner.actor()).await?;
    let view = shown(&owner).await?;
    Ok((etag(view.revision), Json(view)))
}

/// A secret to keep.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretBody {
    /// 1 to 500 characters.
    value: String,
}

/// Keeps a secret for addresses, as `{secret name}`. Nobody reads it again; a later one takes its place.
#[utoipa::path(put, path = "/api/channels/{channel_id}/commands/secrets/{secret}", tag = "chat",
    params(("channel_id" = String, Path), ("secret" = String, Path)), request_body = SecretBody,
    responses((status = 204)))]
pub(crate) async fn set_secret(
    owner: Owner,
    Params((_, name)): Params<(String, String)>,
    JsonBody(SecretBody { value }): JsonBody<SecretBody>,
) -> Result<StatusCode, ApiError> {
    let (app, channel, value) = (owner.app(), &owner.channel, Secret::new(value));
    settings::set_secret(app, channel, &name, &value, &owner.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets a secret; addresses that carry it give nothing from then on.
#[utoipa::path(delete, path = "/api/channels/{channel_id}/commands/secrets/{secret}", tag = "chat",
    params(("channel_id" = String, Path), ("secret" = String, Path)), responses((status = 204)))]
pub(crate) async fn delete_secret(
    owner: Owner,
    Params((_, name)): Params<(String, String)>,
) -> Result<StatusCode, ApiError> {
    settings::delete_secret(owner.app(), &owner.channel, &name, &owner.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}
