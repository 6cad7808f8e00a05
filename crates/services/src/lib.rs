//! Work with several steps or several callers: acceptance, fan-out, delivery, healing.
//!
//! The way of a go-live: [`acceptance`] → [`expansion`] → [`delivery`]; [`worker`] runs the last
//! two, woken by the doorbell, and [`sweep`] finds what a lost ring has left behind.

pub mod acceptance;
pub mod accounts;
mod app;
pub mod audit;
pub mod delivery;
mod details;
pub mod expansion;
mod gate;
pub mod guilds;
mod lazy;
pub mod limits;
mod preflight;
pub mod recover;
mod rendering;
pub mod resend;
pub mod restore;
pub mod samples;
mod security_event;
pub mod setup;
pub mod streamers;
pub mod sweep;
mod twitch_token;
pub mod worker;

pub use app::{App, Parts, Settings};
pub use lazy::{KNOWN_EVERYWHERE_AFTER, LazyApp};
pub use preflight::{Health, check};
pub use security_event::SecurityEvent;
pub use twitch_token::twitch_answers;
