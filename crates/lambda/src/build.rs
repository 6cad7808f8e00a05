//! From settings to an app. Nothing is connected here; pool and clients start at first use.

use crate::{
    config::{Config, ConfigError, SecretSettings},
    database_url::{self, Looks},
};
use sm_aws::{
    AwsSettings, Cipher, CipherError, Doorbell, Gateway, Http, SecretVersion, SecretsError,
    lazy_http,
};
use sm_db::{Pool, PoolLimits, route::Belief};
use sm_services::{App, KNOWN_EVERYWHERE_AFTER, LazyApp, Parts, Settings, accounts::SessionKeys};
use sm_types::{Clock, Secret};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use time::OffsetDateTime;

/// The longest that a version of the secret is there before a rotation puts it into use.
///
/// A process that starts sooner after it signs with the secret before for a minute. A second rotation within
/// this time retires that one, and what was signed so is refused.
const ROTATION_LASTS: time::Duration = time::Duration::minutes(15);

/// The app that is built at its first use; one whose secrets come from Secrets Manager follows them.
pub fn lazy_app(config: Config, clock: Clock) -> LazyApp {
    let http = lazy_http();
    let (Some(arn), Some(aws)) = (config.secrets_arn.clone(), config.aws.clone()) else {
        return LazyApp::new(move || {
            let app = build(&config, &clock, &http, &Origin::default());
            std::future::ready(app.map_err(|error| error.to_string()))
        });
    };
    let source = Arc::new(Source { config, clock, http, arn, aws, built: Mutex::default() });
    LazyApp::changing(move || {
        let source = source.clone();
        async move { source.latest().await }
    })
}

/// Completes the settings from Secrets Manager where they ask for it.
pub async fn complete(config: Config) -> Result<Config, String> {
    let (Some(arn), Some(aws)) = (&config.secrets_arn, &config.aws) else { return Ok(config) };
    let fetched = sm_aws::fetch_secrets(aws, &lazy_http(), arn).await;
    let values = fetched.map_err(|error| error.to_string())?.values;
    config.with_secrets(&values).map_err(|error| error.to_string())
}

/// The app for settings that are complete.
pub fn build_app(config: &Config, clock: Clock) -> Result<App, ConfigError> {
    build(config, &clock, &lazy_http(), &Origin::default())
}

/// What an app comes from beside its settings.
#[derive(Default)]
struct Origin {
    /// The app whose place it takes.
    before: Option<Built>,
    /// From when on its newest secrets sign.
    newest_signs_from: Option<OffsetDateTime>,
}

/// Builds apps from a secret that changes.
struct Source {
    config: Config,
    clock: Clock,
    http: Http,
    arn: String,
    aws: AwsSettings,
    built: Mutex<Option<Built>>,
}

/// An app and what it was built from.
#[derive(Clone)]
struct Built {
    app: App,
    secrets: SecretSettings,
    version_id: String,
}

impl Source {
    /// The app of the secret's current version; `None` when it was given before.
    async fn latest(&self) -> Result<Option<App>, String> {
        let fetched = match sm_aws::fetch_secrets(&self.aws, &self.http, &self.arn).await {
            Err(error @ SecretsError::Malformed) => return self.unusable(&error),
            fetched => fetched.map_err(|error| error.to_string())?,
        };
        let before = self.built().clone();
        if before.as_ref().is_some_and(|before| before.version_id == fetched.version_id) {
            return Ok(None);
        }
        let origin = Origin { newest_signs_from: self.newest_signs_from(&fetched), before };
        match self.build(&fetched.values, &origin) {
            Err(error) => self.unusable(&error),
            Ok((app, secrets)) => {
                let version_id = fetched.version_id;
                *self.built() = Some(Built { app: app.clone(), secrets, version_id });
                Ok(Some(app))
            }
        }
    }

    /// Others may have looked before this version was in use. An old one is known to all when we start.
    fn newest_signs_from(&self, fetched: &SecretVersion) -> Option<OffsetDateTime> {
        let now = self.clock.now();
        let made_before = (now - ROTATION_LASTS).unix_timestamp();
        let is_old = fetched.created_at.is_some_and(|at| at < made_before);
        (self.built().is_some() || !is_old).then(|| now + KNOWN_EVERYWHERE_AFTER)
    }

    /// A version that no app can be built from: with one before, the product goes on.
    fn unusable(&self, error: &dyn std::error::Error) -> Result<Option<App>, String> {
        if self.built().is_none() {
            return Err(error.to_string());
        }
        tracing::error!(%error, "the secret's current version is of no use: the one before stays");
        Ok(None)
    }

