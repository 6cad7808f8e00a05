//! `/api/guilds/{guild_id}/templates`: message templates, previews and test messages.

use crate::{
    ApiError,
    caller::GuildAdmin,
    error::FieldError,
    extract::{IfMatch, JsonBody, Params, etag},
    views::rfc3339,
};
use axum::{Json, response::IntoResponse};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sm_db::guilds::templates;
use sm_services::{
    App,
    announce::samples::{self, Sample, Setting, TestError},
    guilds::places,
    setup,
};
use sm_types::{
    ChannelId, GuildId, TemplateId, TwitchUserId,
    template::{MessageTemplate, RenderedMessage, Variable},
};
use utoipa::ToSchema;
use uuid::Uuid;

/// A template with its place in the server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TemplateView {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// The message: content and embed, every text a template source.
    #[schema(value_type = Object)]
    message: serde_json::Value,
    /// Its revision; the ETag.
    revision: i32,
    /// When it was saved last.
    #[schema(format = DateTime)]
    updated_at: String,
    /// Destinations that use it, the server's default not among them.
    used_by: i64,
    /// Whether it is the server's default.
    is_default: bool,
    /// After a save: mentions that would ping nobody where it is used, as in the server's configuration.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<FieldError>,
}

impl From<templates::Template> for TemplateView {
    fn from(template: templates::Template) -> Self {
        Self {
            id: template.template_id.0,
            name: template.name,
            message: template.message.0,
            revision: template.revision,
            updated_at: rfc3339(template.updated_at),
            used_by: template.used_by,
            is_default: template.is_default,
            warnings: Vec::new(),
        }
    }
}

/// A variable that templates can use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VariableView {
    /// Its name, as in `{title}`.
    name: &'static str,
    /// What it stands for.
    about: &'static str,
}

/// The templates of a server, and what they can use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TemplateList {
    /// The server's own, by name.
    templates: Vec<TemplateView>,
    /// Our own, which is used where none is chosen.
    #[schema(value_type = Object)]
    default_message: MessageTemplate,
    /// The variables.
    variables: Vec<VariableView>,
}

/// The templates of a server.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/templates", tag = "templates",
    params(("guild_id" = String, Path)), responses((status = 200, body = TemplateList)))]
pub(crate) async fn list(admin: GuildAdmin) -> Result<Json<TemplateList>, ApiError> {
    let all = templates::list(&admin.app().pool, admin.guild).await?;
    let variable = |v: &Variable| VariableView { name: v.name(), about: v.about() };
    Ok(Json(TemplateList {
        templates: all.into_iter().map(TemplateView::from).collect(),
        default_message: MessageTemplate::default_announcement(),
        variables: Variable::ALL.iter().map(variable).collect(),
    }))
}

/// A template to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateBody {
    /// Its name, unique in the server; 1 to 100 characters.
    name: String,
    /// The message.
    #[schema(value_type = Object, example = json!({"content": "{mention} {streamer} is live: {url}"}))]
    message: MessageTemplate,
}

async fn found(admin: &GuildAdmin, id: TemplateId) -> Result<TemplateView, ApiError> {
    let found = templates::find(&admin.app().pool, admin.guild, id).await?;
    found.map(TemplateView::from).ok_or(ApiError::NotFound)
}

/// Stores a new template.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/templates", tag = "templates",
    params(("guild_id" = String, Path)), request_body = TemplateBody,
    responses((status = 201, body = TemplateView)))]
pub(crate) async fn create(
    admin: GuildAdmin,
    JsonBody(TemplateBody { name, message }): JsonBody<TemplateBody>,
) -> Result<impl IntoResponse, ApiError> {
    let (app, guild) = (admin.app(), admin.guild);
    let id = setup::templates::create(app, guild, &name, &message, &admin.actor()).await?;
    let view = found(&admin, id).await?;
    Ok((StatusCode::CREATED, etag(view.revision), Json(view)))
}

