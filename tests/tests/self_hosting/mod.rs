//! On one server: set-up, what `serve` hands out, what it says when it cannot start, and the proxies in front of it.

mod database;
pub(crate) mod docs;
mod embedded;
mod files;
mod process;
mod proxies;
mod setup;
