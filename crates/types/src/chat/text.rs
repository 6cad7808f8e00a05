//! What is read from a line, and what may be said.
//!
//! Reading: [`tokens`], [`fold`]. Saying: [`utterances`], which makes lines that no bot takes for a command.

use crate::template::{is_default_ignorable, shows_nothing};
use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Unicode code points that Twitch takes in a message (Send Chat Message).
pub const MAX_CHARS: usize = 500;
/// Messages that one answer may become.
pub const MAX_PARTS: usize = 3;
/// Code points kept free in each message, for the queue to vary a text that was just said.
pub const ROOM_TO_VARY: usize = 2;
/// What stands before a text that would be a command otherwise.
const GUARD: &str = "» ";
/// With these other bots' commands begin.
const PREFIXES: &str = "!?$#%&*+-=~^|\\>";
/// Code points of one drawn character; more are a heap of marks.
const MAX_GRAPHEME: usize = 32;

/// The text without the wrapping that `/me` leaves.
pub fn without_action(text: &str) -> &str {
    if let Some(inner) = text.strip_prefix("\u{1}ACTION") {
        return inner.strip_suffix('\u{1}').unwrap_or(inner).trim_start();
    }
    match text.strip_prefix("/me") {
        Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim_start(),
        _ => text,
    }
}

/// The text without `@name ` at its beginning, for exactly one of these names.
pub fn without_mention<'a>(text: &'a str, names: [&str; 2]) -> &'a str {
    let Some(mention) = text.trim_start().strip_prefix('@') else { return text };
    let end = mention.find(char::is_whitespace).unwrap_or(mention.len());
    let written = fold(strip(&mention[..end]));
    if names.iter().any(|name| !name.is_empty() && fold(name) == written) {
        return mention[end..].trim_start();
    }
    text
}

/// The words of a line, without what cannot be seen at their ends; a word of nothing else is none.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(char::is_whitespace).map(strip).filter(|token| !token.is_empty())
}

/// A word without ignorable characters at its ends. What makes an emoji stays: a joiner within, a
/// selector after a symbol, the tags of a flag.
pub fn strip(token: &str) -> &str {
    let token = token.trim_start_matches(is_ignorable);
    let bare = token.trim_end_matches(is_ignorable);
    let (tail, base) = (&token[bare.len()..], bare.chars().next_back());
    let kept = match base {
        Some('\u{1f3f4}') => {
            tail.chars().take_while(|c| ('\u{e0020}'..='\u{e007f}').contains(c)).collect()
        }
        Some(c) if !c.is_alphanumeric() => {
            tail.chars().take(1).filter(|c| matches!(c, '\u{fe0e}' | '\u{fe0f}')).collect()
        }
        _ => String::new(),
    };
    &token[..bare.len() + kept.len()]
}

fn is_ignorable(c: char) -> bool {
    c.is_control() || is_default_ignorable(c)
}

/// The text by which names are compared: Unicode's full case folding, which knows no locale, in NFC.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfd().default_case_fold().nfc().collect()
}

/// What is said for a text: at most [`MAX_PARTS`] messages of [`MAX_CHARS`] less [`ROOM_TO_VARY`].
///
/// Each is one line without control characters, split at words and never within a drawn character.
/// What does not fit ends in an ellipsis; `suffix` stands at the end all the same. None of them is a
/// command, of Twitch or of another bot; `ours` says that the text begins with the owner's own words,
/// which may begin with another bot's prefix. Nothing comes of a text that shows nothing.
pub fn utterances(text: &str, suffix: &str, ours: bool) -> Vec<String> {
    if shows_nothing(text) {
        return Vec::new();
    }
    let suffix = beginning(&one_line(suffix), MAX_SUFFIX);
    let line = one_line(text);
    let mut words = pieces(&line);
    if !suffix.is_empty() {
        words.push(Piece { text: &suffix, goes_on: false });
    }
    let (parts, all) = lay_out(&words, ours, ROOM);
    if all {
        return parts;
    }
    if !suffix.is_empty() {
        words.pop();
    }
    let ending = if suffix.is_empty() { "…".to_owned() } else { format!("… {suffix}") };
    let (mut parts, _) = lay_out(&words, ours, ROOM - ending.chars().count());
    if let Some(last) = parts.last_mut() {
        last.push_str(&ending);
    }
    parts
}

