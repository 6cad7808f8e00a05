//! `/api/channels/{channel_id}/commands`: a channel's commands, and what they would say.

use super::owner::Owner;
use crate::{
    ApiError,
    extract::{IfMatch, JsonBody, Params, QueryOf, etag},
    views::{rfc3339, searched},
};
use axum::{Json, response::IntoResponse};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sm_db::chat::commands as stored;
use sm_services::{
    chat::{
        Role,
        commands::{self, Draft},
        rehearse,
    },
    setup::Problem,
};
use sm_types::chat::{CommandId, Level, Order, VARIABLES, When, text::fold};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A command as it is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CommandView {
    id: Uuid,
    #[serde(flatten)]
    command: CommandBody,
    /// Its revision; the ETag.
    revision: i32,
    /// How often it was used.
    uses: i64,
    /// When it was used last.
    #[schema(format = DateTime)]
    used_at: Option<String>,
    /// When it was saved last.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A command to save.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandBody {
    /// Its name, without the prefix: 1 to 50 characters without blanks, once in the channel.
    #[schema(example = "hello")]
    name: String,
    /// Other names that lead to it, up to 20.
    #[serde(default)]
    aliases: Vec<String>,
    /// Sources of templates, 1 to 20, each up to 1,500 characters.
    #[schema(example = json!(["Hello {touser}!"]))]
    responses: Vec<String>,
    /// Which response is said: `random` or `in_turn`.
    #[serde(default)]
    #[schema(value_type = String)]
    order: Order,
    /// Whether it replies to the line.
    #[serde(default = "yes")]
    reply: bool,
    /// Who may use it: `everyone`, `follower`, `subscriber`, `vip`, `moderator` or `broadcaster`, and all above.
    #[serde(default)]
    #[schema(value_type = String)]
    level: Level,
    /// Logins of who may use it whatever their level; up to 100.
    #[serde(default)]
    allow: Vec<String>,
    /// Logins of who may not use it whatever their level; stronger than `allow`. Up to 100.
    #[serde(default)]
    deny: Vec<String>,
    /// Seconds until it answers anybody again; up to a day.
    #[serde(default)]
    cooldown: u32,
    /// Seconds until it answers the same person again; up to a day.
    #[serde(default)]
    user_cooldown: u32,
    /// From this level on nobody waits; null: everybody does.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    no_cooldown_from: Option<Level>,
    /// When it answers: `always`, `online` or `offline`.
    #[serde(default)]
    #[schema(value_type = String)]
    when: When,
    #[serde(default = "yes")]
    enabled: bool,
    /// From then on it is silent.
    #[serde(default)]
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// A word to sort commands by; up to 30 characters.
    #[serde(default)]
    category: String,
    /// The address whose answer is `{fetch}`; https, with a fixed server. Secrets stand in it as `{secret name}`.
    #[serde(default)]
    #[schema(example = "https://api.example.com/rank?name={touser}&key={secret key}")]
    fetch_url: Option<String>,
    /// What `{fetch}` is when the address gives nothing usable; up to 400 characters.
    #[serde(default)]
    fetch_fallback: String,
}

fn yes() -> bool {
    true
}

impl TryFrom<CommandBody> for Draft {
    type Error = ApiError;

    fn try_from(body: CommandBody) -> Result<Self, ApiError> {
        let at = |text: String| OffsetDateTime::parse(&text, &Rfc3339);
        let expires_at = body.expires_at.map(at).transpose().map_err(|_| {
            let message = "Write a time as in 2026-12-31T18:00:00Z.";
            ApiError::Invalid(vec![Problem::new("expires_at", "invalid", message)])
        })?;
        let fetch_url =
            body.fetch_url.map(|url| url.trim().to_owned()).filter(|url| !url.is_empty());
        Ok(Self {
            name: body.name,
            aliases: body.aliases,
            responses: body.responses,
            order: body.order,
            reply: body.reply,
            level: body.level,
            allow: body.allow,
            deny: body.deny,
            cooldown: body.cooldown,
            user_cooldown: body.user_cooldown,
            no_cooldown_from: body.no_cooldown_from,
            when: body.when,
            enabled: body.enabled,
            expires_at,
            category: body.category,
            fetch_url,
            fetch_fallback: body.fetch_fallback,
        })
    }
}

