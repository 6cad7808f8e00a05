//! `secrets`: makes, completes, rotates and checks the secret settings.
//!
//! A value that lies in Secrets Manager is never shown. Without Secrets Manager, lines for an environment
//! file are printed, which hold what was just made.

mod bootstrap;
mod check;
mod rotate;
pub(super) mod store;

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
    /// Make and ask for what is missing, and change nothing that is set.
    ///
    /// A value in the environment under its own name is taken from there. Without SECRETS_ARN, print lines
    /// for an environment file.
    Bootstrap {
        /// Change nothing, and tell the names of what would be set.
        #[arg(long)]
        dry_run: bool,
    },
    /// Check shape, strength and, where it is known, age; tell where a rotation is under way.
    Check,
    /// Put a new value before the one in use, which stays valid; ask for one that we do not make.
    Rotate(rotate::Args),
}

pub(super) async fn run(args: &Args, settings: &Settings) -> Result<ExitCode, Error> {
    match &args.command {
        Command::Bootstrap { dry_run } => bootstrap::run(settings, *dry_run, args.format).await,
        Command::Check => check::run(settings, args.format).await,
        Command::Rotate(rotate) => rotate::run(rotate, settings, args.format).await,
    }
}
