//! From settings to an app. Nothing is connected here; pool and clients start at first use.

use crate::config::{Config, ConfigError};
use sm_aws::{Cipher, Doorbell, Http, lazy_http};
use sm_services::{App, LazyApp, Parts, Settings, accounts::SessionKeys};
use sm_types::Clock;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::time::Duration;

/// A request does not wait longer for a connection; Twitch expects its answer in seconds.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// The app that is built at its first use, with secrets from Secrets Manager when there is an ARN.
pub fn lazy_app(config: Config) -> LazyApp {
    LazyApp::new(move || {
        let config = config.clone();
        async move {
            let http = lazy_http();
            let config = with_secrets(config, &http).await?;
            build(&config, Clock::system(), http).map_err(|error| error.to_string())
        }
    })
}

/// The app for settings that are complete.
pub fn build_app(config: &Config, clock: Clock) -> Result<App, ConfigError> {
    build(config, clock, lazy_http())
}

async fn with_secrets(config: Config, http: &Http) -> Result<Config, String> {
    let (Some(arn), Some(aws)) = (&config.secrets_arn, &config.aws) else { return Ok(config) };
    let secrets = sm_aws::fetch_secrets(aws, http, arn).await.map_err(|e| e.to_string())?;
    config.with_secrets(&secrets).map_err(|error| error.to_string())
}

fn build(config: &Config, clock: Clock, http: Http) -> Result<App, ConfigError> {
    let secrets = config.secrets()?;
    let twitch = sm_twitch::ClientConfig {
        api_url: config.twitch_api_url.clone(),
        auth_url: config.twitch_auth_url.clone(),
        client_id: config.twitch_client_id.clone(),
        client_secret: secrets.twitch_client_secret.clone(),
    };
    let discord = sm_discord::ClientConfig {
        api_url: config.discord_api_url.clone(),
        client_id: config.discord_client_id.clone(),
        client_secret: secrets.discord_client_secret.clone(),
        bot_token: secrets.discord_bot_token.clone(),
        user_agent: user_agent(config),
    };
    let doorbell = match (&config.queue_url, &config.aws) {
        (Some(url), Some(aws)) => Doorbell::sqs(aws.clone(), http.clone(), url.clone()),
        _ => Doorbell::local(),
    };
    Ok(App::new(Parts {
        pool: pool(&secrets.database_url, config.database_connections)?,
        twitch: sm_twitch::Client::new(twitch, http.clone(), clock.clone()),
        clock,
        discord: sm_discord::Client::new(discord, http),
        doorbell,
        cipher: Cipher::local(&secrets.local_encryption_key)
            .map_err(|error| ConfigError::one("LOCAL_ENCRYPTION_KEY", error.to_string()))?,
        settings: Settings {
            eventsub_secrets: secrets.twitch_eventsub_secrets.clone(),
            public_base_url: config.public_base_url.clone(),
            discord_public_key: config.discord_public_key.clone(),
            session_keys: SessionKeys::new(&secrets.session_secrets),
            discord_rate_per_second: config.discord_rate_per_second,
            api_rate_per_second: config.api_rate_per_second,
            webhook_rate_per_second: config.webhook_rate_per_second,
        },
    }))
}

/// Discord's edge blocks requests without a User-Agent of this form.
fn user_agent(config: &Config) -> String {
    format!("DiscordBot ({}, {})", config.public_base_url, env!("CARGO_PKG_VERSION"))
}

/// A pool that connects when a query needs it.
///
/// Behind a transaction-pooling proxy (a host with `-pooler` in its name, or `pgbouncer=true`)
/// prepared statements do not outlive their transaction, so the cache is off there.
pub fn pool(database_url: &sm_types::Secret, connections: u32) -> Result<PgPool, ConfigError> {
    let url = database_url.expose();
    let pooled = url.contains("-pooler.") || url.contains("pgbouncer=true");
    let url = url.replace("pgbouncer=true", "");
    let invalid = || {
        // The parser's own message could quote the password.
        let remedy = "is not a Postgres URL: expected postgres://user:password@host:5432/database";
        ConfigError::one("DATABASE_URL", remedy.to_owned())
    };
    let mut options: PgConnectOptions = url.parse().map_err(|_| invalid())?;
    if pooled {
        options = options.statement_cache_capacity(0);
    }
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(Duration::from_secs(300))
        .connect_lazy_with(options))
}
