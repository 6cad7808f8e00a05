//! The table in docs/reliability.md: what the product does when a call is answered unkindly.

use super::{
    calls::{CALLS, Call, Part},
    cell::{Cell, Outcome},
};
use sm_sim::unkind::catalogue::Kind;
use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

const HEAD: &str = "| call | refused | silent | unreadable | rows |\n|---|---|---|---|---|\n";

type Outcomes = BTreeSet<Outcome>;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/reliability.md")
}

fn words(outcomes: &Outcomes) -> String {
    let all: Vec<_> = outcomes.iter().map(|outcome| outcome.name()).collect();
    if all.is_empty() { "–".to_owned() } else { all.join(", ") }
}

fn seen(found: &[(Cell, Outcome)], call: &Call, kind: Kind) -> Outcomes {
    let of = found.iter().filter(|(cell, _)| cell.call == call && cell.answer.kind == kind);
    of.map(|(_, outcome)| *outcome).collect()
}

fn row(found: &[(Cell, Outcome)], call: &Call) -> String {
    let cells = Kind::ALL.map(|kind| words(&seen(found, call, kind)));
    format!("| `{}` | {} |\n", call.full_name(), cells.join(" | "))
}

/// The row of a call as it is written down.
fn written(text: &str, call: &Call) -> Option<String> {
    let start = format!("| `{}` |", call.full_name());
    text.lines().find(|line| line.starts_with(&start)).map(|line| format!("{line}\n"))
}

/// Writes the rows of some calls anew; those of the others stay.
fn write(found: &[(Cell, Outcome)], part: Part) {
    let text = fs::read_to_string(path()).unwrap();
    let (before, rest) = text.split_once(HEAD).expect("the table's head");
    let after = rest.split_once("\n\n").map(|(_, after)| after);
    let rows = CALLS.iter().map(|call| match call.part == part {
        true => row(found, call),
        false => written(&text, call).unwrap_or_default(),
    });
    let rows: String = rows.collect();
    let after = after.map(|after| format!("\n{after}")).unwrap_or_default();
    fs::write(path(), format!("{before}{HEAD}{rows}{after}")).unwrap();
}

/// A row without what a quicker or slower machine may tell otherwise: whether anybody noticed before it was done.
fn done_or_not(row: &str) -> Vec<BTreeSet<&str>> {
    let same = |word| if word == Outcome::Later.name() { Outcome::Unnoticed.name() } else { word };
    row.split('|').map(|column| column.split(',').map(str::trim).map(same).collect()).collect()
}

/// Holds the table to what was seen: of a sample it has to have everything, of the whole it is that and no more.
pub(super) fn hold(part: Part, found: &[(Cell, Outcome)], whole: bool) {
    // The parts are played side by side, and all write to one file.
    static FILE: Mutex<()> = Mutex::new(());
    let _held = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    if whole && super::setting("MATRIX_TABLE").is_some() {
        write(found, part);
    }
    let text = fs::read_to_string(path()).unwrap();
    let remedy = "write the table anew: MATRIX_TABLE=1 make chaos";
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for known in super::KNOWN {
        assert!(
            words(&text).contains(&words(known.why)),
            "not in docs/reliability.md: {}",
            known.why
        );
    }
    for call in CALLS.iter().filter(|call| call.part == part) {
        let name = call.full_name();
        let row_of = written(&text, call).unwrap_or_else(|| panic!("{name} is missing: {remedy}"));
        if whole {
            let seen = row(found, call);
            assert_eq!(done_or_not(&row_of), done_or_not(&seen), "{row_of}{seen}{remedy}");
        }
        let columns: Vec<&str> = row_of.split('|').skip(2).collect();
        for (kind, column) in Kind::ALL.into_iter().zip(columns) {
            for outcome in seen(found, call, kind) {
                let told = column.split(',').any(|word| word.trim() == outcome.name());
                assert!(told, "{name}, {}: {}; {remedy}", kind.name(), outcome.name());
            }
        }
    }
}
