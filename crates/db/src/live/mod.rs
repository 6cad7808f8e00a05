//! Live updates: what was told, who listens, who is there, and the rooms.

pub mod connections;
pub mod feeds;
pub mod listener;
pub mod presence;
pub mod pushes;
pub mod shouts;
pub mod topics;
pub mod watch;
