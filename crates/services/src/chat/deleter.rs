//! Deletes viewers' lines that a channel filters, as the account that moderates there.
//!
//! A deletion may be asked for twice: what is gone is gone. Where it is refused, the channel's settings say why, and
//! nothing is tried for a while.

use super::{
    accounts::{AccountError, with_account_token},
    filters::Verdict,
    say,
};
use crate::App;
use sm_aws::metrics::Counter;
use sm_db::chat::{
    channels::On,
    deletions::{self, Deleted, DueDeletion, NewDeletion},
};
use sm_twitch::{Error, LineId};
use sm_types::chat::Line;
use time::Duration;

/// How long a worker may take for a line: longer than Twitch is waited for, with a new token and once more.
const LEASE: Duration = Duration::seconds(40);
/// Between two tries, doubled each time.
const FIRST_WAIT: Duration = Duration::seconds(1);
const LONGEST_WAIT: Duration = Duration::MINUTE;
/// For how long a channel's filters rest where the account may not delete.
const REST: Duration = Duration::minutes(10);

/// Has a line deleted.
pub(super) async fn queue(app: &App, line: &Line, on: &On, found: Verdict) -> sqlx::Result<()> {
    let new = NewDeletion {
        channel: &line.channel,
        bot: &on.bot_id,
        message_id: &line.message_id,
        filter: found.as_str(),
    };
    if deletions::queue(&app.pool, &new).await? {
        say::wake(app).await;
    }
    Ok(())
}

/// Takes lines on that are to be deleted now.
pub(super) async fn claim(app: &App, room: usize) -> sqlx::Result<Vec<DueDeletion>> {
    deletions::claim(&app.pool, LEASE, i64::try_from(room).unwrap_or(1)).await
}

/// Deletes a line and records what became of it.
pub(super) async fn attempt(app: &App, line: DueDeletion) -> sqlx::Result<()> {
    let Some(id) = LineId::new(&line.message_id) else {
        return deletions::record(&app.pool, &line, Deleted::Refused("rejected")).await;
    };
    let (channel, bot) = (&line.channel, &line.bot);
    let answer = with_account_token(app, bot, |token| async move {
        app.twitch.delete_chat_message(&token, channel, bot, id).await
    });
    let refused = match answer.await {
        Ok(()) | Err(AccountError::Twitch(Error::NotFound)) => {
            Counter::ChatDeleted.count();
            return deletions::record(&app.pool, &line, Deleted::Done).await;
        }
        Err(AccountError::Twitch(Error::RateLimited { retry_after })) => {
            let wait = Duration::try_from(retry_after).unwrap_or(FIRST_WAIT).max(FIRST_WAIT);
            return deletions::record(&app.pool, &line, Deleted::Again(wait)).await;
        }
        Err(
            AccountError::Twitch(Error::Unavailable { .. } | Error::Decode)
            | AccountError::Storage(_),
        ) => {
            let wait = FIRST_WAIT * 2_i32.pow(line.attempts.clamp(1, 7).unsigned_abs() - 1);
            let again = Deleted::Again(wait.min(LONGEST_WAIT));
            return deletions::record(&app.pool, &line, again).await;
        }
        Err(AccountError::Twitch(Error::Forbidden { .. })) => "not_moderator",
        Err(
            AccountError::Twitch(Error::Unauthorized)
            | AccountError::Unlinked
            | AccountError::NotGranted(_)
            | AccountError::OtherAccount { .. },
        ) => "not_granted",
        // A moderator's line, or one that is too old: the next is another matter.
        Err(AccountError::Twitch(_)) => {
            Counter::ChatNotDeleted.count();
            return deletions::record(&app.pool, &line, Deleted::Refused("rejected")).await;
        }
    };
    Counter::ChatNotDeleted.count();
    tracing::info!(channel.id = %channel, reason = refused, event = "chat_not_deleted", "filters cannot delete in a channel");
    deletions::wait(&app.pool, channel, refused, REST).await
}
