//! Our two cookies. Both have the `__Host-` prefix: no other host, not even a subdomain, can set them.

use http::{HeaderMap, HeaderValue, header};
use sm_types::Secret;
use time::Duration;

/// Which cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The session. Never sent along from another site.
    Session,
    /// What a consent page was asked; has to come along from Discord and Twitch.
    Consent,
}

impl Cookie {
    fn name(self) -> &'static str {
        match self {
            Self::Session => "__Host-session",
            Self::Consent => "__Host-consent",
        }
    }

    fn same_site(self) -> &'static str {
        match self {
            Self::Session => "Strict",
            Self::Consent => "Lax",
        }
    }

    /// The value in a request; `None` when it is missing or there twice.
    ///
    /// Other apps on the host may set what is no ASCII: their cookies are passed over as bytes.
    pub(crate) fn read(self, headers: &HeaderMap) -> Option<&str> {
        let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
        let mut values = lines
            .flat_map(|line| line.split(|byte| *byte == b';'))
            .filter_map(|pair| pair.trim_ascii().strip_prefix(self.name().as_bytes()))
            .filter_map(|rest| rest.strip_prefix(b"="));
        let value = std::str::from_utf8(values.next()?).ok()?;
        (values.next().is_none() && !value.is_empty()).then_some(value)
    }

    /// The header that sets it.
    pub(crate) fn set(self, value: &Secret, lifetime: Duration) -> Option<HeaderValue> {
        self.header(value.expose(), lifetime.whole_seconds())
    }

    /// The header that removes it.
    pub(crate) fn remove(self) -> Option<HeaderValue> {
        self.header("", 0)
    }

    fn header(self, value: &str, seconds: i64) -> Option<HeaderValue> {
        let (name, same_site) = (self.name(), self.same_site());
        let text = format!(
            "{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite={same_site}"
        );
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Option<String> {
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(text))]);
        Cookie::Session.read(&headers).map(str::to_owned)
    }

    #[test]
    fn cookie_is_found_among_others() {
        assert_eq!(read("a=b; __Host-session=token.x.y; c=d").as_deref(), Some("token.x.y"));
        assert_eq!(read("__Host-session=a=b").as_deref(), Some("a=b"));
        for none in ["", "session=x", "__Host-session=", "__Host-sessions=x", "x__Host-session=y"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn odd_cookie_of_a_neighbour_harms_nothing() {
        for bytes in [
            &b"kampagne=Gr\xc3\xb6\xc3\x9fe; __Host-session=t"[..],
            b"\xff\xfe=\x80; __Host-session=t; a",
            b"__Host-session=t; \"=;;=; =",
        ] {
            let value = HeaderValue::from_bytes(bytes).unwrap();
            let headers = HeaderMap::from_iter([(header::COOKIE, value)]);
            assert_eq!(Cookie::Session.read(&headers), Some("t"), "{bytes:?}");
        }
    }

    #[test]
    fn cookie_that_is_there_twice_is_not_believed() {
        assert_eq!(read("__Host-session=a; __Host-session=b"), None);
    }

    #[test]
    fn flags_keep_scripts_and_other_sites_away() {
        let set = Cookie::Session.set(&Secret::new("x"), Duration::HOUR).unwrap();
        assert_eq!(
            set.to_str().unwrap(),
            "__Host-session=x; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Strict"
        );
        assert!(set.is_sensitive());
        let gone = Cookie::Consent.remove().unwrap();
        assert!(gone.to_str().unwrap().contains("__Host-consent=; Path=/; Max-Age=0;"));
    }
}
