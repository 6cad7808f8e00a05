//! `streammaxing dev`: everything on this machine, with simulators instead of Twitch and Discord.

use crate::{
    run,
    world::{self, Error},
};
use axum::{
    Json, Router,
    extract::State,
    response::Html,
    routing::{get, post},
};
use serde_json::{Value, json};
use sm_lambda::Config;
use sm_services::App;
use sm_sim::{
    discord::{self, DiscordSim},
    postgres::Postgres,
    twitch::{self, TwitchSim},
};
use sm_types::{Clock, Secret};
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tokio::net::TcpListener;

const PAGE: &str = include_str!("../assets/dev.html");
/// Signs the simulated webhooks; it never leaves this machine.
const EVENTSUB_SECRET: &str = "development-secret-0123456789abcdef";
const CLIENT_SECRET: &str = "development-client-secret";

/// Where everything listens.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The app and the page.
    pub app: u16,
    /// The simulated Twitch.
    pub twitch: u16,
    /// The simulated Discord.
    pub discord: u16,
}

/// A world that runs; it ends when this is dropped.
pub struct Dev {
    /// The app.
    pub app: App,
    /// The simulated Twitch.
    pub twitch: TwitchSim,
    /// The simulated Discord.
    pub discord: DiscordSim,
    /// The page's address.
    pub url: String,
    listener: TcpListener,
}

/// Starts the database unless `database_url` names one.
pub fn database(
    database_url: Option<String>,
    cache_dir: PathBuf,
) -> Result<(String, Option<Postgres>), Error> {
    if let Some(url) = database_url {
        return Ok((url, None));
    }
    let postgres = Postgres::start(&sm_sim::postgres::Options { cache_dir, durable: true })?;
    Ok((postgres.url("postgres"), Some(postgres)))
}

/// Migrates, and starts simulators and app; `serve` then answers requests.
pub async fn start(
    database_url: &str,
    ports: Ports,
    openapi: Option<PathBuf>,
) -> Result<Dev, Error> {
    let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let twitch = TwitchSim::start(twitch::Options {
        addr: local(ports.twitch),
        retries: [1, 3, 10].map(Duration::from_secs).to_vec(),
        ..twitch::Options::local("development", CLIENT_SECRET)
    });
    let discord = DiscordSim::start(discord::Options {
        addr: local(ports.discord),
        openapi,
        rate_limit: Some(50),
        ..discord::Options::local("development-bot-token")
    });
    let twitch = twitch.await.map_err(|e| busy("Twitch simulator", ports.twitch, &e))?;
    let discord = discord.await.map_err(|e| busy("Discord simulator", ports.discord, &e))?;
    let bound = TcpListener::bind(local(ports.app)).await;
    let listener = bound.map_err(|error| busy("app", ports.app, &error))?;
    let url = format!("http://{}", listener.local_addr()?);
    let config = Config::from_lookup(|name| setting(name, database_url, &url, &twitch, &discord))?;
    let app = sm_lambda::build_app(&config, Clock::system())?;
    sm_db::migrate(&app.pool).await?;
    Ok(Dev { app, twitch, discord, url, listener })
}

fn busy(what: &str, port: u16, error: &std::io::Error) -> Error {
    format!("the {what} cannot listen on port {port} ({error}): choose another with --port-…")
        .into()
}

fn setting(
    name: &str,
    database_url: &str,
    url: &str,
    twitch: &TwitchSim,
    discord: &DiscordSim,
) -> Option<String> {
    let value = match name {
        "PUBLIC_BASE_URL" => url.to_owned(),
        "DATABASE_URL" => database_url.to_owned(),
        "DATABASE_CONNECTIONS" => "10".to_owned(),
        "TWITCH_CLIENT_ID" => "development".to_owned(),
        "TWITCH_CLIENT_SECRET" => CLIENT_SECRET.to_owned(),
        "TWITCH_EVENTSUB_SECRET" => EVENTSUB_SECRET.to_owned(),
        "TWITCH_API_URL" => twitch.api_url(),
        "TWITCH_AUTH_URL" => twitch.auth_url(),
        "DISCORD_API_URL" => discord.url(),
        "DISCORD_BOT_TOKEN" => "development-bot-token".to_owned(),
        // 32 bytes of a kind; nothing but simulated tokens is encrypted with them.
        "LOCAL_ENCRYPTION_KEY" => "ZGV2ZWxvcG1lbnQta2V5LW9mLTMyLWJ5dGVzLS0tLS0=".to_owned(),
        _ => return None,
    };
    Some(value)
}

