//! `/api/guilds/{guild_id}/overview` and `/audit`: how a server is doing, and who changed what.

use crate::{
    ApiError,
    caller::GuildAdmin,
    extract::QueryOf,
    routes::deliveries::{self, DeliveryItem},
    views::{id_of, page, page_size, rfc3339},
};
use axum::Json;
use serde::{Deserialize, Serialize};
use sm_db::{
    announce::history::{self, Filter},
    audit,
    guilds::{Mention, config, config::GuildConfig},
    streamers::{
        destinations::{self, Broken},
        subscriptions,
    },
};
use sm_discord::permissions::Level;
use sm_services::{
    App,
    audit::VIA_DISCORD,
    guilds::places::{self, Place, Places},
    setup::{
        timezones::{self, NoZone},
        warnings::{self, Deaf},
    },
};
use sm_types::{ChannelId, GuildId};
use time::Duration;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Deliveries shown on the overview.
const LAST: i64 = 10;
/// Discord's part must not hold the page up.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

/// One check of a server's health.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Check {
    /// `bot`, `channel`, `ping`, `streamers`, `test`, `destination`, `subscriptions` or `timezone`.
    what: &'static str,
    /// `ok`, `todo`, `problem` or `unknown` (Discord does not answer).
    state: &'static str,
    /// Why it is not `ok`; a stable code. Destinations and pings have those of deliveries.
    reason: Option<String>,
    /// In words, with the remedy.
    text: String,
    /// The channel it is about; null for a destination in the server's default channel.
    channel_id: Option<String>,
    /// The channel's name, while Discord answers.
    channel_name: Option<String>,
    /// The streamer a destination is for.
    streamer_id: Option<String>,
    /// The streamer's login.
    login: Option<String>,
    /// Permissions that are missing in the channel.
    missing: Vec<&'static str>,
    /// Whose permissions are to be changed for that: `server`, `category`, `channel` or `thread`.
    missing_at: Option<&'static str>,
    /// When it is over by itself.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Streamers that are followed; subscriptions that are enabled.
    count: Option<i64>,
    /// Subscriptions there should be.
    of: Option<i64>,
    /// Subscriptions that have failed.
    failed: Option<i64>,
    /// What is stored as the time zone of the quiet hours and is none.
    timezone: Option<String>,
    /// Time zones to choose instead of an offset.
    zones: Vec<&'static str>,
}

/// The last 24 hours of announcements.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FiguresView {
    /// Posted.
    sent: i64,
    /// Failed.
    failed: i64,
    /// Left out by a rule.
    skipped: i64,
    /// Too late.
    expired: i64,
    /// Half of them were on their way to Discord within so many milliseconds of the webhook.
    p50_ms: Option<f64>,
    /// 95 of 100 were.
    p95_ms: Option<f64>,
}

/// A server at a glance.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Overview {
    /// The name.
    name: String,
    /// Set-up steps and health, in the order in which to deal with them.
    checks: Vec<Check>,
    /// Streamers it follows.
    streamers: i64,
    /// Those who are live.
    live: i64,
    /// The last 24 hours.
    figures: FiguresView,
    /// The last deliveries.
    deliveries: Vec<DeliveryItem>,
}

/// How a server is doing: health, figures and last deliveries in one answer.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/overview", tag = "guilds",
    params(("guild_id" = String, Path)), responses((status = 200, body = Overview)))]
pub(crate) async fn get(admin: GuildAdmin) -> Result<Json<Overview>, ApiError> {
    let (app, guild) = (admin.app(), admin.guild);
    let (pool, now) = (&app.pool, app.clock.now());
    let asked = tokio::time::timeout(PATIENCE, places::load(app, guild));
    let (filter, day) = (Filter::default(), Duration::DAY);
    let stored = async {
        tokio::try_join!(
            sm_db::guilds::summary(pool, guild),
            config::find(pool, guild),
            history::figures(pool, guild, now, day),
            history::list(pool, guild, &filter, LAST),
            subscriptions::count_by_state(pool, guild),
            destinations::broken(pool, guild),
        )
    };
    let (stored, places) = tokio::join!(stored, asked);
    let (summary, config, figures, last, states, broken) = stored?;
    let summary = summary.ok_or(ApiError::UnknownGuild)?;
    let config = config.map(|(config, _)| config);
    let zone = config.as_ref().and_then(|config| timezones::canonical(&config.timezone).err());
    let channel = config.as_ref().and_then(|config| config.default_channel);
    let mut places = places.ok().and_then(Result::ok);
    let elsewhere = elsewhere(app, guild, places.as_mut(), channel).await;
    let mut checks = place_checks(places.as_ref(), channel, elsewhere);
    if let Some(config) = &config {
        checks.extend(ping_check(app, guild, places.as_ref(), config).await?);
    }
    checks.extend(zone.map(zone_check));
    checks.push(streamer_check(summary.streamers));
    checks.extend(subscription_check(&states));
    checks.extend(broken.into_iter().map(|broken| broken_check(broken, places.as_ref())));
    if !summary.posted {
        checks.push(check(
            "test",
            "todo",
            "not_tested",
            "Send a test message to see that it arrives.",
        ));
    }
    Ok(Json(Overview {
        name: summary.name,
        checks,
        streamers: summary.streamers,
        live: summary.live,
        figures: FiguresView {
            sent: figures.sent,
            failed: figures.failed,
            skipped: figures.skipped,
            expired: figures.expired,
            p50_ms: figures.p50_ms,
            p95_ms: figures.p95_ms,
        },
        deliveries: last.iter().map(|row| deliveries::item(guild, row)).collect(),
    }))
}

