//! `smoke`: does a running product answer as it should? Nothing is changed by asking.

use super::{
    addresses::Addresses,
    doctor::check::{Check, report},
    settings::Settings,
};
use crate::output::{Error, Format};
use reqwest::{RequestBuilder, StatusCode, header};
use ring::hmac;
use sm_aws::Http;
use sm_lambda::Config;
use sm_types::{Clock, Secret};
use std::process::ExitCode;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// Twitch replays nothing that is so old: the webhook is verified and dropped.
const TOO_OLD: Duration = Duration::hours(1);
const WEBHOOK: &str = r#"{"subscription":{"id":"smoke","type":"stream.online","version":"1","status":"enabled","cost":0,"condition":{}},"event":{}}"#;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the product is reached; as `PUBLIC_BASE_URL` by default.
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    format: Format,
}

pub(super) async fn run(args: &Args, settings: &Settings) -> Result<ExitCode, Error> {
    let config = settings.complete().await?;
    let base = args.url.clone().unwrap_or_else(|| config.public_base_url.clone());
    report(args.format, &look(&base, &config).await?)
}

/// Looks at the product below an address; at nothing else where nobody answers there.
pub(super) async fn look(base: &str, config: &Config) -> Result<Vec<Check>, Error> {
    let base = base.trim_end_matches('/');
    let target =
        Target { http: sm_aws::lazy_http(), at: Addresses::below(base), base: base.to_owned() };
    let now = Clock::system().now();
    let health = target.health().await;
    if !health.is_good() {
        return Ok(vec![health]);
    }
    let secrets = &config.secrets()?.twitch_eventsub_secrets;
    let mut checks = vec![health, target.forged_webhook(now).await];
    for secret in secrets {
        checks.push(target.signed_webhook(secret, now).await);
    }
    checks.push(target.forged_event().await);
    checks.push(target.login(config).await);
    checks.push(target.closed().await);
    checks.push(target.dashboard().await);
    Ok(checks)
}

struct Target {
    http: Http,
    at: Addresses,
    base: String,
}

impl Target {
    async fn health(&self) -> Check {
        let fix = "start `serve`, or look at the proxy in front of it and at DNS";
        expect("health", self.http.get(&self.at.health), StatusCode::OK, fix).await
    }

    async fn signed_webhook(&self, secret: &Secret, now: OffsetDateTime) -> Check {
        let sent = self.webhook(secret, now);
        let fix = "the server has another TWITCH_EVENTSUB_SECRET than this environment";
        expect("signed webhook", sent, StatusCode::NO_CONTENT, fix).await
    }

    async fn forged_webhook(&self, now: OffsetDateTime) -> Check {
        let sent = self.webhook(&Secret::new("not-the-secret-of-anybody"), now);
        let fix = "webhooks are not verified, or something else answers at this address";
        expect("forged webhook", sent, StatusCode::FORBIDDEN, fix).await
    }

    fn webhook(&self, secret: &Secret, now: OffsetDateTime) -> RequestBuilder {
        let id = uuid::Uuid::new_v4().to_string();
        let at = (now - TOO_OLD).format(&Rfc3339).unwrap_or_default();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        let signed = hmac::sign(&key, format!("{id}{at}{WEBHOOK}").as_bytes());
        let hex: String = signed.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        self.http
            .post(&self.at.twitch_callback)
            .header("Twitch-Eventsub-Message-Id", id)
            .header("Twitch-Eventsub-Message-Timestamp", at)
            .header("Twitch-Eventsub-Message-Signature", format!("sha256={hex}"))
            .header("Twitch-Eventsub-Message-Type", "notification")
            .body(WEBHOOK)
    }

    async fn forged_event(&self) -> Check {
        let sent = self
            .http
            .post(&self.at.discord_events)
            .header("X-Signature-Ed25519", "00".repeat(64))
            .header("X-Signature-Timestamp", "0")
            .body("{}");
        let fix = "Discord removes an endpoint that takes what it has not signed";
        expect("forged event", sent, StatusCode::UNAUTHORIZED, fix).await
    }

    async fn login(&self, config: &Config) -> Check {
        let begun = self.http.get(format!("{}/api/auth/discord/login", self.base)).send().await;
        let location = begun.ok().and_then(|answer| {
            let to = answer.headers().get(header::LOCATION)?;
            to.to_str().ok().map(str::to_owned)
        });
        let Some(url) = location.and_then(|to| reqwest::Url::parse(&to).ok()) else {
            return Check::problem("login", "leads nowhere", "look for errors in the server's log");
        };
        let value = |name: &str| {
            url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let expected = Addresses::below(&config.public_base_url).discord_redirect;
        if value("client_id").as_deref() != Some(&config.discord_client_id) {
            return Check::problem(
                "login",
                "names another application",
                "DISCORD_CLIENT_ID differs on the server",
            );
        }
        match value("redirect_uri") {
            Some(uri) if uri == expected => Check::good("login", "leads to Discord and back"),
            uri => {
                let found = format!("comes back to {}", uri.as_deref().unwrap_or("nowhere"));
                Check::problem("login", &found, "PUBLIC_BASE_URL differs on the server")
            }
        }
    }

    async fn closed(&self) -> Check {
        let asked = self.http.get(format!("{}/api/auth/me", self.base));
        let fix = "somebody who is not signed in is let in: take the server off the net";
        expect("closed to strangers", asked, StatusCode::UNAUTHORIZED, fix).await
    }

    async fn dashboard(&self) -> Check {
        let answer = match self.http.get(format!("{}/", self.base)).send().await {
            Ok(answer) => answer,
            Err(error) => {
                return Check::problem("dashboard", &no_answer(&error), "is the server still up?");
            }
        };
        let has = |name: header::HeaderName| answer.headers().contains_key(name);
        let is_page = answer
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.starts_with("text/html")));
        if !answer.status().is_success() || !is_page {
            return Check::warning(
                "dashboard",
                "is not served",
                "start `serve` without --api-only, or deploy its files",
            );
        }
        if !has(header::CONTENT_SECURITY_POLICY) {
            return Check::problem(
                "dashboard",
                "has no Content-Security-Policy",
                "let the proxy pass headers on",
            );
        }
        Check::good("dashboard", "is served with its headers")
    }
}

async fn expect(
    name: &'static str,
    request: RequestBuilder,
    status: StatusCode,
    fix: &str,
) -> Check {
    match request.send().await {
        Ok(answer) if answer.status() == status => {
            Check::good(name, &format!("answered {}", status.as_u16()))
        }
        Ok(answer) => {
            let found =
                format!("answered {}, expected {}", answer.status().as_u16(), status.as_u16());
            Check::problem(name, &found, fix)
        }
        Err(error) => Check::problem(name, &no_answer(&error), fix),
    }
}

/// Without the address, which the reader knows; with the innermost reason, which says most.
pub(super) fn no_answer(error: &reqwest::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    format!("no answer: {reason}")
}
