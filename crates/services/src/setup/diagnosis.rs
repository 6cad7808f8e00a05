//! Everything between a streamer and the channels in which a server announces them: what stands in the way, what people
//! would see of it, and how to mend it.

use super::warnings::{self, Deaf};
use crate::{
    App,
    guilds::places::{self, Place, Places},
};
use serde_json::{Value, json};
use sm_db::{
    announce::history::{self, Delivery},
    guilds::config::{self, GuildConfig},
    streamers::{
        destinations,
        follows::{self, Filter, Follow, StoredDestination},
    },
};
use sm_discord::Reason;
use sm_types::{ChannelId, DeliveryId, DestinationId, GuildId, TwitchUserId};
use time::format_description::well_known::Rfc3339;

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Good,
    /// Something is posted, and not as it should be.
    Warning,
    /// Nothing is posted.
    Broken,
    /// Discord did not answer.
    Unknown,
}

impl State {
    /// A stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
        }
    }
}

/// What we can do about it ourselves, at a press of a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fix {
    /// Try the subscriptions again.
    Subscribe,
    /// Send the announcement that failed, late and without a ping.
    Resend(DeliveryId),
}

/// What was found out about one part.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub state: State,
    /// A stable code, such as `server_paused`, or a delivery's reason.
    pub code: String,
    /// The channel that it is about.
    pub channel: Option<ChannelId>,
    /// In words: what it is, and the remedy.
    pub message: String,
    /// What the words are about, by name.
    pub values: Option<Value>,
    pub fix: Option<Fix>,
}

impl Finding {
    fn new(state: State, code: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { state, code: code.to_owned(), channel: None, message, values: None, fix: None }
    }

    fn at(self, channel: ChannelId) -> Self {
        Self { channel: Some(channel), ..self }
    }
}

/// What is between a streamer and the channels, in the order in which an announcement meets it.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    pub follow: Follow,
    pub findings: Vec<Finding>,
}

/// Looks at everything; `None` where the server does not announce the streamer.
///
/// Takes at most three requests to Discord, and one or two for each thread. What it finds about a channel is recorded: the
/// channel is marked, or healed.
pub async fn run(
    app: &App,
    guild: GuildId,
    streamer: &TwitchUserId,
) -> sqlx::Result<Option<Diagnosis>> {
    let only = Filter { only: Some(streamer), ..Filter::default() };
    let (rows, config, stored) = tokio::try_join!(
        follows::list(&app.pool, guild, only, 1),
        config::find(&app.pool, guild),
        follows::destinations(&app.pool, guild, streamer),
    )?;
    let (Some(follow), Some((config, _))) = (rows.into_iter().next(), config) else {
        return Ok(None);
    };
    let mut findings = settings(&follow, &config);
    let offered = places::load(app, guild).await;
    if let Err(error) = &offered {
        tracing::warn!(%error, guild.id = %guild, "a diagnosis got no answer from Discord");
    }
    match &offered {
        Ok(places) if !places.bot_present => {
            let message = "The bot is not in this server. Invite it again.";
            findings.push(Finding::new(State::Broken, "not_in_guild", message));
        }
        offered => {
            for each in &stored {
                let places = offered.as_ref().ok();
                findings.extend(destination(app, guild, places, &config, each).await?);
            }
        }
    }
    findings.extend(latest(app, guild, streamer).await?);
    Ok(Some(Diagnosis { follow, findings }))
}

/// What is known without asking anybody.
fn settings(follow: &Follow, config: &GuildConfig) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |state, code, message: &str| found.push(Finding::new(state, code, message));
    if !config.enabled {
        let message = "Announcements are switched off for the whole server. Switch them on under Notifications.";
        add(State::Broken, "guild_paused", message);
    }
    if !follow.enabled {
        let message = "This streamer is switched off here. Switch them on again.";
        add(State::Broken, "streamer_paused", message);
    }
    if follow.status != "active" {
        let message = "Twitch does not know this account any more. Remove the streamer, or add them under their new name.";
        add(State::Broken, "account_gone", message);
    }
    match follow.subscription.as_str() {
        "enabled" => {
            add(State::Good, "subscription_good", "Twitch tells us when this streamer goes live.");
        }
        "failed" => {
            let why =
                follow.subscription_error.as_deref().map(sm_twitch::words_of).unwrap_or_default();
            let message = format!(
                "Twitch does not tell us of this streamer: {why} Until it does, a comparison every two minutes finds streams, later than usual."
            );
            let finding = Finding::new(State::Warning, "subscription_failed", message);
            found.push(Finding { fix: Some(Fix::Subscribe), ..finding });
        }
        _ => {
            let message = "Twitch is about to tell us of this streamer. Wait a minute.";
            add(State::Warning, "subscription_pending", message);
        }
    }
    found
}

