//! What a person types or pastes to name a channel: a name, or one of Twitch's many addresses.
//!
//! The dashboard reads texts in the same way; `testdata/pasted-channels.json` holds both to it.

use std::fmt;

/// Twitch's logins have 3 to 25 characters today; older ones are shorter.
const MAX_LOGIN: usize = 25;
/// What stands around a name in a chat or a document and is no part of it.
const AROUND: &[char] =
    &['"', '\'', '`', '*', '|', '~', '(', ')', '„', '“', '”', '‚', '‘', '’', '«', '»', '‹', '›'];
/// What stands behind a name in a sentence.
const BEHIND: &[char] = &['.', ',', ';', ':', '!', '?', '…'];
/// First parts of paths on twitch.tv that the channel's name follows.
const BEFORE_A_LOGIN: &[&str] = &["popout", "moderator", "embed", "u", "subs", "products"];
/// Twitch's own pages. A channel of such a name has no address there, and is found by the bare name.
const PAGES: &[&str] = &[
    "activate",
    "bits",
    "broadcast",
    "checkout",
    "creatorcamp",
    "downloads",
    "drops",
    "following",
    "friends",
    "inventory",
    "jobs",
    "legal",
    "login",
    "logout",
    "p",
    "payments",
    "prime",
    "privacy",
    "redeem",
    "security",
    "settings",
    "signup",
    "store",
    "subscriptions",
    "turbo",
    "user",
    "wallet",
];

/// Why a text names no channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoChannel {
    /// A recording, a highlight or a collection of them.
    Video,
    /// A clip whose address leaves its channel out.
    Clip,
    /// The directory or a category in it.
    Category,
    /// A team's page.
    Team,
    /// A page of search results.
    Search,
    /// Another page of Twitch.
    Page,
    /// Another site.
    Elsewhere,
    /// No address, and no name that a channel can have.
    Name,
}

impl NoChannel {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Clip => "clip",
            Self::Category => "category",
            Self::Team => "team",
            Self::Search => "search",
            Self::Page => "page",
            Self::Elsewhere => "elsewhere",
            Self::Name => "name",
        }
    }
}

impl fmt::Display for NoChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Video => "This is the address of a video.",
            Self::Clip => "This is the address of a clip.",
            Self::Category => "This is the address of a category.",
            Self::Team => "This is the address of a team.",
            Self::Search => "This is the address of a search.",
            Self::Page => "This is one of Twitch's own pages.",
            Self::Elsewhere => "This address is not on Twitch.",
            Self::Name => {
                "No channel can have this name: names have up to 25 letters, digits and underscores."
            }
        };
        write!(f, "{what} Paste the channel's name or address instead, such as twitch.tv/hana.")
    }
}

/// The login in what a person typed or pasted: a name, `@name`, or an address on Twitch that names
/// a channel, with or without what chats and documents put around it.
///
/// `/hana/clip/…` and `/hana/video/…` name *hana*: Twitch puts the channel into these addresses.
pub fn login_of(text: &str) -> Result<String, NoChannel> {
    let visible: String =
        text.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !invisible(*c)).collect();
    // Markdown's escape of the one special character that logins have.
    let lower = visible.to_lowercase().replace("\\_", "_");
    let bare = unwrapped(&lower);
    let without_scheme = ["https://", "http://", "//"].iter().find_map(|s| bare.strip_prefix(s));
    let rest = without_scheme.unwrap_or(bare);
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let is_address = without_scheme.is_some() || !path.is_empty() || on_twitch(host).is_some();
    if is_address && host.contains('.') { in_address(host, path) } else { login(rest) }
}

