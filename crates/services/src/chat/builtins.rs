//! What the commands say that come with the bot.

use super::{
    answer::{Answer, Called, shown},
    change::{Change, What},
    facts::Facts,
    remote,
    stamp::{chance, span},
};
use crate::{App, streamers::lookup, twitch_token::with_token};
use sm_db::chat::quotes::{self, Quote};
use sm_types::chat::{Arguments, Book, Builtin, Level, Target, text::beginning};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::timeout;

/// Chat does not wait longer for Twitch.
const PATIENCE: Duration = Duration::from_secs(2);
/// Code points of a list of commands.
const MAX_LIST: usize = 450;
/// Code points of a quote.
const MAX_QUOTE: usize = 400;

/// What a built-in command answers.
pub(super) async fn answer(
    app: &App,
    book: &Book,
    builtin: Builtin,
    facts: &Facts,
    called: &Called<'_>,
    level: Level,
) -> sqlx::Result<Answer> {
    let scene = facts.scene.as_ref();
    let live_for = scene.and_then(|scene| Some(span(facts.now - scene.live_since?)));
    let title = scene.and_then(|scene| scene.title.as_deref());
    let game = scene.and_then(|scene| scene.game_name.as_deref());
    Ok(match builtin {
        Builtin::Commands => Answer::ours(listed(book, level)),
        Builtin::Uptime => Answer::ours(match live_for {
            Some(time) => format!("Live for {time}."),
            None => "The stream is offline.".to_owned(),
        }),
        Builtin::Title => Answer::ours(format!("Title: {}", title.unwrap_or("none"))),
        Builtin::Game => Answer::ours(format!("Category: {}", game.unwrap_or("none"))),
        Builtin::Live => Answer::ours(match live_for {
            Some(time) => {
                let game = game.map(|game| format!(" with {game}")).unwrap_or_default();
                let title = title.map(|title| format!(": {title}")).unwrap_or_default();
                format!("Live for {time}{game}{title}")
            }
            None => "The stream is offline.".to_owned(),
        }),
        Builtin::Discord => Answer::ours(match &facts.discord_url {
            Some(url) => format!("Discord: {url}"),
            None => "This channel has no Discord invite yet: the owner adds it in the dashboard."
                .to_owned(),
        }),
        Builtin::So => shout_out(app, &facts.arguments).await,
        Builtin::Followage => followage(app, facts, called).await,
        Builtin::Quote => quote(app, facts, called, level).await?,
        Builtin::Command => command(facts, called, level),
        Builtin::Notify => {
            let word = facts.arguments.get(1).map(str::to_lowercase).unwrap_or_default();
            match word.as_str() {
                "me" | "on" => change(called, level, What::Notify { wanted: true }),
                "off" => change(called, level, What::Notify { wanted: false }),
                _ => Answer::ours(
                    "Write “notify me” for a ping on Discord at every start, “notify off” for none.",
                ),
            }
        }
    })
}

fn change(called: &Called<'_>, level: Level, what: What) -> Answer {
    Answer::Change(Box::new(Change {
        channel: called.channel.clone(),
        by: called.chatter.id.clone(),
        level,
        line: called.seed.to_owned(),
        what,
    }))
}

/// The commands that somebody of this level can use, as many as one message holds.
fn listed(book: &Book, level: Level) -> String {
    let prefix = &book.settings.prefix;
    let usable = |target: Target<'_>| target.level(&book.settings) <= level;
    let own = book.entries().iter().filter(|entry| entry.command.enabled);
    let own = own.map(Target::Own);
    let built_in = Builtin::ALL.iter().filter(|builtin| book.settings.of(**builtin).enabled);
    let built_in = built_in.map(|builtin| Target::Builtin(*builtin));
    let all = own.chain(built_in).filter(|target| usable(*target));
    let mut names: Vec<String> = all.map(|target| format!("{prefix}{}", target.name())).collect();
    let whole = names.len();
    let mut used = 0;
    names.retain(|name| {
        used += name.chars().count() + 1;
        used <= MAX_LIST
    });
    let more = if names.len() < whole { " …" } else { "" };
    format!("Commands: {}{more}", names.join(" "))
}

async fn shout_out(app: &App, arguments: &Arguments) -> Answer {
    let Some(login) = arguments.login() else {
        return Answer::ours("Name a channel, as in “so ana”.");
    };
    let asked = async {
        let user = lookup::by_logins(app, std::slice::from_ref(&login)).await?.into_iter().next();
        let Some(user) = user else { return Ok(None) };
        let ids = [user.id.clone()];
        let channels = with_token(app, |token| {
            let ids = ids.clone();
            async move { app.twitch.channels(&token, &ids).await }
        });
        let game = channels.await?.into_iter().next().and_then(|channel| channel.game_name);
        Ok::<_, sm_twitch::Error>(Some((user, game)))
    };
    match timeout(PATIENCE, asked).await {
        Ok(Ok(Some((user, game)))) => {
            let name = if user.display_name.is_empty() { &user.login } else { &user.display_name };
            let last = game.filter(|game| !game.is_empty());
            let last = last.map(|game| format!(", last seen with {game}")).unwrap_or_default();
            Answer::ours(format!("Follow {name} at https://www.twitch.tv/{}{last}", user.login))
        }
        Ok(Ok(None)) => Answer::ours(format!("Twitch knows nobody called {login}.")),
        // The address is known all the same.
        _ => Answer::ours(format!("Follow https://www.twitch.tv/{login}")),
    }
}

