//! Addresses, parsed as a browser parses them: one reading for what is saved, sent, and configured.

use std::fmt;
use url::{Host, Url};

/// The most characters that Discord takes.
const MAX_CHARS: usize = 2048;

/// Why an address can never work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressProblem {
    /// Neither http nor https.
    Scheme,
    /// User name or password stand in it.
    Credentials,
    /// No server is named.
    NoHost,
    /// The name is none that Discord takes.
    Host,
    Port,
    TooLong,
}

impl AddressProblem {
    /// A stable code; the dashboard's parser uses the same.
    pub fn code(self) -> &'static str {
        match self {
            Self::Scheme => "scheme",
            Self::Credentials => "credentials",
            Self::NoHost => "no_host",
            Self::Host => "host",
            Self::Port => "port",
            Self::TooLong => "too_long",
        }
    }

    /// What is wrong, and what helps.
    pub fn explain(self) -> &'static str {
        match self {
            Self::Scheme => "must begin with https:// or http://",
            Self::Credentials => "must not hold a user name or password: everybody would see it",
            Self::NoHost => "names no server: write it as in https://example.com/picture.png",
            Self::Host => {
                "names a server that Discord refuses: letters, digits and - with at least one dot, as in example.com"
            }
            Self::Port => "has a port that does not exist: 1 to 65535, or leave it out",
            Self::TooLong => "is longer than the 2,048 characters that Discord takes",
        }
    }
}

impl fmt::Display for AddressProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.explain())
    }
}

/// The address that a person means, in the form that Discord takes; without a scheme it is https.
///
/// `testdata/address-vectors.json` holds this and the dashboard's parser to the same results.
pub fn web_address(text: &str) -> Result<String, AddressProblem> {
    let text = with_scheme(text.trim())?;
    check_authority(&text)?;
    let url = Url::parse(&text).map_err(|_| AddressProblem::Host)?;
    if !url.host_str().is_some_and(is_public_name) {
        return Err(AddressProblem::Host);
    }
    let address = String::from(url);
    if address.chars().count() > MAX_CHARS { Err(AddressProblem::TooLong) } else { Ok(address) }
}

/// Puts https before an address that begins with its server.
fn with_scheme(text: &str) -> Result<String, AddressProblem> {
    let is_scheme = |text: &str| {
        let mut chars = text.chars();
        chars.next().is_some_and(|c| c.is_ascii_alphabetic())
            && chars.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    let Some((before, after)) = text.split_once(':').filter(|(before, _)| is_scheme(before)) else {
        return Ok(format!("https://{}", text.strip_prefix("//").unwrap_or(text)));
    };
    match before.to_ascii_lowercase().as_str() {
        "http" | "https" if after.starts_with("//") => Ok(text.to_owned()),
        // A port: `example.com:8443/logo.png`.
        _ if after.starts_with(|c: char| c.is_ascii_digit()) => Ok(format!("https://{text}")),
        _ => Err(AddressProblem::Scheme),
    }
}

/// What a browser forgives and Discord does not, with a reason of its own.
fn check_authority(text: &str) -> Result<(), AddressProblem> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(AddressProblem::Credentials);
    }
    let port = authority.rsplit_once(':').filter(|(_, port)| !port.contains(']'));
    let (host, port) = port.unwrap_or((authority, ""));
    if host.is_empty() {
        return Err(AddressProblem::NoHost);
    }
    let is_port = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    if port.is_empty() || is_port { Ok(()) } else { Err(AddressProblem::Port) }
}

/// A name with a dot in it, of letters, digits and hyphens.
fn is_public_name(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.contains('.') && host.split('.').all(is_label)
}

/// Where we are reached, without a slash at the end; every browser writes an origin in this form. Says what
/// is wrong otherwise.
pub fn origin(text: &str) -> Result<String, &'static str> {
    let url = base(text)?;
    if url.path() != "/" {
        return Err(
            "must not have a path: give StreamMaxing a host of its own, such as alerts.example.com",
        );
    }
    Ok(url.origin().ascii_serialization())
}

/// The address of an API, without a slash at the end.
pub fn api(text: &str) -> Result<String, &'static str> {
    base(text).map(|url| url.as_str().trim_end_matches('/').to_owned())
}

fn base(text: &str) -> Result<Url, &'static str> {
    const FORM: &str = "must be a URL that starts with https:// (or http:// on this machine)";
    let has_scheme = |scheme: &str| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    if !has_scheme("https://") && !has_scheme("http://") {
        return Err(FORM);
    }
    if text.contains(char::is_whitespace) {
        return Err("must not contain a space");
    }
    let named = "must name a host, and a port of 1 to 65535 or none: https://alerts.example.com";
    if matches!(check_authority(text), Err(AddressProblem::NoHost | AddressProblem::Port)) {
        return Err(named);
    }
    let url = Url::parse(text).map_err(|_| named)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must end before ? and #");
    }
    match url.host() {
        Some(Host::Domain(name)) if name.contains('"') => Err(named),
        _ => Ok(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_that_the_dashboard_shares() {
        let vectors = include_str!("../../../testdata/address-vectors.json");
        let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
        let cases = vectors["cases"].as_array().unwrap();
        assert!(cases.len() > 20);
        for case in cases {
            let found = web_address(case["text"].as_str().unwrap());
            let expected = match case["problem"].as_str() {
                None => Ok(case["address"].as_str().unwrap()),
                Some(problem) => Err(problem),
            };
            assert_eq!(found.as_deref().map_err(|problem| problem.code()), expected, "{case}");
        }
    }

    #[test]
    fn origin_is_written_as_browsers_write_it() {
        for (text, expected) in [
            ("https://alerts.example", "https://alerts.example"),
            ("https://Alerts.Example/", "https://alerts.example"),
            ("HTTPS://alerts.example:443", "https://alerts.example"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("http://localhost:80", "http://localhost"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://meldungen.münchen.example", "https://meldungen.xn--mnchen-3ya.example"),
        ] {
            assert_eq!(origin(text).as_deref(), Ok(expected), "{text}");
        }
        for (text, word) in [
            ("alerts.example", "https://"),
            ("ftp://alerts.example", "https://"),
            ("https://alerts.example/app", "path"),
            ("https://alerts.example/?x", "?"),
            ("https://alerts.example#x", "#"),
            ("https://user:pw@alerts.example", "password"),
            ("https://alerts .example", "space"),
            ("https://", "host"),
            ("https:///alerts.example", "host"),
            ("https://alerts.example:99999", "port"),
        ] {
            let refused = origin(text).unwrap_err();
            assert!(refused.contains(word) && !refused.contains("pw"), "{text}: {refused}");
        }
        assert_eq!(
            api("https://API.twitch.tv/helix/").as_deref(),
            Ok("https://api.twitch.tv/helix")
        );
    }
}
