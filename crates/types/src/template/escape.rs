//! Values are attacker controlled: what they may not do, they cannot.

/// Markdown's and mentions' own characters.
const MARKUP: &str = "\\*_~|`>#-[]()<:@";

/// One line without anything invisible that changes how the rest reads.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .collect()
}

/// Zero-width characters and directional overrides. Joiners stay: emoji and scripts need them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

/// One character as it shall be seen: markup escaped, and nothing mentioned.
pub(super) fn escape(c: char, into: &mut String) {
    if MARKUP.contains(c) {
        into.push('\\');
    }
    into.push(c);
    if c == '@' {
        into.push('\u{200b}');
    }
}

/// One character of a URL's path or query.
pub(super) fn percent(c: char, into: &mut String) {
    if c.is_ascii_alphanumeric() || "-._~".contains(c) {
        into.push(c);
        return;
    }
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        into.push('%');
        for digit in [byte >> 4, byte & 15] {
            into.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
        }
    }
}
