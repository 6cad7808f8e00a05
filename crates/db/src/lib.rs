//! Postgres: one module of plain functions per table family.
//!
//! Functions that read or write once take `impl PgExecutor<'_>`. Times are handed in, so that a
//! test moves them; only the rate gate reads the database's own clock, which all workers share.

pub mod acceptance;
pub mod deliveries;
pub mod destinations;
pub mod events;
pub mod gate;
pub mod guilds;
mod migrations;
pub mod sessions;
pub mod streamers;
pub mod subscriptions;
pub mod tokens;

pub use migrations::{MIGRATOR, migrate};
pub use sqlx::PgPool;
