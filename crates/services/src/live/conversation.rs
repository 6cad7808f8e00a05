//! What a socket says and is told.

use super::{
    access::{Listener, listener},
    hub::Hub,
    line::{Close, Frame},
    outlet::Outlet,
    presence,
    rooms::{self, RoomError, Said, Speaker},
};
use crate::App;
use sm_db::live::{
    connections::{Frames, Heard},
    presence::Tab,
};
use sm_types::live::{
    ClientFrame, FeedKinds, Page, Place, Refusal, Room, Sent, ServerFrame, Topic, VERSION,
};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// How often a client says something at least; twice that without a word, and it is taken to be gone.
pub const HEARTBEAT: Duration = Duration::from_secs(30);
/// After how long a client opens another connection: API Gateway ends one after two hours.
const RECONNECT_AFTER: Duration = Duration::from_secs(110 * 60);
/// Frames of one connection.
pub(super) const FRAMES: Frames = Frames { burst: 60.0, per_second: 10.0 };
/// Frames beyond that, or ones that cannot be read, until it is closed.
const PATIENCE: u32 = 200;

/// One socket's side of the protocol.
#[derive(Debug)]
pub struct Conversation {
    app: App,
    speaker: Speaker,
    id: String,
    outlet: Outlet,
    greeted: bool,
    /// Frames that it may still send, as of `counted_at`.
    left: f64,
    counted_at: Instant,
    refused: u32,
}

impl Conversation {
    /// The conversation of a socket that the hub knows as `id`.
    pub fn new(app: App, speaker: Speaker, id: String) -> Self {
        let (outlet, left, counted_at) = (Outlet::Hub, FRAMES.burst, Instant::now());
        Self { app, speaker, id, outlet, greeted: false, left, counted_at, refused: 0 }
    }

    /// The conversation of a socket at API Gateway, for one frame.
    pub(super) fn going_on(app: App, id: String, heard: &Heard) -> Self {
        let speaker = Speaker { user: heard.user_id, session: heard.session_id };
        Self {
            outlet: Outlet::Gateway(Vec::new()),
            greeted: heard.greeted,
            left: if heard.in_time { 1.0 } else { 0.0 },
            refused: u32::try_from(heard.refused).unwrap_or(0),
            ..Self::new(app, speaker, id)
        }
    }

    /// What is left to say of a conversation that goes on elsewhere, whether hello was said, and how many frames were
    /// refused.
    pub(super) fn leave_off(self) -> (Vec<Frame>, bool, u32) {
        let left = match self.outlet {
            Outlet::Hub => Vec::new(),
            Outlet::Gateway(left) => left,
        };
        (left, self.greeted, self.refused)
    }

    /// Answers a frame by way of the outlet; a reason to close the socket, if there is one.
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
                self.is_here(None).await;
                None
            }
            ClientFrame::Hello { version } => {
                let message = format!("Version {version} is not spoken here, but {VERSION}.");
                self.refuse(Refusal::UnknownVersion, &message, None)
            }
            _ if !self.greeted => self.refuse(Refusal::HelloFirst, "Say hello first.", None),
            ClientFrame::Ping {} => {
                // A process of ours knows by itself which of its sockets are open.
                if matches!(self.outlet, Outlet::Gateway(_)) {
                    self.is_here(None).await;
                }
                self.say(&ServerFrame::Pong {});
                None
            }
            ClientFrame::Page { path, title } => match Page::clean(&path, &title) {
                Ok(page) => {
                    self.is_here(Some(page)).await;
                    None
                }
                Err(error) => self.refuse(Refusal::InvalidPage, &error.to_string(), None),
            },
            ClientFrame::Subscribe { topic, after } => self.subscribe(topic, after).await,
            ClientFrame::Unsubscribe { topic } => {
                if let Err(error) = self.outlet.leave(&self.app, &self.id, topic).await {
                    return self.unreadable(topic, &error);
                }
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

    fn say(&mut self, frame: &ServerFrame) {
        self.outlet.say(&self.app, &self.id, frame);
    }

    /// The tab was closed, and does not come back.
    pub fn leave(&self) {
        self.app.hub().tabs().left(self.id.clone(), self.speaker.user);
    }

    async fn is_here(&self, page: Option<Page>) {
        let (id, Speaker { user, session }) = (self.id.clone(), self.speaker);
        match self.outlet {
            Outlet::Hub => self.app.hub().tabs().here(id, user, session, page),
            Outlet::Gateway(_) => {
                presence::says_so(&self.app, Tab { id, user, session, page }).await;
            }
        }
    }

    fn unreadable(&mut self, topic: Topic, error: &sqlx::Error) -> Option<Close> {
        tracing::warn!(%error, "a topic could not be read");
        let message = "The topic cannot be read now: try again later.";
        self.refuse(Refusal::Unavailable, message, Some(topic))
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
        let gained = (now - self.counted_at).as_secs_f64() * FRAMES.per_second;
        (self.left, self.counted_at) = ((self.left + gained).min(FRAMES.burst), now);
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
        match self.outlet.join(&self.app, &self.id, (topic, sees), after).await {
            Ok(true) => None,
            Ok(false) => {
                let message = format!("A connection can have {} topics.", Hub::MAX_TOPICS);
                self.refuse(Refusal::TooManyTopics, &message, Some(topic))
            }
            Err(error) => self.unreadable(topic, &error),
        }
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
