//! The settings: read once from the environment, all problems reported together.

mod reader;

use crate::env_file;
use sm_api::Edge;
use sm_aws::AwsSettings;
use sm_types::{Secret, UserId};
use std::{collections::BTreeMap, fmt, path::Path, sync::OnceLock, time::Duration};
use tracing::level_filters::LevelFilter;

/// Where Discord's REST API is, unless the settings say otherwise; likewise Helix and Twitch's OAuth.
pub const DISCORD_API_URL: &str = "https://discord.com/api/v10";
pub const TWITCH_API_URL: &str = "https://api.twitch.tv/helix";
pub const TWITCH_AUTH_URL: &str = "https://id.twitch.tv/oauth2";

/// Every problem of the settings, each with its variable and remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Variable and what is wrong with it.
    pub problems: Vec<(&'static str, String)>,
}

impl ConfigError {
    pub(crate) fn one(name: &'static str, problem: String) -> Self {
        Self { problems: vec![(name, problem)] }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the settings have {} problem(s):", self.problems.len())?;
        for (name, problem) in &self.problems {
            writeln!(f, "  {name} {problem}")?;
        }
        f.write_str("docs/configuration.md describes every setting")
    }
}

impl std::error::Error for ConfigError {}

/// What `--env-file` has named; read once, before anything else.
static FILE: OnceLock<BTreeMap<String, String>> = OnceLock::new();

/// Takes what the environment lacks from a file, in systemd's form of an `EnvironmentFile`.
pub fn read_file(path: &Path) -> Result<(), String> {
    let named = |what: &dyn fmt::Display| format!("--env-file {}: {what}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| named(&error))?;
    let settings = env_file::parse(&text).map_err(|problem| named(&problem))?;
    // Whoever reads a second one keeps the first.
    let _ = FILE.set(settings);
    Ok(())
}

/// Whether the file has a line for a setting, be it empty.
pub fn is_in_file(name: &str) -> bool {
    FILE.get().is_some_and(|file| file.contains_key(name))
}

/// The environment first: what somebody sets for one command counts more than the file.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn lookup(name: &str) -> Option<String> {
    let own = std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    own.or_else(|| FILE.get()?.get(name).cloned())
}