/// A check; whatever is not `ok` says why.
fn check(what: &'static str, state: &'static str, reason: &str, text: &str) -> Check {
    Check {
        what,
        state,
        reason: Some(reason.to_owned()).filter(|_| state != "ok"),
        text: text.to_owned(),
        ..Check::default()
    }
}

/// What is known of a channel that the server's list does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Elsewhere {
    /// It is gone, or there is none.
    Nowhere,
    /// Discord has not told.
    Unknown,
}

/// Adds the default channel to what the server offers where it is a thread, which no list has.
async fn elsewhere(
    app: &App,
    guild: GuildId,
    found: Option<&mut Places>,
    channel: Option<ChannelId>,
) -> Elsewhere {
    let (Some(found), Some(channel)) = (found, channel) else { return Elsewhere::Nowhere };
    if !found.bot_present || place_of(found, channel).is_some() {
        return Elsewhere::Nowhere;
    }
    match tokio::time::timeout(PATIENCE, places::find_thread(app, guild, channel)).await {
        Ok(Ok(thread)) => found.channels.extend(thread),
        _ => return Elsewhere::Unknown,
    }
    Elsewhere::Nowhere
}

/// Whether the server's mention would ping somebody; nothing is said where nobody is to be pinged.
async fn ping_check(
    app: &App,
    guild: GuildId,
    places: Option<&Places>,
    config: &GuildConfig,
) -> Result<Option<Check>, ApiError> {
    if config.mention == Mention::None || config.default_channel.is_none() {
        return Ok(None);
    }
    let template = warnings::template(app, guild, config.template).await?;
    let (channel, mention) = (config.default_channel, config.mention);
    Ok(warnings::deaf(places, channel, mention, &template).map(|deaf| Check {
        channel_id: channel.map(|id| id.to_string()),
        missing: if deaf == Deaf::NotAllowed { vec!["MENTION_EVERYONE"] } else { Vec::new() },
        ..check("ping", "problem", deaf.code(), deaf.explain())
    }))
}

fn place_checks(
    found: Option<&Places>,
    channel: Option<ChannelId>,
    elsewhere: Elsewhere,
) -> Vec<Check> {
    let Some(found) = found else {
        let text = "Discord does not answer: this could not be checked.";
        return vec![check("bot", "unknown", "discord_unavailable", text)];
    };
    if !found.bot_present {
        let text = "The bot is not in this server. Invite it again.";
        return vec![check("bot", "problem", "not_in_guild", text)];
    }
    let bot = check("bot", "ok", "", "The bot is in this server.");
    let Some(channel) = channel else {
        let text = "Choose a channel for announcements.";
        return vec![bot, check("channel", "todo", "no_channel", text)];
    };
    let place = place_of(found, channel);
    let state = Check {
        channel_id: Some(channel.to_string()),
        channel_name: place.map(|place| place.name.clone()),
        ..channel_check(place, elsewhere)
    };
    vec![bot, state]
}

fn place_of(found: &Places, channel: ChannelId) -> Option<&Place> {
    found.channels.iter().find(|place| place.id == channel)
}

fn channel_check(place: Option<&Place>, elsewhere: Elsewhere) -> Check {
    let Some(place) = place else {
        if elsewhere == Elsewhere::Unknown {
            let text = "Discord does not answer: the default channel could not be checked.";
            return check("channel", "unknown", "discord_unavailable", text);
        }
        let text = "The default channel is gone. Choose another one.";
        return check("channel", "problem", "channel_deleted", text);
    };
    let Place { name, missing, embeds, .. } = place;
    if !missing.is_empty() {
        let names = missing.join(", ");
        let text = format!("The bot cannot post in #{name}: it lacks {names}.");
        let problem = check("channel", "problem", "missing_permission", &text);
        let missing_at = place.at.map(Level::code);
        return Check { missing: missing.clone(), missing_at, ..problem };
    }
    if let Some(until) = place.timed_out_until.map(rfc3339) {
        let text = format!("The bot cannot post in #{name}: it is timed out until {until}.");
        let until = Some(until);
        return Check { until, ..check("channel", "problem", "timed_out", &text) };
    }
    if !embeds {
        let text = format!("In #{name} the bot lacks EMBED_LINKS: only text is posted.");
        let problem = check("channel", "problem", "embed_left_out", &text);
        return Check { missing: vec!["EMBED_LINKS"], ..problem };
    }
    check("channel", "ok", "", &format!("Announcements go to #{name}."))
}

