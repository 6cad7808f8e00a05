//! `doctor`: looks at everything that has to be right, and names the remedy of what is not.

mod aws;
pub(super) mod check;
mod database;
pub(super) mod discord;
pub(super) mod here;
pub(super) mod twitch;

use super::settings::Source;
use crate::output::{Error, Format};
use check::{Check, report};
use sm_types::Clock;
use std::process::ExitCode;

pub(super) async fn run(format: Format, source: &Source) -> Result<ExitCode, Error> {
    let mut checks = here::toolchain();
    let settings = match source.settings().await {
        Ok(settings) => settings,
        Err(error) => {
            let fix = "docs/deployment.md tells what an operator needs";
            checks.push(Check::problem("stack", &error.to_string(), fix));
            return report(format, &checks);
        }
    };
    let config = match settings.config() {
        Ok(config) => config,
        Err(error) => {
            let problem = |(name, what): &(&str, String)| {
                Check::problem(
                    "settings",
                    &format!("{name} {what}"),
                    "docs/configuration.md describes it",
                )
            };
            checks.extend(error.problems.iter().map(problem));
            return report(format, &checks);
        }
    };
    checks.extend(aws::identity(&config).await);
    let config = match sm_lambda::complete(config).await {
        Ok(config) => config,
        Err(error) => {
            checks.push(Check::problem(
                "settings",
                &error,
                "put the secret right, then look again",
            ));
            return report(format, &checks);
        }
    };
    let app = match sm_lambda::build_app(&config, Clock::system()) {
        Ok(app) => app,
        Err(error) => {
            let found = error.to_string();
            checks.push(Check::problem("settings", &found, "docs/configuration.md describes it"));
            return report(format, &checks);
        }
    };
    checks.push(Check::good("settings", "complete"));
    checks.push(here::base_url(&config));
    let database = database::look(&app, &config, settings.stack()).await;
    let reachable = database.iter().all(|check| !database::is_away(check));
    checks.extend(database);
    let (discord, twitch, here) = tokio::join!(
        discord::look(&app, &config),
        twitch::look(&app, &config, reachable),
        here::look(&app, &config, settings.stack())
    );
    checks.extend(discord.into_iter().chain(twitch).chain(here));
    report(format, &checks)
}
