//! `migrate`: brings the database up to date, or tells what that would do.

use super::{
    exit,
    settings::{self, Settings},
};
use crate::output::{Error, Format, say};
use serde_json::json;
use sm_db::{fitness::obstacle_to_migrating, migrations::State};
use sm_types::Secret;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Change nothing, and list what would be done.
    #[arg(long, visible_alias = "dry-run")]
    plan: bool,
    #[command(flatten)]
    format: Format,
}

pub(super) async fn run(args: &Args, settings: &Settings) -> Result<ExitCode, Error> {
    let url = database_url(settings).await?;
    let pool = settings::pool(&url)?;
    let mut db = pool.acquire().await?;
    let before = sm_db::migrations::state(&mut db).await?;
    let found = obstacle_to_migrating(&mut db, !before.pending.is_empty()).await?;
    drop(db);
    if let Some(obstacle) = found {
        return Err(obstacle.to_string().into());
    }
    if !args.plan {
        sm_db::migrate(&pool).await?;
    }
    let pending: Vec<_> = before
        .pending
        .iter()
        .map(|(version, what)| json!({ "version": version, "what": what }))
        .collect();
    let json = json!({
        "applied": before.applied, "pending": if args.plan { pending.clone() } else { Vec::new() },
        "done": if args.plan { Vec::new() } else { pending }, "newer": before.unknown, "broken": before.broken,
    });
    args.format.print(&json, || if args.plan { plan(&before) } else { String::new() })?;
    if !args.plan {
        say("the database is up to date");
    }
    Ok(exit(before.broken.is_empty()))
}

/// Only this setting is needed, so that a database can be prepared before everything else is.
async fn database_url(settings: &Settings) -> Result<Secret, Error> {
    if let Some(url) = settings.get("DATABASE_URL") {
        return Ok(Secret::new(url));
    }
    if settings.get("SECRETS_ARN").is_none() {
        return Err("set DATABASE_URL to the database to migrate".into());
    }
    let config = settings.complete().await?;
    Ok(config.secrets()?.database_url.clone())
}

fn plan(state: &State) -> String {
    let mut text = format!("{} migrations are done", state.applied);
    text += &match state.pending.len() {
        0 => ", none is pending\n".to_owned(),
        count => format!(", {count} pending:\n"),
    };
    for (version, what) in &state.pending {
        text += &format!("  {version:04}  {what}\n");
    }
    if !state.unknown.is_empty() {
        text += &format!("a newer version of the product has done {:?}\n", state.unknown);
    }
    if !state.broken.is_empty() {
        text +=
            &format!("these broke off, or have changed since they were done: {:?}\n", state.broken);
    }
    text
}