async fn destination(
    app: &App,
    guild: GuildId,
    places: Option<&Places>,
    config: &GuildConfig,
    stored: &StoredDestination,
) -> sqlx::Result<Vec<Finding>> {
    let set = &stored.destination;
    let Some(channel) = set.channel.or(config.default_channel) else {
        let message = "No channel is chosen. Choose a default channel under Notifications, or one for this streamer.";
        return Ok(vec![Finding::new(State::Broken, "no_channel", message)]);
    };
    if !set.enabled {
        let message = "This channel is switched off for this streamer.";
        return Ok(vec![Finding::new(State::Warning, "destination_paused", message).at(channel)]);
    }
    let Some(places) = places else {
        let message = "Discord does not answer. Look again in a minute.";
        return Ok(vec![Finding::new(State::Unknown, "discord_unavailable", message).at(channel)]);
    };
    let listed = places.channels.iter().find(|place| place.id == channel).cloned();
    let place = match listed {
        Some(place) => Some(place),
        None => match places::find_thread(app, guild, channel).await {
            Ok(found) => found,
            Err(_) => {
                let message = "Discord does not answer. Look again in a minute.";
                let finding = Finding::new(State::Unknown, "discord_unavailable", message);
                return Ok(vec![finding.at(channel)]);
            }
        },
    };
    let finding = reachable(place.as_ref()).at(channel);
    if let Some(id) = set.id {
        record(app, id, stored, &finding).await?;
    }
    let is_good = finding.state == State::Good;
    let mut found = vec![finding];
    if let Some(place) = place.filter(|_| is_good) {
        let template = warnings::template(app, guild, set.template.or(config.template)).await?;
        if template.check().is_err() {
            let message = "The template cannot be used any more; the standard one stands in for it. Save it anew.";
            found.push(Finding::new(State::Warning, "template_invalid", message).at(channel));
        } else if template.embed.is_some() && !place.embeds {
            let message =
                "Discord leaves the embed out, since the bot lacks \"Embed Links\" here. Grant it.";
            found.push(Finding::new(State::Warning, "embed_suppressed", message).at(channel));
        }
        let mention = set.mention.unwrap_or(config.mention);
        if let Some(deaf) = warnings::deaf(Some(places), Some(channel), mention, &template) {
            found.push(mentioned(deaf).at(channel));
        }
    }
    Ok(found)
}

fn mentioned(deaf: Deaf) -> Finding {
    Finding::new(State::Warning, deaf.code(), deaf.explain())
}

/// Whether the bot can post in a channel.
fn reachable(place: Option<&Place>) -> Finding {
    let broken = |reason: Reason, values: Option<Value>| {
        let finding = Finding::new(State::Broken, reason.code(), reason.explain());
        Finding { values, ..finding }
    };
    let Some(place) = place else { return broken(Reason::ChannelDeleted, None) };
    if let Some(until) = place.timed_out_until {
        let until = until.format(&Rfc3339).unwrap_or_default();
        return broken(Reason::TimedOut, Some(json!({ "until": until })));
    }
    if place.missing.is_empty() {
        return Finding::new(State::Good, "channel_good", "The bot can post here.");
    }
    let hidden = place.missing.contains(&"VIEW_CHANNEL");
    let reason = if hidden { Reason::MissingAccess } else { Reason::MissingPermission };
    let at = place.at.map(|level| level.code());
    let mut found = broken(reason, Some(json!({ "missing": place.missing, "at": at })));
    found.message += &format!(" Missing: {}.", place.missing.join(", "));
    found
}

/// Marks a channel whose state is another than was known.
async fn record(
    app: &App,
    id: DestinationId,
    stored: &StoredDestination,
    found: &Finding,
) -> sqlx::Result<()> {
    let known = stored.degraded_reason.as_deref();
    match found.state {
        State::Good if known.is_some() => destinations::heal(&app.pool, id).await,
        State::Broken if known != Some(&found.code) => {
            destinations::degrade(&app.pool, id, &found.code, app.clock.now()).await
        }
        _ => Ok(()),
    }
}

/// What became of the latest announcement.
async fn latest(
    app: &App,
    guild: GuildId,
    streamer: &TwitchUserId,
) -> sqlx::Result<Option<Finding>> {
    let filter = history::Filter {
        streamer: Some(streamer.clone()),
        kind: Some("online".to_owned()),
        ..history::Filter::default()
    };
    let found = history::list(&app.pool, guild, &filter, 1).await?;
    let Some(latest) = found.first() else {
        let message = "Nothing has been announced here yet: Twitch has told of no stream since the streamer was added.";
        return Ok(Some(Finding::new(State::Good, "no_delivery", message)));
    };
    let ended = matches!(latest.status.as_str(), "failed" | "expired");
    let resendable = ended && is_live(app, streamer).await?;
    Ok(Some(of_latest(latest, resendable)))
}

fn of_latest(latest: &Delivery, resendable: bool) -> Finding {
    let (state, code, message) = match latest.status.as_str() {
        "sent" => (State::Good, "last_sent", "The latest announcement was posted."),
        "skipped" => (
            State::Good,
            "last_skipped",
            "The latest stream was not announced, as the settings say; its delivery names the rule.",
        ),
        "pending" | "sending" => {
            (State::Warning, "last_waits", "The latest announcement is on its way.")
        }
        _ => (
            State::Warning,
            "last_failed",
            "The latest announcement could not be posted; its delivery says why.",
        ),
    };
    let values = json!({ "delivery_id": latest.delivery_id, "reason": latest.reason });
    Finding {
        channel: latest.channel_id.map(ChannelId::from_db),
        values: Some(values),
        fix: resendable.then_some(Fix::Resend(latest.delivery_id)),
        ..Finding::new(state, code, message)
    }
}

async fn is_live(app: &App, streamer: &TwitchUserId) -> sqlx::Result<bool> {
    sm_db::announce::asked::is_live(&app.pool, streamer).await
}
