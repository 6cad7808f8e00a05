//! `down`: takes away what `up` has set up: subscriptions at Twitch, Discord's events, and what runs. The database stays.

mod aws;
mod server;

use super::{CalledWrongly, addresses::Addresses, settings, up::interview::Interview};
use crate::output::{Error, Mark, say};
use clap::Subcommand;
use sm_discord::EventWebhooks;
use sm_lambda::Config;
use sm_services::{App, interactions::registration};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum Place {
    /// A stack on AWS.
    Aws(aws::Args),
    /// The installation on this machine.
    Server(server::Args),
}

/// What both have in common.
#[derive(Debug, clap::Args)]
struct Common {
    /// The name of what is to be taken away, so that nothing else is.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Delete the product's tables too, with everything that servers have set up.
    #[arg(long)]
    with_data: bool,
}

pub(super) async fn run(args: Args) -> Result<ExitCode, Error> {
    match args.place {
        Place::Aws(args) => aws::run(&args).await,
        Place::Server(args) => server::run(&args).await,
    }?;
    Ok(ExitCode::SUCCESS)
}

/// Goes on only with the right name, given or typed.
fn confirm(common: &Common, interview: &Interview, name: &str) -> Result<(), Error> {
    let data = if common.with_data { ", and everything in its database" } else { "" };
    let typed = match &common.name {
        Some(given) => Some(given.clone()),
        None => {
            interview.ask_once(&format!("This takes {name} away{data}. Type {name} to go on: "))?
        }
    };
    match typed.as_deref() {
        Some(typed) if typed == name => Ok(()),
        Some(other) => {
            Err(CalledWrongly(format!("this is {name}, and not {other}: nothing was taken away"))
                .into())
        }
        None => {
            Err(CalledWrongly(format!("nobody is there to be asked: say --name {name}")).into())
        }
    }
}

/// Ends what Twitch and Discord send here. What runs must have stopped: it would subscribe anew.
async fn unsubscribe(app: &App, config: &Config) -> Result<(), Error> {
    let ended = sm_services::streamers::reconcile::end_all(app).await?;
    say(&format!("{} {:22} {ended} ended at Twitch", Mark::Good.symbol(), "subscriptions"));
    let at = Addresses::below(&config.public_base_url);
    let found = app.discord.application().await?.body;
    if found.event_webhooks_url.as_deref() == Some(at.discord_events.as_str()) {
        app.discord.edit_application(&EventWebhooks::off()).await?;
        say(&format!("{} {:22} are off", Mark::Good.symbol(), "discord events"));
    }
    if found.interactions_endpoint_url.as_deref() == Some(at.discord_interactions.as_str()) {
        app.discord.set_interactions_url(None).await?;
        registration::unregister(app).await?;
        say(&format!("{} {:22} are gone", Mark::Good.symbol(), "discord commands"));
    }
    Ok(())
}

/// Deletes the tables, or says that they stay.
async fn data(common: &Common, config: &Config) -> Result<(), Error> {
    if !common.with_data {
        say(&format!("{} {:22} stays as it is", Mark::Warning.symbol(), "database"));
        return Ok(());
    }
    let pool = settings::pool(&config.secrets()?.database_url)?;
    sm_db::migrations::remove(&pool).await?;
    pool.close().await;
    say(&format!("{} {:22} has nothing of ours any more", Mark::Good.symbol(), "database"));
    Ok(())
}

/// What is for somebody else to take away.
fn say_what_stays(config: &Config) {
    let at = Addresses::below(&config.public_base_url);
    say(&format!(
        "What stays, for you to take away: the redirects {} (Discord, OAuth2) and {} (Twitch), the bot's place in \
         servers, and both applications",
        at.discord_redirect, at.twitch_redirect
    ));
}
