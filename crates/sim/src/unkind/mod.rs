//! Unkind answers, of every route of every simulator: what a remote, a proxy before it or the way to it can do to
//! a request that no protocol foresees.
//!
//! A fault names routes and how often; an [`Unkind`] says what becomes of the request and of its answer. What only
//! one remote does in words of its own stands with that remote.

pub mod catalogue;
mod odd;

pub use odd::{OddBody, OddRows};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io, time::Duration};

/// A fault of some routes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault<A = Unkind> {
    /// The first segments of the path behind the API's base, perhaps with a method before them: `users`,
    /// `DELETE eventsub/subscriptions`. `*` is any segment, `$` at the end stands for the whole path, and an empty
    /// text for every request.
    #[serde(default)]
    pub path: String,
    /// How often; `None` until faults are lifted.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// What goes wrong.
    #[serde(flatten)]
    pub answer: A,
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional field")]
fn once() -> Option<u32> {
    Some(1)
}

impl Fault<Unkind> {
    /// Answers requests under a path unkindly, so many times or until faults are lifted.
    pub fn of(path: &str, answer: Unkind, times: Option<u32>) -> Self {
        Self { path: path.to_owned(), times, answer }
    }

    /// Refuses the next requests under a path with a status and the remote's own words.
    pub fn refusing(path: &str, status: u16, times: u32) -> Self {
        Self::of(path, Unkind::status(status), Some(times))
    }

    /// Answers the next request under a path with a body that is none of the remote's.
    pub fn odd(path: &str, status: u16, body: OddBody) -> Self {
        Self::of(path, Unkind::odd(status, body), Some(1))
    }

    /// Answers the next request under a path with this.
    pub fn answering(path: &str, status: u16, text: impl Into<String>) -> Self {
        Self::of(path, Unkind::answer(status, &[], text), Some(1))
    }
}

/// Uses up the first fault that a request meets.
pub(crate) fn next<A: Clone>(faults: &mut Vec<Fault<A>>, method: &str, path: &str) -> Option<A> {
    next_where(faults, method, path, |_| true)
}

/// Uses up the first fault that a request meets, of those that can go wrong with it.
pub(crate) fn next_where<A: Clone>(
    faults: &mut Vec<Fault<A>>,
    method: &str,
    path: &str,
    can: impl Fn(&A) -> bool,
) -> Option<A> {
    let meets = |fault: &Fault<A>| fits(&fault.path, method, path) && can(&fault.answer);
    let at = faults.iter().position(meets)?;
    let fault = &mut faults[at];
    let answer = fault.answer.clone();
    if let Some(times) = &mut fault.times {
        *times = times.saturating_sub(1);
    }
    if fault.times == Some(0) {
        faults.remove(at);
    }
    Some(answer)
}

/// Whether a request is one of a route's; `path` is what stands behind the API's base.
pub fn is_of(route: &str, method: &str, path: &str) -> bool {
    fits(&format!("{route}$"), method, path)
}

fn fits(pattern: &str, method: &str, path: &str) -> bool {
    let (wanted, pattern) = pattern.split_once(' ').unwrap_or(("", pattern));
    if !wanted.is_empty() && wanted != method {
        return false;
    }
    let (pattern, whole) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut segments = path.split('/');
    let mut parts = pattern.split('/').filter(|part| !part.is_empty());
    parts.all(|part| segments.next().is_some_and(|segment| part == "*" || part == segment))
        && (!whole || segments.next().is_none())
}

/// What becomes of a request and of its answer. What is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Unkind {
    pub status: Option<u16>,
    /// Whether the request is carried out; unless it is said, neither what is refused is nor what is answered
    /// with a whole text.
    pub carried_out: Option<bool>,
    /// Beside the answer's own.
    pub headers: BTreeMap<String, String>,
    /// The whole body.
    pub text: Option<String>,
    /// What becomes of the body else.
    pub body: Option<OddBody>,
    /// What becomes of the rows of a list, or of the one thing that is told.
    pub rows: Option<OddRows>,
    /// How long the answer takes, in milliseconds.
    pub delay_ms: u64,
    /// The connection breaks before there is an answer.
    pub lost: bool,
}

