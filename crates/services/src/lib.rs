//! Work with several steps or several callers: acceptance, fan-out, delivery, healing.
//!
//! A go-live goes through [`announce`]; [`jobs`] run it, woken by the doorbell, and find what a lost ring
//! has left behind.

pub mod accounts;
pub mod admission;
pub mod announce;
mod app;
pub mod audit;
pub mod backoff;
pub mod chat;
pub mod doubts;
mod fitness;
pub mod guilds;
pub mod interactions;
pub mod jobs;
mod lazy;
pub mod limits;
pub mod live;
mod security_event;
pub mod setup;
mod shares;
pub mod streamers;
mod twitch_token;
mod zones;

pub use announce::preflight::{Health, check};
pub use app::{App, Parts, Settings};
pub use lazy::{KNOWN_EVERYWHERE_AFTER, LazyApp};
pub use security_event::SecurityEvent;
pub use twitch_token::twitch_answers;
