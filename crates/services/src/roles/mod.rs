//! Roles on Discord that the bot makes and grants: for pings that people chose, and for who is live.
//!
//! [`plan`] decides, [`run`] hands out work at a server's pace, [`grant`] changes members, [`look`] makes, repairs and
//! deletes roles. No announcement waits for any of it.

pub(crate) mod audience;
mod grant;
mod look;
pub mod plan;
pub mod run;
pub mod seen;
pub mod sweep;
