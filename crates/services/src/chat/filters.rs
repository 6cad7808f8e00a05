//! What a channel does not want to read: verdicts about a line, by what its writer has written.
//!
//! Everything is off until the owner switches it on. Moderators and the broadcaster are always exempt:
//! Twitch lets nobody delete what they write.

use linkify::{LinkFinder, LinkKind};
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use sm_types::{
    chat::{Level, Line, text::fold},
    template::shows_nothing,
};

/// Entries of one list.
const MAX_ENTRIES: usize = 200;
/// Code points of an entry.
const MAX_ENTRY: usize = 200;
/// Bytes of all of a channel's terms, compiled.
const MAX_COMPILED: usize = 1 << 20;
/// Letters below which a line is not looked at for capitals.
const MIN_LETTERS: usize = 10;
/// Endings that are words too: `thanks.so what` is no address while nothing follows the name.
const WORDS: &[&str] = &[
    "am", "as", "at", "be", "best", "by", "cool", "do", "fun", "gg", "go", "how", "im", "in", "is",
    "it", "la", "live", "lol", "me", "my", "next", "no", "now", "ok", "one", "so", "to", "us",
    "win", "wow", "you",
];

/// What is wrong with a field: its name, a stable code, the remedy.
pub(super) type Wrong = (String, &'static str, String);

fn wrong(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Wrong {
    (field.into(), code, message.into())
}

/// The filters of a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filters {
    pub links: Links,
    pub caps: Caps,
    pub repetition: Repetition,
    pub terms: Terms,
}

/// Addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Links {
    pub enabled: bool,
    /// From this level on everything may be written.
    pub exempt_from: Level,
    /// Domains that are welcome, with all below them.
    pub allow: Vec<String>,
}

/// Shouting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Caps {
    pub enabled: bool,
    pub exempt_from: Level,
    /// Capitals among the letters, from which on it is too much; emotes do not count.
    pub percent: u8,
}

/// The same again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Repetition {
    pub enabled: bool,
    pub exempt_from: Level,
    /// How often a character or a word may come in a row; emotes do not count.
    pub most: u8,
}

/// What must not be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    pub enabled: bool,
    pub exempt_from: Level,
    /// Words and phrases, however they are capitalised.
    pub words: Vec<String>,
    /// Patterns of the `regex` crate, which takes no longer for one line than for another.
    pub patterns: Vec<String>,
}

impl Default for Links {
    fn default() -> Self {
        Self { enabled: false, exempt_from: Level::Vip, allow: Vec::new() }
    }
}

impl Default for Caps {
    fn default() -> Self {
        Self { enabled: false, exempt_from: Level::Vip, percent: 70 }
    }
}

impl Default for Repetition {
    fn default() -> Self {
        Self { enabled: false, exempt_from: Level::Vip, most: 10 }
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            enabled: false,
            exempt_from: Level::Moderator,
            words: Vec::new(),
            patterns: Vec::new(),
        }
    }
}

/// What a filter has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Link,
    Caps,
    Repetition,
    Term,
}

impl Verdict {
    /// A stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Caps => "caps",
            Self::Repetition => "repetition",
            Self::Term => "term",
        }
    }
}

impl Filters {
    /// What is wrong with them.
    pub(super) fn problems(&self) -> Vec<Wrong> {
        let mut problems = Vec::new();
        let lists = [
            ("filters.links.allow", &self.links.allow),
            ("filters.terms.words", &self.terms.words),
            ("filters.terms.patterns", &self.terms.patterns),
        ];
        for (field, list) in lists {
            if list.len() > MAX_ENTRIES {
                let message = format!("{MAX_ENTRIES} are the most.");
                problems.push(wrong(field, "too_many", message));
            }
            for (at, entry) in list.iter().enumerate() {
                let fits = (1..=MAX_ENTRY).contains(&entry.chars().count());
                if !fits || shows_nothing(entry) {
                    let message = format!("Use 1 to {MAX_ENTRY} characters.");
                    problems.push(wrong(format!("{field}[{at}]"), "invalid", message));
                }
            }
        }
        for (at, pattern) in self.terms.patterns.iter().enumerate() {
            if compiled(std::slice::from_ref(pattern)).is_none() {
                let message = "This is no pattern, or one that is too large.";
                let field = format!("filters.terms.patterns[{at}]");
                problems.push(wrong(field, "invalid", message));
            }
        }
        if problems.is_empty() && self.terms.of_all().is_none() {
            let message = "All terms together are too large.";
            problems.push(wrong("filters.terms", "too_many", message));
        }
        if !(1..=100).contains(&self.caps.percent) {
            problems.push(wrong("filters.caps.percent", "invalid", "Use 1 to 100."));
        }
        if self.repetition.most < 2 {
            problems.push(wrong("filters.repetition.most", "invalid", "Use 2 to 255."));
        }
        problems
    }
}

