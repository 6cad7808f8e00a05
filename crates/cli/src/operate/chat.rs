//! `chat`: as whom the chat bot speaks.

use super::settings::Settings;
use crate::output::{Error, Format, say};
use clap::Subcommand;
use serde_json::json;
use sm_services::{App, chat::accounts};
use std::{process::ExitCode, time::Duration};
use tokio::time::{Instant, sleep};

/// The chat bot.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Link the account that the bot speaks as: open the page that is printed, signed in to Twitch as that account.
    Login {
        /// The login, or id, of the account. Another is refused: a browser may be signed in as somebody else.
        #[arg(long)]
        expect: String,
    },
    /// Show the account that the bot speaks as.
    Status,
}

pub(super) async fn run(args: Args, settings: &Settings) -> Result<ExitCode, Error> {
    let app = settings.app().await?;
    match args.command {
        Command::Login { expect } => login(&app, &expect, args.format).await,
        Command::Status => status(&app, args.format).await,
    }
}

async fn login(app: &App, expect: &str, format: Format) -> Result<ExitCode, Error> {
    let device = accounts::begin_link(app).await?;
    say(&format!(
        "Open this page signed in to Twitch as {expect}, and agree. The code is {}.\n{}",
        device.user_code, device.verification_uri
    ));
    let until = Instant::now() + Duration::from_secs(device.expires_in.clamp(60, 1_800));
    while Instant::now() < until {
        if let Some(owner) = accounts::finish_link(app, &device, expect).await? {
            let json = json!({ "bot_id": owner.user_id, "login": owner.login });
            format.print(&json, || format!("the chat bot speaks as {}\n", owner.login))?;
            return Ok(ExitCode::SUCCESS);
        }
        sleep(Duration::from_secs(device.interval.clamp(1, 30))).await;
    }
    Err("nobody has agreed in time: try again".into())
}

async fn status(app: &App, format: Format) -> Result<ExitCode, Error> {
    let found = accounts::service(app).await?;
    let json = json!(
        found
            .as_ref()
            .map(|(id, login, ready)| { json!({ "bot_id": id, "login": login, "ready": ready }) })
    );
    format.print(&json, || match &found {
        Some((_, login, true)) => format!("the chat bot speaks as {login}\n"),
        Some((_, login, false)) => format!("{login} has withdrawn its grant: link it again\n"),
        None => "no account is linked: streammaxing chat login --expect LOGIN\n".to_owned(),
    })?;
    Ok(if found.is_some_and(|(.., ready)| ready) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
