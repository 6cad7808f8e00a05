//! `/api/guilds/{guild_id}/streamers/{streamer_id}/diagnosis` and `/why`: what stands between a streamer and the channels,
//! and what became of a stream.

use crate::{
    ApiError,
    caller::GuildAdmin,
    extract::{Params, QueryOf},
    views::rfc3339,
};
use axum::Json;
use serde::{Deserialize, Serialize};
use sm_db::announce::asked::{Telling, Then};
use sm_services::{
    announce::asked,
    setup::diagnosis::{self, Finding, Fix},
};
use sm_types::{ChannelId, GuildId, TwitchUserId};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// What was found about one part of the way from Twitch to the channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingView {
    /// `good`, `warning` (something is posted, and not as it should be), `broken` (nothing is) or `unknown` (Discord did not
    /// answer).
    state: &'static str,
    /// A stable code: `guild_paused`, `streamer_paused`, `account_gone`, `subscription_good`, `subscription_failed`,
    /// `subscription_pending`, `not_in_guild`, `no_channel`, `destination_paused`, `channel_good`, `template_invalid`,
    /// `embed_suppressed`, `no_delivery`, `last_sent`, `last_skipped`, `last_waits`, `last_failed`, or a reason as deliveries
    /// have it.
    code: String,
    /// The channel that it is about.
    channel_id: Option<String>,
    /// In words: what people see of it, and the remedy.
    message: String,
    /// What the words are about, by name.
    #[schema(value_type = Option<Object>)]
    values: Option<serde_json::Value>,
    /// What can be done about it at once: `subscribe` (try the subscriptions again) or `resend` (send the announcement that
    /// failed).
    fix: Option<&'static str>,
    /// The announcement that `resend` is about.
    delivery_id: Option<Uuid>,
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        let (fix, delivery_id) = match finding.fix {
            None => (None, None),
            Some(Fix::Subscribe) => (Some("subscribe"), None),
            Some(Fix::Resend(delivery)) => (Some("resend"), Some(delivery.0)),
        };
        Self {
            state: finding.state.as_str(),
            code: finding.code,
            channel_id: finding.channel.map(|channel| channel.to_string()),
            message: finding.message,
            values: finding.values,
            fix,
            delivery_id,
        }
    }
}

/// Looks at everything between Twitch and the channels in which a streamer is announced, and records what it finds.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/streamers/{streamer_id}/diagnosis", tag = "streamers",
    params(("guild_id" = String, Path), ("streamer_id" = String, Path)),
    responses((status = 200, body = Vec<FindingView>)))]
pub(crate) async fn diagnose(
    admin: GuildAdmin,
    Params((_, id)): Params<(GuildId, TwitchUserId)>,
) -> Result<Json<Vec<FindingView>>, ApiError> {
    let found = diagnosis::run(admin.app(), admin.guild, &id).await?.ok_or(ApiError::NotFound)?;
    Ok(Json(found.findings.into_iter().map(FindingView::from).collect()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct When {
    /// About when it should have been posted (RFC 3339); half an hour more or less does not matter.
    #[param(value_type = String, format = DateTime)]
    at: String,
}

/// An announcement of a stream in the server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThenView {
    /// The delivery.
    delivery_id: Uuid,
    /// Where.
    channel_id: Option<String>,
    /// `pending`, `sending`, `sent`, `skipped`, `failed` or `expired`.
    status: String,
    /// Why, as deliveries have it.
    reason: Option<String>,
    /// The message.
    message_url: Option<String>,
}

/// A stream about that time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamThenView {
    /// When it began, by Twitch's clock.
    #[schema(format = DateTime)]
    started_at: String,
    /// When it ended.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// Whether a webhook told of it; false: the comparison every two minutes found it.
    told: bool,
    /// What became of it here.
    deliveries: Vec<ThenView>,
}

/// Why something was posted, or was not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WhyView {
    /// `posted`, `under_way`, `not_posted` (see the deliveries), `followed_since`, `not_followed`, `not_told`, `no_stream` or
    /// `too_long_ago`.
    verdict: &'static str,
    /// The same in words.
    message: &'static str,
    /// Streams about that time, the latest first.
    streams: Vec<StreamThenView>,
    /// Since when the server announces the streamer.
    #[schema(format = DateTime)]
    followed_since: Option<String>,
    /// How Twitch tells of the streamer: `wanted`, `pending`, `enabled` or `failed`; null: it is not asked to.
    telling: Option<String>,
    /// Since when.
    #[schema(format = DateTime)]
    telling_since: Option<String>,
}

/// Answers why a streamer's stream was not posted at some time, out of what was recorded.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/streamers/{streamer_id}/why", tag = "streamers",
    params(("guild_id" = String, Path), ("streamer_id" = String, Path), When),
    responses((status = 200, body = WhyView)))]
pub(crate) async fn why(
    admin: GuildAdmin,
    Params((_, id)): Params<(GuildId, TwitchUserId)>,
    QueryOf(When { at }): QueryOf<When>,
) -> Result<Json<WhyView>, ApiError> {
    let at = OffsetDateTime::parse(&at, &Rfc3339).map_err(|_| ApiError::Malformed {
        field: "at".to_owned(),
        message: "Write a time as in 2026-12-01T20:00:00Z.".to_owned(),
    })?;
    let answer = asked::ask(admin.app(), admin.guild, &id, at).await?;
    let (telling, telling_since) = match answer.telling {
        Some(Telling { state, since }) => (Some(state), Some(rfc3339(since))),
        None => (None, None),
    };
    Ok(Json(WhyView {
        verdict: answer.verdict.as_str(),
        message: answer.verdict.explain(),
        streams: streams(admin.guild, &answer.streams),
        followed_since: answer.followed_since.map(rfc3339),
        telling,
        telling_since,
    }))
}

/// Rows of one stream follow each other.
fn streams(guild: GuildId, rows: &[Then]) -> Vec<StreamThenView> {
    let of_stream = |rows: &[Then]| {
        let first = rows.first()?;
        Some(StreamThenView {
            started_at: rfc3339(first.started_at),
            ended_at: first.ended_at.map(rfc3339),
            told: first.source == "eventsub",
            deliveries: rows.iter().filter_map(|then| delivery(guild, then)).collect(),
        })
    };
    rows.chunk_by(|one, other| one.session_id == other.session_id).filter_map(of_stream).collect()
}

fn delivery(guild: GuildId, then: &Then) -> Option<ThenView> {
    let channel = then.channel_id.map(ChannelId::from_db);
    let message_url = channel.zip(then.message_id).map(|(channel, message)| {
        format!("https://discord.com/channels/{guild}/{channel}/{message}")
    });
    Some(ThenView {
        delivery_id: then.delivery_id?,
        channel_id: channel.map(|channel| channel.to_string()),
        status: then.status.clone()?,
        reason: then.reason.clone(),
        message_url,
    })
}
