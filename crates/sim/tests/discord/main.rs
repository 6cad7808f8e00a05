//! The simulated Discord over real HTTP: what a bot and a person see of it.

#![expect(clippy::unwrap_used, reason = "a test fails where something is wrong, helpers included")]

mod bearer;
mod bot;
mod consent_page;
mod contract;
mod control;
mod faults;
mod install;
mod limits;
mod members;
mod messages;
mod oauth;
mod permissions;
mod person;
mod resources;
mod tokens;
mod unkind;
mod webhook_events;
