//! Live updates: what was told, who listens, and the rooms.

pub mod connections;
pub mod listener;
pub mod pushes;
pub mod shouts;
pub mod topics;
