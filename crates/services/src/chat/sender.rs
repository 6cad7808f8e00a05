//! Says what is in the outbox, as fast as Twitch lets each account and channel.
//!
//! A line is claimed when it may be said at once, and said once: where nobody knows what became of it, it stays
//! `unknown` until it is seen in chat, and is not said again. Beside that it deletes what filters have found, and puts
//! into the outbox what is to be said to what has happened.

use super::{
    channels, deleter,
    drops::{self, Then},
    tell,
};
use crate::{App, twitch_token::with_token};
use sm_aws::{
    Ring,
    metrics::{Counter, Gauge},
};
use sm_db::chat::{
    self, Claim, DueLine, Outlook, Settled,
    sends::{self, Outcome, Record},
};
use sm_twitch::ChatMessage;
use std::time::Duration as StdDuration;
use time::Duration;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

/// How long a worker may take for a line: longer than Twitch is waited for, with a new token and once more.
const LEASE: Duration = Duration::seconds(20);
/// Requests under way at once.
const MAX_IN_FLIGHT: usize = 32;
/// How often what waits for a limit is looked at.
const LOOK_EVERY: StdDuration = StdDuration::from_millis(200);
/// For how long a worker stays for what is not due yet; longer than anybody waits for an answer.
const STAYS: StdDuration = StdDuration::from_secs(15);
const SHORTEST_WAIT: StdDuration = StdDuration::from_millis(5);
/// Between two lines in a channel where the bot does not moderate, and where it does.
const GAP: Duration = Duration::milliseconds(1_100);
const GAP_AS_MODERATOR: Duration = Duration::milliseconds(100);
/// For how long nothing is said in a channel that does not want to hear us: twice as long each time.
const FIRST_PAUSE: Duration = Duration::seconds(30);
const LONGEST_PAUSE: Duration = Duration::HOUR;
/// A worker stops claiming this long before its deadline.
const STOP_BEFORE: StdDuration = StdDuration::from_secs(5);

/// Says lines until none waits, or until the deadline is near; how many were tried.
pub async fn run(app: &App, deadline: Instant) -> sqlx::Result<usize> {
    let stop_at = deadline.checked_sub(STOP_BEFORE).unwrap_or(deadline);
    let mut flight = JoinSet::new();
    let (mut tried, mut failed) = (0, None);
    loop {
        let open = Instant::now() < stop_at && !app.is_stopping() && failed.is_none();
        let mut next = None;
        if open && flight.len() < MAX_IN_FLIGHT {
            match take_up(app, &mut flight, &mut tried).await {
                Ok(wait) => next = wait,
                // What is under way is finished and recorded first.
                Err(error) => failed = Some(error),
            }
        }
        if flight.is_empty() {
            if let Some(error) = failed {
                return Err(error);
            }
            if !open {
                app.doorbell.ring_and_wait(Ring::Chat).await;
                return Ok(tried);
            }
            // What is further away is found by the next look, or by the minute sweep.
            let Some(wait) = next.filter(|wait| *wait <= STAYS) else { return Ok(tried) };
            idle(app, wait.clamp(SHORTEST_WAIT, LOOK_EVERY)).await;
            continue;
        }
        tokio::select! {
            ended = flight.join_next() => note(ended),
            () = app.doorbell.rung(Ring::Chat), if open => {}
            () = sleep(LOOK_EVERY), if open => {}
        }
    }
}

type Flight = JoinSet<sqlx::Result<()>>;

/// Begins what is due, as far as there is room; how long until something is, or `None` when nothing waits.
async fn take_up(
    app: &App,
    flight: &mut Flight,
    tried: &mut usize,
) -> sqlx::Result<Option<StdDuration>> {
    let Outlook { lines_s, deletions_s, occasions_s } = chat::outlook(&app.pool).await?;
    let is_due = |wait: Option<f64>| wait.is_some_and(|seconds| seconds <= 0.0);
    let under_way = flight.len();
    let told = if is_due(occasions_s) { tell::step(app).await? } else { 0 };
    if is_due(lines_s) || told > 0 {
        let lines = claim(app, MAX_IN_FLIGHT - flight.len()).await?;
        *tried += lines.len();
        for line in lines {
            let app = app.clone();
            flight.spawn(async move { attempt(&app, line).await });
        }
    }
    if is_due(deletions_s) && flight.len() < MAX_IN_FLIGHT {
        for line in deleter::claim(app, MAX_IN_FLIGHT - flight.len()).await? {
            let app = app.clone();
            flight.spawn(async move { deleter::attempt(&app, line).await });
        }
    }
    let next = [lines_s, deletions_s, occasions_s].into_iter().flatten().min_by(f64::total_cmp);
    Ok(next.map(|seconds| match StdDuration::try_from_secs_f64(seconds) {
        Ok(wait) if !wait.is_zero() => wait,
        _ if told > 0 || flight.len() > under_way => SHORTEST_WAIT,
        // Due, and yet not to be had: the account has said what it may, or another worker is at it.
        _ => LOOK_EVERY,
    }))
}

