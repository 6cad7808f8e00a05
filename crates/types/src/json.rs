//! The door for JSON that remotes send: what our parsers and Postgres would refuse is cleaned here, once.

use std::borrow::Cow;

const BOM: &[u8] = b"\xef\xbb\xbf";
/// U+FFFD, as an escape.
const REPLACEMENT: &[u8] = br"\ufffd";

/// JSON without a byte order mark, and with a replacement character for what is no text to others: NUL, which
/// Postgres takes in no column; halves of surrogate pairs; bytes that are not UTF-8.
///
/// Nothing is copied when there is nothing to clean.
pub fn cleaned(json: &[u8]) -> Cow<'_, [u8]> {
    let json = json.strip_prefix(BOM).unwrap_or(json);
    let json = match std::str::from_utf8(json) {
        Ok(_) => Cow::Borrowed(json),
        Err(_) => Cow::Owned(String::from_utf8_lossy(json).into_owned().into_bytes()),
    };
    let Some(mut at) = next_bad(&json, 0) else { return json };
    let mut clean = Vec::with_capacity(json.len());
    let mut from = 0;
    loop {
        clean.extend_from_slice(&json[from..at]);
        clean.extend_from_slice(REPLACEMENT);
        // An escape has six bytes, a raw NUL is one.
        from = at + if json[at] == b'\\' { 6 } else { 1 };
        match next_bad(&json, from) {
            Some(next) => at = next,
            None => break,
        }
    }
    clean.extend_from_slice(&json[from..]);
    Cow::Owned(clean)
}

/// Where the next escape or byte is that has to be replaced.
fn next_bad(json: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = json[at..].iter().position(|byte| matches!(byte, b'\\' | 0)) {
        at += found;
        if json[at] == 0 {
            return Some(at);
        }
        let Some(unit) = escaped(json, at) else {
            // Another escape, perhaps of a backslash.
            at = (at + 2).min(json.len());
            continue;
        };
        match unit {
            0 | 0xdc00..=0xdfff => return Some(at),
            0xd800..=0xdbff => match escaped(json, at + 6) {
                Some(0xdc00..=0xdfff) => at += 12,
                _ => return Some(at),
            },
            _ => at += 6,
        }
    }
    None
}

/// The code unit of an escape `\uXXXX` at a place.
fn escaped(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_to_others_is_replaced() {
        for (json, expected) in [
            (r#"{"a":"b\u0000c"}"#.as_bytes(), r#"{"a":"b\ufffdc"}"#),
            (br#""\\u0000""#, r#""\\u0000""#),
            (br#""\\\u0000""#, r#""\\\ufffd""#),
            (br#""\ud83d\ude00 \ud83d \ude00""#, r#""\ud83d\ude00 \ufffd \ufffd""#),
            (br#""\ud83d\u0000""#, r#""\ufffd\ufffd""#),
            (b"\"a\0b\"", r#""a\ufffdb""#),
            (b"\"a\xffb\"", "\"a\u{fffd}b\""),
            (b"\xef\xbb\xbf{}", "{}"),
            (br#""\u00"#, r#""\u00"#),
            (br#""\"#, r#""\"#),
            (b"", ""),
        ] {
            let clean = cleaned(json);
            assert_eq!(String::from_utf8_lossy(&clean), expected);
        }
    }

    #[test]
    fn what_is_clean_is_not_copied() {
        let json = r#"{"title":"千代 \u00e4 \ud83d\ude00 \n \"x\""}"#.as_bytes();
        assert!(matches!(cleaned(json), Cow::Borrowed(_)));
    }
}
