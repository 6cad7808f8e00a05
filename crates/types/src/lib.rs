//! Ids, value types, the message template and its limits; no I/O.

pub mod address;
pub mod announcement;
pub mod chat;
mod clock;
mod ids;
pub mod json;
pub mod live;
pub mod rules;
mod secret;
pub mod template;

pub use clock::Clock;
pub use ids::*;
pub use secret::Secret;
