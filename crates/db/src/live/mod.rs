//! Live updates: what was told, who listens, and the rooms.

pub mod connections;
pub mod feeds;
pub mod shouts;
pub mod topics;
