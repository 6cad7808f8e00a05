//! Live updates: what happens reaches whoever listens, at once and in order.
//!
//! What is told stands in the table `topic_events`, at a position of its topic. Writers only wake: a lost wake-up
//! costs time, never an event. [`Hub`] knows the sockets of this process, [`relay`] brings them what is new, and
//! [`Conversation`] is what a socket says and is told.

mod access;
mod conversation;
mod facts;
pub mod feeds;
mod hub;
pub mod keeper;
pub mod relay;
pub mod rooms;
pub mod tickets;

pub use conversation::{Conversation, HEARTBEAT};
pub use hub::{Close, Frame, Hub, Line};
