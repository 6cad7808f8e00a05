//! The binary `streammaxing`: dev, serve, migrate, trigger, with-postgres.

pub mod api_reference;
pub mod dashboard;
pub mod dev;
mod dev_page;
pub mod log_lines;
pub mod run;
pub mod world;
