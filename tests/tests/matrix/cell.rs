//! A cell: one call, one unkind answer, once or for a while, with go-lives and all jobs running.

use super::{
    calls::{Call, Remote},
    drive::{Told, ana_is_live, drive, prepare, set},
    stage::Stage,
};
use sm_sim::unkind::catalogue::Named;
use sm_types::MessageId;
use std::fmt;

/// How long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spell {
    Once,
    /// Two and a half minutes.
    While,
}

/// A call, an answer, and how long it lasts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) call: &'static Call,
    pub(super) answer: &'static Named,
    pub(super) spell: Spell,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {} ({:?})", self.call.full_name(), self.answer.name, self.spell)
    }
}

/// How a cell went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// Nobody noticed.
    Unnoticed,
    /// What was asked for came after another try.
    Later,
    /// Whoever asked was told, and nothing has changed.
    Told,
    /// The remote has refused this one message, and its delivery says so.
    Refused,
}

impl Outcome {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unnoticed => "unnoticed",
            Self::Later => "later",
            Self::Told => "told",
            Self::Refused => "refused",
        }
    }
}

/// Of fifty seconds each, since the end of a stream is believed after two minutes.
const ROUNDS: usize = 3;

/// The most requests of a cell, of both remotes together. A quiet one takes about 30, one whose token is refused for two
/// and a half minutes 60, and one whose list of subscriptions lacks half of them 100, since each is asked for itself.
/// What asks again and again, within a turn of a job or in every second, takes hundreds.
pub(super) const BUDGET: usize = 120;

/// Plays a cell; how it went, or what is wrong.
pub(super) async fn play(stage: &Stage<'_>, cell: &Cell) -> Result<Outcome, Vec<String>> {
    let Cell { call, answer, spell } = *cell;
    let t = stage.t;
    t.twitch.go_live(&stage.cleo).await;
    t.work().await;
    stage.pass(100).await;
    t.work().await;
    Box::pin(prepare(stage, call)).await;
    let durable = stage.durable().await;
    let unkind = answer.answer();
    let others = t.messages(stage.of_bruno).len();
    let own = t.messages(stage.of_ana).len() - usize::from(call.name == "list_messages");
    let edited = t.messages(stage.editing).len();
    t.discord.reset_figures();
    let asked_before = t.twitch.requests().len();
    let times = (spell == Spell::Once).then_some(1);
    set(stage, call, unkind, times);

    let mut wrong = Vec::new();
    let told = Box::pin(drive(stage, call)).await;
    let mut waited = !stage.unrest().await.is_empty();
    if !ana_is_live(call) {
        t.twitch.go_live(&stage.ana).await;
    }
    t.twitch.go_live(&stage.bruno).await;
    t.twitch.end_stream(&stage.cleo).await;
    t.work().await;
    if t.messages(stage.of_bruno).len() != others + 1 {
        wrong.push("another server's announcement is not there at once".to_owned());
    }
    waited |= t.messages(stage.of_ana).len() != own + 1;
    stage.let_all_jobs_run().await;
    for _ in 0..ROUNDS {
        stage.later(50).await;
        waited |= !stage.unrest().await.is_empty();
    }
    if stage.requests(asked_before, call.route).1 == 0 || spell == Spell::Once && left(stage) > 0 {
        wrong.push("the answer was never met".to_owned());
    }
    differ(&mut wrong, "during", &durable, &stage.durable().await);

    t.twitch.clear_faults();
    t.discord.clear_faults();
    for _ in 0..2 * patience_minutes(cell) {
        stage.later(30).await;
    }
    stage.challenged().await;
    differ(&mut wrong, "after", &durable, &stage.durable().await);
    wrong.extend(stage.unrest().await);
    let requests = stage.requests(asked_before, call.route).0;
    if requests > BUDGET {
        wrong.push(format!("{requests} requests: {:?}", stage.by_route(asked_before)));
    }
    if told != Told::Well {
        stage.t.sql("delete from rate_buckets").await;
        if let Told::No(why) = Box::pin(drive(stage, call)).await {
            wrong.push(format!("whoever asks again is told: {why}"));
        }
    }
    let mut outcome = match told {
        Told::No(_) => Outcome::Told,
        Told::Well if waited => Outcome::Later,
        Told::Well => Outcome::Unnoticed,
    };
    if t.messages(stage.of_bruno).len() != others + 1 {
        wrong.push(format!(
            "{} messages in another server",
            t.messages(stage.of_bruno).len() - others
        ));
    }
    let messages = t.messages(stage.editing);
    let over = messages.last().is_some_and(|message| message.content.contains("was live"));
    // What is there and what is not, of which delivery, and the call that Discord may have refused.
    for (done, guild, kind, by, what) in [
        (
            t.messages(stage.of_ana).len() == own + 1,
            stage.of_ana,
            "online",
            "create_message",
            "not exactly one message",
        ),
        (over && messages.len() == edited, stage.editing, "offline", "edit_message", "no end card"),
        (
            t.messages(stage.deleting).is_empty(),
            stage.deleting,
            "offline",
            "delete_message",
            "the message is not deleted",
        ),
    ] {
        let delivery = stage.latest(guild, kind).await;
        if !done && call.name == by && is_definite(cell) && !delivery.starts_with("sent") {
            outcome = Outcome::Refused;
        } else if !done {
            let count = t.messages(guild).len();
            wrong.push(format!("{what}: {count} in all, the delivery: {delivery}"));
        }
    }
    for message in t.messages(stage.deleting) {
        t.discord.delete_message(stage.deleting.channel, MessageId(message.id.parse().unwrap()));
    }
    settle(stage).await;
    if wrong.is_empty() { Ok(outcome) } else { Err(wrong) }
}

fn left(stage: &Stage<'_>) -> usize {
    stage.t.twitch.faults().len() + stage.t.discord.faults().len()
}

/// How long after the remote is kind again everything is to be as it was.
fn patience_minutes(cell: &Cell) -> i64 {
    let about_subscriptions = cell.call.route.ends_with("eventsub/subscriptions");
    match (cell.answer.name, cell.spell) {
        // We were asked to wait for a day, and wait for five minutes.
        ("429-long", _) => 6,
        // What Twitch says it does not know counts as deleted, until the next comparison finds it.
        ("404", _) if cell.call.name == "delete_subscription" => 11,
        // Thousands of subscriptions may wait: each waits as long again as it has waited already.
        // Filters rest for ten minutes where the bot may not delete.
        _ if cell.call.name == "delete_chat_message" => 11,
        // Whoever asks for a subscription again waits as long again.
        (_, Spell::While) if cell.call.name == "authorizations" => 5,
        (_, Spell::While) if about_subscriptions => 5,
        _ => 1,
    }
}

/// Whether Discord itself has said no to this one request, in its own words.
fn is_definite(cell: &Cell) -> bool {
    let refusal = matches!(cell.answer.name, "400" | "403" | "404" | "409" | "410" | "418");
    cell.call.remote == Remote::Discord && refusal
}

fn differ(wrong: &mut Vec<String>, when: &str, before: &[String], now: &[String]) {
    wrong.extend(
        before.iter().filter(|row| !now.contains(row)).map(|row| format!("{when}: lost {row}")),
    );
    wrong.extend(
        now.iter().filter(|row| !before.contains(row)).map(|row| format!("{when}: new {row}")),
    );
}

/// Brings the world back to where the next cell begins.
async fn settle(stage: &Stage<'_>) {
    for streamer in [&stage.ana, &stage.bruno] {
        stage.t.twitch.end_stream(streamer).await;
    }
    stage.t.work().await;
    stage.later(200).await;
}
