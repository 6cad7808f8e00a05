//! What goes wrong in Discord's own words; what can go wrong with any remote is in [`crate::unkind`].

use crate::unkind::{self, OddBody, Unkind};
use serde::{Deserialize, Serialize};
use sm_types::ChannelId;

/// A fault; its path is what stands behind `/api/v10/`.
pub type Fault = unkind::Fault<FaultKind>;

const MESSAGES: &str = "channels/*/messages";

impl Fault {
    /// A fault for the next `times` requests about messages.
    pub fn new(kind: FaultKind, times: u32) -> Self {
        Self { path: MESSAGES.to_owned(), times: Some(times), answer: kind }
    }

    /// The same in one channel only.
    #[must_use]
    pub fn in_channel(self, channel: ChannelId) -> Self {
        self.under(&MESSAGES.replace('*', &channel.to_string()))
    }

    /// The same for requests under a path; see [`unkind::Fault::path`].
    #[must_use]
    pub fn under(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }
}

/// Whose limit a 429 tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitScope {
    /// The bot on this route.
    User,
    /// The bot on all routes.
    Global,
    /// Everybody on the resource.
    Shared,
}

/// What goes wrong.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// A 429; header and body may differ, as they do at times.
    RateLimit {
        /// Whose limit.
        scope: LimitScope,
        /// Seconds in the body.
        retry_after: f64,
        /// Seconds in the header, when other than in the body.
        header: Option<u64>,
    },
    /// A page of Cloudflare's instead of JSON.
    Cloudflare,
    /// A refusal with Discord's code.
    Refuse {
        status: u16,
        /// Discord's code.
        code: u32,
    },
    /// A refusal with code 50035 of one part of the body, such as `embeds.0.image.url`, where the body has it.
    RefusePart { path: String },
    /// The message is posted without its embeds.
    DropEmbeds,
    /// What any remote can do.
    #[serde(untagged)]
    Any(Unkind),
}

impl FaultKind {
    /// A 5xx; the request may have been carried out all the same.
    pub fn server_error(status: u16, carried_out: bool) -> Self {
        Self::Any(Unkind { carried_out: Some(carried_out), ..Unkind::odd(status, OddBody::Page) })
    }

    /// The request is carried out and the connection breaks before the answer.
    pub fn lost_answer() -> Self {
        Self::Any(Unkind::lost(true))
    }

    /// An answer whose body is none of Discord's; below 400 the request is carried out.
    pub fn odd(status: u16, body: OddBody) -> Self {
        Self::Any(Unkind::odd(status, body))
    }

    /// An answer with these headers and this body.
    pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        Self::Any(Unkind::answer(status, headers, body))
    }
}
