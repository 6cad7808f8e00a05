//! `guild`: what is stored about a Discord server, to hand over or to delete.

use super::settings::Settings;
use crate::{
    output::{Error, Format, print},
    progress::Progress,
};
use clap::Subcommand;
use serde_json::json;
use sm_db::guilds::Table;
use sm_services::{
    App,
    audit::Actor,
    guilds::{install, purge},
};
use sm_types::GuildId;
use std::process::ExitCode;

/// Rows read at once.
const PAGE: i64 = 1_000;

/// A server, by its Discord id.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print everything that is stored about a server, as JSON.
    Export {
        /// The server's id.
        guild: GuildId,
    },
    /// Delete a server with its set-up, history, log and its members' wishes.
    Purge {
        /// The server's id.
        guild: GuildId,
        /// Let the bot leave the server too; where it stays, the server is soon set up anew.
        #[arg(long)]
        leave: bool,
        /// Do it; without this, tell what would be deleted.
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(args: &Args, settings: &Settings) -> Result<ExitCode, Error> {
    let app = settings.app().await?;
    match args.command {
        Command::Export { guild } => export(&app, guild).await?,
        Command::Purge { guild, leave, yes } => {
            delete(&app, guild, leave, yes, args.format).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Page by page: a server's history may be larger than memory.
async fn export(app: &App, guild: GuildId) -> Result<(), Error> {
    known(app, guild).await?;
    for (turn, table) in Table::ALL.into_iter().enumerate() {
        print(&format!("{}{}: [", if turn == 0 { "{\n" } else { "],\n" }, json!(table.name())))?;
        let (mut after, mut first) = (String::new(), true);
        loop {
            let rows = sm_db::guilds::export(&app.pool, guild, table, &after, PAGE).await?;
            let Some((last, _)) = rows.last() else { break };
            after.clone_from(last);
            for (_, row) in rows {
                print(&format!("{}{row}", if first { "\n  " } else { ",\n  " }))?;
                first = false;
            }
        }
    }
    print("]\n}\n")
}

async fn known(app: &App, guild: GuildId) -> Result<String, Error> {
    let name = sm_db::guilds::name(&app.pool, guild).await?;
    name.ok_or_else(|| format!("nothing is stored about the server {guild}").into())
}

async fn delete(
    app: &App,
    guild: GuildId,
    leave: bool,
    yes: bool,
    format: Format,
) -> Result<(), Error> {
    let name = known(app, guild).await?;
    let held = sm_db::jobs::retention::count_guild(&app.pool, guild).await?;
    if yes {
        if leave {
            install::leave(app, guild).await?;
        }
        let mut progress = Progress::new("rows", usize::try_from(held.rows()).unwrap_or(0));
        let count = |rows| (0..rows).for_each(|_| progress.advance());
        purge::run(app, guild, &Actor::operator(), count).await?;
    }
    let json = json!({
        "guild": guild, "name": name, "deleted": yes, "left": yes && leave, "deliveries": held.deliveries,
        "preferences": held.preferences, "audit_entries": held.audit_entries,
    });
    format.print(&json, || {
        let (verb, hint) = if yes { ("deleted", "") } else { ("would delete", "\nnothing was changed: add --yes to do it") };
        format!(
            "{verb} {name} ({guild}): its set-up, {} deliveries, {} wishes and {} entries of the log{hint}\n",
            held.deliveries, held.preferences, held.audit_entries
        )
    })
}
