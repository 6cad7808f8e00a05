//! Commands and buttons on Discord: what members and admins do without leaving it.
//!
//! [`door::answer`] takes each interaction once and answers within 3 seconds. What has to ask Discord or Twitch is
//! written down and answered later by [`follow_up`]. Everything is saved by the same functions as at the dashboard.

mod adding;
mod admin;
mod asked;
mod completion;
mod deferral;
pub mod definitions;
mod doing;
pub mod door;
pub mod follow_up;
mod language;
mod member;
pub mod presses;
mod refusal;
pub mod registration;
mod set_up;
mod streamers;
mod task;
mod trial;
mod why;
