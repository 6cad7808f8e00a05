//! What a socket is to send, in order, and why it has to close.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, mpsc};

/// Frames that may wait for a slow reader; who does not keep up is cut, and resumes.
pub(super) const QUEUE: usize = 64;

/// Why a socket is closed; the codes are part of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// The process stops: come back.
    Restart,
    /// The reader is too slow: come back and resume.
    TooSlow,
    /// The session has ended: sign in.
    SessionEnded,
    /// Another of the same person's connections took its place.
    Replaced,
    /// Too many frames, or ones that cannot be read.
    Misbehaved,
    /// Nothing was heard for too long.
    Silent,
}

impl Close {
    /// The code of the close frame (RFC 6455 §7.4).
    pub fn code(self) -> u16 {
        match self {
            Self::Restart => 1012,
            Self::TooSlow => 1013,
            Self::SessionEnded => 4401,
            Self::Replaced => 4409,
            Self::Misbehaved => 4400,
            Self::Silent => 4408,
        }
    }

    pub fn reason(self) -> &'static str {
        match self {
            Self::Restart => "restarting",
            Self::TooSlow => "too slow: resume",
            Self::SessionEnded => "the session has ended",
            Self::Replaced => "too many connections of one person",
            Self::Misbehaved => "too many frames that are not of this protocol",
            Self::Silent => "nothing was heard for too long",
        }
    }
}

/// A frame: the same bytes for everybody who gets it.
pub type Frame = Arc<str>;

/// What a socket is to send, in order.
#[derive(Debug)]
pub struct Line {
    pub id: String,
    pub queue: mpsc::Receiver<Frame>,
    /// Set once the socket has to close, even though its queue is full.
    pub cut: Arc<Cut>,
}

/// Tells a socket to close.
#[derive(Debug, Default)]
pub struct Cut {
    why: Mutex<Option<Close>>,
    told: Notify,
}

impl Cut {
    pub(super) fn now(&self, why: Close) {
        lock(&self.why).get_or_insert(why);
        self.told.notify_one();
    }

    /// Waits until the socket has to close.
    pub async fn wait(&self) -> Close {
        loop {
            if let Some(why) = *lock(&self.why) {
                return why;
            }
            self.told.notified().await;
        }
    }
}

/// Puts a frame into a queue; one that is full closes its socket.
pub(super) fn send(queue: &mpsc::Sender<Frame>, cut: &Cut, frame: Frame) {
    if matches!(queue.try_send(frame), Err(mpsc::error::TrySendError::Full(_))) {
        cut.now(Close::TooSlow);
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
