//! `secrets`: looks after the secret settings, without showing any.

mod check;

use super::settings::Settings;
use crate::output::{Error, Format};
use clap::Subcommand;
use std::process::ExitCode;

/// The secret settings.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check shape, strength and, where it is known, age; tell where a rotation is under way.
    Check,
}

pub(super) async fn run(args: &Args, settings: &Settings) -> Result<ExitCode, Error> {
    match args.command {
        Command::Check => check::run(settings, args.format).await,
    }
}