impl Terms {
    fn of_all(&self) -> Option<Vec<Regex>> {
        let word = |word: &String| {
            let folded = fold(word.trim());
            let bound = |edge: Option<char>| {
                if edge.is_some_and(char::is_alphanumeric) { r"\b" } else { "" }
            };
            let (start, end) = (bound(folded.chars().next()), bound(folded.chars().next_back()));
            format!("{start}{}{end}", regex::escape(&folded))
        };
        let all: Vec<String> =
            self.words.iter().map(word).chain(self.patterns.iter().cloned()).collect();
        compiled(&all)
    }
}

/// One expression of all, within the size that a channel has.
fn compiled(patterns: &[String]) -> Option<Vec<Regex>> {
    if patterns.is_empty() {
        return Some(Vec::new());
    }
    // Each must be whole by itself: `a)(b` is no part of anything.
    let whole = patterns.iter().all(|pattern| regex_syntax_is_whole(pattern));
    let joined = patterns.iter().map(|pattern| format!("(?:{pattern})")).collect::<Vec<_>>();
    let built = RegexBuilder::new(&joined.join("|"))
        .case_insensitive(true)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .build();
    if whole { built.ok().map(|regex| vec![regex]) } else { None }
}

fn regex_syntax_is_whole(pattern: &str) -> bool {
    RegexBuilder::new(pattern).size_limit(MAX_COMPILED).build().is_ok()
}

/// A channel's filters, ready to judge.
#[derive(Debug, Default)]
pub struct Judge {
    filters: Filters,
    terms: Vec<Regex>,
}

impl Judge {
    /// Makes filters ready. Terms that cannot be read judge nobody; none such are saved.
    pub fn new(filters: Filters) -> Self {
        let terms = if filters.terms.enabled { filters.terms.of_all() } else { None };
        Self { filters, terms: terms.unwrap_or_default() }
    }

    /// What a line is to be deleted for, if anything. It is the viewer's own line that counts.
    pub fn verdict(&self, line: &Line) -> Option<Verdict> {
        let level = line.level();
        if level >= Level::Moderator || line.is_from_elsewhere() {
            return None;
        }
        let Filters { links, caps, repetition, terms } = &self.filters;
        let looks = |enabled: bool, exempt_from: Level| enabled && level < exempt_from;
        if looks(terms.enabled, terms.exempt_from) && self.has_term(&line.text) {
            return Some(Verdict::Term);
        }
        if looks(links.enabled, links.exempt_from) && has_link(&line.text, &links.allow) {
            return Some(Verdict::Link);
        }
        let typed = line.plain_text();
        if looks(caps.enabled, caps.exempt_from) && shouts(&typed, caps.percent) {
            return Some(Verdict::Caps);
        }
        let most = usize::from(repetition.most);
        let repeats = looks(repetition.enabled, repetition.exempt_from) && repeats(&typed, most);
        repeats.then_some(Verdict::Repetition)
    }

    fn has_term(&self, text: &str) -> bool {
        let folded = fold(text);
        self.terms.iter().any(|term| term.is_match(&folded) || term.is_match(text))
    }
}

