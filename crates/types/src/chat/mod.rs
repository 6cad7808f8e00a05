//! The chat bot's own language: lines, levels, commands, and what text may leave it.

mod command;
mod level;
mod line;
pub mod text;
mod variable;

pub use command::{Command, CommandId, Order, When};
pub use level::Level;
pub use line::{Badge, Chatter, Fragment, FragmentKind, Heard, Line, Parent, Source};
pub use variable::{About, Arguments, Response, VARIABLES, Variable, is_key};
