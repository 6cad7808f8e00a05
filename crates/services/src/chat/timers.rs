//! Lines that are said every so often while a channel is live.

use super::{
    book,
    commands::note,
    draft::wrong_with_event,
    say::{self, Say},
    tell::{self, Spoken, Who},
};
use crate::{
    App,
    audit::Actor,
    jobs::step::{Run, Step},
    setup::{Problem, SaveError},
};
use serde_json::json;
use sm_db::{
    Transaction,
    chat::{
        books,
        timers::{self, Content},
    },
};
use sm_types::TwitchUserId;
use time::Duration;
use uuid::Uuid;

/// Timers of one channel.
pub const MAX_TIMERS: i64 = 50;
const MAX_NAME: usize = 50;
const MAX_RESPONSES: usize = 20;
/// Minutes; below they would be noise, and above it is another day.
const EVERY: std::ops::RangeInclusive<i32> = 5..=1_440;
const MAX_LINES: i32 = 1_000;
/// Timers that a step lets speak.
const PAGE: i64 = 50;
/// The next look is a minute away: what has not been said by then is not said.
const LASTS: Duration = Duration::seconds(50);

/// A timer to save; nothing of it is checked yet.
#[derive(Debug, Clone)]
pub struct Draft {
    pub name: String,
    /// They take turns.
    pub responses: Vec<String>,
    pub every_minutes: i32,
    /// Lines of others since the last time, without which it stays silent.
    pub min_lines: i32,
    pub enabled: bool,
}

impl Draft {
    fn content(&self) -> Content<'_> {
        Content {
            name: self.name.trim(),
            responses: &self.responses,
            every_minutes: self.every_minutes,
            min_lines: self.min_lines,
            enabled: self.enabled,
        }
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |field: &str, message: String| {
            problems.push(Problem::new(field, "invalid", message));
        };
        let name = self.name.trim();
        let fits = (1..=MAX_NAME).contains(&name.chars().count());
        if !fits || name.chars().any(char::is_control) {
            wrong("name", format!("Use 1 to {MAX_NAME} characters."));
        }
        if !EVERY.contains(&self.every_minutes) {
            let message = format!("Use {} to {} minutes.", EVERY.start(), EVERY.end());
            wrong("every_minutes", message);
        }
        if !(0..=MAX_LINES).contains(&self.min_lines) {
            wrong("min_lines", format!("Use 0 to {MAX_LINES}."));
        }
        if !(1..=MAX_RESPONSES).contains(&self.responses.len()) {
            wrong("responses", format!("Write 1 to {MAX_RESPONSES}."));
        }
        for (at, response) in self.responses.iter().enumerate() {
            problems.extend(wrong_with_event(&format!("responses[{at}]"), response, false));
        }
        problems
    }

    fn checked(&self) -> Result<Content<'_>, SaveError> {
        let problems = self.problems();
        if problems.is_empty() { Ok(self.content()) } else { Err(SaveError::Invalid(problems)) }
    }

    fn as_json(&self) -> serde_json::Value {
        json!({ "name": self.name.trim(), "responses": self.responses, "every_minutes": self.every_minutes,
            "min_lines": self.min_lines, "enabled": self.enabled })
    }
}

/// Stores a new timer.
pub async fn create(
    app: &App,
    channel: &TwitchUserId,
    draft: &Draft,
    actor: &Actor,
) -> Result<Uuid, SaveError> {
    let mut transaction = app.pool.begin().await?;
    let id = add(app, &mut transaction, channel, draft, actor).await?;
    transaction.commit().await?;
    Ok(id)
}

/// The same, within a transaction.
pub(super) async fn add(
    app: &App,
    db: &mut Transaction,
    channel: &TwitchUserId,
    draft: &Draft,
    actor: &Actor,
) -> Result<Uuid, SaveError> {
    let content = draft.checked()?;
    if !books::lock(&mut **db, channel).await? {
        return Err(SaveError::NotFound);
    }
    let made = timers::insert(&mut **db, channel, content, MAX_TIMERS).await?;
    let Some(id) = made else {
        let message = format!("A channel can have {MAX_TIMERS} timers. Delete one first.");
        return Err(SaveError::field("name", "too_many_timers", message));
    };
    let change = (None, Some(draft.as_json()));
    note(app, db, actor, "chat.timer.create", channel, change).await?;
    Ok(id)
}

/// Saves a timer made from `revision`; returns the new revision.
pub async fn save(
    app: &App,
    channel: &TwitchUserId,
    timer: Uuid,
    draft: &Draft,
    revision: i32,
    actor: &Actor,
) -> Result<i32, SaveError> {
    let content = draft.checked()?;
    let mut transaction = app.pool.begin().await?;
    let old = timers::find(&mut *transaction, channel, timer).await?.ok_or(SaveError::NotFound)?;
    let saved = timers::save(&mut *transaction, channel, timer, content, revision).await?;
    let revision = saved.ok_or(SaveError::Conflict)?;
    let before = json!({ "name": old.name, "responses": old.responses, "every_minutes": old.every_minutes,
        "min_lines": old.min_lines, "enabled": old.enabled });
    let change = (Some(before), Some(draft.as_json()));
    note(app, &mut transaction, actor, "chat.timer.update", channel, change).await?;
    transaction.commit().await?;
    Ok(revision)
}

/// Deletes a timer.
pub async fn delete(
    app: &App,
    channel: &TwitchUserId,
    timer: Uuid,
    actor: &Actor,
) -> Result<(), SaveError> {
    let mut transaction = app.pool.begin().await?;
    let deleted = timers::delete(&mut *transaction, channel, timer).await?;
    let before = Some(json!({ "name": deleted.ok_or(SaveError::NotFound)? }));
    note(app, &mut transaction, actor, "chat.timer.delete", channel, (before, None)).await?;
    transaction.commit().await?;
    Ok(())
}

/// Lets a page of timers speak whose time has come.
pub(crate) async fn step(app: &App, _: Run<'_>) -> Step {
    let now = app.clock.now();
    let due = timers::claim(&app.pool, now, PAGE).await?;
    for timer in &due {
        let cause = format!("timer:{}:{}", timer.timer_id, timer.times);
        let turn = usize::try_from(timer.times - 1).unwrap_or_default();
        let Some(source) = timer.responses.get(turn % timer.responses.len().max(1)) else {
            continue;
        };
        let channel = &timer.channel;
        let discord_url = book::of(app, channel, None).await?.book.settings.discord_url.clone();
        let of = Spoken { channel, seed: &cause, count: timer.times, source };
        let lines = tell::lines(app, &of, Who::default(), discord_url, now).await?;
        let new = Say {
            channel,
            cause: &cause,
            lines: &lines,
            reply_to: None,
            command_id: None,
            lasts: LASTS,
        };
        if !lines.is_empty() {
            say::say(app, &new).await?;
        }
    }
    let full = i64::try_from(due.len()).is_ok_and(|len| len == PAGE);
    Ok(full.then(|| "more".to_owned()))
}
