//! `/streammaxing why`: what stands between a streamer and the channel, and what became of the latest announcements.

use super::{
    doing::Doing,
    language::{Language, plain},
    presses::Press,
};
use crate::announce::preflight::{self, Health};
use sm_db::{
    announce::history,
    guilds::config::{self, GuildConfig},
    streamers::follows::{self, Filter, Follow, StoredDestination},
};
use sm_discord::interaction::{Button, Reply, Style};
use sm_types::{ChannelId, TwitchUserId};
use std::fmt::Write;

/// Announcements that are told of.
const LATEST: i64 = 3;
/// Channels that are looked at: each takes up to six requests.
const CHANNELS: usize = 3;

/// Looks and tells, with a button to look again.
pub(super) async fn why(doing: &Doing<'_>, streamer: &TwitchUserId) -> sqlx::Result<Reply> {
    let (app, guild, language) = (doing.app, doing.guild, doing.language);
    let only = Filter { only: Some(streamer), ..Filter::default() };
    let (rows, config, stored) = tokio::try_join!(
        follows::list(&app.pool, guild, only, 1),
        config::find(&app.pool, guild),
        follows::destinations(&app.pool, guild, streamer),
    )?;
    let (Some(follow), Some((config, _))) = (rows.first(), config) else {
        return Ok(Reply::text(language.pick(
            "This server does not announce this streamer.",
            "Dieser Server kündigt diesen Streamer nicht an.",
        )));
    };
    let mut text = format!("**{}**\n", plain(&follow.display_name));
    for line in settings(language, follow, &config) {
        let _ = writeln!(text, "{line}");
    }
    for line in channels(doing, &config, &stored).await {
        let _ = writeln!(text, "{line}");
    }
    let filter = history::Filter { streamer: Some(streamer.clone()), ..history::Filter::default() };
    let latest = history::list(&app.pool, guild, &filter, LATEST).await?;
    text += language.pick("\nLatest announcements:\n", "\nLetzte Ankündigungen:\n");
    if latest.is_empty() {
        text += language.pick(
            "none: Twitch has told of no stream since",
            "keine: Twitch hat seitdem von keinem Stream berichtet",
        );
    }
    for delivery in &latest {
        let at = delivery.created_at.unix_timestamp();
        let reason = delivery.reason.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
        let _ = writeln!(text, "<t:{at}:R> {} – {}{reason}", delivery.kind, delivery.status);
    }
    let again = language.pick("Look again", "Noch einmal prüfen");
    let button = Button::new(Style::Secondary, again, Press::Why(streamer.clone()).to_string());
    let open = language.pick("All deliveries", "Alle Zustellungen");
    let page = format!("{}/s/{guild}/deliveries", app.settings.public_base_url);
    Ok(Reply::text(text).with([button, Button::new(Style::Link, open, page)]))
}

/// What is known without asking anybody.
fn settings(language: Language, follow: &Follow, config: &GuildConfig) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |good: bool, english: &str, german: &str| {
        let sign = if good { "✅" } else { "❌" };
        lines.push(format!("{sign} {}", language.pick(english, german)));
    };
    if !config.enabled {
        add(
            false,
            "This server is paused: `/streammaxing resume`.",
            "Dieser Server ist angehalten: `/streammaxing resume`.",
        );
    }
    if !follow.enabled {
        add(
            false,
            "The streamer is paused here: `/streammaxing resume`.",
            "Der Streamer ist hier angehalten: `/streammaxing resume`.",
        );
    }
    if follow.status != "active" {
        add(
            false,
            "Twitch does not know this account any more.",
            "Twitch kennt dieses Konto nicht mehr.",
        );
    }
    match follow.subscription.as_str() {
        "enabled" => add(
            true,
            "Twitch tells us of this streamer.",
            "Twitch berichtet uns von diesem Streamer.",
        ),
        "failed" => add(
            false,
            "Twitch does not tell us of this streamer: the dashboard says why.",
            "Twitch berichtet uns nicht von diesem Streamer: das Dashboard sagt, warum.",
        ),
        _ => add(
            false,
            "Twitch is about to tell us of this streamer: wait a minute.",
            "Twitch berichtet uns gleich von diesem Streamer: warte eine Minute.",
        ),
    }
    if follow.live {
        add(true, "Live now.", "Gerade live.");
    }
    lines
}

/// Whether the bot can post where the streamer is announced.
async fn channels(
    doing: &Doing<'_>,
    config: &GuildConfig,
    stored: &[StoredDestination],
) -> Vec<String> {
    let language = doing.language;
    let mut lines = Vec::new();
    for StoredDestination { destination, .. } in stored.iter().take(CHANNELS) {
        let Some(channel) = destination.channel.or(config.default_channel) else {
            lines.push(
                language
                    .pick(
                        "❌ No channel is chosen: `/streammaxing setup`.",
                        "❌ Kein Kanal ist gewählt: `/streammaxing setup`.",
                    )
                    .to_owned(),
            );
            continue;
        };
        if !destination.enabled {
            lines.push(language.pick(
                format!("❌ <#{channel}> is switched off for this streamer."),
                format!("❌ <#{channel}> ist für diesen Streamer ausgeschaltet."),
            ));
            continue;
        }
        lines.push(health(doing, channel).await);
    }
    lines
}

async fn health(doing: &Doing<'_>, channel: ChannelId) -> String {
    let language = doing.language;
    match preflight::check(doing.app, doing.guild, channel).await {
        Ok(Health::Good) => language.pick(
            format!("✅ The bot can post in <#{channel}>."),
            format!("✅ Der Bot kann in <#{channel}> posten."),
        ),
        Ok(Health::Broken(trouble)) => format!("❌ <#{channel}>: {}", trouble.detail()),
        Ok(Health::NotInGuild) => language
            .pick("❌ The bot is not in this server.", "❌ Der Bot ist nicht auf diesem Server.")
            .to_owned(),
        Err(_) => language.pick(
            format!("❔ Discord does not answer for <#{channel}>."),
            format!("❔ Discord antwortet nicht zu <#{channel}>."),
        ),
    }
}
