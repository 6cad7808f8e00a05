//! The chat bot: where it is, what it hears, what it answers.
//!
//! [`hear`] takes lines, [`plan`] reads them, [`Planned::settle`] says what is said, [`say`] puts it into the outbox,
//! [`sender`] says it as fast as Twitch lets it; [`channels`] is about coming and leaving, [`accounts`] about as whom.

pub mod accounts;
mod answer;
mod book;
mod builtins;
mod change;
pub mod channels;
pub mod commands;
mod deleter;
mod draft;
mod drops;
mod dry_run;
pub mod events;
mod facts;
mod fetch;
mod fetcher;
pub mod filters;
pub(crate) mod hear;
pub(crate) mod known;
mod plan;
mod remote;
pub mod respond;
pub mod run;
pub mod say;
pub mod sender;
pub mod settings;
mod shelf;
mod stamp;
pub(crate) mod tell;
pub mod timers;
pub mod tokens;
pub mod transfer;

pub use answer::Called;
pub use dry_run::{Rehearsed, Role, rehearse};
pub use fetcher::Fetcher;
pub use plan::{PlanError, Planned, judge, plan, plan_named};
pub use shelf::Books;