/// A single setting, for tools that need no more; an empty one counts as unset.
pub fn peek(name: &str) -> Option<String> {
    lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The settings. Secret ones may still be missing when Secrets Manager is to supply them.
#[derive(Clone, Debug)]
pub struct Config {
    /// Names this installation in metrics.
    pub stage: String,
    /// Which release this is, where it was deployed as one.
    pub release: Option<String>,
    /// How much is logged.
    pub log_level: LevelFilter,
    /// Where the product is reached from outside, without a slash at the end.
    pub public_base_url: String,
    /// Connections to Postgres of this process.
    pub database_connections: u32,
    /// How long one statement may take.
    pub database_timeout: Duration,
    /// Whether this process is a function of AWS Lambda, which starts often and in a hurry.
    pub in_lambda: bool,
    pub twitch_client_id: String,
    /// Helix.
    pub twitch_api_url: String,
    pub twitch_auth_url: String,
    /// Discord's REST API, with its version.
    pub discord_api_url: String,
    pub discord_client_id: String,
    /// The key that Discord signs its events with, in hexadecimal.
    pub discord_public_key: String,
    /// Requests per second to Discord; 0 turns the pace off.
    pub discord_rate_per_second: u32,
    /// Requests per second to our API, over all instances; 0 turns the limit off.
    pub api_rate_per_second: i32,
    /// Requests per second of one address or network without a session, or of one user; 0 turns the limit off.
    pub source_requests_per_second: u32,
    /// Codes per second that are exchanged at Discord, and as many at Twitch, over all instances.
    pub sign_ins_per_second: u32,
    /// Who may say where a request comes from.
    pub edge: Edge,
    /// Verified webhooks per second, over all instances; 0 turns the limit off.
    pub webhook_rate_per_second: i32,
    /// Requests of one user at once, and within a minute.
    pub user_requests_per_minute: u32,
    /// Streamers whom one person can add by name, over all servers; 0: any number.
    pub streamers_per_user: u32,
    /// What Twitch lets our subscriptions cost.
    pub subscription_budget: u32,
    /// Whether there is a room for everybody who is signed in.
    pub public_room: bool,
    /// Who moderates that room, by their Discord ids.
    pub room_moderators: Vec<UserId>,
    /// From one sweep of the schedule to the next, in minutes.
    pub sweep_minutes: u8,
    /// The SQS queue of the doorbell; unset: within the process.
    pub queue_url: Option<String>,
    /// The queue of rings that have failed too often.
    pub dead_letter_url: Option<String>,
    /// Where API Gateway takes what is sent to its sockets; unset: this process holds them.
    pub websocket_endpoint: Option<String>,
    /// The key of KMS that encrypts what is stored; unset: `LOCAL_ENCRYPTION_KEY`.
    pub kms_key_id: Option<String>,
    /// The secret that supplies the secret settings.
    pub secrets_arn: Option<String>,
    /// Who we are to AWS.
    pub aws: Option<AwsSettings>,
    secrets: Option<SecretSettings>,
}

#[derive(Clone, Debug)]
pub struct SecretSettings {
    /// Postgres.
    pub database_url: Secret,
    pub twitch_client_secret: Secret,
    /// Secrets that sign webhooks, the newest first.
    pub twitch_eventsub_secrets: Vec<Secret>,
    pub discord_bot_token: Secret,
    pub discord_client_secret: Secret,
    /// Secrets that sign sessions, the newest first.
    pub session_secrets: Vec<Secret>,
    /// Encrypts what is stored; two during a rotation; empty where KMS does it.
    pub local_encryption_key: Secret,
}

impl Config {
    /// Reads the process's environment, and the file beside it.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(lookup)
    }

    /// The secret settings, or what is missing.
    pub fn secrets(&self) -> Result<&SecretSettings, ConfigError> {
        let missing = "names a secret that has not been read".to_owned();
        self.secrets.as_ref().ok_or_else(|| ConfigError::one("SECRETS_ARN", missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC_KEY: &str = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c";

    fn complete() -> BTreeMap<String, String> {
        [
            ("PUBLIC_BASE_URL", "https://streammaxing.example/"),
            ("DATABASE_URL", "postgres://a:b@localhost/c"),
            ("TWITCH_CLIENT_ID", "id"),
            ("TWITCH_CLIENT_SECRET", "secret"),
            ("TWITCH_EVENTSUB_SECRET", "0123456789abcdef"),
            ("DISCORD_BOT_TOKEN", "token"),
            ("DISCORD_CLIENT_ID", "1100000000000000001"),
            ("DISCORD_CLIENT_SECRET", "secret"),
            ("DISCORD_PUBLIC_KEY", PUBLIC_KEY),
            ("SESSION_SECRET", "0123456789abcdef0123456789abcdef"),
            ("LOCAL_ENCRYPTION_KEY", "key"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    fn read(values: &BTreeMap<String, String>) -> Result<Config, ConfigError> {
        Config::from_lookup(|name| values.get(name).cloned())
    }

    #[test]
    fn defaults_fill_what_is_not_set() {
        let config = read(&complete()).unwrap();
        assert_eq!(config.public_base_url, "https://streammaxing.example");
        assert_eq!(config.discord_rate_per_second, 45);
        assert!(config.aws.is_none());
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let bad = [
            ("LOG_LEVEL", "loud"),
            ("SWEEP_MINUTES", "16"),
            ("DISCORD_RATE_PER_SECOND", "-1"),
            ("TWITCH_EVENTSUB_SECRET", "short"),
            ("SESSION_SECRET", "short"),
            ("DISCORD_PUBLIC_KEY", "short"),
        ];
        let values: BTreeMap<_, _> = bad.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
        let error = read(&values).unwrap_err();
        let names: Vec<_> = error.problems.iter().map(|(name, _)| *name).collect();
        for name in complete().keys().map(String::as_str).chain(bad.map(|(name, _)| name)) {
            assert!(names.contains(&name), "{name} is not reported: {error}");
        }
    }

    #[test]
    fn kms_takes_the_place_of_the_local_key() {
        let mut values = complete();
        values.remove("LOCAL_ENCRYPTION_KEY");
        assert_eq!(read(&values).unwrap_err().problems[0].0, "LOCAL_ENCRYPTION_KEY");
        values.insert("KMS_KEY_ID".into(), "alias/streammaxing".into());
        let error = read(&values).unwrap_err();
        assert_eq!(error.problems[0].0, "AWS_REGION", "{error}");
        for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            values.insert(name.into(), "x".into());
        }
        assert_eq!(read(&values).unwrap().kms_key_id.as_deref(), Some("alias/streammaxing"));
    }

    #[test]
    fn lists_of_the_edge_are_read_whole_or_refused() {
        let with = |name: &str, value: &str| {
            let mut values = complete();
            values.insert(name.to_owned(), value.to_owned());
            read(&values).map(|config| config.edge)
        };
        let proxies = with("TRUSTED_PROXIES", "10.0.0.0/8, ::1,192.0.2.1").unwrap().trusted_proxies;
        let networks: Vec<String> = proxies.iter().map(ToString::to_string).collect();
        assert_eq!(networks, ["10.0.0.0/8", "::1/128", "192.0.2.1/32"]);
        let hash = "ab".repeat(32);
        let hashes = with("ORIGIN_SECRET_HASHES", &format!("{hash},{hash}")).unwrap();
        assert_eq!(hashes.origin_secret_hashes, [[0xab; 32]; 2]);
        for (name, wrong) in [
            ("TRUSTED_PROXIES", "10.0.0.0/8,caddy"),
            ("TRUSTED_PROXIES", "10.0.0.0/33"),
            ("ORIGIN_SECRET_HASHES", "the secret itself"),
            ("ORIGIN_SECRET_HASHES", "abab"),
        ] {
            assert_eq!(with(name, wrong).unwrap_err().problems[0].0, name, "{wrong}");
        }
    }

    #[test]
    fn address_that_no_browser_would_send_back_stops_the_start() {
        let mut values = complete();
        values.insert("PUBLIC_BASE_URL".into(), "https://Alerts.Example:443/".into());
        assert_eq!(read(&values).unwrap().public_base_url, "https://alerts.example");
        for odd in ["https://a.example/app", "https://a.example?x", "https://u:p@a.example"] {
            values.insert("PUBLIC_BASE_URL".into(), odd.into());
            let problems = read(&values).unwrap_err().problems;
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0].0, "PUBLIC_BASE_URL");
        }
    }

    #[test]
    fn errors_never_show_a_secret() {
        let mut values = complete();
        values.insert("TWITCH_EVENTSUB_SECRET".into(), "hunter2".into());
        let error = read(&values).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn secrets_manager_completes_the_settings() {
        let mut values = complete();
        let secrets = values.split_off("DISCORD_BOT_TOKEN");
        let (mut open, secrets) =
            (BTreeMap::from([("PUBLIC_BASE_URL".to_owned(), "https://a.example".to_owned())]), {
                let mut all = secrets;
                all.append(&mut values);
                all
            });
        for (name, value) in [
            ("SECRETS_ARN", "arn:aws:secretsmanager:eu-central-1:1:secret:s"),
            ("TWITCH_CLIENT_ID", "id"),
            ("DISCORD_CLIENT_ID", "1100000000000000001"),
            ("DISCORD_PUBLIC_KEY", PUBLIC_KEY),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AK"),
            ("AWS_SECRET_ACCESS_KEY", "SK"),
        ] {
            open.insert(name.to_owned(), value.to_owned());
        }
        let config = read(&open).unwrap();
        assert!(config.secrets().is_err());
        let config = config.with_secrets(&secrets).unwrap();
        assert_eq!(config.secrets().unwrap().discord_bot_token.expose(), "token");
    }
}
