//! Other bots' variables in our language.

use sm_types::{
    chat::{Response, is_key},
    template::Template,
};

/// A text in our language, and what could not be said in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Translated {
    pub(super) text: String,
    /// The address that `{fetch}` asks.
    pub(super) fetch_url: Option<String>,
    /// Variables that we do not have; they stand in the text as they were.
    pub(super) unknown: Vec<String>,
}

/// Translates `$(name …)` and `${name …}`.
pub(super) fn translated(text: &str) -> Translated {
    let mut done = Translated::default();
    let mut rest = text.strip_prefix("/me ").unwrap_or(text);
    while let Some((before, inner, after)) = next(rest) {
        done.text.push_str(&literal(before));
        match variable(inner, &mut done.fetch_url) {
            Some(ours) => done.text.push_str(&ours),
            None => {
                let shown = &rest[before.len()..rest.len() - after.len()];
                done.unknown.push(shown.chars().take(60).collect());
                done.text.push_str(&literal(shown));
            }
        }
        rest = after;
    }
    done.text.push_str(&literal(rest));
    done
}

/// Our braces mean something.
fn literal(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// The text before the next variable, what stands in it, and what follows.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let start = from + text[from..].find('$')?;
        let (open, close) = match text.as_bytes().get(start + 1) {
            Some(b'(') => ('(', ')'),
            Some(b'{') => ('{', '}'),
            _ => {
                from = start + 1;
                continue;
            }
        };
        let mut depth = 0;
        for (at, c) in text[start + 1..].char_indices() {
            depth += i32::from(c == open) - i32::from(c == close);
            if depth == 0 {
                let end = start + 1 + at;
                return Some((&text[..start], &text[start + 2..end], &text[end + 1..]));
            }
        }
        return None;
    }
}

fn variable(inner: &str, fetch_url: &mut Option<String>) -> Option<String> {
    let inner = inner.trim();
    // The address holds colons, and its case counts.
    if let Some(url) = inner.strip_prefix("customapi.").filter(|url| url.contains("://")) {
        return address(url, fetch_url);
    }
    let (head, arguments) = match inner.find([' ', ':']) {
        Some(at) => (&inner[..at], inner[at + 1..].trim()),
        None => (inner, ""),
    };
    let head = head.to_lowercase();
    let plain = match head.as_str() {
        "user" | "sender" | "source" | "user.name" | "user.display_name" | "sender.name" => "user",
        "userid" | "user.login" => "login",
        "touser" | "target" | "touser.name" => "touser",
        "query" | "args" | "querystring" | "queryescape" | "queryencode" => "args",
        "count" => "count",
        "channel" | "channel.display_name" | "channel.name" => "channel",
        "uptime" | "stream.uptime" => "uptime",
        "game" | "stream.game" | "channel.game" => "game",
        "title" | "status" | "stream.title" | "channel.title" => "title",
        "channel.viewers" | "stream.viewers" | "viewers" => "viewers",
        "channel.followers" | "followers" => "followers",
        "time" => return checked(&format!("{{time {arguments}}}")),
        "random" => return random(arguments),
        "urlfetch" | "customapi" | "customapi.text" | "fetch" => {
            return address(arguments, fetch_url);
        }
        other => return indexed(other, arguments),
    };
    arguments.is_empty().then(|| format!("{{{plain}}}"))
}

/// Names that carry their argument with a dot, and numbers.
fn indexed(head: &str, arguments: &str) -> Option<String> {
    if !arguments.is_empty() {
        return None;
    }
    if let Ok(number) = head.parse::<u8>() {
        return if number == 0 { None } else { checked(&format!("{{arg {number}}}")) };
    }
    if let Some(range) = head.strip_prefix("random.") {
        return random(range);
    }
    None
}

fn random(arguments: &str) -> Option<String> {
    let arguments = arguments.strip_prefix("pick").unwrap_or(arguments).trim();
    let quoted = arguments.replace('\'', "\"");
    let is_range = quoted.split_once('-').is_some_and(|(from, to)| {
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        number(from) && number(to)
    });
    (is_range || quoted.contains('"')).then(|| checked(&format!("{{random {quoted}}}"))).flatten()
}

/// An address, whose own variables become ours; one for each command.
fn address(url: &str, fetch_url: &mut Option<String>) -> Option<String> {
    let inner = translated(url.trim().trim_matches(['"', '\'']));
    let usable = inner.unknown.is_empty() && super::super::fetch::check(&inner.text).is_ok();
    if !usable || fetch_url.as_ref().is_some_and(|known| *known != inner.text) {
        return None;
    }
    *fetch_url = Some(inner.text);
    Some("{fetch}".to_owned())
}

/// A text that can be read.
fn checked(text: &str) -> Option<String> {
    let parsed: Result<Response, _> = Template::parse(text);
    parsed.is_ok().then(|| text.to_owned())
}

/// Whether an address carries what looks like a key: it belongs among the secrets.
pub(super) fn shows_a_key(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter_map(|pair| pair.split_once('=')).any(|(name, value)| {
        let name = name.to_lowercase();
        let telling = ["key", "token", "secret", "apikey", "api_key", "auth", "password"];
        telling.iter().any(|word| name.contains(word)) && !value.is_empty() && is_key(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_variables_become_ours() {
        for (theirs, ours) in [
            ("Hi $(user)!", "Hi {user}!"),
            ("${touser} and $(1) ${2}", "{touser} and {arg 1} {arg 2}"),
            ("$(query) {x}", "{args} {{x}}"),
            ("used ${count} times", "used {count} times"),
            ("${random.1-100}", "{random 1-100}"),
            ("$(random.pick 'a b' 'c')", "$(random.pick 'a b' 'c')"),
            ("$(random pick 'a b' 'c')", "{random \"a b\" \"c\"}"),
            ("$(time Europe/Berlin)", "{time Europe/Berlin}"),
            ("/me waves", "waves"),
            ("cost: 5$ (cheap)", "cost: 5$ (cheap)"),
            ("broken $(user", "broken $(user"),
        ] {
            assert_eq!(translated(theirs).text, ours, "{theirs}");
        }
    }

    #[test]
    fn unknown_ones_stay_and_are_told() {
        for theirs in
            ["$(eval 1+1)", "${pointsname}", "$(time EST)", "$(0)", "$(twitch ana \"{{x}}\")"]
        {
            let done = translated(theirs);
            assert_eq!(done.unknown.len(), 1, "{theirs}");
            assert!(Response::parse(&done.text).is_ok(), "{}", done.text);
        }
    }

    #[test]
    fn address_is_taken_over_with_its_variables() {
        let done = translated("Rank: $(urlfetch https://api.example.com/r?n=$(querystring))");
        assert_eq!(done.text, "Rank: {fetch}");
        assert_eq!(done.fetch_url.as_deref(), Some("https://api.example.com/r?n={args}"));
        let plain = translated("${customapi.https://api.example.com/x}");
        assert_eq!(plain.fetch_url.as_deref(), Some("https://api.example.com/x"));
        for bad in
            ["$(urlfetch http://a.example/)", "$(urlfetch https://$(1)/)", "$(urlfetch json x)"]
        {
            assert_eq!(translated(bad).unknown.len(), 1, "{bad}");
        }
        assert!(shows_a_key("https://a.example/?api_key=abc123"));
        assert!(!shows_a_key("https://a.example/?key={secret key}"));
    }
}
