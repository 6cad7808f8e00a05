//! `urls`: what to paste where.

use super::{
    addresses::{Addresses, invite},
    settings::Settings,
};
use crate::output::{Error, Format};
use serde_json::json;
use sm_types::address;
use std::process::ExitCode;

/// Both can be given before any other setting is there.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the product is reached from outside; as `PUBLIC_BASE_URL` by default.
    #[arg(long)]
    base_url: Option<String>,
    /// The Discord application; as `DISCORD_CLIENT_ID` by default.
    #[arg(long)]
    discord_client_id: Option<String>,
    #[command(flatten)]
    format: Format,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<ExitCode, Error> {
    let given = |value: &Option<String>, name| value.clone().or_else(|| settings.get(name));
    let base = given(&args.base_url, "PUBLIC_BASE_URL");
    let base = base.ok_or("set PUBLIC_BASE_URL, or give --base-url https://alerts.example")?;
    let base = address::origin(&base).map_err(|problem| format!("the base URL {problem}"))?;
    let client = given(&args.discord_client_id, "DISCORD_CLIENT_ID");
    let at = Addresses::below(&base);
    let invite = client.as_deref().map(invite);
    let json = json!({
        "discord": { "redirect": at.discord_redirect, "webhook_events": at.discord_events,
            "interactions": at.discord_interactions, "invite": invite },
        "twitch": { "redirect": at.twitch_redirect, "eventsub_callback": at.twitch_callback },
        "dashboard": base, "health": at.health,
    });
    args.format.print(&json, || text(&base, &at, invite.as_deref()))?;
    Ok(ExitCode::SUCCESS)
}

fn text(base: &str, at: &Addresses, invite: Option<&str>) -> String {
    let invite = invite.unwrap_or("(set DISCORD_CLIENT_ID to see it)");
    format!(
        "Discord developer portal (https://discord.com/developers/applications)
  OAuth2 → Redirects            {}
  Webhooks → Endpoint           {}
  Webhooks → Events             Application Authorized, Application Deauthorized
  General → Interactions        {}   (nothing to paste after `streammaxing up`)
Twitch developer console (https://dev.twitch.tv/console/apps)
  OAuth Redirect URLs           {}
  EventSub callback             {}   (nothing to paste: the product subscribes itself)
For people
  dashboard                     {base}
  invite the bot                {invite}
For monitoring
  health                        {}
",
        at.discord_redirect,
        at.discord_events,
        at.discord_interactions,
        at.twitch_redirect,
        at.twitch_callback,
        at.health
    )
}
