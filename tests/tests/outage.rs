//! Postgres stops and comes back: what was accepted is delivered, what was not is sent again.

use sm_lambda::Config;
use sm_sim::{
    postgres::{Options, Postgres},
    twitch::{self, Delivery, TwitchSim},
};
use sm_types::{Clock, TwitchUserId};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// How long the database stays away at least; a few requests long when nothing is set.
fn outage() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "how long a run is")]
    let seconds = std::env::var("OUTAGE_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_database_loses_nothing_that_was_accepted() {
    let start = || Postgres::start(&Options { cache_dir: sm_tests::cache_dir(), durable: true });
    let mut postgres = tokio::task::spawn_blocking(start).await.unwrap().unwrap();
    let database = postgres.url("postgres");
    let twitch = TwitchSim::start(twitch::Options::local("client", "client-secret")).await.unwrap();
    let discord = sm_sim::discord::DiscordSim::start(sm_sim::discord::Options::local("bot-token"))
        .await
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let lookup = |name: &str| {
        let value = match name {
            "PUBLIC_BASE_URL" => url.clone(),
            "DATABASE_URL" => database.clone(),
            "TWITCH_CLIENT_ID" => "client".to_owned(),
            "TWITCH_CLIENT_SECRET" => "client-secret".to_owned(),
            "TWITCH_EVENTSUB_SECRET" => sm_tests::EVENTSUB_SECRET.to_owned(),
            "TWITCH_API_URL" => twitch.api_url(),
            "TWITCH_AUTH_URL" => twitch.auth_url(),
            "DISCORD_API_URL" => discord.url(),
            "DISCORD_BOT_TOKEN" => "bot-token".to_owned(),
            "DISCORD_CLIENT_ID" => "1100000000000000001".to_owned(),
            "DISCORD_CLIENT_SECRET" => "discord-client-secret".to_owned(),
            "DISCORD_PUBLIC_KEY" => discord.public_key_hex(),
            "SESSION_SECRET" => sm_tests::SESSION_SECRET.to_owned(),
            "DISCORD_RATE_PER_SECOND" => "0".to_owned(),
            "LOCAL_ENCRYPTION_KEY" => "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned(),
            _ => return None,
        };
        Some(value)
    };
    let config = Config::from_lookup(lookup).unwrap();
    let app = sm_lambda::build_app(&config, Clock::system()).unwrap();
    sm_db::migrate(&app.pool).await.unwrap();
    let guild = discord.add_guild("Guild");
    let channel = discord.add_channel(guild, "live");
    sm_db::guilds::upsert(&app.pool, guild, "Guild").await.unwrap();
    sm_db::guilds::configure(&app.pool, guild, Some(channel), sm_db::guilds::Mention::None)
        .await
        .unwrap();
    let mut streamers = Vec::new();
    for n in 0..40 {
        let login = format!("streamer{n}");
        let id = twitch.add_user(&login, &login);
        let streamer = sm_db::streamers::Streamer {
            id: &id,
            login: &login,
            display_name: &login,
            profile_image_url: None,
        };
        sm_db::streamers::upsert(&app.pool, &streamer).await.unwrap();
        sm_db::streamers::follow(&app.pool, guild, &id).await.unwrap();
        sm_db::streamers::destinations::insert(&app.pool, guild, &id, None, None).await.unwrap();
        twitch.subscribe(
            &id,
            "stream.online",
            &format!("{url}/webhooks/twitch"),
            sm_tests::EVENTSUB_SECRET,
        );
        streamers.push(id);
    }
    let router = sm_api::router(app.clone());
    tokio::spawn(sm_cli::run::run(app.clone(), listener, router, std::future::pending()));

    let (mut accepted, mut refused) = (Vec::new(), Vec::<(&TwitchUserId, Delivery)>::new());
    let mut stopped = Instant::now();
    for (n, streamer) in streamers.iter().enumerate() {
        if n == 10 {
            postgres = tokio::task::spawn_blocking(move || {
                postgres.stop();
                postgres
            })
            .await
            .unwrap();
            stopped = Instant::now();
        }
        if n == 14 {
            while stopped.elapsed() < outage() {
                for (streamer, delivery) in &refused {
                    assert_eq!(twitch.deliver(streamer, delivery).await, [503]);
                }
            }
            let restart = move || {
                postgres.start_again().unwrap();
                postgres
            };
            postgres = tokio::task::spawn_blocking(restart).await.unwrap();
        }
        let (_, event) = twitch.start_stream(streamer, "live");
        let message_id = Some(format!("message-{n}"));
        let delivery = Delivery { message_id, ..Delivery::new("stream.online", event) };
        match twitch.deliver(streamer, &delivery).await[..] {
            [204] => accepted.push((streamer, delivery)),
            [503] => refused.push((streamer, delivery)),
            ref other => panic!("expected 204 or 503: {other:?}"),
        }
    }
    assert!(!refused.is_empty() && accepted.len() >= 30, "{} {}", accepted.len(), refused.len());
    // Twitch sends again what was not taken, under the same id.
    for (streamer, delivery) in &refused {
        assert_eq!(twitch.deliver(streamer, delivery).await, [204]);
    }
    let all = async {
        while discord.message_count() < streamers.len() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let delivered = tokio::time::timeout(Duration::from_secs(60), all).await;
    assert!(delivered.is_ok(), "{} of {} arrived", discord.message_count(), streamers.len());
    assert_eq!(discord.messages(channel).len(), streamers.len());
    app.pool.close().await;
}