/// Whether a text holds an address, by the public list of what addresses end in.
fn has_link(text: &str, allow: &[String]) -> bool {
    let seen: String = text
        .chars()
        .map(|c| if matches!(c, '\u{3002}' | '\u{ff0e}' | '\u{ff61}') { '.' } else { c })
        .filter(|c| c.is_whitespace() || !shows_nothing(c.encode_utf8(&mut [0; 4])))
        .collect();
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(false);
    finder.links(&seen).any(|link| leads_somewhere(link.as_str(), allow))
}

fn leads_somewhere(link: &str, allow: &[String]) -> bool {
    let (scheme, rest) = link.split_once("://").map_or((None, link), |(s, rest)| (Some(s), rest));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = host.split(':').next().unwrap_or(host).trim_end_matches('.').to_lowercase();
    let welcome = |domain: &String| {
        let domain = domain.trim().trim_start_matches("*.").trim_end_matches('.').to_lowercase();
        host == domain || host.strip_suffix(&domain).is_some_and(|sub| sub.ends_with('.'))
    };
    if allow.iter().any(welcome) {
        return false;
    }
    if scheme.is_some() {
        return true;
    }
    let labels: Vec<&str> = host.split('.').collect();
    let (Some(last), true) = (labels.last(), labels.len() > 1) else { return false };
    let numbers = last.chars().all(|c| c.is_ascii_digit());
    if labels.iter().any(|label| label.is_empty()) || numbers {
        return false;
    }
    let is_word = labels.len() == 2 && path.len() < 2 && WORDS.contains(last);
    let known = psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known());
    known && !is_word && psl::domain(host.as_bytes()).is_some()
}

fn shouts(text: &str, percent: u8) -> bool {
    let (mut upper, mut letters) = (0, 0);
    for c in text.chars() {
        upper += usize::from(c.is_uppercase());
        letters += usize::from(c.is_uppercase() || c.is_lowercase());
    }
    letters >= MIN_LETTERS && upper * 100 >= letters * usize::from(percent)
}

fn repeats(text: &str, most: usize) -> bool {
    let characters = text.chars().filter(|c| !c.is_whitespace());
    run(characters) > most || run(text.split_whitespace().map(fold)) > most
}

