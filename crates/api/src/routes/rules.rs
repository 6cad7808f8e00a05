//! Rules: the categories they can name, and what they would have announced.

use crate::{
    ApiError,
    caller::GuildAdmin,
    extract::{JsonBody, Params, QueryOf},
    routes::{
        config::ConfigBody,
        streamers::{Search, StreamerBody, twitch},
    },
    rule_views::CategoryBody,
    views::rfc3339,
};
use axum::Json;
use serde::{Deserialize, Serialize};
use sm_services::setup::{
    Problem, categories,
    dry_run::{self, Edited, Replayed, Stream, Verdict},
};
use sm_types::{GuildId, TwitchUserId};
use utoipa::ToSchema;

/// Searches Twitch's categories: those in whose name every word occurs, 20 at most.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/categories/search", tag = "config",
    params(("guild_id" = String, Path), Search), responses((status = 200, body = Vec<CategoryBody>)))]
pub(crate) async fn search_categories(
    admin: GuildAdmin,
    QueryOf(wanted): QueryOf<Search>,
) -> Result<Json<Vec<CategoryBody>>, ApiError> {
    let found = categories::search(admin.app(), wanted.text()?.trim()).await;
    let found = found.map_err(|error| twitch(&error))?;
    Ok(Json(found.into_iter().map(CategoryBody::from).collect()))
}

/// Settings as they are edited; what is left out is as it was saved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayBody {
    /// The server's.
    #[serde(default)]
    config: Option<ConfigBody>,
    /// The streamer's.
    #[serde(default)]
    streamer: Option<StreamerBody>,
}

/// What settings would have announced.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayView {
    /// As far back as streams are replayed.
    days: i64,
    /// Go-lives that are announced anew, in whichever channel, under the settings as they are saved.
    saved_pings: usize,
    /// The same under the edited ones.
    edited_pings: usize,
    /// Whether there were more streams than the 500 that are replayed.
    cut: bool,
    /// The streams, the latest first.
    streams: Vec<ReplayedStream>,
}

/// A stream that was, and what would have become of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayedStream {
    /// When it began, by Twitch's clock.
    #[schema(format = DateTime)]
    started_at: String,
    /// When it ended; null while it is live.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// What rules see of it: its title at the beginning.
    title: Option<String>,
    /// Its category at the beginning.
    game: Option<String>,
    /// Its language.
    language: Option<String>,
    /// Its tags.
    tags: Option<Vec<String>>,
    /// Viewers at the second look.
    viewers: Option<i32>,
    /// What would become of it under the edited ones, per channel.
    verdicts: Vec<VerdictView>,
}

/// What would become of a stream in one channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerdictView {
    /// The channel; null: the server's default.
    channel_id: Option<String>,
    /// `ping` (a new announcement), `merged` (the message of the stream before goes on) or `skipped`.
    outcome: &'static str,
    /// Why it is skipped; a stable code, as deliveries have it.
    reason: Option<String>,
    /// What the reason is about, by name, as deliveries have it.
    #[schema(value_type = Option<Object>)]
    reason_values: Option<serde_json::Value>,
    /// How the new announcement's text begins; mentions ping nobody here.
    text: Option<String>,
}

impl From<Replayed> for ReplayView {
    fn from(replayed: Replayed) -> Self {
        let channels: Vec<_> = replayed
            .destinations
            .iter()
            .map(|to| to.channel.map(|channel| channel.to_string()))
            .collect();
        let stream = |stream: Stream| {
            let verdicts = stream.verdicts.into_iter().zip(stream.texts).zip(&channels);
            let seen = stream.recorded.seen;
            ReplayedStream {
                started_at: rfc3339(stream.recorded.started_at),
                ended_at: stream.recorded.ended_at.map(rfc3339),
                title: seen.title,
                game: seen.game_name,
                language: seen.language,
                tags: seen.tags,
                viewers: seen.viewers,
                verdicts: verdicts
                    .map(|((verdict, text), channel)| view(verdict, text, channel.clone()))
                    .collect(),
            }
        };
        Self {
            days: dry_run::DAYS,
            saved_pings: replayed.saved_pings,
            edited_pings: replayed.edited_pings,
            cut: replayed.cut,
            streams: replayed.streams.into_iter().rev().map(stream).collect(),
        }
    }
}

fn view(verdict: Verdict, text: Option<String>, channel_id: Option<String>) -> VerdictView {
    let (outcome, reason, reason_values) = match verdict {
        Verdict::Ping => ("ping", None, None),
        Verdict::Merged => ("merged", None, None),
        Verdict::Skipped(reason, values) => ("skipped", Some(reason.to_string()), values),
    };
    VerdictView { channel_id, outcome, reason, reason_values, text }
}

/// Replays settings as they are edited over the streamer's streams of the last 30 days. Nothing is saved or sent.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/streamers/{streamer_id}/dry-run", tag = "streamers",
    params(("guild_id" = String, Path), ("streamer_id" = String, Path)),
    request_body = ReplayBody, responses((status = 200, body = ReplayView)))]
pub(crate) async fn dry_run(
    admin: GuildAdmin,
    Params((_, id)): Params<(GuildId, TwitchUserId)>,
    JsonBody(body): JsonBody<ReplayBody>,
) -> Result<Json<ReplayView>, ApiError> {
    let config = body.config.map(ConfigBody::into_config).transpose().map_err(of_config)?;
    let edited = Edited { config, follow: body.streamer.map(StreamerBody::into_settings) };
    let replayed = dry_run::run(admin.app(), admin.guild, &id, edited).await?;
    Ok(Json(replayed.into()))
}

/// Problems with the server's settings, by their place in the body.
fn of_config(error: ApiError) -> ApiError {
    let ApiError::Invalid(problems) = error else { return error };
    let placed =
        |problem: Problem| Problem { field: format!("config.{}", problem.field), ..problem };
    ApiError::Invalid(problems.into_iter().map(placed).collect())
}
