//! Interactions: what people do on Discord with the application's commands and buttons, and what it answers.

mod command;
mod payload;
mod response;

pub use command::{Command, CommandOption, Kind, Localized, differences, kept};
pub use payload::{Given, Interaction, Invocation, Member, Place, Pressed, Request, Submitted};
pub use response::{Button, Choice, Modal, Reply, Response, Style};