/// Without a markdown link, angle brackets, quotes and the like about it.
fn unwrapped(text: &str) -> &str {
    let trimmed = trim(text);
    let target = trimmed.strip_prefix('[').and_then(|link| link.split_once("](")?.1.into());
    let inner = trim(target.map_or(trimmed, |link| link.split([')', '"']).next().unwrap_or(link)));
    match inner.strip_prefix('<').map(|inner| inner.trim_end_matches('>')) {
        // Discord shows no preview of <address>. A name in brackets is somebody's markup.
        Some(address) if address.contains('.') => trim(address),
        _ => inner,
    }
}

fn trim(text: &str) -> &str {
    let text = text.trim_start_matches(AROUND);
    text.trim_end_matches(|c| AROUND.contains(&c) || BEHIND.contains(&c))
}

/// What stands before `twitch.tv` in a host; `None` for other sites.
fn on_twitch(host: &str) -> Option<&str> {
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    let before = name.strip_suffix('.').unwrap_or(name).strip_suffix("twitch.tv")?;
    let site = if before.is_empty() { Some("") } else { before.strip_suffix('.') };
    site.filter(|site| !site.contains('@') && port.bytes().all(|b| b.is_ascii_digit()))
}

fn in_address(host: &str, path: &str) -> Result<String, NoChannel> {
    let site = on_twitch(host).ok_or(NoChannel::Elsewhere)?;
    let (path, _fragment) = path.split_once('#').unwrap_or((path, ""));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match site {
        "" | "www" | "m" | "go" => on_main_site(&parts),
        "player" | "embed" => in_player(query),
        "dashboard" => match parts[..] {
            ["u", name, ..] | ["popout", "u", name, ..] => login(name),
            _ => Err(NoChannel::Page),
        },
        "clips" => Err(NoChannel::Clip),
        language if is_language(language) => on_main_site(&parts),
        _ => Err(NoChannel::Page),
    }
}

fn on_main_site(parts: &[&str]) -> Result<String, NoChannel> {
    match parts {
        ["videos" | "collections", ..] => Err(NoChannel::Video),
        ["directory", ..] => Err(NoChannel::Category),
        ["team", ..] => Err(NoChannel::Team),
        ["search", ..] => Err(NoChannel::Search),
        ["popout", "moderator" | "u", name, ..] => login(name),
        [before, name, ..] if BEFORE_A_LOGIN.contains(before) => login(name),
        [name, ..] if !BEFORE_A_LOGIN.contains(name) && !PAGES.contains(name) => login(name),
        _ => Err(NoChannel::Page),
    }
}

fn in_player(query: &str) -> Result<String, NoChannel> {
    let value = |key: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(name, _)| *name == key).map(|(_, value)| value).next()
    };
    match (value("channel"), value("video").or(value("collection"))) {
        (Some(name), _) => login(name),
        (None, Some(_)) => Err(NoChannel::Video),
        _ => Err(NoChannel::Page),
    }
}

/// Whether it is a language, as in `de.twitch.tv` or `pt-br.twitch.tv` of old.
fn is_language(site: &str) -> bool {
    let two = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_lowercase());
    site.split('-').all(two) && site.len() <= 5
}

fn login(name: &str) -> Result<String, NoChannel> {
    let name = name.trim_start_matches('@');
    let fits = !name.is_empty()
        && name.len() <= MAX_LOGIN
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if fits { Ok(name.to_owned()) } else { Err(NoChannel::Name) }
}

/// Zero-width and direction characters, which come along with what is copied from chats.
fn invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: &str = include_str!("../../../../testdata/pasted-channels.json");

    #[test]
    fn every_pasted_text_means_what_the_vectors_say() {
        let file: serde_json::Value = serde_json::from_str(CASES).expect("the vectors are JSON");
        let cases = file["cases"].as_array().expect("cases");
        assert!(cases.len() >= 100, "{} cases", cases.len());
        for case in cases {
            let (text, expected) = (case[0].as_str().expect("a text"), &case[1]);
            let got = login_of(text).unwrap_or_else(|what| format!("<{}>", what.code()));
            assert_eq!(got, expected.as_str().expect("an outcome"), "{text:?}");
        }
    }
}
