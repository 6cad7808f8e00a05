//! The simulated Twitch over real HTTP: what an application sees of it.

#![expect(clippy::unwrap_used, reason = "a test fails where something is wrong, helpers included")]

mod application;
mod control;
mod deliveries;
mod helix;
mod oauth;
mod page;
mod subscriptions;
mod switches;
mod unkind;
