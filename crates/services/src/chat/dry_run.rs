//! What would be said to a line, without saying it.

use super::{
    answer::{Answer, Called},
    book,
    plan::{PlanError, plan_hit},
};
use crate::App;
use sm_db::chat::uses;
use sm_types::{
    TwitchUserId,
    chat::{Chatter, Level, Silence},
};

/// As whom a line is written.
#[derive(Debug, Clone)]
pub struct Role {
    pub level: Level,
    pub login: String,
    pub name: String,
}

/// What would happen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rehearsed {
    /// The command that the line calls, without the prefix.
    pub command: Option<String>,
    /// Why nothing would be said.
    pub silence: Option<Silence>,
    /// What would be said.
    pub lines: Vec<String>,
    pub reply: bool,
    /// It would change something, and say so: a rehearsal changes nothing.
    pub changes: bool,
}

/// Somebody who is on no list and has waited for nothing.
const NOBODY: &str = "rehearsal";

/// Reads a line as the bot would. Nothing is sent, counted or changed; addresses are asked.
pub async fn rehearse(
    app: &App,
    channel: &TwitchUserId,
    text: &str,
    role: &Role,
) -> sqlx::Result<Rehearsed> {
    let kept = book::of(app, channel, None).await?;
    let book = &kept.book;
    let Some(hit) = book.find(text) else {
        let silence = Some(Silence::NoCommand);
        return Ok(Rehearsed { silence, ..Rehearsed::default() });
    };
    let mut rehearsed =
        Rehearsed { command: Some(hit.target.name().to_owned()), ..Rehearsed::default() };
    let chatter = Chatter {
        id: NOBODY.into(),
        login: role.login.clone(),
        name: role.name.clone(),
        badges: Vec::new(),
    };
    let seed = uuid::Uuid::new_v4().to_string();
    let called = Called { channel, chatter: &chatter, level: role.level, seed: &seed };
    let target = hit.target;
    match plan_hit(app, book, target, hit.arguments, &called).await {
        Err(PlanError::Database(error)) => return Err(error),
        Err(PlanError::Silent(silence)) => rehearsed.silence = Some(silence),
        Ok(planned) => {
            let count = uses::count(&app.pool, channel, planned.command_id).await?;
            rehearsed.lines = planned.lines(count + 1);
            rehearsed.reply = planned.reply;
            rehearsed.changes = matches!(planned.answer, Answer::Change(_));
            let empty = rehearsed.lines.is_empty() && !rehearsed.changes;
            rehearsed.silence = empty.then_some(Silence::Empty);
        }
    }
    Ok(rehearsed)
}
