//! Servers: who may change them, the bot coming and going, and what they offer to choose from.

pub mod access;
pub mod install;
pub(crate) mod offer;
pub mod places;
pub mod presence;
pub mod purge;
pub(crate) mod reconcile;
pub mod wishes;
