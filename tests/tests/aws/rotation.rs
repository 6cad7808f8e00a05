//! The secrets rotate, in the four steps of Secrets Manager, while webhooks and sessions flow.

use super::{
    door::Door,
    secrets::{Stored, event},
};
use crate::flow::{Flow, Site, edge, until};
use serde_json::{Value, json};
use sm_lambda::{Config, dispatch::Dispatcher, lazy_app, ops::Ops};
use sm_services::{
    App, LazyApp, Parts,
    audit::Actor,
    streamers::{linking, lookup},
};
use sm_tests::{EVENTSUB_SECRET, SESSION_SECRET, World, scenario, scenario_within};
use sm_types::{GuildId, TwitchUserId, UserId};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use time::Duration as Time;
use tokio::{net::TcpListener, sync::oneshot};

const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];
const NEW_EVENTSUB: &str = "new-eventsub-secret-0123456789";
const NEW_SESSION: &str = "new-session-secret-0123456789abcdef";
/// How far the clock moves while everything that flows goes round.
const TICK: Time = Time::seconds(12);
/// For how many minutes after a rotation it moves so slowly; then by half minutes, within which a code of Discord's is exchanged.
const SLOWLY: usize = 4;
/// What an instance may take for an event. Work never ends while events flow: it stops 5 seconds earlier.
const SECONDS: u64 = 6;
/// The same for a sweep, whose jobs are to come to their end on a busy machine too.
const SWEEP_SECONDS: u64 = 10;

/// Running instances behind one address, which take turns.
struct Fleet {
    site: Site,
    stored: Stored,
    settings: Vec<(&'static str, String)>,
    instances: RefCell<Vec<Instance>>,
    addresses: Arc<Mutex<Vec<String>>>,
    door: Door,
}

#[derive(Clone)]
struct Instance {
    app: LazyApp,
    dispatcher: Dispatcher,
}

impl Fleet {
    async fn new(t: &World) -> Self {
        let addresses = Arc::new(Mutex::new(Vec::<String>::new()));
        let (behind, turn) = (addresses.clone(), AtomicUsize::new(0));
        let url = edge(move || {
            let addresses = behind.lock().unwrap();
            let address = &addresses[turn.fetch_add(1, Ordering::Relaxed) % addresses.len()];
            (format!("http://{address}"), address.clone())
        })
        .await;
        t.discord.add_redirect_uri(&format!("{url}/api/auth/discord/callback"));
        let (stored, door) = (Stored::new(t, &[]), Door::open_at(t.clock.clone()).await);
        let mut settings = stored.settings(t, &door.url);
        settings.retain(|(name, _)| *name != "PUBLIC_BASE_URL");
        settings.push(("PUBLIC_BASE_URL", url.clone()));
        let site = Site::new(url.clone(), url);
        let instances = RefCell::default();
        Self { site, stored, settings, instances, addresses, door }
    }

