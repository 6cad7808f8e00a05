//! The frames of the protocol, version 1: each is a JSON object in a text frame.
//!
//! A frame that is not known, from a newer page or a newer server, is refused or passed over by its `type`; the
//! connection stays.

use super::{
    feed::FeedEvent,
    page::Page,
    topic::{Place, Room, Topic},
};
use crate::UserId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The version of the frames.
pub const VERSION: u8 = 1;
/// The subprotocol, as in `Sec-WebSocket-Protocol`.
pub const PROTOCOL: &str = "streammaxing.v1";

/// What a client says. The first frame is `hello`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientFrame {
    /// Begins.
    Hello {
        /// The version that the client speaks.
        version: u8,
    },
    /// Listens to a topic; `after` is where the client stands, if it was there before.
    Subscribe {
        topic: Topic,
        #[serde(default)]
        after: Option<Place>,
    },
    /// Listens no more.
    Unsubscribe { topic: Topic },
    /// Is still there.
    Ping {},
    /// Looks at a page, from now on or again.
    Page {
        /// Begins with a slash.
        path: String,
        title: String,
    },
    /// Says something in a room.
    Shout {
        room: Topic,
        /// Of the client's choice: what is sent again under the same id is there once.
        client_id: Uuid,
        text: String,
    },
}

/// Why something that a client wants is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The frame is not JSON of this protocol.
    Malformed,
    /// A version that we do not speak.
    UnknownVersion,
    /// The first frame has to be `hello`.
    HelloFirst,
    /// There is no such topic, or it is not the client's to see.
    UnknownTopic,
    /// More topics than a connection may have.
    TooManyTopics,
    /// Too much at once; wait.
    RateLimited,
    /// A moderator has muted the client in this room.
    Muted,
    /// The text is empty, too long or cannot be shown.
    InvalidText,
    /// The page's path is none of ours.
    InvalidPage,
    /// The same id was used for another text.
    ClientIdUsed,
    /// It cannot be stored or looked up now.
    Unavailable,
}

/// Who has said something, or is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Author {
    pub user_id: UserId,
    /// The name that is shown.
    pub name: String,
    /// The hash of the avatar at Discord.
    pub avatar: Option<String>,
}

/// A message of a room, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shout {
    pub shout_id: Uuid,
    /// Its place in the room: messages are shown in this order.
    pub position: i64,
    /// Rises with each change; of two, the higher is the truth.
    pub revision: i32,
    /// The author's own name for it.
    pub client_id: Uuid,
    /// `None`: the account is gone.
    pub author: Option<Author>,
    /// `None`: deleted.
    pub text: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    pub edited_at: Option<String>,
    /// Whether somebody else than its author has deleted it.
    pub removed_by_moderator: bool,
}

/// Whether somebody is there, as a server's members are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Presence {
    pub user: Author,
    pub online: bool,
    /// `None`: a page that is not this server's business, or none.
    pub page: Option<Page>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum Fact {
    /// A message is new or has changed.
    Shout(Box<Shout>),
    /// Something has happened in a channel.
    Feed(Box<FeedEvent>),
    /// Somebody is muted, or no more.
    Mute(serde_json::Value),
    /// Somebody has come, gone, or turned to another page.
    Presence(Box<Presence>),
    /// What a page shows has changed: ask for it again.
    Changed(serde_json::Value),
}

/// An event of a topic.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    pub position: i64,
    #[serde(flatten)]
    pub fact: Fact,
    /// Follows it through the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

/// What became of a message that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Sent {
    /// It is there.
    Stored { shout: Box<Shout> },
    /// It is not.
    Refused {
        code: Refusal,
        message: String,
        /// Seconds until it may be sent again.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<u32>,
    },
}

/// What a server says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// Answers `hello`.
    Welcome {
        version: u8,
        connection_id: String,
        /// Say something at least this often.
        heartbeat_seconds: u32,
        /// Open another connection after so long; this one is cut later.
        reconnect_after_seconds: u32,
    },
    /// A topic is listened to, from this place on; what lies between it and `after` follows.
    Subscribed { topic: Topic, place: Place },
    /// The place is not known any more: load what is there, and go on from this one.
    Reset { topic: Topic, place: Place },
    /// A topic is listened to no more, since the client wished so or may not.
    Unsubscribed { topic: Topic, reason: &'static str },
    /// Events behind `after`, up to `place`. Whose own place lies before `after` has missed something.
    Events { topic: Topic, after: i64, place: Place, events: Vec<Event> },
    /// Answers `shout`.
    Shouted {
        room: Topic,
        client_id: Uuid,
        #[serde(flatten)]
        sent: Sent,
    },
    /// Answers `ping`.
    Pong {},
    /// The connection is closed next. Said where a close frame cannot tell why: API Gateway sends none of ours.
    Closing {
        /// As in a close frame.
        code: u16,
        reason: &'static str,
    },
    /// What was said last is not done.
    Refused {
        code: Refusal,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        topic: Option<Topic>,
    },
}

impl From<Room> for Topic {
    fn from(room: Room) -> Self {
        Self::Room(room)
    }
}