impl From<stored::Stored> for CommandView {
    fn from(stored: stored::Stored) -> Self {
        let command = stored.command;
        let logins = |list: Vec<sm_types::chat::Person>| {
            list.into_iter().map(|person| person.login).collect()
        };
        let (fetch_url, fetch_fallback) =
            command.fetch.map_or((None, String::new()), |fetch| (Some(fetch.url), fetch.fallback));
        Self {
            id: command.id.0,
            command: CommandBody {
                name: command.name,
                aliases: command.aliases,
                responses: command.responses,
                order: command.order,
                reply: command.reply,
                level: command.level,
                allow: logins(command.allow),
                deny: logins(command.deny),
                cooldown: command.cooldown,
                user_cooldown: command.user_cooldown,
                no_cooldown_from: command.no_cooldown_from,
                when: command.when,
                enabled: command.enabled,
                expires_at: command.expires_at.map(rfc3339),
                category: command.category,
                fetch_url,
                fetch_fallback,
            },
            revision: stored.revision,
            uses: stored.uses,
            used_at: stored.used_at.map(rfc3339),
            updated_at: rfc3339(stored.updated_at),
        }
    }
}

/// A variable that responses can use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatVariable {
    /// The word after the brace.
    name: &'static str,
    /// What it looks like, arguments included.
    example: &'static str,
    /// What it stands for.
    about: &'static str,
}

/// The commands of a channel, and what they can use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CommandList {
    /// By name; as many as were found.
    commands: Vec<CommandView>,
    /// How many there are, whatever was searched for.
    total: usize,
    /// How many there can be.
    most: i64,
    variables: Vec<ChatVariable>,
}

/// Which commands.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CommandQuery {
    /// A part of a name, an alias, a response or a category.
    q: Option<String>,
}

/// The commands of a channel: all of them, 1,000 at most.
#[utoipa::path(get, path = "/api/channels/{channel_id}/commands", tag = "chat",
    params(("channel_id" = String, Path), CommandQuery), responses((status = 200, body = CommandList)))]
pub(crate) async fn list(
    owner: Owner,
    QueryOf(CommandQuery { q }): QueryOf<CommandQuery>,
) -> Result<Json<CommandList>, ApiError> {
    let wanted = searched(q.as_deref())?.map(fold).unwrap_or_default();
    let all = stored::list(&owner.app().pool, &owner.channel).await?;
    let total = all.len();
    let found = all.into_iter().filter(|stored| {
        let command = &stored.command;
        let texts = [&command.name, &command.category].into_iter();
        let mut texts = texts.chain(&command.aliases).chain(&command.responses);
        wanted.is_empty() || texts.any(|text| fold(text).contains(&wanted))
    });
    let variable = |known: &sm_types::chat::About| ChatVariable {
        name: known.name,
        example: known.example,
        about: known.about,
    };
    Ok(Json(CommandList {
        commands: found.map(CommandView::from).collect(),
        total,
        most: commands::MAX_COMMANDS,
        variables: VARIABLES.iter().map(variable).collect(),
    }))
}

async fn found(owner: &Owner, id: CommandId) -> Result<CommandView, ApiError> {
    let found = stored::find(&owner.app().pool, &owner.channel, id).await?;
    found.map(CommandView::from).ok_or(ApiError::NotFound)
}

/// Adds a command.
#[utoipa::path(post, path = "/api/channels/{channel_id}/commands", tag = "chat",
    params(("channel_id" = String, Path)), request_body = CommandBody,
    responses((status = 201, body = CommandView)))]
pub(crate) async fn create(
    owner: Owner,
    JsonBody(body): JsonBody<CommandBody>,
) -> Result<impl IntoResponse, ApiError> {
    let draft = Draft::try_from(body)?;
    let id = commands::create(owner.app(), &owner.channel, draft, &owner.actor()).await?;
    let view = found(&owner, id).await?;
    Ok((StatusCode::CREATED, etag(view.revision), Json(view)))
}

/// One command; the ETag names its revision.
#[utoipa::path(get, path = "/api/channels/{channel_id}/commands/{command}", tag = "chat",
    params(("channel_id" = String, Path), ("command" = Uuid, Path)),
    responses((status = 200, body = CommandView)))]
pub(crate) async fn get(
    owner: Owner,
    Params((_, id)): Params<(String, Uuid)>,
) -> Result<impl IntoResponse, ApiError> {
    let view = found(&owner, CommandId(id)).await?;
    Ok((etag(view.revision), Json(view)))
}

