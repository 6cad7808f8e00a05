//! `/api/guilds/{guild_id}/deliveries`: what became of announcements, and sending one again.

use crate::{
    ApiError,
    caller::GuildAdmin,
    extract::{JsonBody, Params, QueryOf},
    views::{id_of, page, page_size, rfc3339},
};
use axum::Json;
use serde::{Deserialize, Serialize};
use sm_db::announce::history::{self, Attempt, Delivery, Filter};
use sm_services::announce::{
    deliver,
    resend::{self, ResendError},
};
use sm_types::{DeliveryId, GuildId, TwitchUserId};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryItem {
    /// Its id.
    id: Uuid,
    /// `online`, `enrich`, `update`, `offline` or `test`.
    kind: String,
    /// `create`, `edit` or `delete`.
    action: String,
    /// `pending`, `sending`, `sent`, `skipped`, `failed` or `expired`.
    status: String,
    /// Why it was skipped, failed or waits, or what to remark on it; a stable code.
    reason: Option<String>,
    /// What the reason is about, by name: `missing` (Discord's names of permissions), `until` and `timezone`,
    /// `seconds`, `type`, `game`, `title`, `parts`, `retry_after_ms`. Which there are depends on the reason. Where a rule
    /// has left it out: `rule` (its field, as in `rules.categories.only`), `wanted`, `seen`, and `of` where it stands
    /// (`server` or `channel`).
    #[schema(value_type = Option<Object>)]
    reason_values: Option<serde_json::Value>,
    /// The same in words, with the remedy.
    detail: Option<String>,
    /// Attempts so far.
    attempts: i32,
    /// The channel.
    channel_id: Option<String>,
    /// Where the message stands.
    message_url: Option<String>,
    /// The streamer's id.
    streamer_id: Option<String>,
    /// The streamer's login.
    login: Option<String>,
    /// The streamer's name.
    display_name: Option<String>,
    /// The stream's title.
    title: Option<String>,
    /// The stream's game.
    game: Option<String>,
    /// When the stream began, by Twitch's clock.
    #[schema(format = DateTime)]
    started_at: Option<String>,
    /// When it was planned.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was sent.
    #[schema(format = DateTime)]
    sent_at: Option<String>,
    /// When the next attempt is due, while it waits.
    #[schema(format = DateTime)]
    next_attempt_at: Option<String>,
    /// From the webhook to the request to Discord, in milliseconds.
    latency_ms: Option<i64>,
    /// Whether it mentions nobody, since it was sent again.
    silent: bool,
    /// How often it was sent again on request.
    resends: i32,
}

pub(crate) fn item(guild: GuildId, delivery: &Delivery) -> DeliveryItem {
    let url = delivery.channel_id.zip(delivery.message_id).map(|(channel, message)| {
        format!("https://discord.com/channels/{guild}/{channel}/{message}")
    });
    let waits = matches!(delivery.status.as_str(), "pending" | "sending");
    let fresh = delivery.resends == 0;
    let latency = delivery.sent_at.filter(|_| fresh).map(|sent| sent - delivery.received_at);
    DeliveryItem {
        id: delivery.delivery_id.0,
        kind: delivery.kind.clone(),
        action: delivery.action.clone(),
        status: delivery.status.clone(),
        reason: delivery.reason.clone(),
        reason_values: delivery.reason_values.clone(),
        detail: delivery.detail.clone(),
        attempts: delivery.attempts,
        channel_id: delivery.channel_id.map(|id| id.to_string()),
        message_url: url,
        streamer_id: delivery.twitch_user_id.clone(),
        login: delivery.login.clone(),
        display_name: delivery.display_name.clone(),
        title: delivery.title.clone(),
        game: delivery.game_name.clone(),
        started_at: delivery.started_at.map(rfc3339),
        created_at: rfc3339(delivery.created_at),
        sent_at: delivery.sent_at.map(rfc3339),
        next_attempt_at: waits.then(|| rfc3339(delivery.due_at)),
        latency_ms: latency.and_then(|took| i64::try_from(took.whole_milliseconds()).ok()),
        silent: delivery.silent,
        resends: delivery.resends,
    }
}

/// A page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryPage {
    /// The latest first.
    items: Vec<DeliveryItem>,
    /// The cursor of the next page.
    next: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDeliveries {
    /// Only this state.
    #[serde(default)]
    status: Option<String>,
    /// Only this kind.
    #[serde(default)]
    kind: Option<String>,
    /// Only this streamer.
    #[serde(default)]
    streamer_id: Option<String>,
    /// Only those planned since; RFC 3339.
    #[serde(default)]
    since: Option<String>,
    /// The cursor of a page before.
    #[serde(default)]
    after: Option<String>,
    /// 1 to 100; 50 unless said.
    #[serde(default)]
    limit: Option<i64>,
}

