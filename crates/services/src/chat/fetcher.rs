//! Texts from addresses that owners have entered.

use sha2::{Digest, Sha256};
use sm_aws::{NoAnswer, Page, PublicHttp};
use sm_types::template::shows_nothing;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The longest that chat waits, redirects included.
const PATIENCE: Duration = Duration::from_secs(2);
/// Code points that are shown.
const MAX_CHARS: usize = 400;
/// Bytes that are read: 400 code points have no more.
const MAX_BYTES: usize = 4 * MAX_CHARS;
/// How long an answer is good for, and how long an address that gave none is left alone.
const FRESH: Duration = Duration::from_secs(30);
const LEFT_ALONE: Duration = Duration::from_secs(10);
/// Answers that an instance keeps.
const MAX_KEPT: usize = 1_000;

/// Why nothing that can be shown came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    NoAnswer(NoAnswer),
    /// It is a page for a browser: an error's, most likely.
    Html,
    Empty,
    /// It is no text.
    NoText,
}

impl Unusable {
    /// A stable code.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::NoAnswer(reason) => reason.code(),
            Self::Html => "html",
            Self::Empty => "empty",
            Self::NoText => "no_text",
        }
    }
}

type Told = Result<String, Unusable>;

/// Gets texts, and keeps them for a while.
#[derive(Debug, Default)]
pub struct Fetcher {
    http: PublicHttp,
    /// By the address's hash: an address may carry a secret.
    kept: Mutex<HashMap<[u8; 32], (Instant, Told)>>,
}

impl Fetcher {
    /// The text at an address, from memory where it was just asked for.
    pub(super) async fn get(&self, address: &str) -> Told {
        let key: [u8; 32] = Sha256::digest(address).into();
        if let Some(told) = self.known(&key) {
            return told;
        }
        let page = self.http.get(address, PATIENCE, MAX_BYTES).await;
        let told = page.map_err(Unusable::NoAnswer).and_then(|page| text_of(&page));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if kept.len() >= MAX_KEPT {
            kept.retain(|_, (at, told)| now.duration_since(*at) < lifetime(told));
        }
        if kept.len() < MAX_KEPT {
            kept.insert(key, (now, told.clone()));
        }
        told
    }

    fn known(&self, key: &[u8; 32]) -> Option<Told> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, told) = kept.get(key)?;
        (at.elapsed() < lifetime(told)).then(|| told.clone())
    }
}

fn lifetime(told: &Told) -> Duration {
    if told.is_ok() { FRESH } else { LEFT_ALONE }
}

/// What of a page can be shown: its text in one line.
fn text_of(page: &Page) -> Told {
    // What was cut in the middle of a character is cut before it.
    let text = match std::str::from_utf8(&page.body) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            let whole = &page.body[..error.valid_up_to()];
            std::str::from_utf8(whole).map_err(|_| Unusable::NoText)?
        }
        Err(_) => return Err(Unusable::NoText),
    };
    let text = text.trim_start_matches('\u{feff}').trim();
    let begins = |tag: &str| text.get(..tag.len()).is_some_and(|t| t.eq_ignore_ascii_case(tag));
    if page.content_type.contains("html")
        || ["<!doctype", "<html", "<?xml"].iter().any(|t| begins(t))
    {
        return Err(Unusable::Html);
    }
    if shows_nothing(text) {
        return Err(Unusable::Empty);
    }
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let line: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    Ok(line.join(" ").chars().take(MAX_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(content_type: &str, body: &[u8]) -> Told {
        text_of(&Page { content_type: content_type.to_owned(), body: body.to_vec() })
    }

    #[test]
    fn only_texts_are_shown() {
        let ok = |text: &str| Ok(text.to_owned());
        assert_eq!(page("text/plain", b" Gold 2\r\n\x07LP 40 "), ok("Gold 2 LP 40"));
        assert_eq!(page("", "\u{feff}42".as_bytes()), ok("42"));
        assert_eq!(page("text/plain", "é".repeat(800).as_bytes()), ok(&"é".repeat(400)));
        assert_eq!(page("text/plain", &"ü".as_bytes()[..1]), Err(Unusable::Empty));
        assert_eq!(page("text/html; charset=utf-8", b"hi"), Err(Unusable::Html));
        assert_eq!(page("text/plain", b"<!DOCTYPE html><h1>502"), Err(Unusable::Html));
        assert_eq!(page("text/plain", b" \n"), Err(Unusable::Empty));
        assert_eq!(page("image/png", b"\x89PNG\xff"), Err(Unusable::NoText));
    }
}
