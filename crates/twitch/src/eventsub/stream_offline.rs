//! `stream.offline`, version 1. The stream's id came in June 2026 and may be absent.

use super::fields::{Broadcaster, BroadcasterFields, set};
use serde::Deserialize;
use sm_types::StreamId;

/// A stream ended. When is not told: the message's timestamp stands for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Fields")]
pub struct StreamOffline {
    pub id: Option<StreamId>,
    pub broadcaster: Broadcaster,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default, deserialize_with = "set")]
    id: Option<String>,
    #[serde(flatten)]
    broadcaster: BroadcasterFields,
}

impl From<Fields> for StreamOffline {
    fn from(fields: Fields) -> Self {
        Self { id: fields.id.map(StreamId), broadcaster: fields.broadcaster.into() }
    }
}

#[cfg(test)]
mod tests {
    use crate::eventsub::{Event, payload::tests::event};

    #[test]
    fn id_may_be_there_or_not() {
        for (id, expected) in [
            ("\"id\":\"5\",", Some("5")),
            ("\"id\":null,", None),
            ("\"id\":\"\",", None),
            ("", None),
        ] {
            let json = format!(r#"{{{id}"broadcaster_user_id":"2","broadcaster_user_login":"a"}}"#);
            let Event::StreamOffline(offline) = event("stream.offline", &json).unwrap() else {
                panic!("{json}");
            };
            assert_eq!(offline.id.as_ref().map(sm_types::StreamId::as_str), expected);
        }
    }
}
