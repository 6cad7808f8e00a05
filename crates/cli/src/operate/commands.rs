//! `commands`: the slash commands as Discord is to have them.

use super::{exit, settings::Settings};
use crate::output::{Error, Format};
use serde_json::json;
use sm_services::interactions::registration;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only look whether Discord has them so; ends with 1 where it does not.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    format: Format,
}

pub(super) async fn run(args: &Args, settings: &Settings) -> Result<ExitCode, Error> {
    let app = settings.app().await?;
    let different = match args.check {
        true => registration::look(&app).await?,
        false => registration::register(&app).await?,
    };
    let is_known = different.is_empty();
    let json =
        json!({ "ok": is_known || !args.check, "different": different, "registered": !args.check });
    args.format.print(&json, || match (is_known, args.check) {
        (true, _) => "Discord has the commands as they should be\n".to_owned(),
        (false, true) => format!("to be registered: {}\n", different.join(", ")),
        (false, false) => format!("registered: {}\n", different.join(", ")),
    })?;
    Ok(exit(is_known || !args.check))
}
