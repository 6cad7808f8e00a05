//! `subscriptions`: what is subscribed to at Twitch, and whether that is what is followed.

use super::settings::Settings;
use crate::{
    output::{Error, Format, moment, table},
    progress::Progress,
};
use clap::Subcommand;
use serde_json::json;
use sm_db::streamers::subscriptions::Target;
use sm_services::{
    App,
    streamers::{
        reconcile::{self, Drift},
        subscriptions,
    },
};
use sm_twitch::eventsub::Subscription;
use std::process::ExitCode;

/// The subscriptions at Twitch.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what should be subscribed to, beside what Twitch says of it.
    List {
        /// Only those that are not as they should be.
        #[arg(long)]
        problems: bool,
    },
    /// Bring Twitch's subscriptions in line with who is followed, now instead of within ten minutes.
    Reconcile {
        /// Change nothing, and tell what would be done.
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) async fn run(args: Args, settings: &Settings) -> Result<ExitCode, Error> {
    let app = settings.app().await?;
    match args.command {
        Command::List { problems } => list(&app, problems, args.format).await,
        Command::Reconcile { dry_run: true } => tell(&app, args.format).await,
        Command::Reconcile { dry_run: false } => repair(&app, args.format).await,
    }?;
    Ok(ExitCode::SUCCESS)
}

async fn list(app: &App, problems: bool, format: Format) -> Result<(), Error> {
    let targets = sm_db::streamers::subscriptions::list(&app.pool).await?;
    let ours = reconcile::at_twitch(app).await?;
    let there = |target: &Target| {
        let id = target.subscription_id.as_deref();
        ours.iter().find(|s| Some(s.id.as_str()) == id)
    };
    let shown: Vec<_> = targets
        .iter()
        .map(|target| (target, there(target)))
        .filter(|(target, there)| !problems || is_problem(target, *there))
        .collect();
    let json: Vec<_> = shown
        .iter()
        .map(|(target, there)| {
            json!({
                "streamer": target.login, "streamer_id": target.twitch_user_id, "type": target.kind,
                "state": target.state, "subscription_id": target.subscription_id,
                "at_twitch": there.map(|s| s.status.as_str()), "cost": there.map(|s| s.cost),
                "error": target.error, "attempts": target.attempts, "next_try_at": moment(target.next_try_at),
            })
        })
        .collect();
    let row = |(target, there): &(&Target, Option<&Subscription>)| {
        let cost = there.map_or_else(|| "-".to_owned(), |s| s.cost.to_string());
        vec![
            target.login.clone(),
            target.kind.clone(),
            target.state.clone(),
            there.map_or("-", |s| s.status.as_str()).to_owned(),
            cost,
            target.error.clone().unwrap_or_default(),
        ]
    };
    format.print(&json!(json), || {
        let rows: Vec<_> = shown.iter().map(row).collect();
        table(&["STREAMER", "TYPE", "STATE", "AT TWITCH", "COST", "ERROR"], &rows)
    })
}

fn is_problem(target: &Target, there: Option<&Subscription>) -> bool {
    target.state != "enabled" || there.is_none_or(|s| s.status.as_str() != "enabled")
}

async fn tell(app: &App, format: Format) -> Result<(), Error> {
    let drift = reconcile::drift(app).await?;
    format.print(&as_json(&drift, true), || {
        format!(
            "{} subscriptions at Twitch; would create {}, try {} again that were refused, and delete {}\n",
            drift.listed,
            drift.missing + i64::from(drift.app_wide_missing),
            drift.failing,
            drift.unwanted + i64::try_from(drift.strays).unwrap_or(0),
        )
    })
}

fn as_json(drift: &Drift, dry_run: bool) -> serde_json::Value {
    json!({
        "dry_run": dry_run, "listed": drift.listed, "missing": drift.missing, "failing": drift.failing,
        "unwanted": drift.unwanted, "strays": drift.strays, "app_wide_missing": drift.app_wide_missing,
    })
}

async fn repair(app: &App, format: Format) -> Result<(), Error> {
    let before = reconcile::drift(app).await?;
    reconcile::subscriptions(app).await?;
    let due = usize::try_from(before.missing + before.unwanted).unwrap_or(0);
    let mut progress = Progress::new("subscriptions", due);
    loop {
        let done = subscriptions::step(app).await?;
        if done == 0 {
            break;
        }
        (0..done).for_each(|_| progress.advance());
    }
    drop(progress);
    let states = sm_db::streamers::subscriptions::count_all(&app.pool).await?;
    let json = json!({
        "found": as_json(&before, false),
        "states": states.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
    });
    format.print(&json, || {
        let rows: Vec<_> =
            states.iter().map(|(state, n)| vec![state.clone(), n.to_string()]).collect();
        let strays = before.strays;
        format!(
            "deleted {strays} that nobody needs; the others are now\n{}",
            table(&["STATE", "COUNT"], &rows)
        )
    })
}