fn note(ended: Option<Result<sqlx::Result<()>, tokio::task::JoinError>>) {
    match ended {
        Some(Ok(Err(error))) => tracing::warn!(%error, "a line is left to its lease"),
        Some(Err(error)) => tracing::error!(%error, "a line broke off; it is left to its lease"),
        Some(Ok(Ok(()))) | None => {}
    }
}

async fn idle(app: &App, wait: StdDuration) {
    tokio::select! {
        () = app.doorbell.rung(Ring::Chat) => {}
        () = sleep(wait) => {}
        () = app.stopped() => {}
    }
}

async fn claim(app: &App, room: usize) -> sqlx::Result<Vec<DueLine>> {
    let limit = i64::try_from(room).unwrap_or(1);
    let (lines, settled) = chat::claim(&app.pool, Claim { lease: LEASE, limit }).await?;
    let Settled { late, paused, unknown } = settled;
    for (counter, count) in
        [(Counter::ChatLate, late), (Counter::ChatDropped, paused), (Counter::ChatUnknown, unknown)]
    {
        counter.add(count.unsigned_abs());
    }
    for line in &lines {
        Gauge::ChatWait.note(line.waited_ms);
    }
    Ok(lines)
}

/// Says a line and records what became of it.
async fn attempt(app: &App, line: DueLine) -> sqlx::Result<()> {
    let gap = if line.is_moderator {
        GAP_AS_MODERATOR
    } else {
        GAP.max(Duration::milliseconds(i64::from(line.slow_ms) + 100))
    };
    let Some(text) = drops::varied(&line) else {
        let dropped = Outcome::Dropped { reason: "repeated".to_owned(), detail: String::new() };
        return record(app, &line, dropped, None, Duration::ZERO).await;
    };
    let message = ChatMessage {
        broadcaster: &line.channel,
        sender: &line.bot,
        text: &text,
        reply_to: line.reply_to.as_deref(),
    };
    let answer =
        with_token(app, |token| async move { app.twitch.send_chat_message(&token, message).await });
    let (outcome, then) = drops::judge(&line, answer.await);
    let said = (text != line.text).then_some(text);
    record(app, &line, outcome, said, gap).await?;
    follow(app, &line, then).await
}

async fn record(
    app: &App,
    line: &DueLine,
    outcome: Outcome,
    said: Option<String>,
    gap: Duration,
) -> sqlx::Result<()> {
    let counter = match &outcome {
        Outcome::Sent { .. } => Counter::ChatSent,
        Outcome::Dropped { .. } => Counter::ChatDropped,
        Outcome::Unknown { .. } => Counter::ChatUnknown,
        Outcome::Again { .. } => Counter::ChatRetried,
    };
    counter.count();
    if let Outcome::Dropped { reason, detail } = &outcome {
        tracing::info!(
            channel.id = %line.channel, send.id = %line.send_id, reason, detail, event = "chat_dropped",
            "a line was not said"
        );
    }
    let record = Record { send_id: line.send_id, attempt: line.attempts, outcome, said, gap };
    sends::record(&app.pool, &record).await
}

async fn follow(app: &App, line: &DueLine, then: Then) -> sqlx::Result<()> {
    let channel = &line.channel;
    match then {
        Then::Nothing => Ok(()),
        Then::NotModerator => chat::channels::set_moderator(&app.pool, channel, false).await,
        Then::SlowMode => {
            let slow = sends::learn_slow_mode(&app.pool, channel).await?;
            tracing::info!(channel.id = %channel, slow_ms = slow.whole_milliseconds() as i64, "a channel is in slow mode");
            Ok(())
        }
        Then::Pause(reason) => {
            sends::pause(&app.pool, channel, reason, FIRST_PAUSE, LONGEST_PAUSE).await
        }
        Then::Leave(reason) => channels::leave(app, channel, reason, None).await.map(drop),
        Then::Look => match channels::look(app, channel, &line.bot).await {
            Ok(channels::Look::MayBeThere) | Err(channels::LookError::Twitch(_)) => {
                sends::pause(&app.pool, channel, "not_permitted", FIRST_PAUSE, LONGEST_PAUSE).await
            }
            Ok(channels::Look::Left) => Ok(()),
            Err(channels::LookError::Database(error)) => Err(error),
        },
    }
}
