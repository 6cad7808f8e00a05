//! What runs without being asked: the [`worker`], woken by the doorbell, and the minute [`sweep`].

mod health;
pub mod sweep;
pub mod worker;

pub use health::{Health, Job};
