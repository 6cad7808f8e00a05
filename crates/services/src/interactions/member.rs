//! `/live`, and the buttons under announcements: what pings a member.

use super::{
    asked::Asked,
    language::plain,
    presses::Press,
    streamers::{Found, find},
};
use crate::guilds::wishes;
use sm_db::{
    guilds::preferences::{self, Page, StreamerPreference},
    streamers::follows,
};
use sm_discord::interaction::{Button, Invocation, Reply, Response, Style};
use sm_types::TwitchUserId;
use std::fmt::Write;

/// Streamers that a list names; a server may have a thousand.
const LISTED: i64 = 25;

/// Carries a command out.
pub(super) async fn command(asked: &Asked<'_>, call: &Invocation) -> sqlx::Result<Response> {
    let reply = match call.subcommand.as_deref() {
        Some("list") => list(asked).await?,
        Some("settings") => settings(asked).await?,
        Some(wish @ ("mute" | "unmute")) => {
            let wants = wish == "unmute";
            match call.option("streamer") {
                None => wish_for_all(asked, Some(wants)).await?,
                Some(text) => match find(&asked.app.pool, asked.guild, text, asked.language).await?
                {
                    Found::Not(why) => Reply::text(why),
                    Found::One(named) => {
                        wish_for(asked, &named.id, &named.display_name, wants).await?
                    }
                },
            }
        }
        _ => asked.unknown(),
    };
    Ok(Response::Message(reply))
}

/// A button under an announcement, or one that a list has for it.
pub(super) async fn press(
    asked: &Asked<'_>,
    streamer: &TwitchUserId,
    wants: bool,
) -> sqlx::Result<Response> {
    let found = follows::named(&asked.app.pool, asked.guild, streamer.as_str()).await?;
    let reply = match found.iter().find(|named| named.id == *streamer) {
        Some(named) => wish_for(asked, streamer, &named.display_name, wants).await?,
        None => Reply::text(asked.language.pick(
            "This server does not announce this streamer any more.",
            "Dieser Server kündigt diesen Streamer nicht mehr an.",
        )),
    };
    Ok(Response::Message(reply))
}

/// A button of the settings, which change in place.
pub(super) async fn press_for_all(
    asked: &Asked<'_>,
    wants: Option<bool>,
) -> sqlx::Result<Response> {
    wish_for_all(asked, wants).await?;
    settings(asked).await.map(Response::Update)
}

async fn wish_for(
    asked: &Asked<'_>,
    streamer: &TwitchUserId,
    name: &str,
    wants: bool,
) -> sqlx::Result<Reply> {
    let who = (asked.user, &asked.actor());
    let chosen = wishes::choose(asked.app, asked.guild, Some(streamer), who, Some(wants)).await?;
    let name = plain(name);
    let text = match wants {
        true => asked.language.pick(
            format!("🔔 You will be pinged when **{name}** goes live."),
            format!("🔔 Du wirst benachrichtigt, wenn **{name}** live geht."),
        ),
        false => asked.language.pick(
            format!("🔕 **{name}** will not ping you any more."),
            format!("🔕 **{name}** benachrichtigt dich nicht mehr."),
        ),
    };
    Ok(told(asked, text, chosen))
}

async fn wish_for_all(asked: &Asked<'_>, wants: Option<bool>) -> sqlx::Result<Reply> {
    let who = (asked.user, &asked.actor());
    let chosen = wishes::choose(asked.app, asked.guild, None, who, wants).await?;
    let text = match wants {
        Some(true) => asked.language.pick(
            "🔔 Every streamer of this server will ping you, but for those that you mute.",
            "🔔 Alle Streamer dieses Servers benachrichtigen dich, außer denen, die du stummschaltest.",
        ),
        Some(false) => asked.language.pick(
            "🔕 No streamer of this server will ping you, but for those that you choose.",
            "🔕 Kein Streamer dieses Servers benachrichtigt dich, außer denen, die du auswählst.",
        ),
        None => asked.language.pick("Forgotten.", "Vergessen."),
    };
    Ok(told(asked, text.to_owned(), chosen))
}

