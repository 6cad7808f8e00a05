//! Errors as clients see them: problem+json with a stable code, and no text of ours behind a 5xx.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use sm_services::setup::{Problem as FieldProblem, SaveError};
use utoipa::ToSchema;

/// What a client can make of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// There is nothing at this path.
    NotFound,
    /// The path takes another method.
    MethodNotAllowed,
    /// The signature is missing or does not fit.
    InvalidSignature,
    /// Discord's rule: its signatures are refused with 401.
    InvalidDiscordSignature,
    /// The body is larger than [`crate::MAX_BODY_BYTES`].
    BodyTooLarge,
    /// The request could not be read to its end.
    UnreadableBody,
    /// The body is not declared as JSON.
    NotJson,
    /// The body or query does not have the shape that is expected; where, and what is wrong.
    Malformed { field: String, message: String },
    /// Fields are wrong.
    Invalid(Vec<FieldProblem>),
    /// There is no valid session.
    Unauthenticated,
    /// The server does not exist, has no bot, or the caller is not a member.
    UnknownGuild,
    /// The caller may not manage the server.
    NotAdmin,
    /// A write that does not come from our own pages.
    CrossSite,
    /// A request that has come round the CDN.
    WrongAddress,
    /// Too many requests; seconds until the next is allowed.
    RateLimited { retry_after: u64 },
    /// A save without `If-Match`.
    PreconditionRequired,
    /// Somebody else has saved since.
    Conflict,
    /// Something else is in the way: a stable code, and words.
    Refused { code: &'static str, detail: String },
    /// Discord or Twitch does not answer.
    Remote { name: &'static str },
    /// We cannot store or look up anything now; the same request may succeed later.
    Unavailable,
}

/// A problem (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Always `about:blank`: `code` tells the kind.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// A stable code.
    #[schema(example = "rate_limited")]
    code: &'static str,
    /// What is wrong, and the remedy.
    detail: String,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Which, as in `destinations[0].channel_id`.
    field: String,
    /// A stable code.
    code: &'static str,
    /// What is wrong, and the remedy.
    message: String,
    /// Where in the field's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Span>,
}

/// A place in a text, in characters.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Span {
    /// The first character, from 0.
    start: usize,
    /// Past the last character.
    end: usize,
    /// The line, from 1.
    line: usize,
    /// The column, from 1.
    column: usize,
}

impl From<FieldProblem> for FieldError {
    fn from(problem: FieldProblem) -> Self {
        let FieldProblem { field, code, message, span } = problem;
        let span =
            span.map(|s| Span { start: s.start, end: s.end, line: s.line, column: s.column });
        Self { field, code, message, span }
    }
}

impl ApiError {
    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        self.describe().1
    }

    /// Status, stable code and a sentence with the remedy.
    fn describe(&self) -> (StatusCode, &'static str, String) {
        use StatusCode as S;
        let fixed = |status, code, detail: &str| (status, code, detail.to_owned());
        match self {
            Self::NotFound => fixed(S::NOT_FOUND, "not_found", "There is nothing at this address."),
            Self::MethodNotAllowed => fixed(
                S::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This address takes another method; see the Allow header.",
            ),
            Self::InvalidSignature => fixed(
                S::FORBIDDEN,
                "invalid_signature",
                "The signature is missing or does not fit the body and its secret.",
            ),
            Self::InvalidDiscordSignature => fixed(
                S::UNAUTHORIZED,
                "invalid_signature",
                "The signature is missing or does not fit the body and the public key.",
            ),
            Self::BodyTooLarge => {
                fixed(S::PAYLOAD_TOO_LARGE, "body_too_large", "The body is larger than 256 KiB.")
            }
            Self::UnreadableBody => {
                fixed(S::BAD_REQUEST, "unreadable_body", "The body ended early.")
            }
            Self::NotJson => fixed(
                S::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "Send JSON with the header Content-Type: application/json.",
            ),
            Self::Malformed { .. } => fixed(
                S::BAD_REQUEST,
                "malformed",
                "The request does not have the expected shape; see errors.",
            ),
            Self::Invalid(_) => {
                fixed(S::UNPROCESSABLE_ENTITY, "invalid", "Some fields are wrong; see errors.")
            }
            Self::Unauthenticated => {
                fixed(S::UNAUTHORIZED, "unauthenticated", "Sign in with Discord first.")
            }
            Self::UnknownGuild => fixed(
                S::NOT_FOUND,
                "unknown_guild",
                "There is no such server with the bot in it, or you are not a member.",
            ),
            Self::NotAdmin => fixed(
                S::FORBIDDEN,
                "not_an_admin",
                "This requires the permission Manage Server. Ask somebody who has it.",
            ),
            Self::CrossSite => fixed(
                S::FORBIDDEN,
                "cross_site",
                "Writes are taken from the dashboard only: send the header Origin with its address.",
            ),
            Self::WrongAddress => fixed(
                S::FORBIDDEN,
                "wrong_address",
                "This address is not for the public: use the one that the dashboard has.",
            ),
            Self::RateLimited { .. } => fixed(
                S::TOO_MANY_REQUESTS,
                "rate_limited",
                "Too many requests. Wait as long as the header Retry-After says.",
            ),
            Self::PreconditionRequired => fixed(
                S::PRECONDITION_REQUIRED,
                "precondition_required",
                "Send the header If-Match with the ETag of what you have changed.",
            ),
            Self::Conflict => fixed(
                S::PRECONDITION_FAILED,
                "conflict",
                "Somebody else has saved since. Load it again and repeat your change.",
            ),
            Self::Refused { code, detail } => (S::CONFLICT, code, detail.clone()),
            Self::Remote { name } => (
                S::BAD_GATEWAY,
                "remote_unavailable",
                format!("{name} does not answer now. Try again in a moment."),
            ),
            Self::Unavailable => fixed(
                S::SERVICE_UNAVAILABLE,
                "unavailable",
                "The service cannot answer now. Try again in a moment.",
            ),
        }
    }

    fn errors(self) -> Vec<FieldError> {
        match self {
            Self::Invalid(problems) => problems.into_iter().map(FieldError::from).collect(),
            Self::Malformed { field, message } => {
                vec![FieldError { field, code: "malformed", message, span: None }]
            }
            _ => Vec::new(),
        }
    }
}

impl From<sm_discord::Error> for ApiError {
    fn from(error: sm_discord::Error) -> Self {
        tracing::warn!(%error, "Discord could not be asked for an admin");
        match error {
            sm_discord::Error::RateLimited { retry_after, .. } => {
                Self::RateLimited { retry_after: retry_after.as_secs().max(1) }
            }
            _ => Self::Remote { name: "Discord" },
        }
    }
}

impl From<sm_db::Error> for ApiError {
    fn from(error: sm_db::Error) -> Self {
        sm_aws::metrics::Counter::DatabaseError.count();
        tracing::warn!(%error, event = "database_error", "a request could not be served");
        Self::Unavailable
    }
}

impl From<SaveError> for ApiError {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Invalid(problems) => Self::Invalid(problems),
            SaveError::Conflict => Self::Conflict,
            SaveError::NotFound => Self::NotFound,
            SaveError::Discord(error) => error.into(),
            SaveError::Twitch(_) => Self::Remote { name: "Twitch" },
            SaveError::Database(error) => error.into(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code, detail) = self.describe();
        let retry_after = match &self {
            Self::RateLimited { retry_after } => Some(*retry_after),
            Self::Unavailable | Self::Remote { .. } => Some(2),
            _ => None,
        };
        let problem = Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail,
            errors: self.errors(),
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