/// Saves a command, made from the revision in `If-Match`. Counter and cooldowns stay as they are.
#[utoipa::path(put, path = "/api/channels/{channel_id}/commands/{command}", tag = "chat",
    params(("channel_id" = String, Path), ("command" = Uuid, Path),
        ("If-Match" = String, Header, description = "The ETag it was made from.")),
    request_body = CommandBody, responses((status = 200, body = CommandView)))]
pub(crate) async fn put(
    owner: Owner,
    Params((_, id)): Params<(String, Uuid)>,
    IfMatch(revision): IfMatch,
    JsonBody(body): JsonBody<CommandBody>,
) -> Result<impl IntoResponse, ApiError> {
    let (draft, id) = (Draft::try_from(body)?, CommandId(id));
    let (app, channel) = (owner.app(), &owner.channel);
    commands::save(app, channel, id, draft, revision, &owner.actor()).await?;
    let view = found(&owner, id).await?;
    Ok((etag(view.revision), Json(view)))
}

/// Deletes a command with its counter; its names are free again.
#[utoipa::path(delete, path = "/api/channels/{channel_id}/commands/{command}", tag = "chat",
    params(("channel_id" = String, Path), ("command" = Uuid, Path)), responses((status = 204)))]
pub(crate) async fn delete(
    owner: Owner,
    Params((_, id)): Params<(String, Uuid)>,
) -> Result<StatusCode, ApiError> {
    commands::delete(owner.app(), &owner.channel, CommandId(id), &owner.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Commands to switch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwitchBody {
    /// Their ids; those that are not the channel's own are left out.
    commands: Vec<Uuid>,
    enabled: bool,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SwitchView {
    /// How many were otherwise before.
    switched: usize,
}

/// Switches commands on or off, many at once.
#[utoipa::path(post, path = "/api/channels/{channel_id}/commands/switch", tag = "chat",
    params(("channel_id" = String, Path)), request_body = SwitchBody,
    responses((status = 200, body = SwitchView)))]
pub(crate) async fn switch(
    owner: Owner,
    JsonBody(SwitchBody { commands: ids, enabled }): JsonBody<SwitchBody>,
) -> Result<Json<SwitchView>, ApiError> {
    let (app, channel) = (owner.app(), &owner.channel);
    let switched = commands::switch(app, channel, &ids, enabled, &owner.actor()).await?;
    Ok(Json(SwitchView { switched }))
}

/// A line to try out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DryRunBody {
    /// What is written; up to 500 characters.
    #[schema(example = "!hello @ana")]
    text: String,
    /// As what: `everyone`, `follower`, `subscriber`, `vip`, `moderator` or `broadcaster`.
    #[serde(default)]
    #[schema(value_type = String)]
    level: Level,
    /// The name of who writes it.
    #[serde(default = "viewer")]
    name: String,
}

fn viewer() -> String {
    "Viewer".to_owned()
}

/// What would happen.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DryRunView {
    /// The command that the line calls, without the prefix.
    command: Option<String>,
    /// Why nothing would be said: `no_command`, `disabled`, `expired`, `offline`, `online`, `level`, `cooling_down`
    /// or `empty`.
    silence: Option<&'static str>,
    /// The level that it asks for, where that is the reason.
    #[schema(value_type = Option<String>)]
    needed: Option<Level>,
    /// What would be said: up to three messages.
    lines: Vec<String>,
    /// Whether it would reply to the line.
    reply: bool,
    /// It would change something, such as adding a command, and say so.
    changes: bool,
}

/// Tells which command a line calls and what would be said. Nothing is sent, counted or changed.
#[utoipa::path(post, path = "/api/channels/{channel_id}/commands/dry-run", tag = "chat",
    params(("channel_id" = String, Path)), request_body = DryRunBody,
    responses((status = 200, body = DryRunView)))]
pub(crate) async fn dry_run(
    owner: Owner,
    JsonBody(DryRunBody { text, level, name }): JsonBody<DryRunBody>,
) -> Result<Json<DryRunView>, ApiError> {
    let cut = |text: &str, most| text.chars().take(most).collect::<String>();
    let name = cut(&name, 50);
    let role = Role { level, login: name.to_lowercase(), name };
    let told = rehearse(owner.app(), &owner.channel, &cut(&text, 500), &role).await?;
    let needed = match told.silence {
        Some(sm_types::chat::Silence::Level { needed }) => Some(needed),
        _ => None,
    };
    Ok(Json(DryRunView {
        command: told.command,
        silence: told.silence.map(sm_types::chat::Silence::code),
        needed,
        lines: told.lines,
        reply: told.reply,
        changes: told.changes,
    }))
}
