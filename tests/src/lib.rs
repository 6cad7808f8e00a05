//! The harness: a world per test with its own database, real HTTP and a clock that can be moved.
//!
//! A test ends well only if nothing due is left in the outbox, no request broke Discord's contract
//! and nothing was logged as an error; see [`scenario`].

mod browser;
mod database;
pub mod flood;
mod frame_check;
mod log;
pub mod process;
mod silence;
mod socket;

pub use browser::{Answer, Browser};
pub use database::TestDatabase;
pub use frame_check::{ASYNC_API, check_frame};
pub use silence::{Lost, SilentProxy};
pub use socket::{Ended, Socket, small_buffers};

use sm_db::guilds::Mention;
use sm_lambda::Config;
use sm_services::{
    App,
    jobs::{sweep, worker},
};
use sm_sim::{
    discord::{self, DiscordSim, SimMessage},
    twitch::{self, TwitchSim},
};
use sm_types::{ChannelId, Clock, GuildId, TwitchUserId};
use std::time::Duration;
use tokio::{net::TcpListener, time::Instant};

/// Signs the webhooks of tests.
pub const EVENTSUB_SECRET: &str = "0123456789abcdef0123456789abcdef";
/// Signs the sessions of tests.
pub const SESSION_SECRET: &str = "fedcba9876543210fedcba9876543210";
/// What takes longer does not come to an end.
const PATIENCE: Duration = Duration::from_secs(240);
const TYPES: [&str; 4] = ["stream.online", "stream.offline", "channel.update", "user.update"];

/// A running app with its simulated surroundings.
pub struct World {
    pub app: App,
    /// The simulated Twitch.
    pub twitch: TwitchSim,
    /// The simulated Discord.
    pub discord: DiscordSim,
    /// The app's clock.
    pub clock: Clock,
    /// The app's address.
    pub url: String,
    /// Settings, for other processes.
    pub settings: Vec<(&'static str, String)>,
    database: TestDatabase,
    errors_allowed: std::cell::Cell<bool>,
    violations_allowed: std::cell::Cell<bool>,
}

/// A guild with a channel that follows streamers.
#[derive(Debug, Clone, Copy)]
pub struct Guild {
    /// The guild.
    pub id: GuildId,
    /// Its default channel.
    pub channel: ChannelId,
}

/// Runs a test in a fresh world and holds it to the harness's rules.
pub async fn scenario(test: impl AsyncFnOnce(&World)) {
    run(0, PATIENCE, test).await;
}

/// Like [`scenario`], with a pace of requests to Discord and Discord's own limits.
pub async fn scenario_at_rate(rate: u32, test: impl AsyncFnOnce(&World)) {
    run(rate, PATIENCE, test).await;
}

/// Like [`scenario`], for a test that may take longer than others.
pub async fn scenario_within(patience: Duration, test: impl AsyncFnOnce(&World)) {
    run(0, patience, test).await;
}

async fn run(rate: u32, patience: Duration, test: impl AsyncFnOnce(&World)) {
    log::start();
    let world = World::start(rate).await;
    let ended = tokio::time::timeout(patience, test(&world)).await;
    assert!(ended.is_ok(), "the test does not come to an end");
    world.finish().await;
}

impl World {
    async fn start(rate: u32) -> Self {
        let database = TestDatabase::create().await;
        let clock = Clock::shiftable();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let twitch = twitch::Options {
            clock: clock.clone(),
            ..twitch::Options::local("client", "client-secret")
        };
        let twitch = TwitchSim::start(twitch).await.expect("a free port");
        let openapi = environment("DISCORD_OPENAPI").map(Into::into);
        let rate_limit = (rate > 0).then_some(50);
        let redirect_uris = vec![format!("{url}/api/auth/discord/callback")];
        let local = discord::Options::local("bot-token");
        let clock_of_discord = clock.clone();
        let discord = discord::Options {
            openapi,
            rate_limit,
            redirect_uris,
            clock: clock_of_discord,
            ..local
        };
        let discord = DiscordSim::start(discord).await.expect("a free port");
        let settings = settings(&database.url, &url, &twitch, &discord, rate);
        let find = |name: &str| settings.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
        let config = Config::from_lookup(find).expect("the settings of tests are complete");
        let app = sm_lambda::build_app(&config, clock.clone()).expect("the settings are valid");
        let router = sm_cli::socket::api(config.edge.clone(), app.clone());
        tokio::spawn(sm_cli::socket::attend(app.clone().into()));
        let router = sm_cli::run::with_peers(router);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let (errors_allowed, violations_allowed) = Default::default();
        Self {
            app,
            twitch,
            discord,
            clock,
            url,
            settings,
            database,
            errors_allowed,
            violations_allowed,
        }
    }

