//! Postgres: one module of plain functions per table family.
//!
//! Functions that read or write once take `impl PgExecutor<'_>`. Times are handed in, so that a
//! test moves them; only the rate gate reads the database's own clock, which all workers share.

pub mod accounts;
pub mod announce;
pub mod audit;
pub mod guilds;
pub mod jobs;
pub mod lease;
pub mod limits;
pub mod migrations;
pub mod streamers;

pub use migrations::{MIGRATOR, migrate};
pub use sqlx::{Error, PgPool};