/// Code points of a message that are ours to fill.
const ROOM: usize = MAX_CHARS - ROOM_TO_VARY;
/// Code points of a suffix at most.
const MAX_SUFFIX: usize = 100;

/// A word, or a part of one that no message can hold.
struct Piece<'a> {
    text: &'a str,
    /// It goes on the word before it: no blank belongs between.
    goes_on: bool,
}

/// Fills messages, the last of which has `last_room`; tells whether all found room.
fn lay_out(words: &[Piece<'_>], ours: bool, last_room: usize) -> (Vec<String>, bool) {
    let mut parts: Vec<String> = Vec::new();
    let (mut used, mut room) = (0, 0);
    for word in words {
        let length = word.text.chars().count();
        if !parts.is_empty() && !word.goes_on && used + 1 + length <= room {
            let last = parts.last_mut().expect("a message was begun");
            last.push(' ');
            last.push_str(word.text);
            used += 1 + length;
            continue;
        }
        let begun = begin(word.text, ours && parts.is_empty());
        if begun.is_empty() {
            continue;
        }
        if parts.len() == MAX_PARTS {
            return (parts, false);
        }
        room = if parts.len() + 1 == MAX_PARTS { last_room } else { ROOM };
        used = begun.chars().count();
        let fits = used <= room;
        parts.push(if fits { begun } else { beginning(&begun, room) });
        if !fits {
            return (parts, false);
        }
    }
    (parts, true)
}

/// A message's first word, so that nobody takes the message for a command.
fn begin(word: &str, ours: bool) -> String {
    let word = word.trim_start_matches(is_ignorable);
    match word.chars().next() {
        Some('/' | '.') => format!("{GUARD}{word}"),
        Some(c) if !ours && PREFIXES.contains(c) => format!("{GUARD}{word}"),
        _ => word.to_owned(),
    }
}

/// The words of a line; one that no message holds in pieces that do.
fn pieces(line: &str) -> Vec<Piece<'_>> {
    let most = ROOM - MAX_SUFFIX - GUARD.chars().count() - 2;
    let mut pieces = Vec::new();
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        let (mut from, mut used) = (0, 0);
        for (at, grapheme) in word.grapheme_indices(true) {
            let length = grapheme.chars().count();
            if used + length > most && at > from {
                pieces.push(Piece { text: &word[from..at], goes_on: from > 0 });
                (from, used) = (at, 0);
            }
            used += length;
        }
        pieces.push(Piece { text: &word[from..], goes_on: from > 0 });
    }
    pieces
}

/// The longest beginning of at most `room` code points that cuts no drawn character.
pub fn beginning(text: &str, room: usize) -> String {
    let (mut kept, mut used) = (String::new(), 0);
    for grapheme in text.graphemes(true) {
        used += grapheme.chars().count();
        if used > room {
            break;
        }
        kept.push_str(grapheme);
    }
    kept
}

