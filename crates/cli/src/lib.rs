//! The binary `streammaxing`: dev, serve, and the operator's commands.

pub mod api_reference;
pub mod dashboard;
pub mod dev;
mod dev_page;
pub mod listen;
pub mod log_lines;
pub mod monitoring;
pub mod operate;
pub mod output;
pub mod progress;
pub mod run;
pub mod site;
pub mod socket;
pub mod watchdog;
pub mod world;
