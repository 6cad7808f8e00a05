//! The way of an announcement through the database: accepted, expanded, delivered, remembered.

pub mod acceptance;
pub mod claim;
pub(crate) mod clauses;
pub mod deliveries;
pub mod events;
pub mod expansion;
pub mod gate;
pub mod held;
pub mod history;
pub mod posted;
pub mod replay;
pub mod restore;
pub mod stream_sessions;
