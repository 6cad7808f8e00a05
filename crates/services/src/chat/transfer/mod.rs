//! Commands, quotes and timers out of files, and into one. Nothing that is there is overwritten.

mod foreign;
mod own;
mod translate;

use super::{
    change::MAX_QUOTES,
    commands::{add, prefix_of, with_people},
    draft::checked,
    timers,
};
use crate::{
    App,
    audit::Actor,
    setup::{Problem, SaveError},
};
pub use foreign::Origin;
use foreign::Row;
use serde_json::Value;
use sm_db::chat::{books, commands as stored, quotes, timers as stored_timers};
use sm_types::{TwitchUserId, chat::CommandId};
use uuid::Uuid;

/// Rows of one file.
const MAX_ROWS: usize = 1_000;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Added,
    /// It is there and switched off: something did not map.
    Disabled,
    Skipped,
}

impl Outcome {
    /// A stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Disabled => "disabled",
            Self::Skipped => "skipped",
        }
    }
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Command,
    Quote,
    Timer,
}

impl Kind {
    /// A stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Quote => "quote",
            Self::Timer => "timer",
        }
    }
}

/// A row of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The command's or timer's name, or a quote's number.
    pub name: String,
    pub kind: Kind,
    pub outcome: Outcome,
    /// Why, and what is worth knowing.
    pub notes: Vec<String>,
}

/// What an import has done, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whose file it was; ours: `streammaxing`.
    pub origin: &'static str,
    pub rows: Vec<Told>,
}

/// Imports a file of another bot (JSON), or one of ours (YAML). `dry`: only tells what would happen.
pub async fn import(
    app: &App,
    channel: &TwitchUserId,
    text: &str,
    dry: bool,
    actor: &Actor,
) -> Result<Report, SaveError> {
    let unknown = || {
        let message =
            "This is no export of Nightbot, StreamElements or Fossabot, and none of ours.";
        SaveError::field("file", "unknown_format", message)
    };
    let (origin, rows, told_quotes, told_timers) = match serde_json::from_str::<Value>(text) {
        Ok(document) => {
            let (origin, rows) = foreign::read(&document).ok_or_else(unknown)?;
            (origin.as_str(), rows, Vec::new(), Vec::new())
        }
        Err(_) => {
            let file = own::read(text).ok_or_else(unknown)?;
            let (rows, quotes, timers) = file.into_rows();
            ("streammaxing", rows, quotes, timers)
        }
    };
    if rows.len() + told_quotes.len() + told_timers.len() > MAX_ROWS {
        let message = format!("A file can have {MAX_ROWS} commands, quotes and timers. Split it.");
        return Err(SaveError::field("file", "too_many", message));
    }
    let prefix = prefix_of(app, channel).await?;
    let mut report = Report { origin, rows: Vec::with_capacity(rows.len()) };
    for row in rows {
        report.rows.push(one(app, channel, &prefix, row, dry, actor).await?);
    }
    for quote in told_quotes {
        report.rows.push(one_quote(app, channel, &quote, dry).await?);
    }
    for timer in told_timers {
        report.rows.push(one_timer(app, channel, &timer, dry, actor).await?);
    }
    Ok(report)
}

