//! Regular expressions over titles: linear in time, and limited in size.

use regex::{Regex, RegexBuilder};
use std::collections::HashMap;

/// Bytes that a pattern may take, compiled.
const MAX_COMPILED: usize = 1 << 18;

/// Why a pattern cannot be used, in words with the remedy.
pub(super) fn refusal(pattern: &str) -> Option<String> {
    match compiled(pattern).err()? {
        regex::Error::CompiledTooBig(_) => {
            Some("This pattern is too large. Use fewer or smaller repetitions.".to_owned())
        }
        error => {
            // The last line tells what is wrong, the ones before show where.
            let text = error.to_string();
            let what = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            Some(format!("This is no regular expression: {what}. Correct it, or leave it empty."))
        }
    }
}

fn compiled(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern)
        .case_insensitive(true)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .build()
}

/// The patterns of a chunk, each compiled once.
#[derive(Debug, Default)]
pub struct Patterns(HashMap<String, Option<Regex>>);

impl Patterns {
    /// Whether a pattern fits; `None` when it is none that this version takes.
    pub(super) fn fits(&mut self, pattern: &str, title: &str) -> Option<bool> {
        if !self.0.contains_key(pattern) {
            self.0.insert(pattern.to_owned(), compiled(pattern).ok());
        }
        self.0.get(pattern)?.as_ref().map(|regex| regex.is_match(title))
    }
}
