//! The Lambda binary: settings once, build the app, classify the event, dispatch.

mod build;
pub mod config;
mod database_url;
pub mod dispatch;
pub mod env_file;
mod event;
pub mod logging;
pub mod ops;
pub mod secret_names;
mod websocket;

pub use build::{build_app, complete, doorbell, lazy_app, pool};
pub use config::Config;
