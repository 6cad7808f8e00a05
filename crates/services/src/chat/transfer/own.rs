//! Our own files: YAML, made to be read and edited by people.

use super::foreign::Row;
use crate::chat::{draft::Draft, timers};
use serde::{Deserialize, Serialize};
use sm_db::chat::{commands::Stored, quotes::Quote, timers::Timer};
use sm_types::chat::{Level, Order, When};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const FORMAT: &str = "streammaxing-chat";

/// A file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct File {
    format: String,
    version: u32,
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    commands: Vec<Written>,
    #[serde(default)]
    quotes: Vec<WrittenQuote>,
    #[serde(default)]
    timers: Vec<WrittenTimer>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    responses: Vec<String>,
    #[serde(default)]
    order: Order,
    #[serde(default = "yes")]
    reply: bool,
    #[serde(default)]
    level: Level,
    /// Logins. They are told, and not taken over: a login may be somebody else's by now.
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default)]
    deny: Vec<String>,
    #[serde(default)]
    cooldown: u32,
    #[serde(default)]
    user_cooldown: u32,
    #[serde(default)]
    no_cooldown_from: Option<Level>,
    #[serde(default)]
    when: When,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    expires_at: Option<String>,
    #[serde(default)]
    category: String,
    #[serde(default)]
    fetch_url: Option<String>,
    #[serde(default)]
    fetch_fallback: String,
    #[serde(default)]
    uses: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenQuote {
    number: i32,
    text: String,
    #[serde(default)]
    game: Option<String>,
    said_at: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTimer {
    name: String,
    responses: Vec<String>,
    every_minutes: i32,
    #[serde(default)]
    min_lines: i32,
    #[serde(default = "yes")]
    enabled: bool,
}

fn yes() -> bool {
    true
}

/// Reads a file of ours.
pub(super) fn read(text: &str) -> Option<File> {
    let file: File = serde_saphyr::from_str(text).ok()?;
    (file.format == FORMAT && file.version == 1).then_some(file)
}

impl File {
    /// What is to be imported of it.
    pub(super) fn into_rows(self) -> (Vec<Row>, Vec<Quote>, Vec<timers::Draft>) {
        let quotes = self.quotes.into_iter().filter_map(|quote| {
            let said_at = OffsetDateTime::parse(&quote.said_at, &Rfc3339).ok()?;
            let WrittenQuote { number, text, game, .. } = quote;
            (number > 0).then_some(Quote { number, text, game, said_at })
        });
        let timers = self.timers.into_iter().map(|timer| timers::Draft {
            name: timer.name,
            responses: timer.responses,
            every_minutes: timer.every_minutes,
            min_lines: timer.min_lines,
            enabled: timer.enabled,
        });
        (self.commands.into_iter().map(row).collect(), quotes.collect(), timers.collect())
    }
}

fn row(written: Written) -> Row {
    let mut unmapped = Vec::new();
    for (list, what) in [(&written.allow, "may use it"), (&written.deny, "may not use it")] {
        if !list.is_empty() {
            unmapped.push(format!("Enter again who {what}: {}.", list.join(", ")));
        }
    }
    let expires_at = written.expires_at.as_deref().map(|at| OffsetDateTime::parse(at, &Rfc3339));
    if matches!(expires_at, Some(Err(_))) {
        unmapped.push("The time of its end cannot be read.".to_owned());
    }
    let draft = Draft {
        name: written.name,
        aliases: written.aliases,
        responses: written.responses,
        order: written.order,
        reply: written.reply,
        level: written.level,
        allow: Vec::new(),
        deny: Vec::new(),
        cooldown: written.cooldown,
        user_cooldown: written.user_cooldown,
        no_cooldown_from: written.no_cooldown_from,
        when: written.when,
        enabled: written.enabled,
        expires_at: expires_at.and_then(Result::ok),
        category: written.category,
        fetch_url: written.fetch_url,
        fetch_fallback: written.fetch_fallback,
    };
    Row { draft, uses: written.uses, unmapped, notes: Vec::new() }
}

/// Writes a file of ours.
pub(super) fn write(
    prefix: String,
    commands: Vec<Stored>,
    quotes: Vec<Quote>,
    timers: Vec<Timer>,
) -> Result<String, serde_saphyr::ser::Error> {
    let rfc3339 = |at: OffsetDateTime| at.format(&Rfc3339).unwrap_or_default();
    let logins =
        |list: Vec<sm_types::chat::Person>| list.into_iter().map(|person| person.login).collect();
    let written = |stored: Stored| {
        let command = stored.command;
        let (fetch_url, fetch_fallback) =
            command.fetch.map_or((None, String::new()), |fetch| (Some(fetch.url), fetch.fallback));
        Written {
            name: command.name,
            aliases: command.aliases,
            responses: command.responses,
            order: command.order,
            reply: command.reply,
            level: command.level,
            allow: logins(command.allow),
            deny: logins(command.deny),
            cooldown: command.cooldown,
            user_cooldown: command.user_cooldown,
            no_cooldown_from: command.no_cooldown_from,
            when: command.when,
            enabled: command.enabled,
            expires_at: command.expires_at.map(rfc3339),
            category: command.category,
            fetch_url,
            fetch_fallback,
            uses: stored.uses,
        }
    };
    let quote = |quote: Quote| WrittenQuote {
        number: quote.number,
        text: quote.text,
        game: quote.game,
        said_at: rfc3339(quote.said_at),
    };
    let timer = |timer: Timer| WrittenTimer {
        name: timer.name,
        responses: timer.responses,
        every_minutes: timer.every_minutes,
        min_lines: timer.min_lines,
        enabled: timer.enabled,
    };
    serde_saphyr::to_string(&File {
        format: FORMAT.to_owned(),
        version: 1,
        prefix,
        commands: commands.into_iter().map(written).collect(),
        quotes: quotes.into_iter().map(quote).collect(),
        timers: timers.into_iter().map(timer).collect(),
    })
}
