//! The operator's commands: `doctor`, `smoke`, `deliveries recover` and the like.
//!
//! They take the same settings as `serve`, or with `--stack` those of a stack on AWS. They end with 0 when all is well, 1 when there is a problem
//! and 2 when they were called wrongly. What deletes something tells what it would do, until `--yes`.

mod addresses;
mod chat;
mod commands;
mod deliveries;
mod dlq;
mod doctor;
mod down;
mod guilds;
mod migrations;
mod restored;
mod secrets;
mod settings;
mod smoke;
mod subscriptions;
mod up;
mod urls;
mod users;

pub use addresses::Addresses;

use crate::{
    log_lines,
    output::{Error, Format, say},
};
use clap::Subcommand;
use settings::With;
use std::{fmt, io::IsTerminal, process::ExitCode};
use tracing::level_filters::LevelFilter;

/// What an operator does.
#[derive(Debug, Subcommand)]
pub enum Operate {
    /// From nothing to the first test message: asks, tries each answer, sets everything up, and waits until it works.
    Up(Box<up::Args>),
    /// Take away what `up` has set up.
    Down(Box<down::Args>),
    /// Print which address belongs where in the consoles of Twitch and Discord.
    Urls(With<urls::Args>),
    /// Check settings, AWS, database, Discord, Twitch and our own address; each problem comes with its remedy.
    Doctor(With<Format>),
    /// Try a running product from outside; changes nothing.
    Smoke(With<smoke::Args>),
    /// Make, complete, rotate and check the secret settings.
    Secrets(With<secrets::Args>),
    /// Bring the database up to date.
    Migrate(With<migrations::Args>),
    /// Take up what was posted since the copy that the database was restored from was made.
    Restored(With<restored::Args>),
    /// Look after the EventSub subscriptions at Twitch.
    Subscriptions(With<subscriptions::Args>),
    /// Link the account that the chat bot speaks as.
    Chat(With<chat::Args>),
    /// Register the slash commands at Discord, where they are not registered so already.
    Commands(With<commands::Args>),
    /// See what became of announcements, and send them again.
    Deliveries(With<deliveries::Args>),
    /// Look after rings of the doorbell that have failed too often.
    Dlq(With<dlq::Args>),
    /// Hand over or delete what is stored about a person.
    User(With<users::Args>),
    /// Hand over or delete what is stored about a Discord server.
    Guild(With<guilds::Args>),
}

pub async fn run(command: Operate) -> Result<ExitCode, Error> {
    log_lines::init(LevelFilter::WARN, std::io::stderr().is_terminal());
    match dispatch(command).await {
        Err(error) if error.is::<CalledWrongly>() => {
            say(&format!("streammaxing: {error}"));
            Ok(ExitCode::from(2))
        }
        outcome => outcome,
    }
}

async fn dispatch(command: Operate) -> Result<ExitCode, Error> {
    match command {
        Operate::Up(args) => up::run(*args).await,
        Operate::Down(args) => down::run(*args).await,
        Operate::Urls(With { args, source }) => urls::run(&args, &source.settings().await?),
        Operate::Doctor(With { args, source }) => doctor::run(args, &source).await,
        Operate::Smoke(With { args, source }) => smoke::run(&args, &source.settings().await?).await,
        Operate::Secrets(With { args, source }) => {
            secrets::run(&args, &source.settings().await?).await
        }
        Operate::Migrate(With { args, source }) => {
            migrations::run(&args, &source.settings().await?).await
        }
        Operate::Restored(With { args, source }) => {
            restored::run(&args, &source.settings().await?).await
        }
        Operate::Subscriptions(With { args, source }) => {
            subscriptions::run(args, &source.settings().await?).await
        }
        Operate::Deliveries(With { args, source }) => {
            deliveries::run(args, &source.settings().await?).await
        }
        Operate::Chat(With { args, source }) => chat::run(args, &source.settings().await?).await,
        Operate::Commands(With { args, source }) => {
            commands::run(&args, &source.settings().await?).await
        }
        Operate::Dlq(With { args, source }) => dlq::run(&args, &source.settings().await?).await,
        Operate::User(With { args, source }) => users::run(&args, &source.settings().await?).await,
        Operate::Guild(With { args, source }) => {
            guilds::run(&args, &source.settings().await?).await
        }
    }
}

/// A call that lacks something, or asks for what makes no sense.
#[derive(Debug)]
struct CalledWrongly(String);

impl fmt::Display for CalledWrongly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CalledWrongly {}

/// 0 when all is well, 1 when not.
fn exit(well: bool) -> ExitCode {
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
