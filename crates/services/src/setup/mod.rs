//! What admins set up: checked whole before anything is stored, and saved against the revision it was
//! made from.

pub mod config;
pub mod overrides;
pub mod problem;
pub mod templates;

pub use problem::{Problem, SaveError};