    async fn finish(self) {
        let now = self.clock.now();
        if !self.app.pool.is_closed() {
            let left = sm_db::announce::events::next_due(&self.app.pool, self.app.clock.now())
                .await
                .expect("the database answers");
            if left.is_some_and(|due| due <= now) {
                panic!("work that is due was left in the outbox: {:?}", self.open_work().await);
            }
        }
        if !self.violations_allowed.get() {
            assert_eq!(self.discord.violations(), Vec::<String>::new(), "Discord's contract");
        }
        let errors = log::errors();
        assert!(self.errors_allowed.get() || errors.is_empty(), "errors were logged: {errors:?}");
        self.app.pool.close().await;
        self.database.drop_it().await;
    }

    /// The address of this test's database.
    pub fn database_url(&self) -> &str {
        &self.database.url
    }

    /// The same for another user of the server.
    pub fn database_url_as(&self, user: &str, password: &str) -> String {
        self.database.url_as(user, password)
    }

    /// Copies this test's database as it is now.
    pub async fn copy_database(&self) -> TestDatabase {
        self.database.copy().await
    }

    /// This test expects errors in the log.
    pub fn expect_errors(&self) {
        self.errors_allowed.set(true);
    }

    /// Adds a streamer whose events are subscribed to.
    pub async fn streamer(&self, login: &str) -> TwitchUserId {
        let id = self.twitch.add_user(login, &login.to_uppercase());
        let name = login.to_uppercase();
        let streamer = sm_db::streamers::Streamer {
            id: &id,
            login,
            display_name: &name,
            profile_image_url: None,
        };
        sm_db::streamers::upsert(&self.app.pool, &streamer).await.expect("a new streamer");
        for kind in TYPES {
            let callback = format!("{}/webhooks/twitch", self.url);
            self.twitch.subscribe(&id, kind, &callback, EVENTSUB_SECRET);
        }
        self.know_subscriptions(&id).await;
        id
    }

    /// Records what was subscribed behind the product's back as its own doing.
    async fn know_subscriptions(&self, streamer: &TwitchUserId) {
        let pool = &self.app.pool;
        sm_db::streamers::set_authorized(pool, streamer, true).await.expect("the streamer exists");
        for subscription in self.twitch.subscriptions() {
            let about = subscription.condition.as_object().and_then(|all| all.values().next());
            if about.and_then(|id| id.as_str()) == Some(streamer.as_str()) {
                let known = "insert into eventsub_targets (twitch_user_id, type, state, subscription_id, next_try_at)
                             values ($1, $2, 'enabled', $3, now())";
                let known = sqlx::query(known).bind(streamer.as_str());
                let known = known.bind(subscription.kind).bind(subscription.id).execute(pool);
                known.await.expect("a new target");
            }
        }
    }

    /// Adds a guild that announces a streamer in its only channel.
    pub async fn guild_following(&self, streamer: &TwitchUserId) -> Guild {
        self.guild_mentioning(streamer, Mention::None).await
    }

    /// The same with a mention.
    pub async fn guild_mentioning(&self, streamer: &TwitchUserId, mention: Mention) -> Guild {
        let id = self.discord.add_guild("Guild");
        let channel = self.discord.add_channel(id, "live");
        let pool = &self.app.pool;
        sm_db::guilds::upsert(pool, id, "Guild").await.expect("a new guild");
        sm_db::guilds::configure(pool, id, Some(channel), mention).await.expect("a configuration");
        self.follow(id, streamer, None).await;
        Guild { id, channel }
    }

    /// Lets a guild announce a streamer in a channel, or in its default one.
    pub async fn follow(
        &self,
        guild: GuildId,
        streamer: &TwitchUserId,
        channel: Option<ChannelId>,
    ) {
        let pool = &self.app.pool;
        sm_db::streamers::follow(pool, guild, streamer).await.expect("a follow");
        let added =
            sm_db::streamers::destinations::insert(pool, guild, streamer, channel, None).await;
        added.expect("a destination");
    }

    /// Works off everything that is due.
    pub async fn work(&self) -> worker::Report {
        let deadline = Instant::now() + Duration::from_secs(120);
        let done = worker::run(&self.app, deadline).await.expect("the database answers");
        sm_services::chat::sender::run(&self.app, deadline).await.expect("the database answers");
        let answered = sm_services::interactions::follow_up::run(&self.app, deadline);
        answered.await.expect("the database answers");
        done
    }

    /// Lets time pass and works off what has become due.
    pub async fn after(&self, time: time::Duration) {
        self.clock.advance(time);
        self.work().await;
    }

    /// Runs a minute sweep.
    pub async fn sweep(&self) -> sweep::Swept {
        let deadline = Instant::now() + Duration::from_secs(120);
        sweep::run(&self.app, deadline).await.expect("the database answers")
    }

    /// Waits until Twitch has verified every subscription: one that waits for its challenge delivers nothing.
    pub async fn verified(&self) {
        let verified = async {
            while self.twitch.subscriptions().iter().any(|s| s.status.ends_with("pending")) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(30), verified).await;
        assert!(in_time.is_ok(), "a challenge does not come: {:?}", self.twitch.subscriptions());
    }

