//! Signs of life of the jobs that a process runs for as long as it lives.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// A job that goes on, turn after turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Expands and delivers.
    Deliver,
    /// Keeps subscriptions.
    Subscribe,
    /// Says what the chat bot has to say.
    Chat,
    /// Answers what is owed on Discord.
    Interact,
    /// The minute sweep.
    Sweep,
}

impl Job {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Deliver, Self::Subscribe, Self::Chat, Self::Interact, Self::Sweep];

    /// Its name in logs, metrics and `/readyz`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deliver => "deliver",
            Self::Subscribe => "subscribe",
            Self::Chat => "chat",
            Self::Interact => "interact",
            Self::Sweep => "sweep",
        }
    }
}

/// What is known of each job.
#[derive(Debug, Default)]
pub struct Health([Mutex<Pulse>; Job::ALL.len()]);

#[derive(Debug, Default)]
struct Pulse {
    /// Since when a turn is under way.
    turn: Option<Instant>,
    /// When a turn last came to a good end.
    done: Option<Instant>,
    stuck: bool,
    replaced: u64,
}

impl Health {
    /// A turn begins.
    pub fn begin(&self, job: Job) {
        self.of(job).turn = Some(Instant::now());
    }

    /// A turn has ended; one that failed is tried again, and does not prove that the job is well.
    pub fn end(&self, job: Job, well: bool) {
        let mut pulse = self.of(job);
        pulse.turn = None;
        if well {
            (pulse.done, pulse.stuck) = (Some(Instant::now()), false);
        }
    }

    /// Marks a job as stuck whose turn is under way for longer than `limit`; true when it is.
    pub fn is_overdue(&self, job: Job, limit: Duration) -> bool {
        let mut pulse = self.of(job);
        let overdue = pulse.turn.is_some_and(|since| since.elapsed() > limit);
        pulse.stuck |= overdue;
        overdue
    }

    /// Another takes the place of a job, whose turn is forgotten; it is not well until a turn succeeds.
    pub fn replaced(&self, job: Job) {
        let mut pulse = self.of(job);
        (pulse.turn, pulse.stuck) = (None, true);
        pulse.replaced += 1;
    }

    /// How often another took the place of a job.
    pub fn times_replaced(&self, job: Job) -> u64 {
        self.of(job).replaced
    }

    /// Whether a job was replaced and nothing has shown since that it is well again.
    pub fn is_stuck(&self, job: Job) -> bool {
        self.of(job).stuck
    }

    /// How long ago a turn of a job last came to a good end; `None` before the first.
    pub fn idle_for(&self, job: Job) -> Option<Duration> {
        self.of(job).done.map(|done| done.elapsed())
    }

    fn of(&self, job: Job) -> MutexGuard<'_, Pulse> {
        self.0[job as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