fn broken_check(broken: Broken, places: Option<&Places>) -> Check {
    let text = format!("{} cannot be announced: {}.", broken.login, broken.reason);
    let channel = broken.channel_id.map(ChannelId::from_db);
    let place = places.zip(channel).and_then(|(found, channel)| place_of(found, channel));
    Check {
        channel_id: channel.map(|id| id.to_string()),
        channel_name: place.map(|place| place.name.clone()),
        streamer_id: Some(broken.twitch_user_id),
        login: Some(broken.login),
        ..check("destination", "problem", &broken.reason, &text)
    }
}

fn zone_check(zone: NoZone) -> Check {
    let text = format!("The quiet hours may be off by hours. {zone}");
    Check {
        zones: zone.zones.iter().map(|zone| zone.name).collect(),
        timezone: Some(zone.name),
        ..check("timezone", "problem", "not_a_timezone", &text)
    }
}

fn streamer_check(streamers: i64) -> Check {
    let found = match streamers {
        0 => check("streamers", "todo", "no_streamers", "Add a streamer."),
        _ => check("streamers", "ok", "", &format!("{streamers} streamer(s) are followed.")),
    };
    Check { count: Some(streamers), ..found }
}

fn subscription_check(states: &[(String, i64)]) -> Option<Check> {
    let count = |wanted: &str| {
        states.iter().filter(|(state, _)| state == wanted).map(|(_, count)| count).sum::<i64>()
    };
    let total: i64 = states.iter().map(|(_, count)| count).sum();
    let (enabled, failed) = (count("enabled"), count("failed"));
    if total == 0 {
        return None;
    }
    let what = "subscriptions";
    let text = format!("{enabled} of {total} Twitch subscriptions are enabled.");
    let found = match (failed, enabled == total) {
        (0, true) => check(what, "ok", "", &text),
        (0, false) => {
            check(what, "todo", "subscription_pending", &format!("{text} The rest is on its way."))
        }
        _ => {
            let text = format!("{text} {failed} failed and are retried.");
            check(what, "problem", "subscription_failed", &text)
        }
    };
    Some(Check { count: Some(enabled), of: Some(total), failed: Some(failed), ..found })
}

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditItem {
    /// Its id.
    id: Uuid,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Who.
    actor_id: Option<String>,
    /// Their name, while we know them.
    actor_name: Option<String>,
    /// What, as in `guild_config.update`.
    action: String,
    /// On what.
    target: Option<String>,
    /// `done` or `denied`.
    outcome: String,
    /// What was before.
    #[schema(value_type = Option<Object>)]
    before: Option<serde_json::Value>,
    /// What is now.
    #[schema(value_type = Option<Object>)]
    after: Option<serde_json::Value>,
    /// The request.
    request_id: Option<String>,
    /// `dashboard`, or `discord` where it was a command or a button there.
    via: &'static str,
}

/// A page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditPage {
    /// The latest first.
    items: Vec<AuditItem>,
    /// The cursor of the next page.
    next: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAudit {
    /// Only those about this: a template's, a streamer's or a channel's id, an invite's code.
    #[serde(default)]
    target: Option<String>,
    /// The cursor of a page before.
    #[serde(default)]
    after: Option<String>,
    /// 1 to 100; 50 unless said.
    #[serde(default)]
    limit: Option<i64>,
}

/// Who changed what in a server, and what was denied.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/audit", tag = "guilds",
    params(("guild_id" = String, Path), ListAudit), responses((status = 200, body = AuditPage)))]
pub(crate) async fn audit_log(
    admin: GuildAdmin,
    QueryOf(query): QueryOf<ListAudit>,
) -> Result<Json<AuditPage>, ApiError> {
    let size = page_size(query.limit)?;
    let before = id_of(query.after.as_deref())?;
    let (pool, target) = (&admin.app().pool, query.target.as_deref());
    let rows = audit::of_guild(pool, admin.guild, target, before, size + 1).await?;
    let (rows, next) = page(rows, size, |row| row.audit_id.to_string());
    let item = |entry: audit::Entry| AuditItem {
        id: entry.audit_id,
        at: rfc3339(entry.at),
        actor_id: entry.actor_id.map(|id| id.cast_unsigned().to_string()),
        actor_name: entry.actor_name,
        action: entry.action,
        target: entry.target,
        outcome: entry.outcome,
        before: entry.before.map(|json| json.0),
        after: entry.after.map(|json| json.0),
        via: via(entry.request_id.as_deref()),
        request_id: entry.request_id,
    };
    Ok(Json(AuditPage { items: rows.into_iter().map(item).collect(), next }))
}

fn via(request_id: Option<&str>) -> &'static str {
    let by_discord = request_id.is_some_and(|id| id.starts_with(VIA_DISCORD));
    if by_discord { "discord" } else { "dashboard" }
}
