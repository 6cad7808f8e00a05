//! From a line to lines in the outbox, in one transaction: heard twice, it is answered once.

use super::{
    answer::Answer,
    plan::{PlanError, plan},
    say::{self, Say},
};
use crate::App;
use sm_db::chat::sends::Queued;
use sm_types::chat::Line;

/// Answers a line, if it calls something; how many lines wait to be said for it.
///
/// `version` is that of the channel's row in `chat_books` (0: none), for whoever has read it with the line: then a
/// line that calls nothing costs no round trip.
pub async fn respond(app: &App, line: &Line, version: Option<i64>) -> sqlx::Result<usize> {
    let planned = match plan(app, line, version).await {
        Ok(planned) => planned,
        Err(PlanError::Silent(_)) => return Ok(0),
        Err(PlanError::Database(error)) => return Err(error),
    };
    let lasts = say::ANSWER_WITHIN - (app.clock.now() - line.sent_at);
    if !lasts.is_positive() {
        return Ok(0);
    }
    let mut transaction = app.pool.begin().await?;
    let lines = planned.settle(app, &mut transaction).await?;
    if lines.is_empty() {
        transaction.commit().await?;
        return Ok(0);
    }
    let cause = format!("line:{}", line.message_id);
    let new = Say {
        channel: &line.channel,
        cause: &cause,
        lines: &lines,
        reply_to: planned.reply.then_some(line.message_id.as_str()),
        command_id: Some(planned.command_id.0),
        lasts,
    };
    if say::store(&mut *transaction, &new).await? != Queued::Queued {
        // It was answered before, or nothing can be said now: then nobody has used the command either.
        transaction.rollback().await?;
        return Ok(0);
    }
    transaction.commit().await?;
    if matches!(planned.answer, Answer::Change(_)) {
        app.inner().chat.forget(&line.channel);
    }
    say::wake(app).await;
    Ok(lines.len())
}
