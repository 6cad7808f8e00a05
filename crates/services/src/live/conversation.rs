//! What a socket says and is told.

use super::{
    access::{Listener, listener},
    facts,
    hub::{Close, From, Hub, Joined},
    relay,
    rooms::{self, RoomError, Said, Speaker},
};
use crate::App;
use sm_db::live::topics;
use sm_types::live::{
    ClientFrame, FeedKinds, Place, Refusal, Room, Sent, ServerFrame, Topic, VERSION,
};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// How often a client says something at least; twice that without a word, and it is taken to be gone.
pub const HEARTBEAT: Duration = Duration::from_secs(30);
/// After how long a client opens another connection: API Gateway ends one after two hours.
const RECONNECT_AFTER: Duration = Duration::from_secs(110 * 60);
/// Frames of one connection: so many at once, and so many each second.
const BURST: f64 = 60.0;
const PER_SECOND: f64 = 10.0;
/// Frames beyond that, or ones that cannot be read, until it is closed.
const PATIENCE: u32 = 200;
/// How often a topic is looked at for a reader that comes back to a busy one.
const TRIES: usize = 10;

/// One socket's side of the protocol.
#[derive(Debug)]
pub struct Conversation {
    app: App,
    speaker: Speaker,
    id: String,
    greeted: bool,
    /// Frames that it may still send, as of `counted_at`.
    left: f64,
    counted_at: Instant,
    refused: u32,
}

impl Conversation {
    /// The conversation of a socket that the hub knows as `id`.
    pub fn new(app: App, speaker: Speaker, id: String) -> Self {
        let counted_at = Instant::now();
        Self { app, speaker, id, greeted: false, left: BURST, counted_at, refused: 0 }
    }

    /// Answers a frame by way of the hub's queue; a reason to close the socket, if there is one.
    pub async fn hear(&mut self, text: &str) -> Option<Close> {
        if !self.has_frames_left() {
            return self.refuse(Refusal::RateLimited, "Too many frames: wait a second.", None);
        }
        let frame = match serde_json::from_str(text) {
            Ok(frame) => frame,
            Err(error) => {
                let message = format!("The frame cannot be read: {error}.");
                return self.refuse(Refusal::Malformed, &message, None);
            }
        };
        match frame {
            ClientFrame::Hello { version: VERSION } => {
                self.greeted = true;
                self.say(&ServerFrame::Welcome {
                    version: VERSION,
                    connection_id: self.id.clone(),
                    heartbeat_seconds: seconds(HEARTBEAT),
                    reconnect_after_seconds: seconds(RECONNECT_AFTER),
                });
                None
            }
            ClientFrame::Hello { version } => {
                let message = format!("Version {version} is not spoken here, but {VERSION}.");
                self.refuse(Refusal::UnknownVersion, &message, None)
            }
            _ if !self.greeted => self.refuse(Refusal::HelloFirst, "Say hello first.", None),
            ClientFrame::Ping {} => {
                self.say(&ServerFrame::Pong {});
                None
            }
            ClientFrame::Subscribe { topic, after } => self.subscribe(topic, after).await,
            ClientFrame::Unsubscribe { topic } => {
                self.hub().leave(&self.id, topic, "asked");
                None
            }
            ClientFrame::Shout { room: Topic::Room(room), client_id, text } => {
                self.shout(room, client_id, &text).await
            }
            ClientFrame::Shout { room, .. } => {
                self.refuse(Refusal::UnknownTopic, "This topic is no room.", Some(room))
            }
        }
    }

    fn hub(&self) -> &Hub {
        self.app.hub()
    }

    fn say(&self, frame: &ServerFrame) {
        self.hub().say(&self.id, frame);
    }

    fn refuse(&mut self, code: Refusal, message: &str, topic: Option<Topic>) -> Option<Close> {
        if matches!(code, Refusal::Malformed | Refusal::RateLimited | Refusal::HelloFirst) {
            self.refused += 1;
            if self.refused > PATIENCE {
                return Some(Close::Misbehaved);
            }
        }
        self.say(&ServerFrame::Refused { code, message: message.to_owned(), topic });
        None
    }

    fn has_frames_left(&mut self) -> bool {
        let now = Instant::now();
        let gained = (now - self.counted_at).as_secs_f64() * PER_SECOND;
        (self.left, self.counted_at) = ((self.left + gained).min(BURST), now);
        let has = self.left >= 1.0;
        if has {
            self.left -= 1.0;
        }
        has
    }