    /// Starts one more instance, which reads the secret.
    async fn add(&self, t: &World) {
        let config = config(&self.settings);
        let app = lazy_app(config.clone(), t.clock.clone());
        let dispatcher = Dispatcher::new(Default::default(), app.clone())
            .with_ops(Ops::new(config, t.clock.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = sm_api::router(app.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        app.get().await.unwrap();
        self.addresses.lock().unwrap().push(address);
        self.instances.borrow_mut().push(Instance { app, dispatcher });
    }

    /// One of the instances; they take turns.
    fn instance(&self, turn: usize) -> Instance {
        let instances = self.instances.borrow();
        instances[turn % instances.len()].clone()
    }

    /// Lets one of the instances handle an event that is no request.
    async fn handle(&self, t: &World, instance: usize, what: &Value) {
        let seconds = if what["task"] == "sweep" { SWEEP_SECONDS } else { SECONDS };
        let handled = self.instance(instance).dispatcher.handle(event(t, what, seconds)).await;
        assert!(handled.is_ok(), "{what}: {:?}", handled.err());
    }

    /// Follows somebody new; an instance subscribes to their events, and others are challenged.
    async fn follow(&self, t: &World, guild: GuildId, login: &str, turn: usize) -> TwitchUserId {
        let app = self.instance(turn).app.get().await.unwrap();
        let id = follow(t, &app, guild, login).await;
        let ring = json!({ "messageId": "m", "eventSource": "aws:sqs", "body": "subscribe" });
        self.handle(t, turn, &json!({ "Records": [ring] })).await;
        id
    }

    /// Lets some minutes pass: the clock moves and everything flows; now and then there is a sweep, or
    /// somebody new is followed.
    async fn pass(&self, t: &World, flow: &Flow, guild: GuildId, minutes: usize) {
        for minute in 0..minutes {
            let (ticks, tick) = if minute < SLOWLY { (5, TICK) } else { (2, 5 * TICK / 2) };
            for _ in 0..ticks {
                t.clock.advance(tick);
                flow.go_round().await;
            }
            if minute % 5 == 4 {
                self.handle(t, minute, &json!({ "task": "sweep" })).await;
            }
            if minute < SLOWLY || minute % 5 == 4 {
                let login = format!("s{}", t.clock.now().unix_timestamp());
                let followed = self.follow(t, guild, &login, minute + 1).await;
                t.twitch.go_live(&followed).await;
                t.twitch.end_stream(&followed).await;
            }
        }
    }

    /// The four steps, each asked for twice, as Secrets Manager may.
    ///
    /// One instance starts just before the new version is in use, and one just after.
    async fn rotate(&self, t: &World, flow: &Flow) {
        let version = uuid::Uuid::new_v4().to_string();
        for step in STEPS {
            if step == "finishSecret" {
                self.add(t).await;
            }
            let step =
                json!({ "Step": step, "SecretId": self.stored.arn, "ClientRequestToken": version });
            for _ in 0..2 {
                self.handle(t, 0, &step).await;
            }
            t.clock.advance(Time::SECOND);
            flow.go_round().await;
        }
        self.add(t).await;
    }

    /// The new secrets before the world's own, without any step between.
    fn rotate_at_once(&mut self) {
        let session = format!("{NEW_SESSION},{SESSION_SECRET}");
        let eventsub = format!("{NEW_EVENTSUB},{EVENTSUB_SECRET}");
        let new = [("SESSION_SECRET", &*session), ("TWITCH_EVENTSUB_SECRET", &*eventsub)];
        self.stored.rotate(&new);
    }

    /// The product with a single secret of each kind: what it refuses, another one has signed.
    async fn knowing_only(&self, t: &World, eventsub: &str, session: &str) -> Site {
        let mut settings = t.settings.clone();
        settings.retain(|(name, _)| !matches!(*name, "TWITCH_EVENTSUB_SECRET" | "SESSION_SECRET"));
        settings.push(("TWITCH_EVENTSUB_SECRET", eventsub.to_owned()));
        settings.push(("SESSION_SECRET", session.to_owned()));
        let app = sm_lambda::build_app(&config(&settings), t.clock.clone()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, sm_api::router(app)).await.unwrap() });
        Site::new(url.clone(), url)
    }
}

fn config(settings: &[(&'static str, String)]) -> Config {
    let find = |name: &str| settings.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
    Config::from_lookup(find).unwrap()
}

/// Lets a server follow somebody new.
async fn follow(t: &World, app: &App, guild: GuildId, login: &str) -> TwitchUserId {
    let id = t.twitch.add_user(login, login);
    let user = lookup::by_id(app, &id).await.unwrap().unwrap();
    let actor = Actor { user: None, request_id: "r".to_owned() };
    linking::follow(app, guild, &user, "admin", &actor).await.unwrap();
    id
}

/// A secret's values, newest first.
fn both(values: &BTreeMap<String, String>, name: &str) -> Vec<String> {
    values[name].split(',').map(str::to_owned).collect()
}

#[tokio::test]
async fn secrets_rotate_while_webhooks_and_sessions_flow() {
    let _loaded = sm_tests::machine().await;
    scenario_within(Duration::from_secs(600), async |t| {
        let guild = t.discord.add_guild("Guild");
        sm_db::guilds::upsert(&t.app.pool, guild, "Guild").await.unwrap();
        let people: Vec<UserId> =
            ["ada", "ben", "cleo"].map(|name| t.discord.add_user(name, None)).into();
        let fleet = Fleet::new(t).await;
        // Each looks at the secret at times of its own.
        for _ in 0..3 {
            fleet.add(t).await;
            t.clock.advance(Time::seconds(70));
        }
        let mut streamers = Vec::new();
        for (turn, login) in ["ana", "bob", "eve"].iter().enumerate() {
            streamers.push(fleet.follow(t, guild, login, turn).await);
        }
        let first = fleet.stored.current();
        let fresh = fleet.site.sign_in(people[0]).await.unwrap();

        for _ in 0..2 {
            let flowed = Flow::run(t, &fleet.site, (&streamers, &people), async |flow| {
                fleet.rotate(t, &flow).await;
                fleet.pass(t, &flow, guild, 25).await;
            })
            .await;
            assert_eq!(flowed.lost, [""; 0], "of {flowed:?}");
            assert!(flowed.webhooks > 500 && flowed.requests > 400, "{flowed:?}");
        }
        let last = fleet.stored.current();
        let [eventsub, session] =
            ["TWITCH_EVENTSUB_SECRET", "SESSION_SECRET"].map(|name| both(&last, name));
        let [oldest, _] = ["TWITCH_EVENTSUB_SECRET", "SESSION_SECRET"].map(|name| &first[name]);
        assert!(!eventsub.contains(oldest));
        // Each instance answers once.
        let instances = fleet.instances.borrow().len();
        for _ in 0..instances {
            assert_eq!(fleet.site.webhook(t, oldest).await, 403, "two rotations ago");
            assert_eq!(fleet.site.get("/api/auth/me", &fresh).await.status(), 401);
            for secret in &eventsub {
                assert_eq!(fleet.site.webhook(t, secret).await, 200);
            }
        }
        let subscriptions = t.twitch.subscriptions();
        assert!(subscriptions.len() > 20, "{}", subscriptions.len());
        for subscription in subscriptions {
            assert_eq!(subscription.secret, eventsub[0], "{subscription:?}");
            assert_eq!(subscription.status, "enabled", "{subscription:?}");
        }
        let newest = fleet.knowing_only(t, &eventsub[0], &session[0]).await;
        let signed_in = fleet.site.sign_in(people[0]).await.unwrap();
        assert_eq!(newest.get("/api/auth/me", &signed_in).await.status(), 200);
        // Thousands of streams have come and gone: a busy machine takes more than one worker's time for them.
        while t.work().await.work_left {}
    })
    .await;
}

#[tokio::test]
async fn new_secrets_sign_when_an_instance_that_looked_a_moment_before_can_know_them() {
    scenario(async |t| {
        let guild = t.discord.add_guild("Guild");
        sm_db::guilds::upsert(&t.app.pool, guild, "Guild").await.unwrap();
        let ada = t.discord.add_user("ada", None);
        let mut fleet = Fleet::new(t).await;
        fleet.add(t).await;
        fleet.rotate_at_once();
        fleet.add(t).await;
        let sites: Vec<_> = fleet.addresses.lock().unwrap().clone();
        let [before, after] =
            [0, 1].map(|i| Site::new(format!("http://{}", sites[i]), fleet.site.edge.clone()));
        for (minute, secret) in [EVENTSUB_SECRET, NEW_EVENTSUB].into_iter().enumerate() {
            t.clock.advance(Time::seconds(5));
            let cookie = after.sign_in(ada).await.unwrap();
            assert_eq!(before.get("/api/auth/me", &cookie).await.status(), 200, "{minute}");
            let streamer = fleet.follow(t, guild, &format!("s{minute}"), 1).await;
            let answered = || {
                let challenges = t.twitch.deliveries();
                challenges.iter().filter(|d| d.status == Some(200)).count() == 2 * (minute + 1)
            };
            until("both challenges are answered well", 10, async || answered()).await;
            for subscription in t.twitch.subscriptions() {
                let about = subscription.condition["broadcaster_user_id"].as_str();
                assert!(about != Some(streamer.as_str()) || subscription.secret == secret);
            }
            t.clock.advance(Time::MINUTE);
        }
    })
    .await;
}

#[tokio::test]
async fn server_takes_new_secrets_over_unasked_and_stops_when_told() {
    scenario(async |t| {
        let guild = t.discord.add_guild("Guild");
        sm_db::guilds::upsert(&t.app.pool, guild, "Guild").await.unwrap();
        let mut fleet = Fleet::new(t).await;
        let lazy = lazy_app(config(&fleet.settings), t.clock.clone());
        let before = lazy.get().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        fleet.addresses.lock().unwrap().push(listener.local_addr().unwrap().to_string());
        let (stop, stopped) = oneshot::channel();
        let stopped = async { stopped.await.unwrap() };
        let router = sm_api::router(lazy.clone());
        let server = tokio::spawn(sm_cli::run::run(lazy.clone(), listener, router, stopped));
        assert_eq!(fleet.site.webhook(t, EVENTSUB_SECRET).await, 200);
        fleet.rotate_at_once();
        t.clock.advance(Time::minutes(6));
        until("it looks, though nobody asks it", 20, async || {
            fleet.door.count("GetSecretValue") == 2
        })
        .await;
        until("it goes on with what it found", 20, async || {
            !std::ptr::eq::<Parts>(&*before, &*lazy.get().await.unwrap())
        })
        .await;
        assert_eq!(fleet.site.webhook(t, NEW_EVENTSUB).await, 200);
        assert_eq!(fleet.site.webhook(t, EVENTSUB_SECRET).await, 200);
        t.clock.advance(Time::minutes(2));
        follow(t, &lazy.get().await.unwrap(), guild, "ana").await;
        let about_ana = || {
            let all = t.twitch.subscriptions().into_iter();
            all.filter(|s| s.kind.starts_with("stream.")).map(|s| s.secret).collect::<Vec<_>>()
        };
        until("its worker subscribes", 20, async || about_ana().len() == 2).await;
        assert_eq!(about_ana(), [NEW_EVENTSUB; 2]);
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    })
    .await;
}