const STATUSES: [&str; 6] = ["pending", "sending", "sent", "skipped", "failed", "expired"];
const KINDS: [&str; 5] = ["online", "enrich", "update", "offline", "test"];

fn one_of(field: &str, value: Option<String>, known: &[&str]) -> Result<Option<String>, ApiError> {
    match value {
        Some(value) if !known.contains(&value.as_str()) => {
            let message = format!("Choose one of {}.", known.join(", "));
            Err(ApiError::Malformed { field: field.to_owned(), message })
        }
        value => Ok(value),
    }
}

fn filter(query: &ListDeliveries) -> Result<Filter, ApiError> {
    let since = query.since.as_deref().map(|text| OffsetDateTime::parse(text, &Rfc3339));
    let since = since.transpose().map_err(|_| ApiError::Malformed {
        field: "since".to_owned(),
        message: "Write a time as in 2026-11-21T18:00:00Z.".to_owned(),
    })?;
    let before = id_of(query.after.as_deref())?.map(DeliveryId);
    let streamer = query.streamer_id.clone().filter(|id| !id.contains('\0'));
    Ok(Filter {
        status: one_of("status", query.status.clone(), &STATUSES)?,
        kind: one_of("kind", query.kind.clone(), &KINDS)?,
        streamer: streamer.map(TwitchUserId),
        since,
        before,
    })
}

/// What became of a server's announcements, the latest first.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/deliveries", tag = "deliveries",
    params(("guild_id" = String, Path), ListDeliveries), responses((status = 200, body = DeliveryPage)))]
pub(crate) async fn list(
    admin: GuildAdmin,
    QueryOf(query): QueryOf<ListDeliveries>,
) -> Result<Json<DeliveryPage>, ApiError> {
    let (size, filter) = (page_size(query.limit)?, filter(&query)?);
    let rows = history::list(&admin.app().pool, admin.guild, &filter, size + 1).await?;
    let (rows, next) = page(rows, size, |row| row.delivery_id.to_string());
    let items = rows.iter().map(|row| item(admin.guild, row)).collect();
    Ok(Json(DeliveryPage { items, next }))
}

/// An attempt to send a delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptView {
    /// Its number, from 1.
    attempt: i32,
    /// What came of it.
    outcome: String,
    /// Discord's HTTP status.
    http_status: Option<i16>,
    /// Discord's own code.
    discord_code: Option<i32>,
    /// How long Discord asked to wait.
    retry_after_ms: Option<i64>,
    /// When a worker took it.
    #[schema(format = DateTime)]
    claimed_at: String,
    /// When the request left.
    #[schema(format = DateTime)]
    sent_at: Option<String>,
    /// When the answer came.
    #[schema(format = DateTime)]
    answered_at: Option<String>,
    /// When Discord created the message, by its own clock.
    #[schema(format = DateTime)]
    message_created_at: Option<String>,
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        Self {
            attempt: attempt.attempt,
            outcome: attempt.outcome,
            http_status: attempt.http_status,
            discord_code: attempt.discord_code,
            retry_after_ms: attempt.retry_after_ms,
            claimed_at: rfc3339(attempt.claimed_at),
            sent_at: attempt.sent_at.map(rfc3339),
            answered_at: attempt.answered_at.map(rfc3339),
            message_created_at: attempt.message_created_at.map(rfc3339),
        }
    }
}

/// The hops of a delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Timeline {
    /// When the stream began, by Twitch's clock.
    #[schema(format = DateTime)]
    started_at: Option<String>,
    /// When the webhook came.
    #[schema(format = DateTime)]
    received_at: String,
    /// When it was stored.
    #[schema(format = DateTime)]
    committed_at: String,
    /// When the delivery was planned.
    #[schema(format = DateTime)]
    planned_at: String,
    /// When a worker took it for the first time.
    #[schema(format = DateTime)]
    claimed_at: Option<String>,
    /// When it was sent.
    #[schema(format = DateTime)]
    sent_at: Option<String>,
    /// When it was settled.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
    /// When it is no longer worth sending.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Where a delivery stands in the queue, over all servers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueuePlace {
    /// 1 for the next one to be sent; about.
    position: i64,
    /// How long that takes at the pace that Discord allows, in seconds; about.
    wait_s: u64,
}