/// One line: blanks run together, nothing that controls, nothing unseen at its beginning, no heaps of marks.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let mut line = String::with_capacity(text.len());
    for word in words.filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        if word.is_ascii() {
            line.push_str(word);
            continue;
        }
        for grapheme in word.graphemes(true) {
            line.extend(grapheme.chars().take(MAX_GRAPHEME));
        }
    }
    line.trim_start_matches(|c| is_ignorable(c) || c == ' ').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<&str> {
        tokens(text).collect()
    }

    #[test]
    fn unseen_ends_make_no_word_and_emoji_stay_whole() {
        for (text, read) in [
            ("!uptime \u{e0000}", vec!["!uptime"]),
            ("!uptime\u{34f} x", vec!["!uptime", "x"]),
            ("\u{200b}!a\u{2060}", vec!["!a"]),
            ("!hug 👩\u{200d}👩\u{200d}👧", vec!["!hug", "👩\u{200d}👩\u{200d}👧"]),
            ("❤\u{fe0f} ❤\u{fe0f}\u{e0000}", vec!["❤\u{fe0f}", "❤\u{fe0f}"]),
            ("🏴\u{e0067}\u{e0062}\u{e007f}", vec!["🏴\u{e0067}\u{e0062}\u{e007f}"]),
            ("\u{3164} \u{200d}", vec![]),
        ] {
            assert_eq!(words(text), read, "{text:?}");
        }
    }

    #[test]
    fn folding_knows_no_locale() {
        assert_eq!(fold("INFO"), "info");
        assert_eq!(fold("STRASSE"), fold("straße"));
        assert_eq!(fold("İ"), "i\u{307}");
        assert_ne!(fold("ı"), fold("i"));
        assert_eq!(fold("e\u{301}"), fold("É"));
        assert_eq!(fold("ΣΊΣΥΦΟΣ"), fold("σίσυφος"));
    }

    #[test]
    fn nothing_that_is_said_is_a_command() {
        for (text, ours, said) in [
            ("/ban ana", true, "» /ban ana"),
            (" \u{200b}./ban", true, "» ./ban"),
            (".timeout ana", true, "» .timeout ana"),
            ("\u{e0000} \u{34f}/ban ana", true, "» /ban ana"),
            ("hi\r\n/ban ana", true, "hi /ban ana"),
            ("!so ana", true, "!so ana"),
            ("!so ana", false, "» !so ana"),
            ("@ana hi", false, "@ana hi"),
        ] {
            assert_eq!(utterances(text, "", ours), vec![said.to_owned()], "{text:?}");
        }
        let far = format!("{} /ban ana", "x ".repeat(249).trim());
        assert_eq!(utterances(&far, "", true)[1], "» /ban ana");
    }

    #[test]
    fn text_that_shows_nothing_is_not_said() {
        for text in ["", " \n", "\u{200b}\u{3164}", "\u{1}"] {
            assert!(utterances(text, "(2)", true).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn long_answer_is_split_at_words_and_ends_in_an_ellipsis() {
        let parts = utterances(&"word ".repeat(400), "", true);
        assert_eq!(parts.len(), 3);
        assert!(parts.iter().all(|part| part.chars().count() <= 498 && part.starts_with("word")));
        assert!(parts[2].ends_with("word…"));
        let parts = utterances(&"word ".repeat(400), "(by ana)", true);
        assert!(parts[2].ends_with("word… (by ana)"), "{}", parts[2]);
        assert_eq!(utterances("hi", "(by ana)", true), ["hi (by ana)"]);
    }

    #[test]
    fn drawn_character_is_never_torn() {
        let family = "👩\u{200d}👩\u{200d}👧\u{200d}👦";
        let parts = utterances(&family.repeat(150), "", true);
        assert_eq!(parts.len(), 3);
        for part in &parts {
            assert!(part.trim_end_matches('…').graphemes(true).all(|g| g == family), "{part}");
        }
    }

    #[test]
    fn heap_of_marks_is_cut() {
        let heap = format!("z{}", "\u{301}".repeat(5_000));
        let parts = utterances(&heap, "", true);
        assert_eq!((parts.len(), parts[0].chars().count()), (1, MAX_GRAPHEME));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn whatever_is_written_becomes_no_command(
            text in "(\\PC|[/.! \u{200b}\u{e0000}\u{34f}\u{200d}\u{301}\r\n\u{1}👩🏴é]){0,1800}",
            suffix in "\\PC{0,120}",
            ours: bool,
        ) {
            let parts = utterances(&text, &suffix, ours);
            prop_assert!(parts.len() <= MAX_PARTS);
            for (at, part) in parts.iter().enumerate() {
                prop_assert!(part.chars().count() <= MAX_CHARS - ROOM_TO_VARY);
                prop_assert!(!part.chars().any(|c| c.is_control() || c == '\n'));
                let seen = part.trim_start_matches(|c: char| c.is_whitespace() || is_ignorable(c));
                prop_assert_eq!(seen, part.as_str());
                prop_assert!(!seen.starts_with(['/', '.']));
                prop_assert!((at == 0 && ours) || !seen.starts_with(|c| PREFIXES.contains(c)));
            }
        }

        #[test]
        fn nothing_is_lost_that_has_room(text in "[a-zé👩 ]{1,900}") {
            let said: String = utterances(&text, "", true).concat();
            let bare = |text: &str| text.replace(' ', "");
            prop_assert_eq!(bare(&said), bare(&text));
        }

        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,40}") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }
    }
}
