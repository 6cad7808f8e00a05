//! What admins set up: checked whole before anything is stored, and saved against the revision it was
//! made from.

pub mod categories;
pub mod config;
pub mod dry_run;
pub mod overrides;
pub mod problem;
pub mod templates;
pub mod timezones;
pub mod warnings;
pub mod whole;

pub use problem::{Problem, SaveError};

/// A list that means a set: each once, in the order of its first mention. `key` says what is the same.
fn distinct<K: PartialEq>(list: &[String], key: impl Fn(&str) -> K) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for item in list {
        if !kept.iter().any(|other| key(other) == key(item)) {
            kept.push(item.clone());
        }
    }
    kept
}
