//! The operator's commands: `doctor`, `smoke`, `deliveries recover` and the like.
//!
//! They take the same settings as `serve`. They end with 0 when all is well, 1 when there is a problem
//! and 2 when they were called wrongly. What deletes something tells what it would do, until `--yes`.

mod addresses;
mod deliveries;
mod doctor;
mod guilds;
mod migrations;
mod restored;
mod secrets;
mod smoke;
mod subscriptions;
mod urls;
mod users;

pub use addresses::Addresses;

use crate::{
    log_lines,
    output::{Error, Format},
};
use clap::Subcommand;
use sm_lambda::Config;
use sm_services::App;
use sm_types::Clock;
use std::{io::IsTerminal, process::ExitCode};
use tracing::level_filters::LevelFilter;

/// What an operator does.
#[derive(Debug, Subcommand)]
pub enum Operate {
    /// Print which address belongs where in the consoles of Twitch and Discord.
    Urls(urls::Args),
    /// Check settings, database, Discord, Twitch and our own address; each problem comes with its remedy.
    Doctor(Format),
    /// Try a running product from outside; changes nothing.
    Smoke(smoke::Args),
    /// Look after the secret settings; never prints one.
    Secrets(secrets::Args),
    /// Bring the database up to date.
    Migrate(migrations::Args),
    /// Take up what was posted since the copy that the database was restored from was made.
    Restored(restored::Args),
    /// Look after the EventSub subscriptions at Twitch.
    Subscriptions(subscriptions::Args),
    /// See what became of announcements, and send them again.
    Deliveries(deliveries::Args),
    /// Hand over or delete what is stored about a person.
    User(users::Args),
    /// Hand over or delete what is stored about a Discord server.
    Guild(guilds::Args),
}

/// Does it.
pub async fn run(command: Operate) -> Result<ExitCode, Error> {
    log_lines::init(LevelFilter::WARN, std::io::stderr().is_terminal());
    match command {
        Operate::Urls(args) => urls::run(&args),
        Operate::Doctor(format) => doctor::run(format).await,
        Operate::Smoke(args) => smoke::run(&args).await,
        Operate::Secrets(args) => secrets::run(&args).await,
        Operate::Migrate(args) => migrations::run(&args).await,
        Operate::Restored(args) => restored::run(&args).await,
        Operate::Subscriptions(args) => subscriptions::run(args).await,
        Operate::Deliveries(args) => deliveries::run(args).await,
        Operate::User(args) => users::run(&args).await,
        Operate::Guild(args) => guilds::run(&args).await,
    }
}

/// The product as `serve` would run it.
async fn app() -> Result<App, Error> {
    let config = sm_lambda::complete(Config::from_env()?).await?;
    Ok(sm_lambda::build_app(&config, Clock::system())?)
}

/// 0 when all is well, 1 when not.
fn exit(well: bool) -> ExitCode {
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
