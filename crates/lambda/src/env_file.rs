//! A file of settings, read and written as systemd reads an `EnvironmentFile`: nothing in it is run or expanded.

use std::{collections::BTreeMap, iter::Peekable, str::Chars};

/// Settings by name; the last of several counts. Says which line is wrong, and never what stands there.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut settings = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let wrong = |what: &str| format!("line {}: {what}", number + 1);
        let pair = line.split_once('=').map(|(name, value)| (name.trim_end(), value));
        let (name, value) = pair.filter(|(name, _)| is_name(name)).ok_or_else(|| {
            wrong("is no NAME=value (without `export`, and with nothing but letters, digits and _ in NAME)")
        })?;
        let value = value_of(value.trim()).map_err(wrong)?;
        settings.insert(name.to_owned(), value);
    }
    Ok(settings)
}

/// The line that sets `name`, read alike by us, by systemd and by Docker Compose, which expands what has no quotes.
///
/// `None` for a value of more than one line.
pub fn line(name: &str, value: &str) -> Option<String> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_-+=/.,:@%?&~^".contains(&b);
    if value.chars().any(char::is_control) {
        return None;
    }
    Some(if value.bytes().all(is_plain) {
        format!("{name}={value}")
    } else if value.contains('\'') {
        let escaped: String = value
            .chars()
            .flat_map(|c| "\"\\`$".contains(c).then_some('\\').into_iter().chain([c]))
            .collect();
        format!("{name}=\"{escaped}\"")
    } else {
        format!("{name}='{value}'")
    })
}

fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    !name.is_empty() && name.bytes().all(fits) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// A value without its quotes and backslashes.
fn value_of(text: &str) -> Result<String, &'static str> {
    let mut chars = text.chars().peekable();
    let mut value = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => quoted(c, &mut chars, &mut value)?,
            '\\' => value.push(chars.next().ok_or("ends in a backslash: a value is one line")?),
            c => value.push(c),
        }
    }
    Ok(value)
}

fn quoted(
    quote: char,
    chars: &mut Peekable<Chars<'_>>,
    value: &mut String,
) -> Result<(), &'static str> {
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => return Ok(()),
            '\\' if quote == '"' => match chars.next_if(|next| "\"\\`$".contains(*next)) {
                Some(escaped) => value.push(escaped),
                None => value.push(c),
            },
            c => value.push(c),
        }
    }
    Err("has a quote that does not end: a value is one line")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_expanded() {
        let text = "# comment\n; another\n\nA=plain\r\nB=p$HOME&`ls`#x\nC='it''s $5'\nD=\"a \\\"b\\\" \\$c\\n\"\n\
            E = spaces around \nF=\nA=last\nG=postgres://a:b@h/c?x=1&y=2\nH=back\\\\slash";
        let settings = parse(text).unwrap();
        for (name, value) in [
            ("A", "last"),
            ("B", "p$HOME&`ls`#x"),
            ("C", "its $5"),
            ("D", "a \"b\" $c\\n"),
            ("E", "spaces around"),
            ("F", ""),
            ("G", "postgres://a:b@h/c?x=1&y=2"),
            ("H", "back\\slash"),
        ] {
            assert_eq!(settings[name], value, "{name}");
        }
        assert_eq!(settings.len(), 8);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for value in [
            "",
            "plain",
            "postgres://a:p%40@h/c?x=1&y=2",
            "two words",
            "$HOME `id` #x",
            "it's",
            "'\"\\$`",
            "\\ ' ü",
            "-",
        ] {
            let line = line("A", value).unwrap();
            assert_eq!(parse(&line).unwrap()["A"], value, "{line}");
        }
        assert_eq!(line("A", "two\nlines"), None);
    }

    #[test]
    fn wrong_line_is_named_and_not_shown() {
        for (text, words) in [
            ("A=1\nhunter2", "line 2: is no NAME"),
            ("export A=hunter2", "line 1: is no NAME"),
            ("1A=hunter2", "line 1: is no NAME"),
            ("A=\"hunter2", "line 1: has a quote"),
            ("A=hunter2\\", "line 1: ends in a backslash"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(words) && !error.contains("hunter2"), "{error}");
        }
    }
}
