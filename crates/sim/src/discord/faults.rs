//! Faults that can be switched on.

use crate::OddBody;
use serde::{Deserialize, Serialize};
use sm_types::ChannelId;
use std::collections::BTreeMap;

/// A fault for the next requests.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// How often; it is used up then.
    #[serde(default = "once")]
    pub times: u32,
    /// Only messages of this channel; else all of them.
    #[serde(default)]
    pub channel: Option<ChannelId>,
    /// Any requests instead, by the beginning of their path behind `/api/v10/`, perhaps with a method
    /// before it: `guilds/1`, `GET channels`.
    #[serde(default)]
    pub path: Option<String>,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// A fault for the next `times` requests about messages.
    pub fn new(kind: FaultKind, times: u32) -> Self {
        Self { kind, times, channel: None, path: None }
    }

    /// The same in one channel only.
    #[must_use]
    pub fn in_channel(self, channel: ChannelId) -> Self {
        Self { channel: Some(channel), ..self }
    }

    /// The same for requests under a path; see [`Fault::path`].
    #[must_use]
    pub fn under(self, path: &str) -> Self {
        Self { path: Some(path.to_owned()), ..self }
    }

    /// Whether it is for this request; `channel` is that of a request about messages.
    pub(super) fn fits(&self, method: &str, path: &str, channel: Option<u64>) -> bool {
        match &self.path {
            Some(begin) => {
                let begins =
                    path.starts_with(begin) || format!("{method} {path}").starts_with(begin);
                begins && self.channel.is_none_or(|id| Some(id.0) == channel)
            }
            None if matches!(self.kind, FaultKind::Unauthorized) => true,
            None => channel.is_some_and(|about| self.channel.is_none_or(|id| id.0 == about)),
        }
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
    /// A 5xx; the message may have been stored all the same.
    ServerError {
        status: u16,
        /// Whether it was stored.
        stored: bool,
    },
    /// The answer takes this long.
    Slow {
        /// Milliseconds.
        ms: u64,
    },
    /// The message is stored and the connection breaks before the answer is whole.
    LostAnswer,
    /// The token is refused, on every route.
    Unauthorized,
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
    /// An answer whose body is none of Discord's; below 400 the request is carried out.
    Odd {
        status: u16,
        /// What becomes of the body.
        body: OddBody,
    },
    /// Any answer instead; the request is not carried out.
    Answer {
        status: u16,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        #[serde(default)]
        body: String,
    },
}

impl FaultKind {
    /// An answer with these headers and this body.
    pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self::Answer { status, headers: headers.collect(), body: body.to_owned() }
    }
}
