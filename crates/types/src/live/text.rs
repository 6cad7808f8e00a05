//! What may be said in a room.

use crate::template::shows_nothing;

/// Unicode code points of a message at most, after cleaning; the browser counts them as `[...text].length`.
pub const MAX_CHARS: usize = 500;
/// Bytes of a message at most: marks without end on few letters are no message.
pub const MAX_BYTES: usize = 2_000;
/// Combining marks that one letter may carry.
const MAX_MARKS: usize = 4;
/// Lines of a message at most.
const MAX_LINES: usize = 20;

/// Why a text is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    #[error("Write something: the message shows nothing.")]
    Empty,
    #[error("Shorten the message: {MAX_CHARS} characters and 2,000 bytes fit.")]
    TooLong,
    #[error("Use at most {MAX_LINES} lines.")]
    TooManyLines,
}

/// The text as it is stored: without control characters, without blanks at its ends, with few marks to a letter.
pub fn clean(text: &str) -> Result<String, InvalidText> {
    // What is far too long is not looked at any further.
    if text.len() > 4 * MAX_BYTES {
        return Err(InvalidText::TooLong);
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut marks = 0;
    for c in text.replace("\r\n", "\n").chars() {
        let c = if c == '\r' { '\n' } else { c };
        marks = if is_mark(c) { marks + 1 } else { 0 };
        let kept = c == '\n' || c == '\t' || !(c.is_control() || is_override(c));
        if kept && marks <= MAX_MARKS {
            cleaned.push(c);
        }
    }
    let cleaned = cleaned.trim();
    if shows_nothing(cleaned) {
        return Err(InvalidText::Empty);
    }
    if cleaned.len() > MAX_BYTES || cleaned.chars().count() > MAX_CHARS {
        return Err(InvalidText::TooLong);
    }
    if cleaned.lines().count() > MAX_LINES {
        return Err(InvalidText::TooManyLines);
    }
    Ok(cleaned.to_owned())
}

/// Turns the direction of what stands around it.
pub(super) fn is_override(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Unicode's blocks of combining marks.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cleaned() {
        for (text, cleaned) in [
            ("  hi \n", "hi"),
            ("a\r\nb\rc", "a\nb\nc"),
            ("a\u{0}b\u{7}c", "abc"),
            ("\u{202E}evil\u{202C}", "evil"),
            ("👩‍👩‍👧", "👩‍👩‍👧"),
            ("z\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}", "z\u{301}\u{302}\u{303}\u{304}"),
        ] {
            assert_eq!(clean(text).as_deref(), Ok(cleaned));
        }
    }

    #[test]
    fn text_that_is_no_message_is_refused() {
        for text in ["", " \n\t", "\u{200B}\u{3164}", "\u{202E}"] {
            assert_eq!(clean(text), Err(InvalidText::Empty), "{text:?}");
        }
        assert_eq!(clean(&"a".repeat(501)), Err(InvalidText::TooLong));
        assert!(clean(&"ä".repeat(500)).is_ok());
        assert_eq!(clean(&"👩‍👩‍👧".repeat(101)), Err(InvalidText::TooLong));
        assert_eq!(clean(&"x\n".repeat(21)), Err(InvalidText::TooManyLines));
    }
}
