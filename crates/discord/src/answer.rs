//! Reading answers: the limits in their headers, and what a refusal means.

use crate::{Error, Scope};
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::time::Duration;

/// A 429 that tells no time at all.
const DEFAULT_WAIT: f64 = 1.0;
/// Discord's longest known wait is an hour, for publishing; whatever says more is not believed.
const MAX_WAIT: f64 = 3_600.0;

/// The state of a bucket after an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Limits {
    /// Discord's name of the bucket.
    pub bucket: Option<String>,
    /// Requests left.
    pub remaining: Option<u32>,
    /// Time until there are more.
    pub reset_after: Option<Duration>,
}

fn header<T: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

pub(crate) fn limits(headers: &HeaderMap) -> Limits {
    Limits {
        bucket: header(headers, "X-RateLimit-Bucket"),
        remaining: header(headers, "X-RateLimit-Remaining"),
        reset_after: header(headers, "X-RateLimit-Reset-After").map(seconds),
    }
}

fn seconds(seconds: f64) -> Duration {
    let sane = if seconds.is_finite() { seconds.clamp(0.0, MAX_WAIT) } else { DEFAULT_WAIT };
    Duration::from_secs_f64(sane)
}

#[derive(Default)]
struct Problem {
    code: u32,
    message: String,
    errors: Option<Value>,
    retry_after: Option<f64>,
    global: bool,
}

impl Problem {
    /// Reads what is there and of the expected type.
    fn read(json: &Value) -> Self {
        let code = json.get("code").and_then(Value::as_u64).and_then(|c| u32::try_from(c).ok());
        Self {
            code: code.unwrap_or(0),
            // OAuth's routes name the error in a field of its own.
            message: (json.get("message").or_else(|| json.get("error")))
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_owned(),
            errors: json.get("errors").cloned(),
            retry_after: json.get("retry_after").and_then(Value::as_f64),
            global: json.get("global").and_then(Value::as_bool).unwrap_or(false),
        }
    }
}

/// Reads an error leniently: headers and status tell whose refusal it is, the JSON, if it is any, what it means.
pub(crate) fn refusal(status: u16, headers: &HeaderMap, body: &[u8]) -> Error {
    let json = serde_json::from_slice::<Value>(&sm_types::json::cleaned(body)).ok();
    let problem = json.as_ref().filter(|json| json.is_object()).map(Problem::read);
    if !is_from_discord(headers) && is_block(status, problem.as_ref(), body) {
        let retry_after = header(headers, "Retry-After").map(seconds);
        return Error::Blocked { retry_after };
    }
    match (status, problem) {
        (401 | 429, problem) => named(status, headers, problem.unwrap_or_default()),
        // Discord gives a reason for every refusal: a page without one is somebody's on the way.
        (_, None) => Error::Unavailable { status: Some(status), sent: true },
        (_, Some(problem)) => named(status, headers, problem),
    }
}

/// Discord's own servers say so in the headers of every answer; its edge and other proxies do not.
fn is_from_discord(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| name == "via" || name.as_str().starts_with("x-ratelimit-"))
}

fn named(status: u16, headers: &HeaderMap, problem: Problem) -> Error {
    match status {
        401 => Error::Unauthorized { code: problem.code },
        429 => rate_limited(headers, &problem),
        500.. => Error::Unavailable { status: Some(status), sent: true },
        _ => Error::Rejected {
            status,
            code: problem.code,
            message: problem.message.chars().take(300).collect(),
            errors: problem.errors,
        },
    }
}

/// Cloudflare answers with a page of its own, or with a text about being blocked.
///
/// An empty body is no page of anybody's, and what begins as JSON is Discord's, cut on its way.
fn is_block(status: u16, problem: Option<&Problem>, body: &[u8]) -> bool {
    match problem {
        None => {
            let body = body.trim_ascii();
            let is_page = !body.is_empty() && !body.starts_with(b"{") && !body.starts_with(b"[");
            matches!(status, 403 | 429) && is_page
        }
        Some(problem) => {
            problem.code == 40333 || problem.message.contains("blocked from accessing our API")
        }
    }
}