/// A delivery with its timeline and attempts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    /// The delivery.
    delivery: DeliveryItem,
    /// Its hops.
    timeline: Timeline,
    /// Its attempts, in order.
    attempts: Vec<AttemptView>,
    /// Its place in the queue, while it waits there.
    queue: Option<QueuePlace>,
    /// Members left out of a mention by name, since they do not want it.
    opt_outs: i32,
    /// Opt-outs that Discord cannot honour for this mention: a role or everyone is pinged as a whole.
    unhonoured_opt_outs: i32,
    /// Members for whom the mention had no room.
    unlisted_members: i32,
}

async fn view(admin: &GuildAdmin, id: DeliveryId) -> Result<DeliveryView, ApiError> {
    let (pool, guild) = (&admin.app().pool, admin.guild);
    let (found, attempts) =
        tokio::try_join!(history::find(pool, guild, id), history::attempts(pool, id))?;
    // Attempts of another server's delivery are read and dropped: the delivery decides.
    let found = found.ok_or(ApiError::NotFound)?;
    let place = match found.status.as_str() {
        "pending" => deliver::place(admin.app(), id).await?,
        _ => None,
    };
    Ok(DeliveryView {
        queue: place.map(|place| QueuePlace {
            position: place.position,
            wait_s: place.wait.as_secs_f64().ceil() as u64,
        }),
        timeline: Timeline {
            started_at: found.started_at.map(rfc3339),
            received_at: rfc3339(found.received_at),
            committed_at: rfc3339(found.committed_at),
            planned_at: rfc3339(found.created_at),
            claimed_at: found.first_claimed_at.map(rfc3339),
            sent_at: found.sent_at.map(rfc3339),
            finished_at: found.finished_at.map(rfc3339),
            expires_at: rfc3339(found.expires_at),
        },
        delivery: item(guild, &found),
        attempts: attempts.into_iter().map(AttemptView::from).collect(),
        opt_outs: found.opt_outs,
        unhonoured_opt_outs: found.unhonoured_opt_outs,
        unlisted_members: found.unlisted_members,
    })
}

/// One delivery, hop by hop.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/deliveries/{delivery_id}", tag = "deliveries",
    params(("guild_id" = String, Path), ("delivery_id" = Uuid, Path)),
    responses((status = 200, body = DeliveryView)))]
pub(crate) async fn get(
    admin: GuildAdmin,
    Params((_, id)): Params<(GuildId, Uuid)>,
) -> Result<Json<DeliveryView>, ApiError> {
    view(&admin, DeliveryId(id)).await.map(Json)
}

/// How to send it again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResendBody {
    /// Whether it pings; null pings only while the stream is younger than 10 minutes.
    #[serde(default)]
    ping: Option<bool>,
}

/// What was planned.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResendView {
    /// Whether it will ping.
    ping: bool,
    /// The delivery.
    delivery: DeliveryView,
}

/// Sends an announcement again: as a new message, with the template as it is now.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/deliveries/{delivery_id}/resend", tag = "deliveries",
    params(("guild_id" = String, Path), ("delivery_id" = Uuid, Path)), request_body = ResendBody,
    responses((status = 202, body = ResendView), (status = 409, description = "It cannot be sent again; see code.")))]
pub(crate) async fn resend_one(
    admin: GuildAdmin,
    Params((_, id)): Params<(GuildId, Uuid)>,
    JsonBody(ResendBody { ping }): JsonBody<ResendBody>,
) -> Result<(http::StatusCode, Json<ResendView>), ApiError> {
    let (app, guild, id) = (admin.app(), admin.guild, DeliveryId(id));
    let planned = resend::resend(app, guild, id, ping, &admin.actor()).await;
    let ping = planned.map_err(refusal)?;
    let delivery = view(&admin, id).await?;
    Ok((http::StatusCode::ACCEPTED, Json(ResendView { ping, delivery })))
}

fn refusal(error: ResendError) -> ApiError {
    let (code, detail) = match error {
        ResendError::NotFound => return ApiError::NotFound,
        ResendError::Database(error) => return error.into(),
        ResendError::NotAnAnnouncement => {
            ("not_an_announcement", "Only announcements of new streams can be sent again.")
        }
        ResendError::UnderWay => ("under_way", "It is on its way already."),
        ResendError::StreamEnded => {
            ("stream_ended", "The stream is over: there is nothing to announce any more.")
        }
        ResendError::DestinationRemoved => {
            ("destination_removed", "The channel it went to is not set up any more.")
        }
    };
    ApiError::Refused { code, detail: detail.to_owned() }
}
