//! The binary `streammaxing`: dev, serve, migrate, trigger, with-postgres.

pub mod dev;
pub mod run;
pub mod world;
