//! What may stand in a set of rules.

use super::{
    pattern,
    set::{Category, RuleSet},
};
use std::collections::BTreeSet;

const MAX_CATEGORIES: usize = 50;
const MAX_WORDS: usize = 20;
/// Characters of a title at Twitch.
const MAX_TITLE: usize = 140;
/// Characters of a tag at Twitch.
const MAX_TAG: usize = 25;
/// Characters of a pattern.
const MAX_PATTERN: usize = 200;
const MAX_VIEWERS: u32 = 1_000_000;
/// The longest pause since the last ping, in seconds: a week.
pub const MAX_PAUSE: u32 = 604_800;
/// The most that a day's pings can be limited to.
pub const MAX_PINGS: u32 = 100;

/// What is wrong with a rule: its place in the set, a stable code, the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    pub field: &'static str,
    pub code: &'static str,
    pub message: String,
}

impl RuleSet {
    /// Takes spaces around words away, and what is there twice.
    pub fn tidied(mut self) -> Self {
        let words = [
            &mut self.title.contains,
            &mut self.title.lacks,
            &mut self.languages,
            &mut self.tags.any,
            &mut self.tags.never,
        ];
        for list in words {
            let mut seen = BTreeSet::new();
            for word in &mut *list {
                *word = word.trim().to_owned();
            }
            list.retain(|word| seen.insert(word.to_lowercase()));
        }
        for list in [&mut self.categories.only, &mut self.categories.never] {
            let mut seen = BTreeSet::new();
            list.retain(|category| seen.insert(category.id.clone()));
        }
        self.title.pattern = self.title.pattern.filter(|pattern| !pattern.is_empty());
        self
    }

    /// What is wrong with the set by itself; whether its categories exist only Twitch knows.
    pub fn problems(&self) -> Vec<Wrong> {
        let mut found = Vec::new();
        let mut add = |field, code, message: String| found.push(Wrong { field, code, message });
        let (only, never) = (&self.categories.only, &self.categories.never);
        for (field, list) in [("categories.only", only), ("categories.never", never)] {
            if list.len() > MAX_CATEGORIES {
                add(field, "too_many", format!("Name {MAX_CATEGORIES} categories at most."));
            }
            if !list.iter().all(is_id) {
                let message = "A category is named by Twitch's id of it, such as 509658. Choose it from the search.";
                add(field, "unknown_category", message.to_owned());
            }
        }
        if let Some(both) = never.iter().find(|each| only.iter().any(|other| other.id == each.id)) {
            let message = format!("{} is wanted and unwanted. Take it out of one list.", both.name);
            add("categories.never", "invalid", message);
        }
        let words = [
            ("title.contains", &self.title.contains, MAX_TITLE),
            ("title.lacks", &self.title.lacks, MAX_TITLE),
            ("tags.any", &self.tags.any, MAX_TAG),
            ("tags.never", &self.tags.never, MAX_TAG),
        ];
        for (field, list, length) in words {
            let fits = |word: &String| !word.is_empty() && word.chars().count() <= length;
            if list.len() > MAX_WORDS || !list.iter().all(fits) {
                let message =
                    format!("Name {MAX_WORDS} at most, of 1 to {length} characters each.");
                add(field, "invalid", message);
            }
        }
        if self.languages.len() > MAX_WORDS || !self.languages.iter().all(|l| is_language(l)) {
            let message = "Name 20 languages at most, as Twitch writes them: en, de, pt-br, other.";
            add("languages", "invalid", message.to_owned());
        }
        if let Some(pattern) = &self.title.pattern {
            if pattern.chars().count() > MAX_PATTERN {
                let message =
                    format!("A pattern has {MAX_PATTERN} characters at most. Shorten it.");
                add("title.pattern", "too_long", message);
            } else if let Some(message) = pattern::refusal(pattern) {
                add("title.pattern", "invalid_pattern", message);
            }
        }
        let numbers = [
            ("least_viewers", self.least_viewers, MAX_VIEWERS),
            ("pause_seconds", self.pause_seconds, MAX_PAUSE),
            ("most_pings", self.most_pings, MAX_PINGS),
        ];
        for (field, number, most) in numbers {
            if number.is_some_and(|number| !(1..=most).contains(&number)) {
                add(field, "invalid", format!("Choose from 1 to {most}, or null."));
            }
        }
        found
    }
}

fn is_id(category: &Category) -> bool {
    (1..=20).contains(&category.id.len()) && category.id.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_language(text: &str) -> bool {
    (2..=10).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn wrong(rules: &Value) -> Vec<(&'static str, &'static str)> {
        let rules: RuleSet = serde_json::from_value(rules.clone()).unwrap();
        rules.tidied().problems().into_iter().map(|w| (w.field, w.code)).collect()
    }

    #[test]
    fn each_problem_names_its_field() {
        let long = "x".repeat(201);
        let many: Vec<_> = (0..51).map(|n| json!({"id": n.to_string()})).collect();
        let table = [
            (json!({}), vec![]),
            (json!({"title": {"pattern": ""}}), vec![]),
            (json!({"title": {"pattern": "(a"}}), vec![("title.pattern", "invalid_pattern")]),
            (
                json!({"title": {"pattern": r"(\w{99}){99}"}}),
                vec![("title.pattern", "invalid_pattern")],
            ),
            (json!({"title": {"pattern": long}}), vec![("title.pattern", "too_long")]),
            (json!({"title": {"contains": [" "]}}), vec![("title.contains", "invalid")]),
            (
                json!({"categories": {"only": [{"id": "Celeste"}]}}),
                vec![("categories.only", "unknown_category")],
            ),
            (json!({"categories": {"only": many}}), vec![("categories.only", "too_many")]),
            (
                json!({"categories": {"only": [{"id": "1"}], "never": [{"id": "1"}]}}),
                vec![("categories.never", "invalid")],
            ),
            (json!({"languages": ["english, mostly"]}), vec![("languages", "invalid")]),
            (json!({"tags": {"any": ["x".repeat(26)]}}), vec![("tags.any", "invalid")]),
            (json!({"least_viewers": 0}), vec![("least_viewers", "invalid")]),
            (json!({"pause_seconds": 604_801}), vec![("pause_seconds", "invalid")]),
            (json!({"most_pings": 101}), vec![("most_pings", "invalid")]),
        ];
        for (rules, expected) in table {
            assert_eq!(wrong(&rules), expected, "{rules}");
        }
    }

    #[test]
    fn problem_of_a_pattern_says_what_to_correct() {
        let rules: RuleSet = serde_json::from_value(json!({"title": {"pattern": "(a"}})).unwrap();
        assert_eq!(
            rules.problems()[0].message,
            "This is no regular expression: unclosed group. Correct it, or leave it empty."
        );
    }

    #[test]
    fn words_are_trimmed_and_named_once() {
        let rules = json!({"title": {"contains": [" a", "A", "b "]}, "languages": ["en", "EN"]});
        let rules: RuleSet = serde_json::from_value(rules).unwrap();
        let tidy = rules.tidied();
        assert_eq!(
            (tidy.title.contains, tidy.languages),
            (vec!["a".to_owned(), "b".to_owned()], vec!["en".to_owned()])
        );
    }
}
