//! What runs without being asked: the [`worker`], woken by the doorbell, and the minute [`sweep`] with the
//! jobs of the [`schedule`].

mod clean_up;
mod health;
pub mod schedule;
pub mod step;
pub mod sweep;
pub mod worker;

pub use health::{Health, Job};