/// Adds a command in a transaction of its own: one that is refused takes no other with it.
async fn one(
    app: &App,
    channel: &TwitchUserId,
    prefix: &str,
    mut row: Row,
    dry: bool,
    actor: &Actor,
) -> Result<Told, SaveError> {
    let mut notes = row.unmapped.clone();
    notes.append(&mut row.notes);
    if !row.unmapped.is_empty() {
        row.draft.enabled = false;
    }
    let mut told = Told {
        name: row.draft.name.clone(),
        kind: Kind::Command,
        outcome: Outcome::Skipped,
        notes,
    };
    let draft = match checked(row.draft, prefix) {
        Ok(draft) => draft,
        Err(problems) => {
            told.notes.extend(problems.into_iter().map(in_words));
            return Ok(told);
        }
    };
    let is_on = draft.enabled;
    let command = with_people(CommandId(Uuid::now_v7()), draft, Vec::new(), Vec::new());
    let mut transaction = app.pool.begin().await?;
    match add(app, &mut transaction, channel, &command, actor).await {
        Ok(()) => {
            if row.uses > 0 {
                let now = app.clock.now();
                stored::set_uses(&mut *transaction, channel, command.id, row.uses, now).await?;
            }
            told.outcome = if is_on { Outcome::Added } else { Outcome::Disabled };
        }
        Err(SaveError::Invalid(problems)) => {
            told.notes.extend(problems.into_iter().map(|problem| problem.message));
        }
        Err(error) => return Err(error),
    }
    if dry || told.outcome == Outcome::Skipped {
        transaction.rollback().await?;
    } else {
        transaction.commit().await?;
        app.inner().chat.forget(channel);
    }
    Ok(told)
}

fn in_words(problem: Problem) -> String {
    format!("{}: {}", problem.field, problem.message)
}

async fn one_quote(
    app: &App,
    channel: &TwitchUserId,
    quote: &quotes::Quote,
    dry: bool,
) -> Result<Told, SaveError> {
    let new = quotes::New {
        number: Some(quote.number),
        text: &quote.text,
        game: quote.game.as_deref(),
        said_at: quote.said_at,
    };
    let mut transaction = app.pool.begin().await?;
    books::lock(&mut *transaction, channel).await?;
    let added = quotes::insert(&mut *transaction, channel, new, MAX_QUOTES).await?.is_some();
    if dry || !added {
        transaction.rollback().await?;
    } else {
        transaction.commit().await?;
    }
    let why = "There is a quote of this number already, or there are too many.";
    Ok(Told {
        name: quote.number.to_string(),
        kind: Kind::Quote,
        outcome: if added { Outcome::Added } else { Outcome::Skipped },
        notes: if added { Vec::new() } else { vec![why.to_owned()] },
    })
}

async fn one_timer(
    app: &App,
    channel: &TwitchUserId,
    timer: &timers::Draft,
    dry: bool,
    actor: &Actor,
) -> Result<Told, SaveError> {
    let name = timer.name.trim().to_owned();
    let mut told = Told { name, kind: Kind::Timer, outcome: Outcome::Skipped, notes: Vec::new() };
    let mut transaction = app.pool.begin().await?;
    match timers::add(app, &mut transaction, channel, timer, actor).await {
        Ok(_) => {
            told.outcome = if timer.enabled { Outcome::Added } else { Outcome::Disabled };
        }
        Err(SaveError::Invalid(problems)) => {
            told.notes.extend(problems.into_iter().map(in_words));
        }
        Err(error) => return Err(error),
    }
    let all = stored_timers::list(&mut *transaction, channel).await?;
    let same = all.iter().filter(|there| there.name.eq_ignore_ascii_case(&told.name)).count();
    if told.outcome != Outcome::Skipped && same > 1 {
        told.outcome = Outcome::Skipped;
        told.notes.push("There is a timer of this name already.".to_owned());
    }
    if dry || told.outcome == Outcome::Skipped {
        transaction.rollback().await?;
    } else {
        transaction.commit().await?;
    }
    Ok(told)
}

/// All commands, quotes and timers of a channel as a file (YAML). Secrets stand in it by their names alone.
pub async fn export(app: &App, channel: &TwitchUserId) -> Result<String, SaveError> {
    let prefix = prefix_of(app, channel).await?;
    let commands = stored::list(&app.pool, channel).await?;
    let quotes = quotes::list(&app.pool, channel).await?;
    let timers = stored_timers::list(&app.pool, channel).await?;
    own::write(prefix, commands, quotes, timers).map_err(|error| {
        tracing::error!(%error, "an export could not be written");
        SaveError::field("file", "unavailable", "It cannot be written now.")
    })
}
