//! Does what was put off, and answers. An answer is worked out once and then sent until Discord has it: whatever breaks
//! off is taken up by the next worker.

use super::{
    adding::{self, Chosen},
    deferral::purpose,
    doing::Doing,
    language::Language,
    set_up,
    task::Task,
    trial, why,
};
use crate::{App, SecurityEvent, audit::Actor};
use sm_aws::{CipherError, Ring, metrics::Counter};
use sm_db::interactions::{self, Claimed, DueAnswer, Outcome};
use sm_discord::{Error, interaction::Reply};
use std::time::Duration as StdDuration;
use time::Duration;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

/// How long a worker may take: longer than for a check of three channels at Discord.
const LEASE: Duration = Duration::seconds(45);
/// What takes longer is given up for now.
const PATIENCE: StdDuration = StdDuration::from_secs(30);
/// Answers that are worked on at once.
const MAX_IN_FLIGHT: usize = 16;
/// Between two tries, doubled each time: Discord may not have read our first answer yet.
const FIRST_WAIT: Duration = Duration::milliseconds(500);
const LONGEST_WAIT: Duration = Duration::seconds(30);
/// For how long a worker stays for what is not due yet.
const STAYS: Duration = Duration::seconds(9);
const SHORTEST_WAIT: StdDuration = StdDuration::from_millis(5);
/// How often what another process has put off is looked for meanwhile.
const LOOK_EVERY: StdDuration = StdDuration::from_millis(500);
/// A worker stops claiming this long before its deadline.
const STOP_BEFORE: StdDuration = StdDuration::from_secs(5);

/// Answers until nothing is due soon, or until the deadline is near; how many were worked on.
pub async fn run(app: &App, deadline: Instant) -> sqlx::Result<usize> {
    let stop_at = deadline.checked_sub(STOP_BEFORE).unwrap_or(deadline);
    let mut count = 0;
    while Instant::now() < stop_at && !app.is_stopping() {
        let mut db = app.pool.acquire().await?;
        let Claimed { answers, given_up } =
            interactions::claim(&mut db, LEASE, MAX_IN_FLIGHT as i64).await?;
        drop(db);
        Counter::InteractionGivenUp.add(given_up);
        if answers.is_empty() {
            let Some(wait) = interactions::next_due(&app.pool).await? else { return Ok(count) };
            if wait > STAYS {
                app.doorbell.ring_in(Ring::Interact, wait.unsigned_abs()).await;
                return Ok(count);
            }
            idle(app, StdDuration::try_from(wait).unwrap_or_default()).await;
            continue;
        }
        count += answers.len();
        let mut flight = JoinSet::new();
        for due in answers {
            let app = app.clone();
            flight.spawn(async move { timeout(PATIENCE, attempt(&app, due)).await });
        }
        while let Some(ended) = flight.join_next().await {
            match ended {
                Ok(Ok(Ok(()))) => {}
                Ok(Ok(Err(error))) => {
                    tracing::warn!(%error, "an answer on Discord is left to its lease");
                }
                Ok(Err(_)) => {
                    tracing::warn!("an answer on Discord took too long; it is left to its lease");
                }
                Err(error) => {
                    tracing::error!(%error, "an answer on Discord broke off; it is left to its lease");
                }
            }
        }
    }
    app.doorbell.ring_and_wait(Ring::Interact).await;
    Ok(count)
}

async fn idle(app: &App, wait: StdDuration) {
    tokio::select! {
        () = app.doorbell.rung(Ring::Interact) => {}
        () = sleep(wait.clamp(SHORTEST_WAIT, LOOK_EVERY)) => {}
        () = app.stopped() => {}
    }
}