    /// The messages of a guild's channel.
    pub fn messages(&self, guild: Guild) -> Vec<SimMessage> {
        self.discord.messages(guild.channel)
    }

    /// The only message of a guild's channel.
    #[track_caller]
    pub fn message(&self, guild: Guild) -> SimMessage {
        let mut messages = self.messages(guild);
        assert_eq!(messages.len(), 1, "exactly one message: {messages:?}");
        messages.remove(0)
    }

    /// State and reason of every delivery of a guild, oldest first, as `kind status reason`.
    pub async fn deliveries(&self, guild: Guild) -> Vec<String> {
        sqlx::query_scalar(
            "select concat_ws(' ', kind, status, reason) from notification_log
             where guild_id = $1 order by created_at, delivery_id",
        )
        .bind(guild.id.to_db())
        .fetch_all(&self.app.pool)
        .await
        .expect("the database answers")
    }

    /// How many events and deliveries have not come to their end, and since when they are due.
    async fn open_work(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select concat_ws(' ', count(*), what, kind, 'after', attempts, 'attempts:', min(due_at) - $1)
             from (select 'event' as what, kind, attempts, due_at from stream_events where finished_at is null
                   union all
                   select 'delivery', kind, attempts, due_at from notification_log
                   where status in ('pending', 'sending')) open
             group by what, kind, attempts order by min(due_at)",
        )
        .bind(self.clock.now())
        .fetch_all(&self.app.pool)
        .await
        .expect("the database answers")
    }

    /// Runs a statement that prepares what no function of the product does.
    pub async fn sql(&self, statement: &'static str) {
        sqlx::query(statement).execute(&self.app.pool).await.expect("the statement is valid");
    }

    /// From now on the database refuses the row of a trial as it does when its disk is full; others still find room.
    pub async fn fill_disk(&self) {
        let fill = "create function no_room() returns trigger language plpgsql as $$
                    begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$;
                    create trigger no_room before insert or update on jobs for each row
                    when (new.name = 'trial') execute function no_room()";
        let mut db = self.app.pool.acquire().await.expect("the database answers");
        sqlx::raw_sql(fill).execute(&mut db).await.expect("the statements are valid");
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> i64 {
        let statement = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        sqlx::query_scalar(statement).fetch_one(&self.app.pool).await.expect("the table exists")
    }
}

fn settings(
    database: &str,
    url: &str,
    twitch: &TwitchSim,
    discord: &DiscordSim,
    rate: u32,
) -> Vec<(&'static str, String)> {
    vec![
        ("PUBLIC_BASE_URL", url.to_owned()),
        ("DATABASE_URL", database.to_owned()),
        ("TWITCH_CLIENT_ID", "client".to_owned()),
        ("TWITCH_CLIENT_SECRET", "client-secret".to_owned()),
        ("TWITCH_EVENTSUB_SECRET", EVENTSUB_SECRET.to_owned()),
        ("TWITCH_API_URL", twitch.api_url()),
        ("TWITCH_AUTH_URL", twitch.auth_url()),
        ("DISCORD_API_URL", discord.url()),
        ("DISCORD_BOT_TOKEN", "bot-token".to_owned()),
        ("DISCORD_CLIENT_ID", "1100000000000000001".to_owned()),
        ("DISCORD_CLIENT_SECRET", "discord-client-secret".to_owned()),
        ("DISCORD_PUBLIC_KEY", discord.public_key_hex()),
        ("SESSION_SECRET", SESSION_SECRET.to_owned()),
        ("DISCORD_RATE_PER_SECOND", rate.to_string()),
        // Out of reach, and yet looked up: limits have tests of their own.
        ("API_RATE_PER_SECOND", "1000000".to_owned()),
        ("SOURCE_REQUESTS_PER_SECOND", "1000000".to_owned()),
        ("SIGN_INS_PER_SECOND", "1000000".to_owned()),
        ("WEBHOOK_RATE_PER_SECOND", "1000000".to_owned()),
        ("PUBLIC_ROOM", "true".to_owned()),
        ("LOCAL_ENCRYPTION_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned()),
    ]
}

/// A secret as `ORIGIN_SECRET_HASHES` names it.
pub fn hash(secret: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, secret.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Held by tests that load the machine, and by those that need it to be quiet: one at a time.
pub async fn machine() -> tokio::sync::MutexGuard<'static, ()> {
    static MACHINE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    MACHINE.lock().await
}

/// Where `make test` keeps what it downloads.
pub fn cache_dir() -> std::path::PathBuf {
    environment("STREAMMAXING_CACHE").map_or_else(std::env::temp_dir, Into::into)
}

#[expect(clippy::disallowed_methods, reason = "how tests are told where things are")]
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
