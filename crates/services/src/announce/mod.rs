//! The way of an announcement: [`accept`] → [`expand`] → [`deliver`], and what is done about it later.

pub mod accept;
mod announcement;
mod attempt;
pub mod deliver;
mod details;
pub mod expand;
pub(crate) mod gate;
mod happenings;
mod held;
mod lookup;
mod outcome;
pub(crate) mod parts;
pub mod preflight;
mod record;
pub mod recover;
mod remark;
mod render;
pub(crate) mod replay;
pub mod resend;
pub mod restore;
mod rules;
pub mod samples;
