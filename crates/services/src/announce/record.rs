//! What becomes of an attempt, in the form in which it is recorded.

use serde_json::json;
use sm_db::{
    announce::deliveries::{DueDelivery, Record},
    guilds::Mention,
};
use sm_discord::Error;
use sm_types::{
    MessageId,
    announcement::{NamedReason, Reason, Status},
};
use time::OffsetDateTime;

/// The outcome of an attempt.
pub(super) struct Finished {
    pub(super) record: Record,
    /// Counts towards Discord's limit of invalid requests.
    pub(super) invalid_request: bool,
}

impl From<Record> for Finished {
    fn from(record: Record) -> Self {
        Self { record, invalid_request: false }
    }
}

/// A reason with what it is about, by name and in words.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Why {
    pub(super) reason: Reason,
    pub(super) values: Option<serde_json::Value>,
    pub(super) detail: Option<String>,
}

impl Why {
    pub(super) fn new(reason: impl Into<Reason>) -> Self {
        Self { reason: reason.into(), values: None, detail: None }
    }

    pub(super) fn in_words(self, detail: &str) -> Self {
        Self { detail: Some(detail.to_owned()), ..self }
    }

    /// With the permissions that would help; none are no values.
    pub(super) fn missing(self, names: &[&str]) -> Self {
        let values = (!names.is_empty()).then(|| json!({ "missing": names }));
        Self { values, ..self }
    }

    /// With the mention that it is about, and what would let it ping.
    pub(super) fn about_mention(self, mention: Mention) -> Self {
        let mut values = json!({ "mention": mention.kind() });
        if let Some(role) = mention.role() {
            values["role"] = json!(role);
        }
        if self.reason == NamedReason::NotPinged.into() {
            values["missing"] = json!(["MENTION_EVERYONE"]);
        }
        Self { values: Some(values), ..self }
    }

    /// With the wait that Discord has asked for.
    pub(super) fn retry_after_ms(self, ms: i64) -> Self {
        Self { values: Some(json!({ "retry_after_ms": ms })), ..self }
    }
}

impl From<NamedReason> for Why {
    fn from(reason: NamedReason) -> Self {
        Self::new(reason)
    }
}

/// A record of an attempt of which nothing is known but that it began.
pub(super) fn begun(due: &DueDelivery, now: OffsetDateTime) -> Record {
    Record {
        delivery_id: due.delivery_id,
        attempt: due.attempts,
        status: Status::Sent,
        reason: None,
        reason_values: None,
        detail: None,
        due_at: None,
        variant: due.variant,
        action: due.action,
        message_id: None,
        opt_outs: 0,
        unhonoured_opt_outs: 0,
        unlisted_members: 0,
        http_status: None,
        discord_code: None,
        retry_after_ms: None,
        claimed_at: now,
        sent_at: None,
        answered_at: None,
        message_created_at: None,
    }
}

/// It has come to its end, or waits.
pub(super) fn settled(record: Record, status: Status, why: Why) -> Record {
    let Why { reason, values, detail } = why;
    Record { status, reason: Some(reason), reason_values: values, detail, ..record }
}

/// The attempt did not succeed; the next one is due at `at`.
pub(super) fn again(record: Record, why: Why, at: OffsetDateTime) -> Record {
    Record { due_at: Some(at), ..settled(record, Status::Pending, why) }
}

/// The message stands in its channel.
pub(super) fn posted(record: Record, message: MessageId) -> Record {
    let ms = i128::from(message.created_at_unix_ms());
    let created = OffsetDateTime::from_unix_timestamp_nanos(ms * 1_000_000).ok();
    Record {
        status: Status::Sent,
        message_id: Some(message),
        message_created_at: created,
        ..record
    }
}

/// Notes what Discord has answered instead of accepting.
pub(super) fn refused(record: Record, error: &Error) -> Record {
    let wait = match error {
        Error::RateLimited { retry_after, .. } => i64::try_from(retry_after.as_millis()).ok(),
        _ => None,
    };
    // A request that never left cannot have posted anything: the next attempt need not look.
    let never_left = matches!(error, Error::Unavailable { sent: false, .. });
    Record {
        http_status: error.status().and_then(|status| i16::try_from(status).ok()),
        discord_code: error.code().and_then(|code| i32::try_from(code).ok()),
        retry_after_ms: wait,
        sent_at: record.sent_at.filter(|_| !never_left),
        ..record
    }
}
