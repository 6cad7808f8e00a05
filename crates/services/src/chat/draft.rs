//! A command as somebody writes it, and what is wrong with it.

use super::fetch;
use crate::{setup::Problem, zones};
use sm_types::chat::{
    Level, Order, Response, Variable, When,
    text::{fold, tokens},
};
use time::OffsetDateTime;

/// Code points of a name.
const MAX_NAME: usize = 50;
const MAX_ALIASES: usize = 20;
const MAX_RESPONSES: usize = 20;
/// Code points of a response's source: three messages.
const MAX_RESPONSE: usize = 1_500;
const MAX_CATEGORY: usize = 30;
const MAX_LISTED: usize = 100;
/// Seconds: a day.
const MAX_COOLDOWN: u32 = 86_400;
const MAX_FALLBACK: usize = 400;

/// A command to save; nothing of it is checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub name: String,
    pub aliases: Vec<String>,
    pub responses: Vec<String>,
    pub order: Order,
    pub reply: bool,
    pub level: Level,
    /// Logins.
    pub allow: Vec<String>,
    /// Logins.
    pub deny: Vec<String>,
    /// Seconds.
    pub cooldown: u32,
    /// Seconds.
    pub user_cooldown: u32,
    pub no_cooldown_from: Option<Level>,
    pub when: When,
    pub enabled: bool,
    pub expires_at: Option<OffsetDateTime>,
    pub category: String,
    pub fetch_url: Option<String>,
    pub fetch_fallback: String,
}

impl Default for Draft {
    /// As a command is that moderators add in chat.
    fn default() -> Self {
        Self {
            name: String::new(),
            aliases: Vec::new(),
            responses: Vec::new(),
            order: Order::Random,
            reply: true,
            level: Level::Everyone,
            allow: Vec::new(),
            deny: Vec::new(),
            cooldown: 5,
            user_cooldown: 0,
            no_cooldown_from: Some(Level::Moderator),
            when: When::Always,
            enabled: true,
            expires_at: None,
            category: String::new(),
            fetch_url: None,
            fetch_fallback: String::new(),
        }
    }
}

/// The command with names trimmed and without the prefix, or all that is wrong with it.
pub(super) fn checked(mut draft: Draft, prefix: &str) -> Result<Draft, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut taken: Vec<String> = Vec::new();
    draft.name = bare(&draft.name, prefix);
    draft.aliases = draft.aliases.iter().map(|alias| bare(alias, prefix)).collect();
    let names = std::iter::once(("name".to_owned(), &draft.name));
    let aliases = draft.aliases.iter().enumerate();
    for (field, name) in names.chain(aliases.map(|(at, name)| (format!("aliases[{at}]"), name))) {
        if !is_name(name) {
            let message = format!("Use 1 to {MAX_NAME} characters, without blanks.");
            problems.push(Problem::new(field, "invalid", message));
            continue;
        }
        let folded = fold(name);
        if taken.contains(&folded) {
            problems.push(Problem::new(field, "name_taken", "This command has the name already."));
        }
        taken.push(folded);
    }
    let most = |field: &str, count: usize, most: usize| {
        let message = format!("{most} are the most.");
        (count > most).then(|| Problem::new(field, "too_many", message))
    };
    problems.extend(most("aliases", draft.aliases.len(), MAX_ALIASES));
    problems.extend(most("responses", draft.responses.len(), MAX_RESPONSES));
    problems.extend(most("allow", draft.allow.len(), MAX_LISTED));
    problems.extend(most("deny", draft.deny.len(), MAX_LISTED));
    if draft.responses.is_empty() {
        problems.push(Problem::new("responses", "missing", "Write at least one response."));
    }
    for (at, source) in draft.responses.iter().enumerate() {
        let has_address = draft.fetch_url.is_some();
        problems.extend(wrong_with_response(&format!("responses[{at}]"), source, has_address));
    }
    for (field, seconds) in [("cooldown", draft.cooldown), ("user_cooldown", draft.user_cooldown)] {
        if seconds > MAX_COOLDOWN {
            let message = format!("Use 0 to {MAX_COOLDOWN} seconds.");
            problems.push(Problem::new(field, "invalid", message));
        }
    }
    draft.category = draft.category.trim().to_owned();
    if draft.category.chars().count() > MAX_CATEGORY || draft.category.chars().any(char::is_control)
    {
        let message = format!("Use up to {MAX_CATEGORY} characters.");
        problems.push(Problem::new("category", "invalid", message));
    }
    if let Some(url) = &draft.fetch_url
        && let Err(problem) = fetch::check(url)
    {
        problems.push(problem);
    }
    if draft.fetch_fallback.chars().count() > MAX_FALLBACK {
        let message = format!("Use up to {MAX_FALLBACK} characters.");
        problems.push(Problem::new("fetch_fallback", "invalid", message));
    }
    if problems.is_empty() { Ok(draft) } else { Err(problems) }
}

