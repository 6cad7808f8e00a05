//! A database that falls silent in mid-query: nothing waits for its answer for ever.

use serde_json::{Value, json};
use sm_aws::Ring;
use sm_cli::watchdog::Patience;
use sm_lambda::Config;
use sm_services::{App, jobs::Job};
use sm_tests::{EVENTSUB_SECRET, Lost, SilentProxy, World, scenario, scenario_within};
use std::time::Duration;
use tokio::{net::TcpListener, sync::oneshot};

/// The app behind the proxy, as another process would be.
fn app_behind(t: &World, proxy: &SilentProxy, settings: &[(&str, &str)]) -> App {
    let config = Config::from_lookup(|name| {
        let ours = settings.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        let world = || t.settings.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
        if name == "DATABASE_URL" { Some(proxy.url().to_owned()) } else { ours.or_else(world) }
    });
    sm_lambda::build_app(&config.unwrap(), t.clock.clone()).unwrap()
}

/// A server at work until the sender is dropped; returns its address.
async fn serve(app: &App, patience: Patience) -> (String, oneshot::Sender<()>) {
    let (stop, stopped) = oneshot::channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = sm_cli::monitoring::router(app.clone()).merge(sm_api::router(app.clone()));
    let stopped = async {
        let _ = stopped.await;
    };
    tokio::spawn(sm_cli::run::run_with(patience, app.clone(), listener, router, stopped));
    (url, stop)
}

pub(crate) async fn until(what: &str, done: impl AsyncFn() -> bool) {
    let waiting = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    assert!(in_time.is_ok(), "{what} does not come");
}

/// How many statements are lost in the long test.
fn losses() -> usize {
    #[expect(clippy::disallowed_methods, reason = "how long a run is")]
    let count = std::env::var("CHAOS_SILENCES").ok().and_then(|text| text.parse().ok());
    count.unwrap_or(5)
}

/// Sends a `stream.online` as Twitch does; returns the answer's status.
pub(crate) async fn send(t: &World, url: &str, message_id: &str, event: &Value) -> u16 {
    let subscription = json!({ "id": "s", "type": "stream.online", "version": "1", "status": "enabled",
        "cost": 0, "condition": { "broadcaster_user_id": event["broadcaster_user_id"] } });
    let body = json!({ "subscription": subscription, "event": event }).to_string();
    let now = t.clock.now().format(&time::format_description::well_known::Rfc3339).unwrap();
    let signature = sm_sim::twitch::sign(EVENTSUB_SECRET, message_id, &now, body.as_bytes());
    let request = sm_aws::lazy_http()
        .post(format!("{url}/webhooks/twitch"))
        .header("Twitch-Eventsub-Message-Id", message_id)
        .header("Twitch-Eventsub-Message-Timestamp", &now)
        .header("Twitch-Eventsub-Message-Signature", &signature)
        .header("Twitch-Eventsub-Message-Type", "notification")
        .body(body);
    request.send().await.unwrap().status().as_u16()
}

/// The same until it is taken.
pub(crate) async fn send_until_taken(t: &World, url: &str, message_id: &str, event: &Value) {
    loop {
        match send(t, url, message_id, event).await {
            204 => return,
            status => assert_eq!(status, 503),
        }
    }
}

/// Lets the server end, and works off what has become due meanwhile.
async fn end(t: &World, stop: oneshot::Sender<()>) {
    drop(stop);
    t.work().await;
}

