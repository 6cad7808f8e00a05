//! `streammaxing dev`: everything on this machine, with simulators instead of Twitch and Discord.

use crate::{
    dashboard,
    dev_page::{self, Parts},
    run,
    site::Site,
    socket,
    world::{self, Error},
};
use sm_api::Edge;
use sm_lambda::Config;
use sm_services::App;
use sm_sim::{
    discord::{self, DiscordSim},
    postgres::Postgres,
    twitch::{self, TwitchSim},
};
use sm_types::Clock;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tokio::net::TcpListener;

/// Signs the simulated webhooks; it never leaves this machine.
const EVENTSUB_SECRET: &str = "development-secret-0123456789abcdef";
const CLIENT_SECRET: &str = "development-client-secret";

#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The app and the page.
    pub app: u16,
    pub twitch: u16,
    pub discord: u16,
}

/// What a world is started with.
#[derive(Debug)]
pub struct Options {
    pub ports: Ports,
    pub dashboard: Site,
    /// Discord's OpenAPI document, which requests to the simulator are held to.
    pub openapi: Option<PathBuf>,
    /// Settings other than those that make the world what it is.
    pub setting: fn(&str) -> Option<String>,
}

/// A world that runs; it ends when this is dropped.
pub struct Dev {
    pub app: App,
    pub twitch: TwitchSim,
    pub discord: DiscordSim,
    /// The page's address.
    pub url: String,
    listener: TcpListener,
    dashboard: Site,
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
pub async fn start(database_url: &str, options: Options) -> Result<Dev, Error> {
    let Options { ports, dashboard, openapi, setting: extra } = options;
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
    // Twitch lets its player be shown on pages of `localhost`, and on none of an IP address.
    let url = format!("http://localhost:{}", listener.local_addr()?.port());
    let config = Config::from_lookup(|name| {
        setting(name, database_url, &url, &twitch, &discord).or_else(|| extra(name))
    })?;
    let app = sm_lambda::build_app(&config, Clock::system())?;
    sm_db::migrate(&app.pool).await?;
    Ok(Dev { app, twitch, discord, url, listener, dashboard })
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
        // Everybody is at the same address here.
        "SOURCE_REQUESTS_PER_SECOND" => "0".to_owned(),
        "SIGN_INS_PER_SECOND" => "1000".to_owned(),
        "TWITCH_CLIENT_ID" => "development".to_owned(),
        "TWITCH_CLIENT_SECRET" => CLIENT_SECRET.to_owned(),
        "TWITCH_EVENTSUB_SECRET" => EVENTSUB_SECRET.to_owned(),
        "TWITCH_API_URL" => twitch.api_url(),
        "TWITCH_AUTH_URL" => twitch.auth_url(),
        "DISCORD_API_URL" => discord.url(),
        "DISCORD_BOT_TOKEN" => "development-bot-token".to_owned(),
        "DISCORD_CLIENT_ID" => "1100000000000000001".to_owned(),
        "DISCORD_CLIENT_SECRET" => "discord-client-secret".to_owned(),
        "DISCORD_PUBLIC_KEY" => discord.public_key_hex(),
        "SESSION_SECRET" => "development-session-secret-0123456789".to_owned(),
        // 32 bytes of a kind; nothing but simulated tokens is encrypted with them.
        "LOCAL_ENCRYPTION_KEY" => "ZGV2ZWxvcG1lbnQta2V5LW9mLTMyLWJ5dGVzLS0tLS0=".to_owned(),
        _ => return None,
    };
    Some(value)
}

impl Dev {
    /// Serves, seeds the world and calls `ready`; returns when the process is asked to stop.
    pub async fn serve(self, ready: impl FnOnce(&str)) -> Result<(), Error> {
        let Self { app, twitch, discord, url, listener, dashboard } = self;
        discord.set_interactions_url(&format!("{url}/interactions"));
        let pages = dev_page::router(Parts {
            app: app.clone(),
            twitch: twitch.clone(),
            discord: discord.clone(),
            http: sm_aws::lazy_http(),
        });
        // Avatars are the simulated Twitch's own.
        let api = socket::api(Edge::default(), app.clone());
        let site = dashboard::beside_pictures_of(api, dashboard, &twitch.origin());
        let router = pages.fallback_service(site);
        let server = tokio::spawn(run::run(app.clone(), listener, router, run::until_stopped()));
        world::seed(&app, &twitch, &discord).await?;
        ready(&url);
        server.await??;
        Ok(())
    }
}
