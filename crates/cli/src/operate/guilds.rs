//! `guild`: what is stored about a Discord server, to hand over or to delete.

use super::settings::Settings;
use crate::{
    output::{Error, Format, print},
    progress::Progress,
};
use clap::Subcommand;
use serde_json::json;
use sm_api::{
    ApiError,
    server_file::{self, Change, ChangeKind, Others, Part},
};
use sm_db::guilds::Table;
use sm_services::{
    App,
    audit::Actor,
    guilds::{install, purge},
    setup::{Problem, SaveError, whole},
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
    /// Print a server's configuration as a file (YAML), for `apply`.
    Config {
        /// The server's id.
        guild: GuildId,
    },
    /// Take a server's configuration from a file, as `config` and the dashboard write it: all of it, or on any problem
    /// nothing.
    Apply {
        /// The server's id.
        guild: GuildId,
        /// The file (YAML); `-`: what is piped in.
        file: String,
        /// Remove templates and streamers that a list in the file lacks.
        #[arg(long)]
        remove_others: bool,
        /// Do it; without this, tell what would change.
        #[arg(long)]
        yes: bool,
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
    match &args.command {
        Command::Export { guild } => export(&app, *guild).await?,
        Command::Config { guild } => print(&config(&app, *guild).await?)?,
        Command::Apply { guild, file, remove_others, yes } => {
            let others = if *remove_others { Others::Go } else { Others::Stay };
            apply(&app, *guild, file, (others, *yes), args.format).await?;
        }
        Command::Purge { guild, leave, yes } => {
            delete(&app, *guild, *leave, *yes, args.format).await?;
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

async fn whole_of(app: &App, guild: GuildId) -> Result<whole::Whole, Error> {
    let found = whole::read(app, guild).await?;
    found.ok_or_else(|| format!("nothing is stored about the server {guild}").into())
}

async fn config(app: &App, guild: GuildId) -> Result<String, Error> {
    let whole = whole_of(app, guild).await?;
    Ok(server_file::export(&whole, &app.settings.public_base_url)?)
}

async fn apply(
    app: &App,
    guild: GuildId,
    file: &str,
    (others, yes): (Others, bool),
    format: Format,
) -> Result<(), Error> {
    let text = if file == "-" {
        std::io::read_to_string(std::io::stdin())?
    } else {
        std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?
    };
    let old = whole_of(app, guild).await?;
    let plan = server_file::plan(&old, &text, others).map_err(|error| match error {
        ApiError::Invalid(problems) => wrong(&problems),
        other => format!("{other:?}").into(),
    })?;
    let saved = whole::save(app, guild, &old, plan.wanted, !yes, &Actor::operator()).await;
    saved.map_err(|error| match error {
        SaveError::Invalid(problems) => wrong(&problems),
        other => other.into(),
    })?;
    let json =
        json!({ "guild": guild, "applied": yes, "changes": plan.changes, "kept": plan.kept });
    format.print(&json, || told(&plan.changes, plan.kept, yes))
}

/// Every problem with its place, a line each.
fn wrong(problems: &[Problem]) -> Error {
    let line = |problem: &Problem| format!("\n  {}: {}", problem.field, problem.message);
    let lines: String = problems.iter().map(line).collect();
    format!("nothing was changed:{lines}").into()
}

fn told(changes: &[Change], kept: usize, yes: bool) -> String {
    let mut text = String::new();
    for change in changes {
        let sign = match change.kind {
            ChangeKind::Added => '+',
            ChangeKind::Changed => '~',
            ChangeKind::Removed => '-',
        };
        let part = match change.part {
            Part::Settings => "settings",
            Part::Template => "template",
            Part::Streamer => "streamer",
        };
        let name = change.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
        text.push_str(&format!("{sign} {part}{name}\n"));
        for field in &change.fields {
            text.push_str(&format!("    {}: {} → {}\n", field.field, field.before, field.after));
        }
    }
    if changes.is_empty() {
        text.push_str("the server is as the file says\n");
    } else if yes {
        text.push_str("applied\n");
    } else {
        text.push_str("nothing was changed: add --yes to do it\n");
    }
    if kept > 0 {
        text.push_str(&format!(
            "{kept} that the file lacks stay; --remove-others takes them out\n"
        ));
    }
    text
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
