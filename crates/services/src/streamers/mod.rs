//! Streamers: finding them, following them, and staying subscribed to what they do.

pub mod linking;
pub mod lookup;
pub mod reconcile;
pub mod subscriptions;
