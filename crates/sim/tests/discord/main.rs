//! The simulated Discord over real HTTP: what a bot sees of it.

#![expect(clippy::unwrap_used, reason = "a test fails where something is wrong, helpers included")]

mod bot;
mod contract;
mod control;
mod faults;
mod limits;
mod messages;
mod permissions;
mod resources;
