//! The chat bot's own language: lines, levels, commands, and what text may leave it.

mod book;
mod builtin;
mod command;
mod level;
mod line;
pub mod text;
mod variable;

pub use book::{Asks, Book, BookSettings, Entry, Hit, MAX_PREFIX, Silence, Target, Waits};
pub use builtin::{Builtin, BuiltinSettings};
pub use command::{Command, CommandId, Fetch, Order, Person, When};
pub use level::{Badge, Level};
pub use line::{Chatter, Fragment, FragmentKind, Heard, Line, Parent, Source};
pub use variable::{About, Arguments, Response, VARIABLES, Variable, is_key};