/// Works an answer out, unless that was done, and sends it.
async fn attempt(app: &App, due: DueAnswer) -> sqlx::Result<()> {
    let token = match app.cipher.decrypt(&purpose(due.id), &due.token).await {
        Ok(token) => token,
        Err(CipherError::Unavailable { retry: true, .. }) => {
            return interactions::record(&app.pool, &due, Outcome::Again(wait(&due))).await;
        }
        Err(error) => {
            SecurityEvent::CryptoError.count();
            tracing::error!(%error, event = SecurityEvent::CryptoError.as_str(), "an interaction's token could not be decrypted");
            return give_up(app, &due, "failed").await;
        }
    };
    let known = due.reply.as_ref().and_then(|reply| serde_json::from_value(reply.0.clone()).ok());
    let reply = match known {
        Some(reply) => reply,
        None => {
            let reply = work_out(app, &due).await?;
            let stored =
                serde_json::to_value(&reply).map_err(|error| sqlx::Error::Encode(error.into()))?;
            if !interactions::note_reply(&app.pool, &due, &stored).await? {
                // Another worker has it by now.
                return Ok(());
            }
            reply
        }
    };
    match app.discord.edit_original(&token, &reply).await {
        Ok(()) => {
            Counter::InteractionFollowedUp.count();
            interactions::record(&app.pool, &due, Outcome::Answered).await
        }
        Err(error) => match after(&error, wait(&due)) {
            Outcome::GivenUp(reason) => {
                tracing::info!(%error, interaction.id = %due.id, reason, "an answer on Discord reaches nobody");
                give_up(app, &due, reason).await
            }
            outcome => interactions::record(&app.pool, &due, outcome).await,
        },
    }
}

async fn give_up(app: &App, due: &DueAnswer, reason: &'static str) -> sqlx::Result<()> {
    // Whoever dismisses an answer does not miss it.
    if reason != "dismissed" {
        Counter::InteractionGivenUp.count();
    }
    interactions::record(&app.pool, due, Outcome::GivenUp(reason)).await
}

/// What follows from Discord's refusal. It says nothing of our own credentials: the token is the interaction's.
fn after(error: &Error, wait: Duration) -> Outcome {
    match error {
        Error::RateLimited { retry_after, .. } => {
            Outcome::Again(Duration::try_from(*retry_after).unwrap_or(LONGEST_WAIT).max(FIRST_WAIT))
        }
        // Our first answer has not been read yet.
        Error::Rejected { code: 10015, .. } => Outcome::Again(wait),
        Error::Rejected { code: 10008, .. } => Outcome::GivenUp("dismissed"),
        Error::Unauthorized { .. } | Error::Rejected { code: 50027, .. } => {
            Outcome::GivenUp("too_late")
        }
        Error::Unavailable { .. } | Error::Blocked { .. } => Outcome::Again(wait),
        // It was carried out.
        Error::Decode { .. } => Outcome::Answered,
        Error::Rejected { .. } => Outcome::GivenUp("refused"),
    }
}

/// 0.5, 1, 2, 4, … up to 30 seconds.
fn wait(due: &DueAnswer) -> Duration {
    let doublings = due.attempts.clamp(1, 10).unsigned_abs() - 1;
    (FIRST_WAIT * 2_i32.pow(doublings)).min(LONGEST_WAIT)
}

async fn work_out(app: &App, due: &DueAnswer) -> sqlx::Result<Reply> {
    let language = Language::of(&due.language);
    let actor = Actor::on_discord(due.user, due.id);
    let doing = Doing { app, guild: due.guild, actor, language };
    match serde_json::from_value(due.task.0.clone()) {
        Ok(Task::Add { names, channel, buttons }) => {
            adding::add(&doing, &names, Chosen { channel, buttons }).await
        }
        Ok(Task::SetUp { channel, mention, role }) => {
            set_up::set_up(&doing, channel, mention.as_deref(), role).await
        }
        Ok(Task::Test { streamer, channel }) => {
            trial::test(&doing, streamer.as_ref(), channel).await
        }
        Ok(Task::Why { streamer }) => why::why(&doing, &streamer).await,
        // Of another version, which is about to go or to come.
        Err(error) => Err(sqlx::Error::Decode(error.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(status: u16, code: u32) -> Error {
        Error::Rejected { status, code, message: String::new(), errors: None }
    }

    #[test]
    fn refusals_end_an_answer_or_put_it_off() {
        let second = Duration::SECOND;
        for (error, expected) in [
            (rejected(404, 10015), Outcome::Again(second)),
            (rejected(404, 10008), Outcome::GivenUp("dismissed")),
            (Error::Unauthorized { code: 50027 }, Outcome::GivenUp("too_late")),
            (rejected(400, 50035), Outcome::GivenUp("refused")),
            (Error::Unavailable { status: Some(500), sent: true }, Outcome::Again(second)),
            (Error::Decode { status: 200 }, Outcome::Answered),
        ] {
            assert_eq!(after(&error, second), expected, "{error}");
        }
    }
}
