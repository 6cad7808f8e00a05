//! Answers as Discord, and what stands before it, words them.

use super::{
    faults::{FaultKind, LimitScope},
    limits::{Bucket, CHANNEL_LIMIT, Route},
};
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A refusal as Discord words it.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Refusal {
    pub(super) fn new(status: u16, code: u32, message: &str) -> Self {
        Self { status, body: json!({ "message": message, "code": code }) }
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, 0, "401: Unauthorized")
    }

    /// A refusal of the token routes, which have a shape of their own.
    pub(super) fn oauth(status: u16, error: &str, description: &str) -> Self {
        Self { status, body: json!({ "error": error, "error_description": description }) }
    }

    pub(super) fn invalid(field: &str, message: &str) -> Self {
        let errors = json!({ field: { "_errors": [{ "code": "INVALID", "message": message }] } });
        Self {
            status: 400,
            body: json!({ "message": "Invalid Form Body", "code": 50035, "errors": errors }),
        }
    }
}

impl Refusal {
    /// A refusal of a part of the body, by its path.
    pub(super) fn part(path: &str) -> Self {
        let why = "Not a well formed URL.";
        let wrong = json!({ "_errors": [{ "code": "URL_TYPE_INVALID_URL", "message": why }] });
        let errors = path.rsplit('.').fold(wrong, |inner, name| json!({ name: inner }));
        let body = json!({ "message": "Invalid Form Body", "code": 50035, "errors": errors });
        Self { status: 400, body }
    }
}

pub(super) fn respond(outcome: Result<Value, Refusal>) -> Response {
    match outcome {
        Ok(Value::Null) => StatusCode::NO_CONTENT.into_response(),
        Ok(body) => json_response(200, &body),
        Err(refusal) => refuse(refusal),
    }
}

fn json_response(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

pub(super) fn refuse(refusal: Refusal) -> Response {
    json_response(refusal.status, &refusal.body)
}

fn set(response: &mut Response, name: &'static str, value: String) {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
}

pub(super) fn add_bucket(response: &mut Response, bucket: Bucket, now_ms: u64) {
    set(response, "x-ratelimit-limit", CHANNEL_LIMIT.to_string());
    set(response, "x-ratelimit-remaining", bucket.remaining.to_string());
    set(response, "x-ratelimit-reset-after", format!("{:.3}", bucket.reset_after.as_secs_f64()));
    let reset = now_ms as f64 / 1000.0 + bucket.reset_after.as_secs_f64();
    set(response, "x-ratelimit-reset", format!("{reset:.3}"));
    let id = match bucket.route {
        Route::Create => "80c17d2f203122d936070c88c8d10f33",
        Route::Read => "4d9b25bd3d59f6a1b8b9e8d3a3e2cf00",
        Route::Edit => "1b2fc4b3c8a1d6f7e5a90c3b2d4e6f81",
        Route::Delete => "a5d1c2f37e904b8896f0d3e1b7c2a649",
    };
    set(response, "x-ratelimit-bucket", id.to_owned());
}

pub(super) fn rate_limited(scope: LimitScope, retry_after: f64, header: Option<u64>) -> Response {
    let global = scope == LimitScope::Global;
    let body = json!({
        "message": "You are being rate limited.", "retry_after": retry_after, "global": global,
    });
    let mut response = json_response(429, &body);
    let seconds = header.unwrap_or(retry_after.ceil() as u64);
    set(&mut response, "retry-after", seconds.to_string());
    let scope = match scope {
        LimitScope::User => "user",
        LimitScope::Global => "global",
        LimitScope::Shared => "shared",
    };
    set(&mut response, "x-ratelimit-scope", scope.to_owned());
    if global {
        set(&mut response, "x-ratelimit-global", "true".to_owned());
    }
    response
}

fn cloudflare() -> Response {
    let page = "<html><body>error code: 1015</body></html>";
    (StatusCode::TOO_MANY_REQUESTS, [(header::CONTENT_TYPE, "text/html")], page).into_response()
}

pub(super) fn server_error(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, "upstream connect error").into_response()
}

/// What a fault has a request refused with; `None` when it is carried out.
pub(super) fn refusal_of(fault: &FaultKind) -> Option<Response> {
    let refused = |status, code| refuse(Refusal::new(status, code, "refused by a fault"));
    Some(match fault {
        FaultKind::RateLimit { scope, retry_after, header } => {
            rate_limited(*scope, *retry_after, *header)
        }
        FaultKind::Cloudflare => cloudflare(),
        FaultKind::Refuse { status, code } => refused(*status, *code),
        FaultKind::RefusePart { path } => refuse(Refusal::part(path)),
        FaultKind::DropEmbeds => return None,
        FaultKind::Any(unkind) => match unkind.refusal()? {
            401 => refuse(Refusal::unauthorized()),
            429 => rate_limited(LimitScope::User, 1.0, None),
            status @ 500.. => server_error(status),
            status => refused(status, 0),
        },
    })
}

/// As Discord writes times: `2026-03-01T10:00:00.123000+00:00`.
pub(super) fn iso(ms: u64) -> Option<String> {
    let seconds = OffsetDateTime::from_unix_timestamp(i64::try_from(ms / 1000).ok()?).ok()?;
    let whole = seconds.format(&Rfc3339).ok()?;
    Some(format!("{}.{:06}+00:00", whole.trim_end_matches('Z'), ms % 1000 * 1000))
}
