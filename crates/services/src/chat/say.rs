//! What is to be said goes into the outbox, and a worker is woken.

use crate::App;
use sm_aws::Ring;
use sm_db::chat::sends::{self, NewLines, Queued};
use sm_types::TwitchUserId;
use time::Duration;
use uuid::Uuid;

/// How long after a line an answer to it is still wanted; later ones are dropped as `late`.
pub const ANSWER_WITHIN: Duration = Duration::seconds(10);

/// What is to be said.
#[derive(Debug, Clone, Copy)]
pub struct Say<'a> {
    pub channel: &'a TwitchUserId,
    /// What it answers, as in `line:…`, `run:…`, `timer:…`: the same is answered once.
    pub cause: &'a str,
    /// As `types::chat::text::utterances` makes them: harmless, and none too long.
    pub lines: &'a [String],
    /// The line of chat that the first of them replies to.
    pub reply_to: Option<&'a str>,
    pub command_id: Option<Uuid>,
    /// From now on; mostly what is left of [`ANSWER_WITHIN`].
    pub lasts: Duration,
}

/// Puts lines into the outbox, within the transaction of what they follow from; [`wake`] belongs behind its commit.
pub async fn store(db: impl sqlx::PgExecutor<'_>, say: &Say<'_>) -> sqlx::Result<Queued> {
    let new = NewLines {
        channel: say.channel,
        cause: say.cause,
        lines: say.lines,
        reply_to: say.reply_to,
        command_id: say.command_id,
        lasts: say.lasts,
    };
    sends::queue(db, &new).await
}

/// Wakes whoever says it.
pub async fn wake(app: &App) {
    app.doorbell.ring(Ring::Chat).await;
}

/// Says lines that follow from nothing else: what somebody runs over HTTP, what a timer says.
pub async fn say(app: &App, say: &Say<'_>) -> sqlx::Result<Queued> {
    let queued = store(&app.pool, say).await?;
    if queued == Queued::Queued {
        wake(app).await;
    }
    Ok(queued)
}
