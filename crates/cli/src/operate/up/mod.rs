//! `up`: from nothing to the first test message.
//!
//! Each answer is tried before it is kept, and kept before the next question: whoever leaves goes on where they were. Every step
//! can be done again.

pub(crate) mod answers;
mod aws;
mod finish;
mod first_message;
pub(crate) mod interview;
pub(crate) mod kit;
pub(crate) mod questions;
mod release;
mod server;
pub(crate) mod service;
pub(crate) mod trial;
mod wait;

use super::settings;
use crate::output::{Error, Mark, say};
use clap::Subcommand;
use interview::Interview;
use questions::{BOT_TOKEN, DISCORD_SECRET, TWITCH_ID, TWITCH_SECRET};
use sm_discord::Application;
use sm_lambda::Config;
use std::process::ExitCode;
use trial::Remotes;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum Place {
    /// On AWS: deploys the stack, from a release or from this repository.
    Aws(aws::Args),
    /// On this machine, beside a Postgres and behind a proxy that speaks TLS.
    Server(server::Args),
}

pub(super) async fn run(args: Args) -> Result<ExitCode, Error> {
    match args.place {
        Place::Aws(args) => aws::run(&args).await,
        Place::Server(args) => server::run(&args).await,
    }?;
    Ok(ExitCode::SUCCESS)
}

/// The applications at Discord and Twitch. Twitch's id comes before its secret: a wrong one would make every secret look
/// wrong. Id and key of Discord's are asked of Discord.
async fn ask_applications(
    interview: &mut Interview,
    remotes: &Remotes,
) -> Result<(Application, String), Error> {
    let token = async |token: &str| remotes.bot_token(token).await;
    let application = interview.settle(&BOT_TOKEN, "", token).await?;
    let secret = async |secret: &str| remotes.discord_secret(&application.id, secret).await;
    interview.settle(&DISCORD_SECRET, "", secret).await?;
    let known =
        async |id: &str| remotes.twitch_id(id).await.map(|(found, ())| (found, id.to_owned()));
    let id = interview.settle(&TWITCH_ID, "", known).await?;
    let secret = async |secret: &str| remotes.twitch_secret(&id, secret).await;
    interview.settle(&TWITCH_SECRET, "", secret).await?;
    Ok((application, id))
}

/// Brings the database up to date.
async fn migrate(config: &Config) -> Result<(), Error> {
    let pool = settings::pool(&config.secrets()?.database_url)?;
    sm_db::migrate(&pool).await?;
    pool.close().await;
    say(&format!("{} {:22} is up to date", Mark::Good.symbol(), "database"));
    Ok(())
}
