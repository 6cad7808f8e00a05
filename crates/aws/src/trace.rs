//! The trace of AWS X-Ray that the work at hand belongs to.

use std::{fmt, future::Future};

tokio::task_local! { static CURRENT: TraceHeader; }

/// A tracing header: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…;Sampled=1`.
///
/// Shown it is the trace's id alone. Source: the AWS X-Ray developer guide, tracing header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceHeader(String);

impl TraceHeader {
    /// Longer ones are none of X-Ray's.
    const MAX_LEN: usize = 256;

    /// Reads a header; `None` if it names no trace.
    pub fn parse(text: &str) -> Option<Self> {
        let header = Self(text.to_owned());
        let plain = text.len() <= Self::MAX_LEN && text.bytes().all(|byte| byte.is_ascii_graphic());
        (plain && !header.id().is_empty()).then_some(header)
    }

    /// Does work as a part of this trace.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// The trace of this task.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn id(&self) -> &str {
        self.0.split(';').find_map(|part| part.strip_prefix("Root=")).unwrap_or_default()
    }
}

impl fmt::Display for TraceHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_shows_its_trace() {
        let text = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let header = TraceHeader::parse(text).unwrap();
        assert_eq!(header.to_string(), "1-5759e988-bd862e3fe1be46a994272793");
        assert_eq!(header.as_str(), text);
    }

    #[test]
    fn what_names_no_trace_is_none() {
        let long = format!("Root={}", "1".repeat(300));
        for text in ["", "Root=", "Parent=53995c3f42cd8ad8", "Root=1-a\nb", &long] {
            assert_eq!(TraceHeader::parse(text), None, "{text}");
        }
    }
}
