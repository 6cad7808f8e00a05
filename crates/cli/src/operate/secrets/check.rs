//! `secrets check`: whether the secret settings have the right shape, without showing any.

use crate::{
    operate::{exit, settings::Settings},
    output::{Error, Format, Mark, table},
};
use serde_json::json;
use sm_lambda::{Config, config::SecretSettings};
use sm_types::{Clock, Secret};
use std::process::ExitCode;
use time::{Duration, OffsetDateTime};

/// An older secret is due for rotation.
const OLD: Duration = Duration::days(90);
/// Fewer different characters mean that nobody has made it at random.
const MIN_VARIETY: usize = 8;

struct Finding {
    name: &'static str,
    values: usize,
    mark: Mark,
    note: String,
}

pub(super) async fn run(settings: &Settings, format: Format) -> Result<ExitCode, Error> {
    let config = settings.config()?;
    let created_at = created_at(&config).await?;
    let config = sm_lambda::complete(config).await?;
    let secrets = config.secrets()?;
    sm_lambda::build_app(&config, Clock::system())?;
    let mut findings = findings(secrets, config.kms_key_id.is_some());
    if config.secrets_arn.is_some() {
        expect_two(&mut findings);
    }
    let age = created_at.map(|at| Clock::system().now() - at);
    let source = if config.secrets_arn.is_some() { "Secrets Manager" } else { "the environment" };
    let well = findings.iter().all(|finding| finding.mark != Mark::Problem);
    let json = json!({
        "ok": well, "source": source, "age_days": age.map(Duration::whole_days),
        "secrets": findings.iter().map(|f| json!({
            "name": f.name, "values": f.values, "state": f.mark.name(), "note": f.note,
        })).collect::<Vec<_>>(),
    });
    format.print(&json, || text(&findings, source, age))?;
    Ok(exit(well))
}

/// When the present version came to be; known only of Secrets Manager.
async fn created_at(config: &Config) -> Result<Option<OffsetDateTime>, Error> {
    let (Some(arn), Some(aws)) = (&config.secrets_arn, &config.aws) else { return Ok(None) };
    let version = sm_aws::fetch_secrets(aws, &sm_aws::lazy_http(), arn).await?;
    Ok(version.created_at.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok()))
}

fn text(findings: &[Finding], source: &str, age: Option<Duration>) -> String {
    let row = |f: &Finding| vec![f.name.to_owned(), f.values.to_string(), f.note.clone()];
    let rows: Vec<_> = findings.iter().map(row).collect();
    let lines = table(&["SECRET", "VALUES", "NOTE"], &rows);
    let marks = findings.iter().map(|f| f.mark.symbol());
    let marked: String = std::iter::once(" ".to_owned())
        .chain(marks)
        .zip(lines.lines())
        .map(|(mark, line)| format!("{mark} {line}\n"))
        .collect();
    let age = match age {
        None => "their age is not known: note the day when you rotate them".to_owned(),
        Some(age) if age > OLD => {
            format!("{} {} days old: rotate them", Mark::Warning.symbol(), age.whole_days())
        }
        Some(age) => format!("{} days old", age.whole_days()),
    };
    format!("{marked}from {source}, {age}\n")
}

fn findings(secrets: &SecretSettings, has_kms: bool) -> Vec<Finding> {
    let one = std::slice::from_ref;
    let encryption: Vec<_> = match secrets.local_encryption_key.expose() {
        "" => Vec::new(),
        keys => keys.split(',').map(|key| Secret::new(key.trim())).collect(),
    };
    let mut all = vec![
        finding("DATABASE_URL", one(&secrets.database_url), false),
        finding("TWITCH_CLIENT_SECRET", one(&secrets.twitch_client_secret), false),
        finding("TWITCH_EVENTSUB_SECRET", &secrets.twitch_eventsub_secrets, true),
        finding("DISCORD_BOT_TOKEN", one(&secrets.discord_bot_token), false),
        finding("DISCORD_CLIENT_SECRET", one(&secrets.discord_client_secret), false),
        finding("SESSION_SECRET", &secrets.session_secrets, true),
    ];
    if !has_kms {
        all.push(finding("LOCAL_ENCRYPTION_KEY", &encryption, true));
    }
    if secrets.twitch_eventsub_secrets.iter().any(|s| secrets.session_secrets.contains(s)) {
        let session = all.iter_mut().find(|f| f.name == "SESSION_SECRET");
        if let Some(session) = session {
            (session.mark, session.note) = (
                Mark::Problem,
                "is the same as TWITCH_EVENTSUB_SECRET: make one of its own".to_owned(),
            );
        }
    }
    all
}

/// A secret that rotates by itself has two values from the first rotation on.
fn expect_two(findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|finding| finding.mark == Mark::Warning) {
        let note = "both values are valid: the older one goes at the next rotation";
        (finding.mark, finding.note) = (Mark::Good, note.to_owned());
    }
}

/// `ours`: made by us and not by somebody's console, so that its strength is ours to judge.
fn finding(name: &'static str, values: &[Secret], ours: bool) -> Finding {
    let weak = |secret: &Secret| {
        let mut letters: Vec<_> = secret.expose().chars().collect();
        letters.sort_unstable();
        letters.dedup();
        letters.len() < MIN_VARIETY || secret.expose().contains("development")
    };
    let (mark, note) = match values {
        [new, old] if new == old => {
            (Mark::Problem, "both values are the same: this rotates nothing")
        }
        values if ours && values.iter().any(weak) => {
            (Mark::Problem, "is easily guessed: make one with `openssl rand`")
        }
        [_, _] => {
            (Mark::Warning, "a rotation is under way: take the old one out when nothing uses it")
        }
        _ => (Mark::Good, "has the right shape"),
    };
    Finding { name, values: values.len(), mark, note: note.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_equal_and_rotating_secrets_are_told_apart() {
        let mark = |values: &[&str]| {
            let values: Vec<_> = values.iter().map(|s| Secret::new(*s)).collect();
            finding("SESSION_SECRET", &values, true).mark
        };
        let [new, old] = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];
        assert_eq!(mark(&[new]), Mark::Good);
        assert_eq!(mark(&[new, old]), Mark::Warning);
        assert_eq!(mark(&[new, new]), Mark::Problem);
        assert_eq!(mark(&["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]), Mark::Problem);
        assert_eq!(mark(&["development-session-secret-0123456789"]), Mark::Problem);
        let mut rotates_itself = [finding("SESSION_SECRET", &[new, old].map(Secret::new), true)];
        expect_two(&mut rotates_itself);
        assert_eq!(rotates_itself[0].mark, Mark::Good);
    }
}
