//! Postgres: one module of plain functions per table family.
//!
//! Functions that read or write once take `impl PgExecutor<'_>`. Times are handed in, so that a
//! test moves them; only the rate gate reads the database's own clock, which all workers share.

pub mod accounts;
pub mod announce;
pub mod audit;
pub mod chat;
pub mod doubts;
pub mod fitness;
pub mod guilds;
pub mod interactions;
pub mod jobs;
pub mod lease;
pub mod limits;
pub mod live;
pub mod migrations;
mod pool;
pub mod route;
mod session;
mod statement;
pub mod streamers;

pub use migrations::{MIGRATOR, migrate};
pub use pool::{Pool, PoolLimits};
pub use session::{Session, Transaction, is_given_up};
pub use sqlx::Error;