/// A name without blanks around it and without the channel's prefix.
pub(super) fn bare(name: &str, prefix: &str) -> String {
    let name = name.trim();
    let rest = name.strip_prefix(prefix).filter(|rest| !rest.is_empty());
    rest.unwrap_or(name).to_owned()
}

fn is_name(name: &str) -> bool {
    let mut words = tokens(name);
    let only = words.next() == Some(name) && words.next().is_none();
    only && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control)
}

/// What is wrong with a text that nobody has called; `about`: whether it is about somebody.
pub(super) fn wrong_with_event(field: &str, source: &str, about: bool) -> Vec<Problem> {
    let mut problems = wrong_with_response(field, source, true);
    let has_no_value = |variable: &Variable| match variable {
        Variable::User | Variable::Login => !about,
        Variable::ToUser
        | Variable::Args
        | Variable::Arg(_)
        | Variable::Followers
        | Variable::Fetch => true,
        _ => false,
    };
    let named = Response::parse(source).map(|template| template.variables()).unwrap_or_default();
    if named.iter().any(has_no_value) {
        let message = "Nobody has called a command here: leave out what is about one.";
        problems.push(Problem::new(field, "no_command", message));
    }
    problems
}

fn wrong_with_response(field: &str, source: &str, has_address: bool) -> Vec<Problem> {
    if source.trim().is_empty() {
        return vec![Problem::new(field, "missing", "Write what is said.")];
    }
    if source.chars().count() > MAX_RESPONSE {
        let message = format!("Use up to {MAX_RESPONSE} characters: three messages.");
        return vec![Problem::new(field, "too_long", message)];
    }
    let template = match Response::parse(source) {
        Ok(template) => template,
        Err(error) => {
            return vec![Problem {
                field: field.to_owned(),
                code: error.kind.code(),
                message: error.kind.to_string(),
                span: Some(error.span),
            }];
        }
    };
    let wrong = |variable| match variable {
        Variable::Time(zone) | Variable::Date(zone) if zones::named(&zone).is_none() => {
            let message = format!("There is no time zone {zone}: write it as in Europe/Berlin.");
            Some(Problem::new(field, "unknown_zone", message))
        }
        Variable::Secret(_) => {
            let message =
                "A secret has its place in the address that is fetched, not in what is said.";
            Some(Problem::new(field, "secret", message))
        }
        Variable::Fetch if !has_address => {
            let message = "Enter the address that {fetch} asks.";
            Some(Problem::new("fetch_url", "missing", message))
        }
        _ => None,
    };
    template.variables().into_iter().filter_map(wrong).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(change: impl Fn(&mut Draft)) -> Vec<(String, &'static str)> {
        let mut draft =
            Draft { name: "hi".into(), responses: vec!["Hi {user}".into()], ..Draft::default() };
        change(&mut draft);
        let problems = checked(draft, "!").err().unwrap_or_default();
        problems.into_iter().map(|problem| (problem.field, problem.code)).collect()
    }

    #[test]
    fn every_wrong_field_is_named() {
        assert_eq!(codes(|_| {}), []);
        let one = |field: &str, code| vec![(field.to_owned(), code)];
        for (draft, expected) in [
            (codes(|d| d.name = "two words".into()), one("name", "invalid")),
            (codes(|d| d.name = "\u{200b}".into()), one("name", "invalid")),
            (codes(|d| d.name = "x".repeat(51)), one("name", "invalid")),
            (codes(|d| d.aliases = vec!["HI".into()]), one("aliases[0]", "name_taken")),
            (codes(|d| d.responses = vec![]), one("responses", "missing")),
            (codes(|d| d.responses = vec![" ".into()]), one("responses[0]", "missing")),
            (
                codes(|d| d.responses = vec!["{usr}".into()]),
                one("responses[0]", "unknown_variable"),
            ),
            (
                codes(|d| d.responses = vec!["{time A/B}".into()]),
                one("responses[0]", "unknown_zone"),
            ),
            (codes(|d| d.responses = vec!["{secret k}".into()]), one("responses[0]", "secret")),
            (codes(|d| d.responses = vec!["{fetch}".into()]), one("fetch_url", "missing")),
            (codes(|d| d.cooldown = 86_401), one("cooldown", "invalid")),
            (codes(|d| d.category = "x".repeat(31)), one("category", "invalid")),
            (codes(|d| d.fetch_url = Some("http://a.example".into())), one("fetch_url", "invalid")),
        ] {
            assert_eq!(draft, expected);
        }
    }

    #[test]
    fn prefix_is_no_part_of_a_name() {
        let draft = Draft {
            name: " !hi".into(),
            aliases: vec!["!hello".into(), "!".into()],
            responses: vec!["x".into()],
            ..Draft::default()
        };
        let draft = checked(draft, "!").unwrap();
        assert_eq!((draft.name.as_str(), draft.aliases), ("hi", vec!["hello".into(), "!".into()]));
    }
}
