//! A request to the API, taken apart.

use axum::http::{HeaderMap, Method};

/// What a request is about.
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    pub(super) segments: Vec<&'a str>,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

impl Call<'_> {
    /// The channel, for requests about messages.
    pub(super) fn message_channel(&self) -> Option<u64> {
        match self.segments.as_slice() {
            ["channels", channel, "messages", ..] => channel.parse().ok(),
            _ => None,
        }
    }
}
