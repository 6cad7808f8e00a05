//! This machine and our own address: toolchain, clock, queue, key, and the way in from outside.

use super::{aws, check::Check};
use crate::operate::{Addresses, settings::Stack, smoke::no_answer};
use sm_aws::Doorbell;
use sm_lambda::Config;
use sm_services::App;
use sm_types::Secret;
use std::{path::Path, process::Command};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc2822};

/// Twitch drops nothing for it, but we drop webhooks that are older than 10 minutes.
const SKEW_NOTICED: Duration = Duration::seconds(5);
const SKEW_HARMFUL: Duration = Duration::minutes(2);
const PURPOSE: &str = "doctor";

/// What building needs; looked at only where there is something to build.
pub(super) fn toolchain() -> Vec<Check> {
    if !Path::new("rust-toolchain.toml").is_file() {
        return Vec::new();
    }
    let tools = [("cargo", "install Rust with rustup"), ("node", "install Node.js 20.19 or newer")];
    tools.map(|(tool, fix)| version(tool, fix)).to_vec()
}

fn version(tool: &'static str, fix: &str) -> Check {
    let run = Command::new(tool).arg("--version").output().ok().filter(|run| run.status.success());
    match run {
        Some(run) => Check::good(tool, String::from_utf8_lossy(&run.stdout).trim()),
        None => Check::warning(tool, "is missing; only building needs it", fix),
    }
}

pub(super) fn base_url(config: &Config) -> Check {
    const NAME: &str = "public address";
    let url = &config.public_base_url;
    if url.starts_with("https://") {
        return Check::good(NAME, url);
    }
    let near = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
    if near.iter().any(|start| url.starts_with(start)) {
        return Check::warning(
            NAME,
            &format!("{url} is this machine only"),
            "fine for a trial; Twitch cannot reach it",
        );
    }
    let fix =
        "put a TLS proxy in front and set PUBLIC_BASE_URL to https://…: Twitch calls nothing else";
    Check::problem(NAME, &format!("{url} is not encrypted"), fix)
}

/// `stack`: whose settings these are, if a stack's.
pub(super) async fn look(app: &App, config: &Config, stack: Option<&Stack>) -> Vec<Check> {
    let key = async {
        match stack {
            Some(stack) => aws::key(stack).await,
            None => cipher(app, config).await,
        }
    };
    let release = async {
        match stack {
            Some(stack) => Some(aws::release(stack, config).await),
            None => None,
        }
    };
    let (release, queue, dead_letters, key, health) =
        tokio::join!(release, queue(&app.doorbell), aws::dead_letters(config), key, health(config));
    [release, Some(queue), dead_letters, Some(key), Some(health)].into_iter().flatten().collect()
}

async fn queue(doorbell: &Doorbell) -> Check {
    const NAME: &str = "queue";
    match doorbell.depth().await {
        Ok(None) => Check::good(NAME, "within the process"),
        Ok(Some(waiting)) => Check::good(NAME, &format!("{waiting} messages wait")),
        Err(error) => Check::problem(
            NAME,
            &error,
            "check QUEUE_URL and sqs:GetQueueAttributes, sqs:SendMessage",
        ),
    }
}

async fn cipher(app: &App, config: &Config) -> Check {
    const NAME: &str = "encryption";
    let (with, fix) = if config.kms_key_id.is_some() {
        (
            "KMS",
            "check KMS_KEY_ID, kms:GenerateDataKey and kms:Decrypt, and whether the key is enabled",
        )
    } else {
        (
            "the local key",
            "make one with `openssl rand -base64 32` and put it into LOCAL_ENCRYPTION_KEY",
        )
    };
    let text = Secret::new("round trip");
    let trip = async {
        let sealed = app.cipher.encrypt(PURPOSE, &text).await?;
        app.cipher.decrypt(PURPOSE, &sealed).await
    };
    match trip.await {
        Ok(opened) if opened == text => Check::good(NAME, &format!("works with {with}")),
        Ok(_) => Check::problem(NAME, &format!("{with} gave another text back"), fix),
        Err(error) => Check::problem(NAME, &error.to_string(), fix),
    }
}

/// Whether somebody answers at our own address.
pub(crate) async fn health(config: &Config) -> Check {
    const NAME: &str = "way in";
    let url = Addresses::below(&config.public_base_url).health;
    let fix = "start `serve`, and look at the proxy in front of it, the firewall and DNS";
    match sm_aws::lazy_http().get(&url).send().await {
        Ok(answer) if answer.status().is_success() => Check::good(NAME, &format!("{url} answers")),
        Ok(answer) => {
            Check::problem(NAME, &format!("{url} answers {}", answer.status().as_u16()), fix)
        }
        Err(error) => Check::problem(NAME, &format!("{url}: {}", no_answer(&error)), fix),
    }
}

/// The time by a remote's own clock.
pub(super) async fn date(app: &App, url: &str) -> Option<OffsetDateTime> {
    let agent =
        format!("DiscordBot ({}, {})", app.settings.public_base_url, env!("CARGO_PKG_VERSION"));
    let answer = sm_aws::lazy_http().get(url).header("User-Agent", agent).send().await.ok()?;
    let date = answer.headers().get("date")?.to_str().ok()?;
    OffsetDateTime::parse(date, &Rfc2822).ok()
}

pub(super) fn skew(
    name: &'static str,
    theirs: Option<OffsetDateTime>,
    ours: OffsetDateTime,
) -> Check {
    let Some(theirs) = theirs else {
        return Check::warning(name, "could not be compared", "is the remote up?");
    };
    let skew = ours - theirs;
    let found = format!("{} s apart", skew.whole_seconds().abs());
    let fix = "let the machine follow a time server (timedatectl set-ntp true)";
    if skew.abs() >= SKEW_HARMFUL {
        Check::problem(name, &found, fix)
    } else if skew.abs() >= SKEW_NOTICED {
        Check::warning(name, &found, fix)
    } else {
        Check::good(name, "within 5 s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_may_differ_by_seconds() {
        let date = |text| OffsetDateTime::parse(text, &Rfc2822).unwrap();
        let now = date("Sat, 21 Nov 2026 11:16:20 GMT");
        assert!(skew("clock", Some(now - Duration::seconds(4)), now).is_good());
        let warned = skew("clock", Some(now + Duration::seconds(30)), now);
        let wrong = skew("clock", Some(now + Duration::minutes(3)), now);
        assert!(!warned.is_good() && !wrong.is_good() && warned != wrong);
        assert!(!skew("clock", None, now).is_good());
    }
}