/// The longest run of the same.
fn run<T: PartialEq>(items: impl Iterator<Item = T>) -> usize {
    let (mut longest, mut length, mut last) = (0, 0, None);
    for item in items {
        length = if last.as_ref() == Some(&item) { length + 1 } else { 1 };
        longest = longest.max(length);
        last = Some(item);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use sm_types::chat::{Badge, Chatter, Fragment, FragmentKind, Heard};
    use time::OffsetDateTime;

    fn line(text: &str, badges: &[&str]) -> Line {
        let badge = |set: &&str| Badge { set: (*set).to_owned(), id: "1".to_owned() };
        let fragment = |word: &str| {
            let emote = word.starts_with("Emote");
            let kind = if emote { FragmentKind::Emote } else { FragmentKind::Text };
            Fragment { kind, text: word.to_owned() }
        };
        Heard {
            channel: "1".into(),
            message_id: "m".into(),
            chatter: Chatter {
                id: "2".into(),
                login: "ana".into(),
                name: "Ana".into(),
                badges: badges.iter().map(badge).collect(),
            },
            text: text.into(),
            fragments: text.split_inclusive(' ').map(fragment).collect(),
            reply: None,
            source: None,
            sent_at: OffsetDateTime::UNIX_EPOCH,
        }
        .into()
    }

    fn all_on() -> Filters {
        let mut filters = Filters::default();
        filters.links.enabled = true;
        filters.caps.enabled = true;
        filters.repetition.enabled = true;
        filters.terms.enabled = true;
        filters.terms.words = vec!["Spoiler".into(), "buy followers".into(), "c++".into()];
        filters.terms.patterns = vec![r"free\s+v-?bucks".into()];
        filters.links.allow = vec!["clips.twitch.tv".into(), "YouTube.com".into()];
        filters
    }

    #[test]
    fn innocents_are_left_alone() {
        let judge = Judge::new(all_on());
        for innocent in [
            "1.40",
            "it was 1.40 vs 2.35",
            "clip.mp4",
            "1:15:20",
            "hey...how are you",
            "e.g. this",
            "i.e. that",
            "v1.2.3",
            "10.000.000",
            "Node.js is fine",
            "wait...what",
            "yes.so what",
            "ok.it works",
            "...",
            ".",
            "a.b",
            "3.5/10",
            "192.168.1.1",
            "ana@example.com",
            "README.txt",
            "lol.",
            "Dr.Who",
            "U.S.A.",
            "GG WP",
            "EmoteALLCAPS EmoteALLCAPS EmoteALLCAPS",
            "AAAAAAA",
            "spoilers",
            "soooo good",
            "look at https://clips.twitch.tv/abc",
            "www.youtube.com/watch?v=1",
            "c+",
            "",
        ] {
            assert_eq!(judge.verdict(&line(innocent, &[])), None, "{innocent}");
        }
    }

    #[test]
    fn what_is_not_wanted_is_found() {
        let judge = Judge::new(all_on());
        for (text, verdict) in [
            ("https://evil.example", Verdict::Link),
            ("go to evil.com now", Verdict::Link),
            ("EVIL.COM", Verdict::Link),
            ("evil。com", Verdict::Link),
            ("evil\u{200b}.com", Verdict::Link),
            ("evil.co.uk", Verdict::Link),
            ("bit.ly/abc", Verdict::Link),
            ("t.me/abc", Verdict::Link),
            ("clips.twitch.tv.evil.com", Verdict::Link),
            ("notyoutube.com", Verdict::Link),
            ("http://192.168.1.1/", Verdict::Link),
            ("STOP SHOUTING AT ME", Verdict::Caps),
            ("aaaaaaaaaaaaaaa", Verdict::Repetition),
            ("no no no no no no no no no no no", Verdict::Repetition),
            ("SPOILER ahead", Verdict::Term),
            ("buy followers here", Verdict::Term),
            ("I like C++!", Verdict::Term),
            ("Free  vbucks", Verdict::Term),
        ] {
            assert_eq!(judge.verdict(&line(text, &[])), Some(verdict), "{text}");
        }
    }

    #[test]
    fn exempt_people_and_shared_chat_are_not_judged() {
        let judge = Judge::new(all_on());
        for badge in ["vip", "moderator", "lead_moderator"] {
            assert_eq!(judge.verdict(&line("evil.com", &[badge])), None, "{badge}");
        }
        assert_eq!(judge.verdict(&line("evil.com", &["subscriber"])), Some(Verdict::Link));
        assert_eq!(judge.verdict(&line("spoiler", &["vip"])), Some(Verdict::Term));
        let mut filters = all_on();
        filters.terms.exempt_from = Level::Broadcaster;
        // Twitch lets nobody act on moderators, whatever the owner wishes.
        assert_eq!(Judge::new(filters).verdict(&line("spoiler", &["moderator"])), None);
        assert_eq!(Judge::new(Filters::default()).verdict(&line("evil.com SPOILER", &[])), None);
    }

    #[test]
    fn patterns_that_are_none_or_too_large_are_refused() {
        let problems = |pattern: &str| {
            let mut filters = Filters::default();
            filters.terms.patterns = vec![pattern.to_owned()];
            filters.problems().len()
        };
        assert_eq!(problems("(a+)+$"), 0);
        for bad in ["(", "a)(b", "a{1000}{1000}{1000}", "(?<=a)b", "\\1", ""] {
            assert!(problems(bad) > 0, "{bad}");
        }
    }

    #[test]
    fn evil_pattern_takes_linear_time() {
        let mut filters = Filters::default();
        filters.terms.enabled = true;
        filters.terms.patterns = vec!["(a+)+$".into(), "(x|xx)*y".into()];
        let judge = Judge::new(filters);
        // A backtracking engine would not come back within this universe.
        assert_eq!(judge.verdict(&line(&format!("{}!", "a".repeat(499)), &[])), None);
    }
}
