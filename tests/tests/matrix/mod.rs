//! The matrix: every call that the product makes × every unkind answer, one at a time, once and for a while, with
//! go-lives and all jobs running.
//!
//! Held for each cell: after one unkind answer nothing durable is lost; other streamers and servers notice nothing;
//! within a minute after the remote is kind again everything is as it was; and the requests stay within a budget.
//!
//! A sample runs with all tests, in which each call and each answer occurs; all of it with `CHAOS_MATRIX=all`
//! (`make chaos`). What the product does is written to docs/reliability.md with `MATRIX_TABLE=1` beside it, and
//! each run holds that table to what it sees.

mod calls;
mod cell;
mod chat;
mod drive;
mod stage;
mod table;

use calls::{CALLS, Call, Part, Remote};
use cell::{Cell, Spell};
use futures_util::FutureExt;
use sm_sim::unkind::catalogue::{ANSWERS, Kind, Named};
use sm_tests::{World, scenario_within};
use stage::Stage;
use std::{cell::RefCell, collections::BTreeSet, panic::AssertUnwindSafe, time::Duration};

/// Cells that cannot hold.
struct Known {
    call: &'static str,
    answers: &'static [&'static str],
    spells: &'static [Spell],
    /// In docs/reliability.md, too.
    why: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        call: "discord.list_messages",
        answers: &["dropped", "halved", "200-list"],
        spells: &[Spell::While],
        why: "A list of messages that lacks an announcement as often as it is asked for has the announcement posted \
              once more, if Discord has also forgotten its nonce: nothing else tells of it.",
    },
    Known {
        call: "discord.refresh_tokens",
        answers: &[
            "504-done",
            "too-slow",
            "lost-after",
            "200-empty",
            "204",
            "200-page",
            "200-cut",
            "huge",
            "nulled",
            "nameless",
            "mistyped",
        ],
        spells: &[Spell::Once, Spell::While],
        why: "An answer that is lost after Discord has changed a person's tokens leaves us with dead ones: the person \
              signs in again.",
    },
];

fn known(cell: &Cell) -> Option<&'static Known> {
    let of = |known: &&Known| {
        known.call == cell.call.full_name()
            && known.answers.contains(&cell.answer.name)
            && known.spells.contains(&cell.spell)
    };
    KNOWN.iter().find(of)
}

/// So many cells share a world at most: their past must not become what is measured.
const PER_WORLD: usize = 60;

fn setting(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "how much of the matrix is played")]
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn all_of_it() -> bool {
    setting("CHAOS_MATRIX").is_some_and(|text| text == "all")
}

/// Whether an answer can be given to a call: what is no list has no rows to be left out, and Discord no cursors.
fn applies(call: &Call, answer: &Named) -> bool {
    match answer.name {
        "dropped" | "halved" | "doubled" | "reversed" => call.list,
        "circling" => call.list && call.remote == Remote::Twitch,
        _ => true,
    }
}

fn every_cell() -> Vec<Cell> {
    let of = |spell| {
        let pairs = CALLS.iter().flat_map(|call| ANSWERS.iter().map(move |answer| (call, answer)));
        let pairs = pairs.filter(|(call, answer)| applies(call, answer));
        pairs.map(move |(call, answer)| Cell { call, answer, spell })
    };
    of(Spell::While).chain(of(Spell::Once)).collect()
}

/// Each answer and each call at least once, spread over each other.
fn sample() -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    let spell = |n: usize, answer: &Named| {
        // What is waited for in vain takes real time.
        let quick = answer.kind != Kind::Silent;
        if n % 4 == 3 && quick { Spell::While } else { Spell::Once }
    };
    for (n, answer) in ANSWERS.iter().enumerate() {
        let calls = CALLS.iter().cycle().skip(n * 7 % CALLS.len()).take(CALLS.len());
        let unused = |call: &&Call| cells.iter().all(|cell| cell.call != *call);
        let call = calls.clone().filter(|call| applies(call, answer)).find(unused);
        let call = call.or_else(|| calls.clone().find(|call| applies(call, answer))).unwrap();
        cells.push(Cell { call, answer, spell: spell(n, answer) });
    }
    for (n, call) in CALLS.iter().enumerate() {
        if cells.iter().all(|cell| cell.call != call) {
            let answer = &ANSWERS[n % ANSWERS.len()];
            cells.push(Cell { call, answer, spell: spell(n, answer) });
        }
    }
    cells
}