impl Unkind {
    /// A status in the remote's own words.
    pub fn status(status: u16) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// A body that is none of the remote's.
    pub fn odd(status: u16, body: OddBody) -> Self {
        Self { body: Some(body), ..Self::status(status) }
    }

    /// This, and nothing of the remote's.
    pub fn answer(status: u16, headers: &[(&str, &str)], text: impl Into<String>) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let text = Some(text.into());
        Self { headers: headers.collect(), text, ..Self::status(status) }
    }

    pub fn rows(rows: OddRows) -> Self {
        Self { rows: Some(rows), ..Self::default() }
    }

    pub fn slow(delay_ms: u64) -> Self {
        Self { delay_ms, ..Self::default() }
    }

    /// The connection breaks, after the request was carried out or before.
    pub fn lost(carried_out: bool) -> Self {
        Self { lost: true, carried_out: Some(carried_out), ..Self::default() }
    }

    /// The status that a request is refused with; `None` when it is carried out.
    pub(crate) fn refusal(&self) -> Option<u16> {
        let is_success = self.status.is_none_or(|status| status < 400);
        let carried_out = self.carried_out.unwrap_or(is_success && self.text.is_none());
        (!carried_out).then(|| self.status.unwrap_or(503))
    }

    /// Does to an answer what is to be done to it.
    pub(crate) async fn spoil(self, answer: Response) -> Response {
        tokio::time::sleep(Duration::from_millis(self.delay_ms)).await;
        if self.lost {
            return broken();
        }
        let (mut parts, body) = answer.into_parts();
        // An answer of a simulator is in memory.
        let mut bytes: Vec<u8> = to_bytes(body, usize::MAX).await.unwrap_or_default().into();
        parts.headers.remove(header::CONTENT_LENGTH);
        if let Some(status) = self.status {
            parts.status = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
        }
        if let Some(text) = self.text {
            let json = HeaderValue::from_static("application/json");
            parts.headers.insert(header::CONTENT_TYPE, json);
            bytes = text.into();
        }
        if let Some(rows) = self.rows {
            bytes = rows.of(bytes);
        }
        if let Some(odd) = self.body {
            odd.put(&mut parts, &mut bytes);
        }
        for (name, value) in self.headers {
            // What can be no header is left out.
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                parts.headers.insert(name, value);
            }
        }
        if parts.status == StatusCode::NO_CONTENT {
            bytes.clear();
        }
        Response::from_parts(parts, Body::from(bytes))
    }
}

/// A connection that breaks where the answer should begin.
fn broken() -> Response {
    let broken = futures_util::stream::once(async {
        Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Body::from_stream(broken).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn route_is_told_by_method_segments_and_end() {
        for (pattern, path, expected) in [
            ("", "users", true),
            ("users", "users/@me", true),
            ("users$", "users/@me", false),
            ("GET users", "users", true),
            ("POST users", "users", false),
            ("user", "users", false),
            ("channels/*/messages", "channels/7/messages/8", true),
            ("GET channels/*$", "channels/7", true),
            ("GET channels/*$", "channels", false),
            ("eventsub", "eventsub/subscriptions", true),
        ] {
            assert_eq!(fits(pattern, "GET", path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn fault_ends_after_its_times_or_never() {
        let fault = |times| Fault::of("users", Unkind::status(503), times);
        let mut faults = vec![fault(Some(2))];
        let met = |faults: &mut Vec<Fault>| next(faults, "GET", "users").is_some();
        assert_eq!([(); 3].map(|()| met(&mut faults)), [true, true, false]);
        let mut faults = vec![fault(None)];
        assert!([(); 9].iter().all(|()| met(&mut faults)));
        assert!(next(&mut faults, "GET", "streams").is_none());
    }

    #[test]
    fn fault_is_read_with_what_is_left_out() {
        let read = |json: &str| serde_json::from_str::<Fault>(json);
        let fault = read(r#"{"status": 503}"#).unwrap();
        assert_eq!((fault.path.as_str(), fault.times), ("", Some(1)));
        assert_eq!(fault.answer, Unkind::status(503));
        let always = read(r#"{"path": "GET users", "times": null, "rows": "doubled"}"#).unwrap();
        assert_eq!((always.times, always.answer.rows), (None, Some(OddRows::Doubled)));
        assert!(read(r#"{"rows": "eaten"}"#).is_err());
    }
}