/// One template; the ETag names its revision.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/templates/{template_id}", tag = "templates",
    params(("guild_id" = String, Path), ("template_id" = Uuid, Path)),
    responses((status = 200, body = TemplateView)))]
pub(crate) async fn get(
    admin: GuildAdmin,
    Params((_, id)): Params<(GuildId, Uuid)>,
) -> Result<impl IntoResponse, ApiError> {
    let view = found(&admin, TemplateId(id)).await?;
    Ok((etag(view.revision), Json(view)))
}

/// Saves a template, made from the revision in `If-Match`.
#[utoipa::path(put, path = "/api/guilds/{guild_id}/templates/{template_id}", tag = "templates",
    params(("guild_id" = String, Path), ("template_id" = Uuid, Path),
        ("If-Match" = String, Header, description = "The ETag it was made from.")),
    request_body = TemplateBody, responses((status = 200, body = TemplateView)))]
pub(crate) async fn put(
    admin: GuildAdmin,
    Params((_, id)): Params<(GuildId, Uuid)>,
    IfMatch(revision): IfMatch,
    JsonBody(TemplateBody { name, message }): JsonBody<TemplateBody>,
) -> Result<impl IntoResponse, ApiError> {
    let (app, guild, id) = (admin.app(), admin.guild, TemplateId(id));
    let content = setup::templates::Content { name: &name, message: &message };
    let revision =
        setup::templates::save(app, guild, id, content, revision, &admin.actor()).await?;
    let mut view = found(&admin, id).await?;
    let warnings = setup::warnings::of_template(app, guild, id, &message).await?;
    view.warnings = warnings.into_iter().map(FieldError::from).collect();
    Ok((etag(revision), Json(view)))
}

/// Deletes a template; whoever used it falls back to the level above.
#[utoipa::path(delete, path = "/api/guilds/{guild_id}/templates/{template_id}", tag = "templates",
    params(("guild_id" = String, Path), ("template_id" = Uuid, Path)), responses((status = 204)))]
pub(crate) async fn delete(
    admin: GuildAdmin,
    Params((_, id)): Params<(GuildId, Uuid)>,
) -> Result<StatusCode, ApiError> {
    let (app, guild) = (admin.app(), admin.guild);
    setup::templates::delete(app, guild, TemplateId(id), &admin.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What to show a template with; what is left out is made up.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SampleBody {
    /// A followed streamer, whose name and avatar are used.
    #[schema(value_type = Option<String>)]
    streamer_id: Option<TwitchUserId>,
    /// A title; empty for none.
    title: Option<String>,
    /// A category; empty for none.
    game: Option<String>,
    /// Viewers.
    viewers: Option<i32>,
    /// Whether the stream has ended.
    ended: bool,
}

/// A template to preview.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewBody {
    /// The message; null shows our own template.
    #[schema(value_type = Option<Object>)]
    message: Option<MessageTemplate>,
    /// What to show it with.
    #[serde(default)]
    sample: SampleBody,
}

/// A message as Discord would get it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewView {
    /// The text.
    content: String,
    /// The embeds.
    #[schema(value_type = Vec<Object>)]
    embeds: serde_json::Value,
}

impl From<RenderedMessage> for PreviewView {
    fn from(message: RenderedMessage) -> Self {
        let embeds = serde_json::to_value(&message.embeds).unwrap_or_default();
        Self { content: message.content, embeds }
    }
}

/// The longest text that a sample takes.
const MAX_SAMPLE: usize = 500;

async fn sample_of(app: &App, guild: GuildId, body: &SampleBody) -> Result<Sample, ApiError> {
    let mut sample = match &body.streamer_id {
        Some(streamer) => Sample::of(app, guild, streamer).await?.ok_or(ApiError::NotFound)?,
        None => Sample::default(),
    };
    sample.ended = body.ended;
    let cut = |text: &String| text.chars().take(MAX_SAMPLE).collect::<String>();
    if let Some(title) = &body.title {
        sample.title = Some(cut(title)).filter(|title| !title.is_empty());
    }
    if let Some(game) = &body.game {
        sample.game_name = Some(cut(game)).filter(|game| !game.is_empty());
    }
    sample.viewers = body.viewers.or(sample.viewers);
    Ok(sample)
}