#[test]
fn sample_has_every_call_and_every_answer() {
    let sample = sample();
    assert!(CALLS.iter().all(|call| sample.iter().any(|cell| cell.call == call)));
    let has = |answer: &Named| sample.iter().any(|cell| cell.answer.name == answer.name);
    assert!(ANSWERS.iter().all(has));
    assert!([Spell::Once, Spell::While].iter().all(|s| sample.iter().any(|c| c.spell == *s)));
}

#[tokio::test]
async fn unkind_answers_about_streams_cost_themselves() {
    hold(Part::Streams).await;
}

#[tokio::test]
async fn unkind_answers_about_channels_cost_themselves() {
    hold(Part::Channels).await;
}

#[tokio::test]
async fn unkind_answers_about_chat_cost_themselves() {
    hold(Part::Chat).await;
}

#[tokio::test]
async fn unkind_answers_about_messages_cost_themselves() {
    hold(Part::Messages).await;
}

#[tokio::test]
async fn unkind_answers_about_servers_cost_themselves() {
    hold(Part::Servers).await;
}

async fn hold(part: Part) {
    let whole = all_of_it();
    let only = setting("MATRIX_ONLY").unwrap_or_default();
    let mut cells = if whole { every_cell() } else { sample() };
    cells.retain(|cell| cell.call.part == part && cell.to_string().contains(&only));
    cells.reverse();
    let (cells, found) = (RefCell::new(cells), RefCell::new(Vec::new()));
    let failures = RefCell::new(Vec::new());
    let mut repeated = BTreeSet::new();
    while !cells.borrow().is_empty() {
        let under_way = RefCell::new(None);
        let given_up = std::cell::Cell::new(false);
        let world = scenario_within(Duration::from_secs(3_600), async |t: &World| {
            // Some of them are for somebody to act on.
            t.expect_errors();
            let stage = Box::pin(Stage::set(t, part)).await;
            for _ in 0..PER_WORLD {
                let Some(cell) = cells.borrow_mut().pop() else { break };
                *under_way.borrow_mut() = Some(cell);
                let played = Box::pin(cell::play(&stage, &cell)).await;
                *under_way.borrow_mut() = None;
                match (played, known(&cell)) {
                    (Ok(outcome), None) => found.borrow_mut().push((cell, outcome)),
                    (Ok(_), Some(_)) => {
                        failures
                            .borrow_mut()
                            .push(format!("{cell}: it holds: take it out of KNOWN"));
                    }
                    (Err(wrong), known) => {
                        // What it has left behind is no other cell's.
                        given_up.set(true);
                        if known.is_none() {
                            failures.borrow_mut().push(format!("{cell}: {}", wrong.join("; ")));
                        }
                        break;
                    }
                }
            }
        });
        let ended = AssertUnwindSafe(world).catch_unwind().await;
        let (Err(panic), false) = (ended, given_up.get()) else { continue };
        let why = panic.downcast_ref::<String>().cloned().unwrap_or_default();
        match under_way.into_inner() {
            // A database or a runtime that the machine has let wait: once more, in a world of its own.
            Some(cell) if repeated.insert(cell.to_string()) => cells.borrow_mut().push(cell),
            Some(cell) => failures.borrow_mut().push(format!("{cell}: {why}")),
            None => failures.borrow_mut().push(format!("at the end of a world: {why}")),
        }
    }
    let (found, failures) = (found.into_inner(), failures.into_inner());
    let count = failures.len();
    assert!(failures.is_empty(), "{count} cells do not hold:\n{}", failures.join("\n"));
    table::hold(part, &found, whole && only.is_empty());
}
