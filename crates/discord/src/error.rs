//! What a call to Discord can end in.

use sm_types::announcement::{NamedReason, Reason};
use std::time::Duration;

/// Whose limit a 429 is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// This bot on this route.
    User,
    /// This bot on all routes.
    Global,
    /// Everybody on this resource; does not count as an invalid request.
    Shared,
}

/// Why Discord did not do what was asked. Holds no token.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// Wait, then send the same again.
    #[error("Discord asks to wait {:.1} s ({scope:?})", retry_after.as_secs_f64())]
    RateLimited {
        /// Whose limit.
        scope: Scope,
        /// The longest of header, body and reset.
        retry_after: Duration,
        /// Discord's code, for limits beyond the routes' own.
        code: Option<u32>,
        /// Discord's name of the bucket.
        bucket: Option<String>,
    },
    /// The bot's token is not valid.
    #[error("Discord refused the bot's token")]
    Unauthorized {
        /// Discord's code.
        code: u32,
    },
    /// Discord understood and refused.
    #[error("Discord refused ({status}, code {code}): {message}")]
    Rejected {
        status: u16,
        /// Discord's code; 0 is generic.
        code: u32,
        /// Discord's words.
        message: String,
        /// Where in the body, for code 50035.
        errors: Option<serde_json::Value>,
    },
    /// Cloudflare blocks this address or this client, as far as one answer can tell.
    #[error("Discord's edge blocks us")]
    Blocked {
        /// How long, when it tells.
        retry_after: Option<Duration>,
    },
    /// No answer, a 5xx, or a refusal that cannot be read.
    #[error("Discord is not available{}", status.map(|s| format!(" ({s})")).unwrap_or_default())]
    Unavailable {
        /// The HTTP status, when there was an answer.
        status: Option<u16>,
        /// Whether the request may have been carried out.
        sent: bool,
    },
    /// A success whose body could not be read.
    #[error("Discord's answer could not be read ({status})")]
    Decode { status: u16 },
}

impl Error {
    /// The HTTP status, when there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::RateLimited { .. } => Some(429),
            Self::Unauthorized { .. } => Some(401),
            Self::Rejected { status, .. } | Self::Decode { status } => Some(*status),
            Self::Blocked { .. } => None,
            Self::Unavailable { status, .. } => *status,
        }
    }

    pub fn code(&self) -> Option<u32> {
        match self {
            Self::RateLimited { code, .. } => *code,
            Self::Unauthorized { code } | Self::Rejected { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// What Discord refused, as a stable code: `discord_50035`, `http_418` or `no_answer`.
    pub fn reason(&self) -> Reason {
        let code = self.code().filter(|code| *code > 0);
        match (code, self.status()) {
            (Some(code), _) => Reason::Discord(code),
            (_, Some(status)) => Reason::Http(status),
            _ => NamedReason::NoAnswer.into(),
        }
    }

    /// Whether OAuth refused a code or refresh token for good.
    pub fn is_invalid_grant(&self) -> bool {
        matches!(self, Self::Rejected { status: 400, message, .. } if message == "invalid_grant")
    }

    /// Whether it is a limit beyond the routes' own: about this message or this channel, told by a code.
    pub fn is_own_limit(&self) -> bool {
        matches!(self, Self::RateLimited { code: Some(_), .. })
    }

    /// Whether it counts towards the 10,000 invalid requests in 10 minutes.
    pub fn counts_as_invalid(&self) -> bool {
        match self {
            Self::RateLimited { scope, .. } => *scope != Scope::Shared,
            Self::Unauthorized { .. } | Self::Blocked { .. } => true,
            Self::Rejected { status, .. } => matches!(status, 401 | 403),
            Self::Unavailable { status, .. } => matches!(status, Some(401 | 403 | 429)),
            Self::Decode { .. } => false,
        }
    }
}
