//! Discord: token, application, secret, and the addresses it has to know.

use super::{check::Check, here};
use crate::operate::Addresses;
use sm_discord::{Application, EVENTS, Error};
use sm_lambda::Config;
use sm_services::{App, interactions::registration};
use sm_types::Secret;

const PORTAL: &str = "Discord developer portal";

pub(super) async fn look(app: &App, config: &Config) -> Vec<Check> {
    let mut checks = vec![token(app).await];
    if checks[0].is_good() {
        match app.discord.application().await {
            Ok(reply) => {
                checks.extend(application(&reply.body, config));
                if reply.body.id == config.discord_client_id {
                    checks.push(commands(app).await);
                }
            }
            Err(error) => {
                checks.push(refused("discord application", &error, "look again in a minute"));
            }
        }
    }
    checks.push(secret(app).await);
    let date = here::date(app, &format!("{}/gateway", config.discord_api_url)).await;
    checks.push(here::skew("clock and Discord", date, app.clock.now()));
    checks
}

fn refused(name: &'static str, error: &Error, fix: &str) -> Check {
    Check::problem(name, &error.to_string(), fix)
}

async fn token(app: &App) -> Check {
    const NAME: &str = "discord token";
    match app.discord.current_user().await {
        Ok(reply) => Check::good(NAME, &format!("belongs to the bot {}", reply.body.username)),
        Err(error @ Error::Unauthorized { .. }) => refused(
            NAME,
            &error,
            "put the token of developer portal → Bot → Reset Token into DISCORD_BOT_TOKEN",
        ),
        Err(error) => {
            refused(NAME, &error, "is DISCORD_API_URL right, and may this machine reach Discord?")
        }
    }
}

async fn secret(app: &App) -> Check {
    const NAME: &str = "discord secret";
    // Revoking a token that nobody has changes nothing, and needs the application's own credentials.
    match app.discord.revoke_tokens(&Secret::new("streammaxing-doctor")).await {
        Ok(()) => Check::good(NAME, "is taken"),
        Err(error @ Error::Unauthorized { .. }) => refused(
            NAME,
            &error,
            "put the secret of developer portal → OAuth2 into DISCORD_CLIENT_SECRET",
        ),
        Err(error) => Check::warning(NAME, &error.to_string(), "look again in a minute"),
    }
}

fn application(found: &Application, config: &Config) -> Vec<Check> {
    let at = Addresses::below(&config.public_base_url);
    vec![
        equal(
            "discord application",
            &found.id,
            &config.discord_client_id,
            "DISCORD_CLIENT_ID and DISCORD_BOT_TOKEN are of two applications",
        ),
        equal(
            "discord key",
            &found.verify_key,
            &config.discord_public_key,
            "put the public key of developer portal → General into DISCORD_PUBLIC_KEY",
        ),
        redirect(found, &at),
        events(found, &at),
        interactions(found, &at),
    ]
}

fn equal(name: &'static str, theirs: &str, ours: &str, fix: &str) -> Check {
    if theirs.eq_ignore_ascii_case(ours) {
        Check::good(name, "fits the token")
    } else {
        Check::problem(name, &format!("Discord says {theirs}, the settings say {ours}"), fix)
    }
}

pub(crate) fn redirect(found: &Application, at: &Addresses) -> Check {
    const NAME: &str = "discord redirect";
    if found.redirect_uris.contains(&at.discord_redirect) {
        return Check::good(NAME, "is registered");
    }
    let fix = format!("add {} in {PORTAL} → OAuth2 → Redirects", at.discord_redirect);
    Check::problem(NAME, "is not registered: nobody can sign in", &fix)
}

pub(crate) fn events(found: &Application, at: &Addresses) -> Check {
    const NAME: &str = "discord events";
    let fix =
        format!("set {} in {PORTAL} → Webhooks, with both Application events", at.discord_events);
    let missing = |event: &&&str| !found.event_webhooks_types.iter().any(|known| known == **event);
    match (&found.event_webhooks_url, found.event_webhooks_status) {
        (Some(url), 3) if *url == at.discord_events => {
            Check::problem(NAME, "were switched off by Discord, since we did not answer", &fix)
        }
        (Some(url), 2) if *url == at.discord_events => match EVENTS.iter().find(missing) {
            None => Check::good(NAME, "come to us"),
            Some(event) => Check::warning(NAME, &format!("{event} is not chosen"), &fix),
        },
        _ => {
            let found = "do not come to us: installs and withdrawn consents are noticed late";
            Check::warning(NAME, found, &fix)
        }
    }
}

/// Two installations on one application would answer each other's commands.
pub(crate) fn interactions(found: &Application, at: &Addresses) -> Check {
    const NAME: &str = "discord interactions";
    let fix = format!(
        "run `streammaxing up` again, or set {} in {PORTAL} → General → Interactions Endpoint URL",
        at.discord_interactions
    );
    match found.interactions_endpoint_url.as_deref() {
        Some(url) if url == at.discord_interactions => Check::good(NAME, "come to us"),
        Some(url) => Check::problem(
            NAME,
            &format!("go to {url}"),
            "give this installation an application of its own",
        ),
        None => Check::warning(NAME, "go nowhere: commands and buttons do nothing", &fix),
    }
}

pub(crate) async fn commands(app: &App) -> Check {
    const NAME: &str = "discord commands";
    match registration::look(app).await {
        Ok(different) if different.is_empty() => Check::good(NAME, "are registered"),
        Ok(different) => {
            let found = format!("{} are not registered as they should be", different.join(", "));
            Check::warning(NAME, &found, "run `streammaxing commands`")
        }
        Err(error) => Check::warning(NAME, &error.to_string(), "look again in a minute"),
    }
}