/// The header can be wrong by far, so the longest of the three waits counts.
fn rate_limited(headers: &HeaderMap, problem: &Problem) -> Error {
    let told = [
        header(headers, "Retry-After"),
        problem.retry_after,
        header(headers, "X-RateLimit-Reset-After"),
    ];
    let longest = told.into_iter().flatten().fold(f64::NAN, f64::max);
    let scope: Option<String> = header(headers, "X-RateLimit-Scope");
    let scope = match scope.as_deref() {
        Some("global") => Scope::Global,
        Some("shared") => Scope::Shared,
        _ if problem.global => Scope::Global,
        _ => Scope::User,
    };
    Error::RateLimited {
        scope,
        retry_after: seconds(longest),
        code: (problem.code != 0).then_some(problem.code),
        bucket: header(headers, "X-RateLimit-Bucket"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn longest_wait_counts() {
        let headers = headers(&[
            ("Retry-After", "1"),
            ("X-RateLimit-Reset-After", "2.5"),
            ("X-RateLimit-Scope", "user"),
        ]);
        let body = br#"{"message":"You are being rate limited.","retry_after":1163.2,"global":false,"code":20028}"#;
        let Error::RateLimited { scope, retry_after, code, .. } = refusal(429, &headers, body)
        else {
            panic!()
        };
        assert_eq!((scope, code), (Scope::User, Some(20028)));
        assert_eq!(retry_after, Duration::from_secs_f64(1163.2));
    }

    #[test]
    fn scopes_are_told_apart_and_shared_is_not_invalid() {
        let body = br#"{"message":"","retry_after":1.0,"global":true}"#;
        let global = refusal(429, &HeaderMap::new(), body);
        assert!(matches!(global, Error::RateLimited { scope: Scope::Global, .. }));
        let shared = refusal(429, &headers(&[("X-RateLimit-Scope", "shared")]), b"{}");
        assert!(!shared.counts_as_invalid() && global.counts_as_invalid());
    }

    #[test]
    fn cloudflare_is_recognised() {
        let html = b"<html>error code: 1015</html>";
        let wait = Some(Duration::from_secs(600));
        assert_eq!(
            refusal(429, &headers(&[("Retry-After", "600")]), html),
            Error::Blocked { retry_after: wait }
        );
        let banned =
            br#"{"code":0,"message":"You are being blocked from accessing our API temporarily"}"#;
        assert_eq!(refusal(429, &HeaderMap::new(), banned), Error::Blocked { retry_after: None });
        let agent = br#"{"code":40333,"message":"internal network error"}"#;
        assert_eq!(refusal(403, &HeaderMap::new(), agent), Error::Blocked { retry_after: None });
    }

    #[test]
    fn body_that_is_empty_or_cut_is_no_block() {
        for body in ["", " \n", "{\"message\": \"Missing Perm", "[1"] {
            let refused = |status| refusal(status, &HeaderMap::new(), body.as_bytes());
            let unavailable = Error::Unavailable { status: Some(403), sent: true };
            assert_eq!(refused(403), unavailable, "{body}");
            assert!(refused(403).counts_as_invalid());
            let limited = matches!(refused(429), Error::RateLimited { scope: Scope::User, .. });
            assert!(limited, "{body}");
        }
        let told = headers(&[("Retry-After", "7"), ("X-RateLimit-Scope", "global")]);
        let Error::RateLimited { scope, retry_after, .. } = refusal(429, &told, b"") else {
            panic!()
        };
        assert_eq!((scope, retry_after), (Scope::Global, Duration::from_secs(7)));
    }

    #[test]
    fn page_with_headers_of_discords_is_no_block() {
        let page = b"<html>Too Many Requests</html>";
        for (name, value) in [("Via", "1.1 google"), ("X-RateLimit-Scope", "user")] {
            let headers = headers(&[("Retry-After", "1"), (name, value)]);
            let limited = refusal(429, &headers, page);
            let wait = Duration::from_secs(1);
            assert!(
                matches!(limited, Error::RateLimited { retry_after, .. } if retry_after == wait)
            );
            let unavailable = Error::Unavailable { status: Some(403), sent: true };
            assert_eq!(refusal(403, &headers, page), unavailable);
        }
    }

    #[test]
    fn stray_page_is_no_refusal() {
        for status in [301, 400, 404, 405, 413, 451] {
            for body in ["<html><center>cloudflare</center></html>", "", "1015"] {
                let unavailable = Error::Unavailable { status: Some(status), sent: true };
                assert_eq!(refusal(status, &HeaderMap::new(), body.as_bytes()), unavailable);
            }
        }
    }

    #[test]
    fn wait_beyond_all_reason_is_not_believed() {
        let headers = headers(&[("Retry-After", "86400"), ("Via", "1.1 google")]);
        let Error::RateLimited { retry_after, .. } = refusal(429, &headers, b"{}") else {
            panic!()
        };
        assert_eq!(retry_after, Duration::from_secs(3600));
    }

    #[test]
    fn json_of_another_shape_is_no_block() {
        let odd = br#"{"code":null,"message":5,"retry_after":"1"}"#;
        assert!(matches!(refusal(403, &HeaderMap::new(), odd), Error::Rejected { code: 0, .. }));
        assert!(matches!(refusal(429, &HeaderMap::new(), odd), Error::RateLimited { .. }));
    }

    #[test]
    fn codes_and_statuses_are_kept() {
        let denied =
            refusal(403, &HeaderMap::new(), br#"{"message":"Missing Access","code":50001}"#);
        assert_eq!((denied.status(), denied.code()), (Some(403), Some(50001)));
        assert_eq!(
            refusal(502, &HeaderMap::new(), b"<html>"),
            Error::Unavailable { status: Some(502), sent: true }
        );
        assert_eq!(refusal(401, &HeaderMap::new(), b"{}"), Error::Unauthorized { code: 0 });
    }

    proptest! {
        #[test]
        fn arbitrary_answers_never_panic(
            status in 400_u16..600,
            body in prop::collection::vec(any::<u8>(), 0..200),
            wait in "[-+0-9.eEinfNa]{0,12}",
        ) {
            let headers = headers(&[("Retry-After", &wait), ("X-RateLimit-Reset-After", &wait)]);
            let _ = limits(&headers);
            let _ = refusal(status, &headers, &body);
        }
    }
}