/// What was stored, and that Discord cannot honour it where that is so.
fn told(asked: &Asked<'_>, mut text: String, chosen: wishes::Chosen) -> Reply {
    if !chosen.honoured {
        text += asked.language.pick(
            "\nThis server pings a role or everyone, and Discord cannot leave single members out of that, nor add them. \
             Take or give up the role, or mute the channel in Discord.",
            "\nDieser Server erwähnt eine Rolle oder alle, und Discord kann einzelne davon weder ausnehmen noch \
             hinzufügen. Nimm dir die Rolle oder gib sie ab, oder schalte den Kanal in Discord stumm.",
        );
    }
    Reply::text(text)
}

async fn list(asked: &Asked<'_>) -> sqlx::Result<Reply> {
    let page = Page { name: None, after: None, limit: LISTED + 1 };
    let (pool, guild, user) = (&asked.app.pool, asked.guild, asked.user);
    let (for_all, mut rows) = tokio::try_join!(
        preferences::of_guild(pool, guild, user),
        preferences::streamers(pool, guild, user, page),
    )?;
    let more = rows.len() > LISTED as usize;
    rows.truncate(LISTED as usize);
    if rows.is_empty() {
        let nobody = asked
            .language
            .pick("This server announces nobody yet.", "Dieser Server kündigt noch niemanden an.");
        return Ok(Reply::text(nobody));
    }
    let mut text = asked
        .language
        .pick("**What pings you here**\n", "**Was dich hier benachrichtigt**\n")
        .to_owned();
    for row in &rows {
        let _ = writeln!(text, "{} {}", sign(row, for_all), plain(&row.display_name));
    }
    if more {
        text += asked
            .language
            .pick("… and more: open the dashboard.\n", "… und weitere: öffne das Dashboard.\n");
    }
    let open = asked.language.pick("All settings", "Alle Einstellungen");
    Ok(Reply::text(text).with([Button::new(Style::Link, open, own_page(asked))]))
}

/// A crowd is pinged whatever a member has chosen.
fn sign(row: &StreamerPreference, for_all: Option<bool>) -> &'static str {
    match row.mention.as_str() {
        "role" | "everyone" | "here" => "📢",
        "members" if row.wants_ping.or(for_all) == Some(true) => "🔔",
        _ => "🔕",
    }
}

async fn settings(asked: &Asked<'_>) -> sqlx::Result<Reply> {
    let chosen = preferences::of_guild(&asked.app.pool, asked.guild, asked.user).await?;
    let text = match chosen {
        Some(true) => asked.language.pick(
            "Every streamer of this server pings you, but for those that you have muted.",
            "Alle Streamer dieses Servers benachrichtigen dich, außer denen, die du stummgeschaltet hast.",
        ),
        Some(false) => asked.language.pick(
            "No streamer of this server pings you, but for those that you have chosen.",
            "Kein Streamer dieses Servers benachrichtigt dich, außer denen, die du ausgewählt hast.",
        ),
        None => asked.language.pick(
            "You have chosen nothing for the whole server: only those ping you that you have chosen.",
            "Du hast für den ganzen Server nichts gewählt: nur wen du ausgewählt hast, benachrichtigt dich.",
        ),
    };
    let button = |wants: Option<bool>, label| {
        let style = if wants == chosen { Style::Primary } else { Style::Secondary };
        Button::new(style, label, Press::WishForAll(wants).to_string())
    };
    let pick = |english, german| asked.language.pick(english, german);
    Ok(Reply::text(text).with([
        button(Some(true), pick("Everybody pings me", "Alle benachrichtigen mich")),
        button(Some(false), pick("Nobody pings me", "Niemand benachrichtigt mich")),
        button(None, pick("Only those I choose", "Nur wen ich wähle")),
        Button::new(Style::Link, pick("All settings", "Alle Einstellungen"), own_page(asked)),
    ]))
}

/// Where the dashboard shows the same.
fn own_page(asked: &Asked<'_>) -> String {
    asked.page(&format!("/me?server={}", asked.guild))
}
