//! Live updates: topics, places in them, and the frames of the protocol. docs/realtime.md tells it in words.

mod feed;
mod frames;
pub mod text;
mod topic;

pub use feed::{FeedEvent, FeedGrant, FeedKind, FeedKinds};
pub use frames::{
    Author, ClientFrame, Event, Fact, PROTOCOL, Refusal, Sent, ServerFrame, Shout, VERSION,
};
pub use topic::{FeedId, Place, Room, Topic, UnknownTopic};
