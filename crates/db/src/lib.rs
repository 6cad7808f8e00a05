//! Postgres: one module of plain functions per table family.
//!
//! Functions that read or write once take `impl PgExecutor<'_>`. Times are handed in, so that a
//! test moves them; only the rate gate reads the database's own clock, which all workers share.

pub mod acceptance;
pub mod audit;
pub mod config;
pub mod deliveries;
pub mod destinations;
pub mod events;
pub mod follows;
pub mod gate;
pub mod guilds;
pub mod history;
pub mod invites;
pub mod jobs;
pub mod limits;
pub mod members;
pub mod migrations;
pub mod preferences;
pub mod restore;
pub mod retention;
pub mod sessions;
pub mod status;
pub mod stream_sessions;
pub mod streamers;
pub mod subscriptions;
pub mod templates;
pub mod tokens;
pub mod users;

pub use migrations::{MIGRATOR, migrate};
pub use sqlx::{Error, PgPool};