async fn followage(app: &App, facts: &Facts, called: &Called<'_>) -> Answer {
    let named = match (facts.arguments.is_empty(), facts.arguments.login()) {
        (true, _) => Some((called.chatter.id.clone(), shown(called.chatter).to_owned())),
        (false, None) => None,
        (false, Some(login)) => {
            let found = timeout(PATIENCE, lookup::by_logins(app, &[login])).await;
            let found = found.ok().and_then(Result::ok).and_then(|users| users.into_iter().next());
            found.map(|user| (user.id, user.login))
        }
    };
    let Some((id, name)) = named else {
        return Answer::ours("Twitch knows nobody of this name.");
    };
    Answer::ours(match remote::since(app, called.channel, &id).await {
        Some(at) => format!("@{name} has followed for {}.", ages(facts.now, at)),
        None => format!(
            "Twitch does not tell whether @{name} follows: the channel's owner has to grant moderator:read:followers."
        ),
    })
}

/// `2 years 3 months`, `5 days`, or `today`.
fn ages(now: OffsetDateTime, since: OffsetDateTime) -> String {
    let plural =
        |many: i64, word: &str| format!("{many} {word}{}", if many == 1 { "" } else { "s" });
    let days = (now - since).whole_days().max(0);
    match (days / 365, days % 365 / 30, days) {
        (0, 0, 0) => "less than a day".to_owned(),
        (0, 0, days) => plural(days, "day"),
        (0, months, _) => plural(months, "month"),
        (years, 0, _) => plural(years, "year"),
        (years, months, _) => format!("{} {}", plural(years, "year"), plural(months, "month")),
    }
}

async fn quote(
    app: &App,
    facts: &Facts,
    called: &Called<'_>,
    level: Level,
) -> sqlx::Result<Answer> {
    let first = facts.arguments.get(1).map(str::to_lowercase);
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<i32>().ok());
    let moderates = level >= Level::Moderator;
    match first.as_deref() {
        Some("add") if moderates => {
            let text = after(&facts.arguments, 1);
            if text.is_empty() {
                return Ok(Answer::ours("Write what was said, as in “quote add Well said”."));
            }
            let text = beginning(&text, MAX_QUOTE);
            let game = facts.scene.as_ref().and_then(|scene| scene.game_name.clone());
            Ok(change(called, level, What::AddQuote { text, game }))
        }
        Some("remove") if moderates => Ok(match number(facts.arguments.get(2)) {
            Some(number) => change(called, level, What::RemoveQuote { number }),
            None => Answer::ours("Name the quote's number, as in “quote remove 3”."),
        }),
        other => {
            let wanted = number(other);
            let found = match wanted {
                Some(number) => quotes::find(&app.pool, called.channel, number).await?,
                None => {
                    let chance = chance(called.seed, 0) >> 1;
                    quotes::any(&app.pool, called.channel, chance.cast_signed()).await?
                }
            };
            Ok(Answer::ours(match (found, wanted) {
                (Some(quote), _) => told(&quote),
                (None, Some(number)) => format!("There is no quote {number}."),
                (None, None) => "There are no quotes yet.".to_owned(),
            }))
        }
    }
}

fn told(quote: &Quote) -> String {
    let game = quote.game.as_ref().map(|game| format!(", {game}")).unwrap_or_default();
    format!("Quote {}: “{}” ({}{game})", quote.number, quote.text, quote.said_at.date())
}

fn command(facts: &Facts, called: &Called<'_>, level: Level) -> Answer {
    const HOW: &str =
        "Write “command add name response”, “command edit name response” or “command remove name”.";
    let arguments = &facts.arguments;
    // Whatever the owner has opened it for: adding commands is for moderators.
    if level < Level::Moderator {
        return Answer::ours("Moderators change commands.");
    }
    let (verb, name) = (arguments.get(1).map(str::to_lowercase), arguments.get(2));
    let (Some(verb), Some(name)) = (verb, name) else { return Answer::ours(HOW) };
    let (name, response) = (name.to_owned(), after(arguments, 2));
    match (verb.as_str(), response.is_empty()) {
        ("add", false) => change(called, level, What::AddCommand { name, response }),
        ("edit", false) => change(called, level, What::EditCommand { name, response }),
        ("remove", _) => change(called, level, What::RemoveCommand { name }),
        _ => Answer::ours(HOW),
    }
}

/// What follows the first `count` arguments.
fn after(arguments: &Arguments, count: usize) -> String {
    (count + 1..=arguments.len()).filter_map(|at| arguments.get(at)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_is_told_in_two_words() {
        let at = |days| OffsetDateTime::UNIX_EPOCH + time::Duration::days(days);
        for (days, told) in [
            (0, "less than a day"),
            (1, "1 day"),
            (45, "1 month"),
            (365, "1 year"),
            (800, "2 years 2 months"),
        ] {
            assert_eq!(ages(at(days), at(0)), told);
        }
    }

    #[test]
    fn list_of_commands_fits_into_a_message() {
        let book = Book::default();
        assert!(listed(&book, Level::Everyone).starts_with("Commands: "));
    }
}
