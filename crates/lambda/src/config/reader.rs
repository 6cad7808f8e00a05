//! Reads settings by name, and notes each that cannot be used.

use super::{
    Config, ConfigError, DISCORD_API_URL, SecretSettings, TWITCH_API_URL, TWITCH_AUTH_URL,
};
use ipnet::IpNet;
use sm_api::Edge;
use sm_aws::AwsSettings;
use sm_types::{Secret, address};
use std::{collections::BTreeMap, net::IpAddr, time::Duration};
use tracing::level_filters::LevelFilter;

impl Config {
    /// Reads settings by name; an empty one counts as unset.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut reader = Reader { lookup: &lookup, problems: Vec::new() };
        let config = reader.config();
        reader.done(config)
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
