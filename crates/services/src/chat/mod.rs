//! The chat bot: what it answers. [`plan`] reads a line, [`Planned::settle`] says what is said.

mod answer;
mod book;
mod builtins;
mod change;
pub mod commands;
mod draft;
mod dry_run;
mod facts;
mod fetch;
pub mod filters;
mod plan;
mod remote;
pub mod settings;
mod stamp;
pub mod tokens;
pub mod transfer;

pub use answer::Called;
pub use book::Books;
pub use dry_run::{Rehearsed, Role, rehearse};
pub use fetch::Fetcher;
pub use plan::{PlanError, Planned, judge, plan, plan_named};
