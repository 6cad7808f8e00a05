//! `restored`: the first thing to run on a database that was restored from an older copy.

use super::{exit, settings::Settings};
use crate::{
    output::{Error, Format, say},
    progress::Progress,
};
use serde_json::json;
use sm_services::announce::restore;
use std::process::ExitCode;

/// Before `serve` starts again; it may be run twice.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Change nothing, and tell what would be done.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: Format,
}

pub(super) async fn run(args: &Args, settings: &Settings) -> Result<ExitCode, Error> {
    let app = settings.app().await?;
    let mut progress = Progress::new("live streams", 0);
    let found = restore::run(&app, args.dry_run, || progress.advance()).await?;
    drop(progress);
    let json = json!({
        "dry_run": args.dry_run, "live": found.live, "adopted": found.adopted, "open": found.open,
        "unread": found.unread, "signed_out": found.signed_out,
    });
    args.format.print(&json, || {
        let verb = if args.dry_run { "would take up" } else { "took up" };
        format!(
            "{} streams are live; {verb} {} messages, {} places have none; ended {} sign-ins\n",
            found.live, found.adopted, found.open, found.signed_out
        )
    })?;
    if found.unread > 0 {
        say(&format!(
            "{} channels could not be read: run it again, or they may be announced twice",
            found.unread
        ));
    }
    Ok(exit(found.unread == 0))
}
