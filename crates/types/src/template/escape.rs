//! Values are attacker controlled: what they may not do, they cannot.

/// Markdown's and mentions' own characters, and what turns a name into an address: Discord shows a
/// card for `discord.gg/abc` even without a scheme.
const MARKUP: &str = "\\*_~|`>#-[]()<:@/";

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
        | '\u{2060}'..='\u{206f}' | '\u{61c}' | '\u{feff}' | '\u{ad}')
}

/// Whether nothing of a text can be seen.
pub fn shows_nothing(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace() || c.is_control() || is_default_ignorable(c) || is_drawn_blank(c)
    })
}

/// Unicode's `Default_Ignorable_Code_Point`: joiners, variation selectors, fillers, tags. Code points
/// that are not assigned yet are in it already, so that this does not age.
pub(crate) fn is_default_ignorable(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Characters whose picture is empty though Unicode calls them visible: the blank Braille pattern,
/// marks of interlinear annotations, the musical null note head.
fn is_drawn_blank(c: char) -> bool {
    matches!(c, '\u{2800}' | '\u{fff9}'..='\u{fffb}' | '\u{1d159}')
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