    fn built(&self) -> MutexGuard<'_, Option<Built>> {
        self.built.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn build(
        &self,
        values: &BTreeMap<String, String>,
        origin: &Origin,
    ) -> Result<(App, SecretSettings), ConfigError> {
        let config = self.config.clone().with_secrets(values)?;
        let app = build(&config, &self.clock, &self.http, origin)?;
        Ok((app, config.secrets()?.clone()))
    }
}

/// Builds an app; what has not changed since the one before, connections above all, is shared with it.
fn build(config: &Config, clock: &Clock, http: &Http, origin: &Origin) -> Result<App, ConfigError> {
    let secrets = config.secrets()?;
    let before = origin.before.as_ref();
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
    let same_database = before.filter(|b| b.secrets.database_url == secrets.database_url);
    let same_key =
        before.filter(|b| b.secrets.local_encryption_key == secrets.local_encryption_key);
    let parts = Parts {
        pool: match same_database {
            Some(before) => before.app.pool.clone(),
            None => pool(&secrets.database_url, config.in_lambda, limits(config))?,
        },
        twitch: sm_twitch::Client::new(twitch, http.clone(), clock.clone()),
        clock: clock.clone(),
        discord: sm_discord::Client::new(discord, http.clone()),
        doorbell: match before {
            Some(before) => before.app.doorbell.clone(),
            None => doorbell(config, http),
        },
        cipher: match same_key {
            Some(before) => before.app.cipher.clone(),
            None => cipher(config, secrets, clock, http)?,
        },
        gateway: gateway(config, http),
        settings: Settings {
            eventsub_secrets: secrets.twitch_eventsub_secrets.clone(),
            public_base_url: config.public_base_url.clone(),
            discord_public_key: config.discord_public_key.clone(),
            session_keys: SessionKeys::new(&secrets.session_secrets, origin.newest_signs_from),
            newest_signs_from: origin.newest_signs_from,
            discord_rate_per_second: config.discord_rate_per_second,
            api_rate_per_second: config.api_rate_per_second,
            source_requests_per_second: config.source_requests_per_second,
            sign_ins_per_second: config.sign_ins_per_second,
            webhook_rate_per_second: config.webhook_rate_per_second,
            user_requests_per_minute: config.user_requests_per_minute,
            streamers_per_user: config.streamers_per_user,
            subscription_budget: config.subscription_budget,
            public_room: config.public_room,
            room_moderators: config.room_moderators.clone(),
            sweep_every: time::Duration::minutes(config.sweep_minutes.into()),
        },
    };
    Ok(match before {
        Some(before) => App::in_place_of(&before.app, parts),
        None => App::new(parts),
    })
}

/// What wakes a worker with these settings.
pub fn doorbell(config: &Config, http: &Http) -> Doorbell {
    match (&config.queue_url, &config.aws) {
        (Some(url), Some(aws)) => Doorbell::sqs(aws.clone(), http.clone(), url.clone()),
        _ => Doorbell::local(),
    }
}

/// What holds the sockets with these settings, if it is not this process.
fn gateway(config: &Config, http: &Http) -> Option<Gateway> {
    let (endpoint, aws) = (config.websocket_endpoint.as_deref()?, config.aws.clone()?);
    Some(Gateway::new(aws, http.clone(), endpoint))
}

fn cipher(
    config: &Config,
    secrets: &SecretSettings,
    clock: &Clock,
    http: &Http,
) -> Result<Cipher, ConfigError> {
    if let (Some(key_id), Some(aws)) = (&config.kms_key_id, &config.aws) {
        return Ok(Cipher::kms(aws.clone(), http.clone(), key_id.clone(), clock.clone()));
    }
    let invalid =
        |error: CipherError| ConfigError::one("LOCAL_ENCRYPTION_KEY", format!("is wrong: {error}"));
    Cipher::local(&secrets.local_encryption_key).map_err(invalid)
}

/// Discord's edge blocks requests without a User-Agent of this form.
fn user_agent(config: &Config) -> String {
    format!("DiscordBot ({}, {})", config.public_base_url, env!("CARGO_PKG_VERSION"))
}

/// A pool that connects when a query needs it, and first tries which way its connections go.
///
/// In Lambda only where the address looks like a proxy's: a cold start has no time for it, and the smoke test has
/// tried before.
pub fn pool(
    database_url: &Secret,
    in_lambda: bool,
    limits: PoolLimits,
) -> Result<Pool, ConfigError> {
    let belief = match database_url::looks(database_url)? {
        Looks::Pooled => Belief::Pooled,
        Looks::Plain if in_lambda => Belief::Direct,
        Looks::Plain | Looks::PerhapsPooled => Belief::Open,
    };
    Ok(Pool::believing(belief, database_url::options(database_url)?, limits))
}

/// How many connections these settings allow, and for how long one waits.
fn limits(config: &Config) -> PoolLimits {
    PoolLimits {
        statement: config.database_timeout,
        ..PoolLimits::with_connections(config.database_connections)
    }
}
