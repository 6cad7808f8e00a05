//! Events as frames: written once for everybody who may see the same.

use super::line::Frame;
use serde::Serialize;
use serde_json::value::RawValue;
use sm_types::live::{Event, Fact, FeedKind, FeedKinds, Place, ServerFrame, Topic};
use time::OffsetDateTime;

/// A frame is no longer than API Gateway's, with room for what surrounds the events.
const MAX_EVENTS_BYTES: usize = 28 * 1024;

/// An event, written once for everybody.
pub(super) struct Kept {
    pub(super) place: Place,
    /// What it is about: of several about the same only the latest is told.
    pub(super) subject: String,
    /// `None`: whoever listens may see it.
    kind: Option<FeedKind>,
    json: Box<RawValue>,
}

impl Kept {
    pub(super) fn is_for(&self, sees: FeedKinds) -> bool {
        self.kind.is_none_or(|kind| sees.contains(kind))
    }
}

/// An event to broadcast.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) place: Place,
    pub(super) subject: String,
    /// `None`: it came to nothing.
    pub(super) event: Option<Event>,
    pub(super) at: OffsetDateTime,
}

impl Told {
    pub(super) fn kept(&self) -> Option<Kept> {
        let event = self.event.as_ref()?;
        let kind = match &event.fact {
            Fact::Feed(event) => Some(event.kind),
            _ => None,
        };
        let json = serde_json::value::to_raw_value(event).ok()?;
        Some(Kept { place: self.place.clone(), subject: self.subject.clone(), kind, json })
    }
}

/// Frames that tell what of this somebody may see, behind a position.
pub(super) fn pages(topic: Topic, sees: FeedKinds, after: i64, told: &[Told]) -> Vec<Frame> {
    let kept: Vec<Kept> = told.iter().filter_map(Told::kept).collect();
    let seen = kept.iter().filter(|kept| kept.is_for(sees));
    let last = told.last().map(|last| frames(topic, after, &last.place, seen).collect());
    last.unwrap_or_default()
}

pub(super) fn written(frame: &ServerFrame) -> Frame {
    serde_json::to_string(frame).unwrap_or_default().into()
}

#[derive(Serialize)]
struct EventsFrame<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    topic: Topic,
    after: i64,
    place: &'a Place,
    events: &'a [&'a RawValue],
}

/// Frames that hold these events, none of them too long; together they reach from `after` to `place`.
pub(super) fn frames<'a>(
    topic: Topic,
    after: i64,
    place: &Place,
    events: impl Iterator<Item = &'a Kept>,
) -> impl Iterator<Item = Frame> {
    let mut parts: Vec<Vec<&Kept>> = Vec::new();
    let mut room = 0;
    for event in events {
        let bytes = event.json.get().len() + 1;
        match parts.last_mut() {
            Some(part) if bytes <= room => part.push(event),
            _ => {
                parts.push(vec![event]);
                room = MAX_EVENTS_BYTES;
            }
        }
        room = room.saturating_sub(bytes);
    }
    if parts.is_empty() && place.position > after {
        parts.push(Vec::new());
    }
    let (mut from, count) = (after, parts.len());
    let mut written = Vec::with_capacity(count);
    for (n, part) in parts.iter().enumerate() {
        let to = match part.last() {
            Some(last) if n + 1 < count => &last.place,
            _ => place,
        };
        let events: Vec<&RawValue> = part.iter().map(|kept| &*kept.json).collect();
        let frame = EventsFrame { kind: "events", topic, after: from, place: to, events: &events };
        written.push(serde_json::to_string(&frame).unwrap_or_default().into());
        from = to.position;
    }
    written.into_iter()
}
