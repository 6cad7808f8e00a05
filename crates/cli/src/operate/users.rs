//! `user`: what is stored about a person, to hand over or to delete.

use super::settings::Settings;
use crate::output::{Error, Format};
use clap::Subcommand;
use serde_json::json;
use sm_services::accounts::personal_data;
use sm_types::UserId;
use std::process::ExitCode;

/// A person, by their Discord id.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print everything that is stored about a person, as JSON; tokens are not in it.
    Export {
        /// The person's Discord id.
        user: UserId,
    },
    /// Delete a person: tokens are revoked, sessions end, wishes go, the log forgets who it was.
    Delete {
        /// The person's Discord id.
        user: UserId,
        /// Do it; without this, tell what would be deleted.
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(args: &Args, settings: &Settings) -> Result<ExitCode, Error> {
    let app = settings.app().await?;
    let (Command::Export { user } | Command::Delete { user, .. }) = args.command;
    let known = sm_db::accounts::users::find(&app.pool, user).await?;
    let holdings = sm_db::accounts::users::holdings(&app.pool, user).await?;
    let nothing = known.is_none() && holdings.preferences + holdings.audit_entries == 0;
    if nothing {
        return Err(format!("nothing is stored about {user}").into());
    }
    let Command::Delete { yes, .. } = args.command else {
        let known = known.unwrap_or_else(|| unnamed(user));
        let data = personal_data::export(&app, &known).await?;
        Format { json: true }.print(&data, String::new)?;
        return Ok(ExitCode::SUCCESS);
    };
    if yes {
        personal_data::delete(&app, user).await?;
    }
    let json = json!({
        "user": user, "deleted": yes, "sessions": holdings.sessions, "guilds": holdings.guilds,
        "preferences": holdings.preferences, "audit_entries": holdings.audit_entries,
    });
    args.format.print(&json, || {
        let (verb, hint) = if yes { ("deleted", "") } else { ("would delete", "\nnothing was changed: add --yes to do it") };
        format!(
            "{verb} {} sessions, {} listed servers and {} wishes, and the name in {} entries of the log{hint}\n",
            holdings.sessions, holdings.guilds, holdings.preferences, holdings.audit_entries
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Somebody who is known by wishes or log entries only.
fn unnamed(user: UserId) -> sm_db::accounts::users::User {
    sm_db::accounts::users::User {
        user_id: user,
        username: String::new(),
        global_name: None,
        avatar: None,
    }
}