async fn setting_of(admin: &GuildAdmin) -> Result<Setting, ApiError> {
    let found = samples::setting(admin.app(), admin.guild).await?;
    found.map(|(setting, _)| setting).ok_or(ApiError::UnknownGuild)
}

/// Renders a template with sample values. Nothing is stored or sent.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/templates/preview", tag = "templates",
    params(("guild_id" = String, Path)), request_body = PreviewBody,
    responses((status = 200, body = PreviewView)))]
pub(crate) async fn preview(
    admin: GuildAdmin,
    JsonBody(PreviewBody { message, sample }): JsonBody<PreviewBody>,
) -> Result<Json<PreviewView>, ApiError> {
    if let Some(message) = &message {
        setup::templates::parse(message)?;
    }
    let app = admin.app();
    let (sample, setting) =
        tokio::try_join!(sample_of(app, admin.guild, &sample), setting_of(&admin))?;
    let rendered = samples::preview(message.as_ref(), &sample, &setting, app.clock.now());
    Ok(Json(rendered.into()))
}

/// A test message to post.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestBody {
    /// The channel; null: the server's default.
    #[schema(value_type = Option<String>)]
    channel_id: Option<ChannelId>,
    /// The message; null: our own template.
    #[schema(value_type = Option<Object>)]
    message: Option<MessageTemplate>,
    /// What to show it with.
    #[serde(default)]
    sample: SampleBody,
}

/// What came of a test message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestView {
    /// Its entry in the delivery history.
    delivery_id: Uuid,
    /// Whether it was posted.
    posted: bool,
    /// The message.
    message_id: Option<String>,
    /// Where it stands.
    message_url: Option<String>,
    /// Why it could not be posted; a stable code, as deliveries have it.
    reason: Option<String>,
    /// The same in words, with the remedy.
    refusal: Option<String>,
    /// Permissions that are missing.
    missing: Vec<&'static str>,
}

/// Posts a test message: marked as one, and never pinging anybody.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/test-send", tag = "templates",
    params(("guild_id" = String, Path)), request_body = TestBody,
    responses((status = 200, body = TestView), (status = 409, description = "No channel is chosen.")))]
pub(crate) async fn test_send(
    admin: GuildAdmin,
    JsonBody(body): JsonBody<TestBody>,
) -> Result<Json<TestView>, ApiError> {
    if let Some(message) = &body.message {
        setup::templates::parse(message)?;
    }
    let (app, guild) = (admin.app(), admin.guild);
    let (sample, setting) =
        tokio::try_join!(sample_of(app, guild, &body.sample), setting_of(&admin))?;
    let Some(channel) = body.channel_id.or(setting.channel) else {
        let detail = "Choose a channel first: the server has no default one.".to_owned();
        return Err(ApiError::Refused { code: "no_channel", detail });
    };
    if places::find_foreign(app, guild, &[channel], &[]).await?.is_some() {
        let message = "This server has no such channel that takes messages.";
        let problem = setup::Problem::new("channel_id", "unknown_channel", message);
        return Err(ApiError::Invalid(vec![problem]));
    }
    let sent = samples::send_test(app, body.message.as_ref(), &sample, &setting, channel).await;
    let tested = sent.map_err(|error| match error {
        TestError::Discord(error) => ApiError::from(error),
        TestError::Database(error) => ApiError::from(error),
    })?;
    let (reason, refusal, missing) = match tested.refusal {
        Some(refused) => (Some(refused.reason), Some(refused.detail), refused.missing),
        None => (None, None, Vec::new()),
    };
    Ok(Json(TestView {
        delivery_id: tested.delivery.0,
        posted: tested.message.is_some(),
        message_id: tested.message.map(|id| id.to_string()),
        message_url: tested
            .message
            .map(|id| format!("https://discord.com/channels/{guild}/{channel}/{id}")),
        reason,
        refusal,
        missing,
    }))
}
