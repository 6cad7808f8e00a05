//! What runs without being asked: the [`worker`], woken by the doorbell, and the minute [`sweep`].

pub mod sweep;
pub mod worker;