    async fn subscribe(&mut self, topic: Topic, after: Option<Place>) -> Option<Close> {
        let sees = match listener(&self.app, self.speaker.session, topic).await {
            Ok(Listener::Member | Listener::Moderator) => FeedKinds::ALL,
            Ok(Listener::Watcher(sees)) => sees,
            Ok(Listener::SignedOut) => return Some(Close::SessionEnded),
            Ok(Listener::Nobody) => {
                let message = "There is no such topic, or you are not a member.";
                return self.refuse(Refusal::UnknownTopic, message, Some(topic));
            }
            Err(_) => {
                let message = "Discord does not answer: try again later.";
                return self.refuse(Refusal::Unavailable, message, Some(topic));
            }
        };
        match self.join(topic, sees, after).await {
            Ok(true) => None,
            Ok(false) => {
                let message = format!("A connection can have {} topics.", Hub::MAX_TOPICS);
                self.refuse(Refusal::TooManyTopics, &message, Some(topic))
            }
            Err(error) => {
                tracing::warn!(%error, "a topic could not be read");
                let message = "The topic cannot be read now: try again later.";
                self.refuse(Refusal::Unavailable, message, Some(topic))
            }
        }
    }

    /// Joins a topic where the reader stands; what it has missed is on its way first.
    async fn join(
        &self,
        topic: Topic,
        sees: FeedKinds,
        mut after: Option<Place>,
    ) -> sqlx::Result<bool> {
        let (pool, hub) = (&self.app.pool, self.hub());
        let (mut proved, mut told) = (false, false);
        for _ in 0..TRIES {
            let from = after.as_ref().map_or(From::Now, |seen| From::After { seen, told });
            match hub.join(&self.id, topic, sees, from) {
                Joined::Yes => return Ok(true),
                Joined::No => return Ok(false),
                Joined::Unknown => hub.carry(topic, topics::place(pool, topic).await?),
                Joined::Ahead | Joined::Behind => {
                    let Some(place) = &after else { continue };
                    if !proved && !topics::can_resume(pool, topic, place).await? {
                        break;
                    }
                    proved = true;
                    if matches!(hub.place(topic), Some(known) if known.position < place.position) {
                        relay::bring(&self.app, topic).await?;
                        continue;
                    }
                    if !std::mem::replace(&mut told, true) {
                        self.say(&ServerFrame::Subscribed { topic, place: place.clone() });
                    }
                    let missed = facts::after(&self.app, topic, place.position).await?;
                    after = Some(hub.catch_up(&self.id, (topic, sees), place, &missed));
                }
            }
        }
        // Too far behind to be caught up with, or from another life of the database.
        Ok(hub.join(&self.id, topic, sees, From::Anew) == Joined::Yes)
    }

    async fn shout(&mut self, room: Room, client_id: Uuid, text: &str) -> Option<Close> {
        let trace = Uuid::now_v7().to_string();
        let said = Said { client_id, text, trace_id: Some(&trace) };
        let said = match rooms::enter(&self.app, self.speaker, room).await {
            Ok(by) => rooms::say(&self.app, by, said).await,
            Err(error) => Err(error),
        };
        let sent = match said {
            Ok(shout) => Sent::Stored { shout: Box::new(shout) },
            Err(RoomError::SignedOut) => return Some(Close::SessionEnded),
            Err(error) => refused(&error),
        };
        self.say(&ServerFrame::Shouted { room: Topic::Room(room), client_id, sent });
        None
    }
}

fn refused(error: &RoomError) -> Sent {
    let (code, retry_after) = match error {
        RoomError::InvalidText(_) => (Refusal::InvalidText, None),
        RoomError::Muted { .. } => (Refusal::Muted, None),
        RoomError::TooFast { wait_seconds } => {
            (Refusal::RateLimited, Some(wait_seconds.ceil().clamp(1.0, 60.0) as u32))
        }
        RoomError::ClientIdUsed => (Refusal::ClientIdUsed, None),
        RoomError::NotFound | RoomError::SignedOut => (Refusal::UnknownTopic, None),
        RoomError::Unknown | RoomError::Database(_) => (Refusal::Unavailable, Some(5)),
    };
    if let RoomError::Database(error) = error {
        tracing::warn!(%error, "a message could not be stored");
    }
    Sent::Refused { code, message: error.to_string(), retry_after }
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}
