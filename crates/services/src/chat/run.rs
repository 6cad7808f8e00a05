//! Commands that programs run, over HTTP.

use super::{
    answer::Called,
    plan::{PlanError, plan_named},
    say::{self, Say},
};
use crate::App;
use sm_db::chat::{books, sends::Queued};
use sm_types::{
    TwitchUserId,
    chat::{Chatter, Level, Silence},
};
use uuid::Uuid;

/// Commands that one token runs: so many at once, and within as many seconds.
const BURST: u32 = 20;
const SECONDS: u32 = 30;
/// Code points of arguments.
const MAX_ARGUMENTS: usize = 500;

/// What a program asks for.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    pub channel: &'a TwitchUserId,
    /// A command's name or alias.
    pub name: &'a str,
    pub arguments: &'a str,
    pub token: Uuid,
    /// Asked twice with the same, it is run once.
    pub once: Uuid,
}

/// Why nothing is said.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("{}", .0.code())]
    Silent(Silence),
    /// It was run before, under the same id.
    #[error("it was run before")]
    Before,
    /// The bot is not in the channel.
    #[error("the bot is not there")]
    NotThere,
    /// Too many lines wait in the channel.
    #[error("too many lines wait")]
    Full,
    /// The token has run too many.
    #[error("too many at once")]
    TooFast,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Runs a command as the channel's owner; what is going to be said.
pub async fn run(app: &App, order: &Order<'_>) -> Result<Vec<String>, RunError> {
    let key = format!("chat/run:{}", order.token);
    if !sm_db::limits::spend(&app.pool, &key, BURST, SECONDS).await? {
        return Err(RunError::TooFast);
    }
    let scene = books::scene(&app.pool, order.channel).await?.ok_or(RunError::NotThere)?;
    let chatter = Chatter {
        id: order.channel.clone(),
        login: scene.login,
        name: scene.display_name,
        badges: Vec::new(),
    };
    let seed = order.once.to_string();
    let called = Called {
        channel: order.channel,
        chatter: &chatter,
        level: Level::Broadcaster,
        seed: &seed,
    };
    let arguments: String = order.arguments.chars().take(MAX_ARGUMENTS).collect();
    let planned = match plan_named(app, &called, order.name, &arguments).await {
        Ok(planned) => planned,
        Err(PlanError::Silent(silence)) => return Err(RunError::Silent(silence)),
        Err(PlanError::Database(error)) => return Err(error.into()),
    };
    let mut transaction = app.pool.begin().await?;
    let lines = planned.settle(app, &mut transaction).await?;
    if lines.is_empty() {
        // Nothing was said: what was taken back stays so.
        transaction.commit().await?;
        return Err(RunError::Silent(Silence::CoolingDown));
    }
    let cause = format!("run:{}:{}", order.token, order.once);
    let new = Say {
        channel: order.channel,
        cause: &cause,
        lines: &lines,
        reply_to: None,
        command_id: Some(planned.command_id.0),
        lasts: say::ANSWER_WITHIN,
    };
    let queued = say::store(&mut *transaction, &new).await?;
    match queued {
        Queued::Queued => {
            transaction.commit().await?;
            say::wake(app).await;
            Ok(lines)
        }
        Queued::Before => Err(RunError::Before),
        Queued::NotThere => Err(RunError::NotThere),
        Queued::Full => Err(RunError::Full),
    }
}
