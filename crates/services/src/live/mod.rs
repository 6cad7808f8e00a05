//! Live updates: what happens reaches whoever listens, at once and in order.
//!
//! What is told stands in the table `topic_events`, at a position of its topic. Writers only wake: a lost wake-up
//! costs time, never an event. [`Hub`] knows the sockets of this process, [`relay`] brings them what is new, and
//! [`Conversation`] is what a socket says and is told. Where API Gateway holds the sockets, [`gateway`] stands for them,
//! and [`push`] brings them what is new.

mod access;
mod changes;
mod channel;
mod conversation;
mod facts;
pub mod feeds;
mod frames;
pub mod gateway;
pub mod hints;
mod hub;
pub mod keeper;
mod line;
mod outlet;
pub mod presence;
pub mod push;
pub mod relay;
pub mod rooms;
pub mod sweep;
mod tabs;
pub mod tickets;
pub mod watch;

pub use conversation::{Conversation, HEARTBEAT};
pub use hub::Hub;
pub use line::{Close, Frame, Line};

/// Connections of one person; the one that was silent for longest makes room.
pub const PER_PERSON: i64 = 20;
