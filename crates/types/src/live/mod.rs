//! Live updates: topics, places in them, and the frames of the protocol. docs/realtime.md tells it in words.

mod feed;
mod frames;
mod page;
pub mod text;
mod topic;

pub use feed::{FeedEvent, FeedGrant, FeedKind, FeedKinds};
pub use frames::{
    Author, ClientFrame, Event, Fact, PROTOCOL, Presence, Refusal, Sent, ServerFrame, Shout,
    VERSION,
};
pub use page::{InvalidPath, MAX_PATH, MAX_TITLE, Page};
pub use topic::{FeedId, Place, Room, Topic, UnknownTopic};