impl Dev {
    /// Serves, seeds the world and calls `ready`; returns when the process is asked to stop.
    pub async fn serve(self, ready: impl FnOnce(&str)) -> Result<(), Error> {
        let Self { app, twitch, discord, url, listener } = self;
        let pages = Router::new()
            .route("/", get(|| async { Html(PAGE) }))
            .route("/dev/state", get(state))
            .route("/dev/log", get(deliveries))
            .route("/dev/streamers/{login}/{action}", post(act))
            .route("/dev/faults/{fault}", post(fault))
            .with_state((app.clone(), twitch.clone(), discord.clone()));
        let router = pages.fallback_service(sm_api::router(app.clone()));
        let server = tokio::spawn(run::run(app.clone(), listener, router, run::until_stopped()));
        let callback = format!("{url}/webhooks/twitch");
        world::seed(&app, &twitch, &discord, &callback, &Secret::new(EVENTSUB_SECRET)).await?;
        ready(&url);
        server.await??;
        Ok(())
    }
}

type Parts = (App, TwitchSim, DiscordSim);

async fn get_json(origin: &str, path: &str, http: &reqwest::Client) -> Value {
    let answer = http.get(format!("{origin}{path}")).send().await;
    match answer {
        Ok(answer) => {
            serde_json::from_slice(&answer.bytes().await.unwrap_or_default()).unwrap_or_default()
        }
        Err(_) => Value::Null,
    }
}

/// Streamers, guilds and messages, for the page.
async fn state(State((_, twitch, discord)): State<Parts>) -> Json<Value> {
    let http = sm_aws::lazy_http();
    let (twitch, discord) = (twitch.origin(), discord.origin());
    let (users, world, messages, violations) = tokio::join!(
        get_json(&twitch, "/_sim/twitch/users", &http),
        get_json(&discord, "/_sim/discord/world", &http),
        get_json(&discord, "/_sim/discord/messages?since=0", &http),
        get_json(&discord, "/_sim/discord/violations", &http),
    );
    Json(
        json!({ "users": users, "guilds": world["guilds"], "messages": messages["messages"], "violations": violations }),
    )
}

/// The latest deliveries with their timings, for the page.
async fn deliveries(State((app, ..)): State<Parts>) -> Json<Value> {
    let latest = sm_db::deliveries::latest(&app.pool, 40).await.unwrap_or_default();
    let row = |d: &sm_db::deliveries::Latest| {
        json!({
            "guild": d.guild_name, "login": d.login, "kind": d.kind, "status": d.status, "reason": d.reason,
            "detail": d.detail, "attempts": d.attempts, "latency_ms": d.latency_ms,
        })
    };
    Json(latest.iter().map(row).collect())
}

async fn act(
    State((_, twitch, _)): State<Parts>,
    axum::extract::Path((login, action)): axum::extract::Path<(String, String)>,
) -> Json<Value> {
    let path = match action.as_str() {
        "live" | "end" => format!("/_sim/twitch/users/{login}/{action}"),
        case => format!("/_sim/twitch/users/{login}/trigger/{case}"),
    };
    let http = sm_aws::lazy_http();
    let answer = http.post(format!("{}{path}", twitch.origin())).send().await;
    let text = match answer {
        Ok(answer) => answer.text().await.unwrap_or_default(),
        Err(error) => error.to_string(),
    };
    Json(json!({ "answer": text }))
}

async fn fault(
    State((_, _, discord)): State<Parts>,
    axum::extract::Path(name): axum::extract::Path<String>,
) -> Json<Value> {
    use discord::{Fault, FaultKind, LimitScope};
    let limited = |scope| FaultKind::RateLimit { scope, retry_after: 1.5, header: None };
    let fault = match name.as_str() {
        "rate-limit" => Some(Fault::new(limited(LimitScope::User), 1)),
        "global-limit" => Some(Fault::new(limited(LimitScope::Global), 1)),
        "server-error" => {
            Some(Fault::new(FaultKind::ServerError { status: 502, stored: false }, 1))
        }
        "lost-answer" => Some(Fault::new(FaultKind::LostAnswer, 1)),
        "forbidden" => Some(Fault::new(FaultKind::Refuse { status: 403, code: 50013 }, 1)),
        "slow" => Some(Fault::new(FaultKind::Slow { ms: 3000 }, 1)),
        "cloudflare" => Some(Fault::new(FaultKind::Cloudflare, 1)),
        _ => None,
    };
    match fault {
        Some(fault) => discord.fault(fault),
        None => discord.clear_faults(),
    }
    Json(json!({ "fault": name }))
}
