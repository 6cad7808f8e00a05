//! The settings: read once from the environment, all problems reported together.

use crate::env_file;
use ipnet::IpNet;
use sm_api::Edge;
use sm_aws::AwsSettings;
use sm_types::{Secret, UserId, address};
use std::{collections::BTreeMap, fmt, net::IpAddr, path::Path, sync::OnceLock, time::Duration};
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

    /// Reads settings by name; an empty one counts as unset.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut reader = Reader { lookup: &lookup, problems: Vec::new() };
        let config = reader.config();
        reader.done(config)
    }

    /// The secret settings, or what is missing.
    pub fn secrets(&self) -> Result<&SecretSettings, ConfigError> {
        let missing = "names a secret that has not been read".to_owned();
        self.secrets.as_ref().ok_or_else(|| ConfigError::one("SECRETS_ARN", missing))
    }

    /// Completes the settings with the secret's values.
    pub fn with_secrets(self, values: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let lookup = |name: &str| values.get(name).cloned();
        let mut reader = Reader { lookup: &lookup, problems: Vec::new() };
        let secrets = reader.secrets(self.kms_key_id.is_some());
        reader.done(Self { secrets: Some(secrets), ..self })
    }
}

struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<(&'static str, String)>,
}

impl Reader<'_> {
    fn config(&mut self) -> Config {
        let secrets_arn = self.optional("SECRETS_ARN");
        let queue_url = self.optional("QUEUE_URL");
        let kms_key_id = self.optional("KMS_KEY_ID");
        let websocket_endpoint = self.optional("WEBSOCKET_ENDPOINT");
        let of_aws = [&secrets_arn, &queue_url, &kms_key_id, &websocket_endpoint];
        let needs_aws = of_aws.iter().any(|setting| setting.is_some());
        let aws = needs_aws.then(|| self.aws());
        Config {
            stage: self.optional("STAGE").unwrap_or_else(|| "local".to_owned()),
            release: self.optional("RELEASE"),
            log_level: self.parsed(
                "LOG_LEVEL",
                LevelFilter::INFO,
                "must be error, warn, info, debug or trace",
            ),
            public_base_url: self.origin("PUBLIC_BASE_URL"),
            database_connections: self
                .parsed("DATABASE_CONNECTIONS", 5, "must be a whole number from 1 on")
                .max(1),
            database_timeout: self.milliseconds("DATABASE_TIMEOUT_MS", 10_000),
            in_lambda: self.optional("AWS_LAMBDA_RUNTIME_API").is_some(),
            twitch_client_id: self.required(
                "TWITCH_CLIENT_ID",
                "is missing: copy it from the Twitch developer console",
            ),
            twitch_api_url: self.url("TWITCH_API_URL", TWITCH_API_URL),
            twitch_auth_url: self.url("TWITCH_AUTH_URL", TWITCH_AUTH_URL),
            discord_api_url: self.url("DISCORD_API_URL", DISCORD_API_URL),
            discord_client_id: self.required(
                "DISCORD_CLIENT_ID",
                "is missing: copy it from the Discord developer portal, page OAuth2",
            ),
            discord_public_key: self.public_key(),
            discord_rate_per_second: self.parsed(
                "DISCORD_RATE_PER_SECOND",
                45,
                "must be a whole number; 0 turns the pace off",
            ),
            api_rate_per_second: self.rate("API_RATE_PER_SECOND", 1_000),
            source_requests_per_second: self.parsed(
                "SOURCE_REQUESTS_PER_SECOND",
                10,
                "must be a whole number; 0 turns the limit off",
            ),
            // Should Discord refuse each, 5 make 3,000 in 10 minutes, well below what opens the circuit.
            sign_ins_per_second: self
                .parsed("SIGN_INS_PER_SECOND", 5, "must be a whole number from 1 on")
                .max(1),
            edge: Edge {
                origin_secret_hashes: self.origin_secret_hashes(),
                trusted_proxies: self.trusted_proxies(),
            },
            webhook_rate_per_second: self.rate("WEBHOOK_RATE_PER_SECOND", 100),
            user_requests_per_minute: self
                .parsed("USER_REQUESTS_PER_MINUTE", 50, "must be a whole number from 1 on")
                .max(1),
            streamers_per_user: self.parsed(
                "STREAMERS_PER_USER",
                500,
                "must be a whole number; 0 turns the limit off",
            ),
            subscription_budget: self.parsed(
                "SUBSCRIPTION_BUDGET",
                10_000,
                "must be a whole number: what Twitch's subscriptions may cost",
            ),
            public_room: self.parsed("PUBLIC_ROOM", false, "must be true or false"),
            room_moderators: self.list(
                "ROOM_MODERATORS",
                "must be Discord user ids, separated by commas",
                |text| text.parse().ok(),
            ),
            sweep_minutes: self.sweep_minutes(),
            secrets: secrets_arn.is_none().then(|| self.secrets(kms_key_id.is_some())),
            queue_url,
            dead_letter_url: self.optional("DEAD_LETTER_URL"),
            kms_key_id,
            websocket_endpoint: websocket_endpoint
                .map(|text| self.read("WEBSOCKET_ENDPOINT", address::api(&text))),
            secrets_arn,
            aws,
        }
    }

    fn secrets(&mut self, has_kms: bool) -> SecretSettings {
        SecretSettings {
            database_url: self.secret(
                "DATABASE_URL",
                "is missing: set postgres://user:password@host:5432/database",
            ),
            twitch_client_secret: self.secret(
                "TWITCH_CLIENT_SECRET",
                "is missing: create one in the Twitch developer console",
            ),
            twitch_eventsub_secrets: self.eventsub_secrets(),
            discord_bot_token: self.secret(
                "DISCORD_BOT_TOKEN",
                "is missing: copy it from the Discord developer portal, page Bot",
            ),
            discord_client_secret: self.secret(
                "DISCORD_CLIENT_SECRET",
                "is missing: create one in the Discord developer portal, page OAuth2",
            ),
            session_secrets: self.session_secrets(),
            local_encryption_key: if has_kms {
                Secret::new("")
            } else {
                self.secret(
                    "LOCAL_ENCRYPTION_KEY",
                    "is missing: make one with `openssl rand -base64 32`, or set KMS_KEY_ID",
                )
            },
        }
    }

    /// Twitch takes 10 to 100 ASCII characters. During a rotation two are given, the new one first.
    fn eventsub_secrets(&mut self) -> Vec<Secret> {
        const NAME: &str = "TWITCH_EVENTSUB_SECRET";
        let text = self.required(NAME, "is missing: make one with `openssl rand -hex 32`");
        let secrets: Vec<&str> = text.split(',').map(str::trim).collect();
        let fits = |s: &&str| s.is_ascii() && (10..=100).contains(&s.len());
        if !text.is_empty() && (!secrets.iter().all(fits) || secrets.len() > 2) {
            self.problem(
                NAME,
                "must be one or two secrets of 10 to 100 ASCII characters, separated by a comma",
            );
        }
        secrets.into_iter().map(Secret::new).collect()
    }

    /// During a rotation two are given, the new one first.
    fn session_secrets(&mut self) -> Vec<Secret> {
        const NAME: &str = "SESSION_SECRET";
        let text = self.required(NAME, "is missing: make one with `openssl rand -hex 32`");
        let secrets: Vec<&str> = text.split(',').map(str::trim).collect();
        if !text.is_empty() && (secrets.iter().any(|s| s.len() < 32) || secrets.len() > 2) {
            self.problem(
                NAME,
                "must be one or two secrets of at least 32 characters, separated by a comma",
            );
        }
        secrets.into_iter().map(Secret::new).collect()
    }

    fn public_key(&mut self) -> String {
        const NAME: &str = "DISCORD_PUBLIC_KEY";
        let remedy = "is missing: copy it from the Discord developer portal, page General";
        let key = self.required(NAME, remedy);
        let fits = key.len() == 64 && key.bytes().all(|b| b.is_ascii_hexdigit());
        if !key.is_empty() && !fits {
            self.problem(NAME, "must be 64 hexadecimal digits");
        }
        key
    }

    /// During a rotation two are given; the secrets themselves only the CDN has to know.
    fn origin_secret_hashes(&mut self) -> Vec<[u8; 32]> {
        const NAME: &str = "ORIGIN_SECRET_HASHES";
        self.list(NAME, "must be SHA-256 hashes in hexadecimal, separated by commas", |text| {
            let mut hash = [0; 32];
            hex::decode_to_slice(text, &mut hash).ok().map(|()| hash)
        })
    }

    fn trusted_proxies(&mut self) -> Vec<IpNet> {
        const PROBLEM: &str =
            "must be networks such as 10.0.0.0/8, or addresses, separated by commas";
        self.list("TRUSTED_PROXIES", PROBLEM, |text| {
            let address = || text.parse().ok().map(|address: IpAddr| address.to_canonical().into());
            text.parse().ok().or_else(address)
        })
    }

    /// SQS keeps a ring for what is due until then, and keeps none for longer than 15 minutes.
    fn sweep_minutes(&mut self) -> u8 {
        const NAME: &str = "SWEEP_MINUTES";
        let minutes = self.parsed(NAME, 1, "must be a whole number of minutes from 1 to 15");
        if !(1..=15).contains(&minutes) {
            self.problem(NAME, "must be a whole number of minutes from 1 to 15");
        }
        minutes
    }

    fn aws(&mut self) -> AwsSettings {
        const BY_LAMBDA: &str = "is missing: Lambda sets it; elsewhere set it or leave SECRETS_ARN, QUEUE_URL, KMS_KEY_ID and WEBSOCKET_ENDPOINT unset";
        AwsSettings {
            region: self.required("AWS_REGION", BY_LAMBDA),
            access_key_id: self.required("AWS_ACCESS_KEY_ID", BY_LAMBDA),
            secret_access_key: self.secret("AWS_SECRET_ACCESS_KEY", BY_LAMBDA),
            session_token: self.optional("AWS_SESSION_TOKEN").map(Secret::new),
            endpoint_url: self.optional("AWS_ENDPOINT_URL"),
        }
    }

    fn optional(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty())
    }

    fn required(&mut self, name: &'static str, problem: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problem(name, problem);
            String::new()
        })
    }

    fn secret(&mut self, name: &'static str, problem: &str) -> Secret {
        Secret::new(self.required(name, problem))
    }

    /// An address without a path: sign-in, cookies and the dashboard stand at its root.
    fn origin(&mut self, name: &'static str) -> String {
        let text = self.optional(name).unwrap_or_default();
        self.read(name, address::origin(&text))
    }

    fn url(&mut self, name: &'static str, default: &str) -> String {
        let text = self.optional(name).unwrap_or_else(|| default.to_owned());
        self.read(name, address::api(&text))
    }

    fn read(&mut self, name: &'static str, read: Result<String, &'static str>) -> String {
        read.unwrap_or_else(|problem| {
            self.problem(name, problem);
            String::new()
        })
    }

    fn parsed<T: std::str::FromStr>(&mut self, name: &'static str, default: T, problem: &str) -> T {
        match self.optional(name).map(|text| text.parse()) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                self.problem(name, problem);
                default
            }
        }
    }

    fn list<T>(
        &mut self,
        name: &'static str,
        problem: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        let text = self.optional(name).unwrap_or_default();
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(read).collect::<Option<_>>().unwrap_or_else(|| {
            self.problem(name, problem);
            Vec::new()
        })
    }

    fn rate(&mut self, name: &'static str, default: i32) -> i32 {
        self.parsed(name, default, "must be a whole number; 0 turns the limit off").max(0)
    }

    fn milliseconds(&mut self, name: &'static str, default: u64) -> Duration {
        let value = self.parsed(name, default, "must be a whole number of milliseconds from 1 on");
        Duration::from_millis(value.max(1))
    }

    fn problem(&mut self, name: &'static str, problem: &str) {
        self.problems.push((name, problem.to_owned()));
    }

    fn done(self, config: Config) -> Result<Config, ConfigError> {
        if self.problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError { problems: self.problems })
        }
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
