//! `/streammaxing why`: what stands between a streamer and the channel, and what became of the latest announcements.

use super::{
    doing::Doing,
    language::{Language, plain},
    presses::Press,
};
use crate::setup::diagnosis::{self, Finding, State};
use sm_db::announce::history;
use sm_discord::interaction::{Button, Reply, Style};
use sm_types::TwitchUserId;
use std::fmt::Write;

/// Announcements that are told of.
const LATEST: i64 = 3;
/// Findings that fit in a message.
const FINDINGS: usize = 10;

/// Looks and tells, with a button to look again.
pub(super) async fn why(doing: &Doing<'_>, streamer: &TwitchUserId) -> sqlx::Result<Reply> {
    let (app, guild, language) = (doing.app, doing.guild, doing.language);
    let Some(found) = diagnosis::run(app, guild, streamer).await? else {
        return Ok(Reply::text(language.pick(
            "This server does not announce this streamer.",
            "Dieser Server kündigt diesen Streamer nicht an.",
        )));
    };
    let mut text = format!("**{}**\n", plain(&found.follow.display_name));
    // What became of the latest announcement is told below.
    let told = found.findings.iter().filter(|finding| !finding.code.starts_with("last_"));
    for finding in told.take(FINDINGS) {
        let _ = writeln!(text, "{}", line(language, finding));
    }
    if found.follow.live {
        text += language.pick("✅ Live now.\n", "✅ Gerade live.\n");
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

fn line(language: Language, finding: &Finding) -> String {
    let sign = match finding.state {
        State::Good => "✅",
        State::Warning => "⚠️",
        State::Broken => "❌",
        State::Unknown => "❔",
    };
    let words = language.pick(None, in_german(&finding.code)).unwrap_or(&finding.message);
    match finding.channel {
        Some(channel) => format!("{sign} <#{channel}>: {words}"),
        None => format!("{sign} {words}"),
    }
}

/// What is found most; of the rest the words are English in both languages.
fn in_german(code: &str) -> Option<&'static str> {
    Some(match code {
        "guild_paused" => "Dieser Server ist angehalten: `/streammaxing resume`.",
        "streamer_paused" => "Der Streamer ist hier angehalten: `/streammaxing resume`.",
        "account_gone" => "Twitch kennt dieses Konto nicht mehr.",
        "subscription_good" => "Twitch sagt uns, wenn dieser Streamer live geht.",
        "subscription_failed" => {
            "Twitch berichtet uns nicht von diesem Streamer; das Dashboard sagt, warum."
        }
        "subscription_pending" => {
            "Twitch berichtet uns gleich von diesem Streamer. Warte eine Minute."
        }
        "not_in_guild" => "Der Bot ist nicht auf diesem Server. Lade ihn noch einmal ein.",
        "no_channel" => "Es ist kein Kanal gewählt: `/streammaxing setup`.",
        "destination_paused" => "Für diesen Streamer ausgeschaltet.",
        "channel_good" => "Der Bot kann hier posten.",
        "discord_unavailable" => {
            "Discord antwortet nicht. Versuche es in einer Minute noch einmal."
        }
        "no_delivery" => "Bisher gab es nichts anzukündigen.",
        "embed_suppressed" => "Discord lässt das Embed weg: Dem Bot fehlt hier „Links einbetten“.",
        "mention_unused" => "Im Text der Vorlage fehlt die Erwähnung; niemand wird gepingt.",
        "role_gone" => "Die Rolle gibt es nicht mehr; niemand wird gepingt.",
        "not_pinged" => {
            "Der Bot darf hier nicht pingen; gib ihm „@everyone, @here und alle Rollen erwähnen“."
        }
        _ => return None,
    })
}
