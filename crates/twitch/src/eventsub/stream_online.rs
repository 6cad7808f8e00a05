//! `stream.online`, version 1. It has neither title nor category.

use super::fields::{Broadcaster, BroadcasterFields, moment};
use serde::{Deserialize, Deserializer};
use sm_types::StreamId;
use time::OffsetDateTime;

#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Fields")]
pub struct StreamOnline {
    pub id: StreamId,
    pub broadcaster: Broadcaster,
    /// What kind of stream.
    pub kind: StreamKind,
    /// Since when.
    pub started_at: Option<OffsetDateTime>,
}

#[derive(Deserialize)]
struct Fields {
    id: StreamId,
    #[serde(flatten)]
    broadcaster: BroadcasterFields,
    #[serde(default, rename = "type")]
    kind: StreamKind,
    #[serde(default, deserialize_with = "moment")]
    started_at: Option<OffsetDateTime>,
}

impl From<Fields> for StreamOnline {
    fn from(fields: Fields) -> Self {
        let Fields { id, broadcaster, kind, started_at } = fields;
        Self { id, broadcaster: broadcaster.into(), kind, started_at }
    }
}

/// What kind of stream began.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StreamKind {
    #[default]
    Live,
    /// Recorded videos, one after the other.
    Playlist,
    /// Watched together.
    WatchParty,
    /// A recorded video, shown for the first time.
    Premiere,
    /// A recorded video, shown again.
    Rerun,
    /// Any other.
    Other(String),
}

impl StreamKind {
    /// Twitch's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Live => "live",
            Self::Playlist => "playlist",
            Self::WatchParty => "watch_party",
            Self::Premiere => "premiere",
            Self::Rerun => "rerun",
            Self::Other(text) => text,
        }
    }
}

impl<'de> Deserialize<'de> for StreamKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let known = [Self::Live, Self::Playlist, Self::WatchParty, Self::Premiere, Self::Rerun];
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        if text.is_empty() {
            return Ok(Self::Live);
        }
        let found = known.into_iter().find(|kind| kind.as_str() == text);
        Ok(found.unwrap_or(Self::Other(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eventsub::{Event, payload::tests::event};

    fn online(json: &str) -> StreamOnline {
        match event("stream.online", json).unwrap() {
            Event::StreamOnline(online) => online,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sample_parses_with_fractions_of_a_second_or_none() {
        for time in
            ["2026-11-21T18:05:02Z", "2026-11-21T18:05:02.1Z", "2026-11-21T18:05:02.482913077Z"]
        {
            let sample = online(&format!(
                r#"{{"id":"46120055511","broadcaster_user_id":"70011223","broadcaster_user_login":"sample",
                    "broadcaster_user_name":"Sample","type":"live","started_at":"{time}","new":[1]}}"#
            ));
            assert_eq!(
                (sample.id.as_str(), sample.broadcaster.login.as_str()),
                ("46120055511", "sample")
            );
            assert_eq!(sample.started_at.unwrap().unix_timestamp(), 1_795_284_302);
        }
    }

    #[test]
    fn unknown_kinds_are_kept_and_missing_fields_are_not_set() {
        let sample =
            online(r#"{"id":"1","broadcaster_user_id":"2","type":"hologram","started_at":null}"#);
        assert_eq!(sample.kind, StreamKind::Other("hologram".into()));
        assert_eq!((sample.started_at, sample.broadcaster.login.as_str()), (None, ""));
        assert_eq!(
            online(r#"{"id":"1","broadcaster_user_id":"2","type":""}"#).kind,
            StreamKind::Live
        );
    }
}