async fn get(url: String) -> (u16, String) {
    let answer = sm_aws::lazy_http().get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_do_not_stop_the_worker_or_use_up_the_pool() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let proxy = SilentProxy::start(t.database_url()).await;
        let settings = [("DATABASE_TIMEOUT_MS", "1000"), ("DATABASE_CONNECTIONS", "2")];
        let app = app_behind(t, &proxy, &settings);
        // More often than there are connections.
        proxy.lose(Lost::Answer, "update stream_events", 3);
        let (_, stop) = serve(&app, Patience::default()).await;
        t.twitch.go_live(&ana).await;
        for lost in 1..=3 {
            app.doorbell.ring(Ring::Deliver).await;
            until("a claim", async || proxy.lost() >= lost).await;
            // What it claimed comes back when its lease has run out.
            t.clock.advance(time::Duration::MINUTE);
        }
        until("the message", async || !t.messages(guild).is_empty()).await;
        t.message(guild);
        end(t, stop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answer_to_a_claim_or_a_record_posts_once() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let proxy = SilentProxy::start(t.database_url()).await;
        let app = app_behind(t, &proxy, &[("DATABASE_TIMEOUT_MS", "1000")]);
        let (_, stop) = serve(&app, Patience::default()).await;
        // Of the claim, the answer; of what is recorded after sending, everything.
        proxy.lose(Lost::Answer, "set status = 'sending'", 1);
        proxy.lose(Lost::Question, "delivery_attempts", 1);
        t.twitch.go_live(&ana).await;
        for lost in 1..=2 {
            app.doorbell.ring(Ring::Deliver).await;
            until("a loss", async || proxy.lost() >= lost).await;
            t.clock.advance(time::Duration::MINUTE);
        }
        let sent = async || t.deliveries(guild).await[0] == "online sent";
        until("the record", sent).await;
        t.message(guild);
        end(t, stop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhook_whose_commit_is_not_answered_is_sent_again() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let proxy = SilentProxy::start(t.database_url()).await;
        let app = app_behind(t, &proxy, &[("DATABASE_TIMEOUT_MS", "500")]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let callback = format!("http://{}/webhooks/twitch", listener.local_addr().unwrap());
        let router = sm_api::router(app);
        tokio::spawn(async move { axum::serve(listener, router).await });
        for subscription in t.twitch.subscriptions() {
            t.twitch.remove_subscription(&subscription.id);
        }
        t.twitch.subscribe(&ana, "stream.online", &callback, EVENTSUB_SECRET);
        proxy.lose(Lost::Answer, "insert into webhook_messages", 1);
        proxy.lose(Lost::Question, "insert into webhook_messages", 1);
        let (_, event) = t.twitch.start_stream(&ana, "live");
        let delivery = sm_sim::twitch::Delivery {
            message_id: Some("message".to_owned()),
            ..sm_sim::twitch::Delivery::new("stream.online", event)
        };
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.extend(t.twitch.deliver(&ana, &delivery).await);
        }
        assert_eq!(answers, [503, 503, 204]);
        t.work().await;
        t.message(guild);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stuck_worker_is_shown_and_replaced() {
    scenario(async |t| {
        t.expect_errors();
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let proxy = SilentProxy::start(t.database_url()).await;
        // The limit of a statement is out of reach here.
        let app = app_behind(t, &proxy, &[("DATABASE_TIMEOUT_MS", "3600000")]);
        proxy.lose(Lost::Question, "update stream_events", usize::MAX);
        let patience = Patience { worker: Duration::from_secs(1), sweep: Duration::from_secs(20) };
        let (url, stop) = serve(&app, patience).await;
        t.twitch.go_live(&ana).await;
        app.doorbell.ring(Ring::Deliver).await;
        until("a stuck worker", async || app.health().is_stuck(Job::Deliver)).await;
        let (status, text) = get(format!("{url}/readyz")).await;
        assert!(status == 503 && text.contains(r#""deliver":"stuck""#), "{text}");
        let page = get(format!("{url}/metrics")).await.1;
        assert!(page.contains(r#"streammaxing_job_stuck{job="deliver"} 1"#), "{page}");
        assert!(app.health().times_replaced(Job::Deliver) > 0);
        proxy.heal();
        until("the message", async || !t.messages(guild).is_empty()).await;
        until("a good turn", async || get(format!("{url}/readyz")).await.0 == 200).await;
        t.message(guild);
        end(t, stop).await;
    })
    .await;
}

/// Each kind of statement on the way of a go-live, lost before and after it was carried out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_losses_lose_and_double_nothing() {
    const STATEMENTS: [&str; 5] = [
        "insert into webhook_messages",
        "update stream_events",
        "set status = 'sending'",
        "delivery_attempts",
        "discord_gate",
    ];
    let _loaded = sm_tests::machine().await;
    scenario_within(Duration::from_secs(1_800), async |t| {
        let proxy = SilentProxy::start(t.database_url()).await;
        let settings = [("DATABASE_TIMEOUT_MS", "1000"), ("DISCORD_RATE_PER_SECOND", "45")];
        let app = app_behind(t, &proxy, &settings);
        let (url, stop) = serve(&app, Patience::default()).await;
        let mut guilds = Vec::new();
        for n in 0..losses() {
            let streamer = t.streamer(&format!("streamer{n}")).await;
            guilds.push(t.guild_following(&streamer).await);
            let what = if (n / STATEMENTS.len()).is_multiple_of(2) {
                Lost::Answer
            } else {
                Lost::Question
            };
            proxy.lose(what, STATEMENTS[n % STATEMENTS.len()], 1);
            let (_, event) = t.twitch.start_stream(&streamer, "live");
            send_until_taken(t, &url, &format!("message-{n}"), &event).await;
            until("a loss", async || proxy.lost() > n).await;
            // What was claimed comes back when its lease has run out.
            t.clock.advance(time::Duration::MINUTE);
        }
        until("every message", async || t.discord.message_count() >= guilds.len()).await;
        end(t, stop).await;
        for guild in guilds {
            t.message(guild);
            assert_eq!(t.deliveries(guild).await[0], "online sent");
        }
    })
    .await;
}
