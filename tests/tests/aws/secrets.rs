//! Secrets that change while the app runs.

use super::{
    aws,
    door::{Door, Mode},
};
use lambda_runtime::LambdaEvent;
use serde_json::{Value, json, value::RawValue};
use sm_lambda::{Config, lazy_app};
use sm_services::{LazyApp, Parts, jobs::worker};
use sm_sim::{lambda_runtime::LambdaRuntime, twitch::sign};
use sm_tests::{EVENTSUB_SECRET, World, process::Process, scenario};
use sm_types::Secret;
use std::{collections::BTreeMap, time::Duration};
use time::{Duration as Time, format_description::well_known::Rfc3339};
use tokio::{net::TcpListener, time::Instant};

const SECOND: &str = "second-secret-0123456789";
const THIRD: &str = "third-secret-0123456789";
const SECRET_SETTINGS: [&str; 7] = [
    "DATABASE_URL",
    "TWITCH_CLIENT_SECRET",
    "TWITCH_EVENTSUB_SECRET",
    "DISCORD_BOT_TOKEN",
    "DISCORD_CLIENT_SECRET",
    "SESSION_SECRET",
    "LOCAL_ENCRYPTION_KEY",
];

/// A secret in Secrets Manager.
pub(super) struct Stored {
    pub(super) arn: String,
    values: BTreeMap<String, String>,
}

impl Stored {
    /// One with the world's secret settings, some of them changed.
    pub(super) fn new(t: &World, changes: &[(&str, &str)]) -> Self {
        let secret = t.settings.iter().filter(|(name, _)| SECRET_SETTINGS.contains(name));
        let values = secret.map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let mut stored = Self { arn: String::new(), values };
        stored.change(changes);
        let name = format!("streammaxing/{}", uuid::Uuid::new_v4());
        let created = call("CreateSecret", json!({ "Name": name, "SecretString": stored.text() }));
        stored.arn = created["ARN"].as_str().unwrap().to_owned();
        stored
    }

    /// Puts a new version beside the current one, as a rotation does first; returns its id.
    pub(super) fn stage(&mut self, changes: &[(&str, &str)]) -> String {
        self.change(changes);
        let request = json!({
            "SecretId": self.arn, "SecretString": self.text(), "VersionStages": ["AWSPENDING"],
            "ClientRequestToken": uuid::Uuid::new_v4().to_string(),
        });
        call("PutSecretValue", request)["VersionId"].as_str().unwrap().to_owned()
    }

    /// Makes a version the current one, as a rotation does last.
    fn promote(&self, version: &str) {
        let now = call("DescribeSecret", json!({ "SecretId": self.arn }));
        let stages = now["VersionIdsToStages"].as_object().unwrap();
        let is_current = |stages: &Value| stages.as_array().unwrap().contains(&json!("AWSCURRENT"));
        let (current, _) = stages.iter().find(|(_, stages)| is_current(stages)).unwrap();
        let request = json!({
            "SecretId": self.arn, "VersionStage": "AWSCURRENT", "MoveToVersionId": version,
            "RemoveFromVersionId": current,
        });
        call("UpdateSecretVersionStage", request);
    }

    /// The values in use.
    pub(super) fn current(&self) -> BTreeMap<String, String> {
        let answer = call("GetSecretValue", json!({ "SecretId": self.arn }));
        serde_json::from_str(answer["SecretString"].as_str().unwrap()).unwrap()
    }

    pub(super) fn rotate(&mut self, changes: &[(&str, &str)]) {
        let version = self.stage(changes);
        self.promote(&version);
    }

    fn change(&mut self, changes: &[(&str, &str)]) {
        for (name, value) in changes {
            self.values.insert((*name).to_owned(), (*value).to_owned());
        }
    }

    fn text(&self) -> String {
        json!(self.values).to_string()
    }

    /// What the app's environment holds: everything that is not secret, and where the rest is.
    pub(super) fn settings(&self, t: &World, url: &str) -> Vec<(&'static str, String)> {
        let open = t.settings.iter().filter(|(name, _)| !SECRET_SETTINGS.contains(name)).cloned();
        let aws = [
            ("SECRETS_ARN", self.arn.clone()),
            ("AWS_REGION", sm_sim::aws::REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_ENDPOINT_URL", url.to_owned()),
        ];
        open.chain(aws).collect()
    }
}

fn call(action: &str, request: Value) -> Value {
    let (status, answer) = aws().call(&format!("secretsmanager.{action}"), &request).unwrap();
    assert_eq!(status, 200, "{answer}");
    answer
}

/// An event as Lambda hands it over, with so many seconds to handle it.
pub(crate) fn event(t: &World, what: &Value, seconds: u64) -> LambdaEvent<Box<RawValue>> {
    let mut context = lambda_runtime::Context::default();
    context.deadline = (t.clock.now().unix_timestamp() as u64 + seconds) * 1000;
    LambdaEvent::new(serde_json::value::to_raw_value(what).unwrap(), context)
}

/// The app of a stored secret, served over HTTP.
struct Served {
    app: LazyApp,
    url: String,
}

impl Served {
    async fn start(t: &World, stored: &Stored, door: &Door) -> Self {
        let settings = stored.settings(t, &door.url);
        let find = |name: &str| settings.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
        let app = lazy_app(Config::from_lookup(find).unwrap(), t.clock.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/twitch", listener.local_addr().unwrap());
        let router = sm_api::router(app.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { app, url }
    }

    /// The status of a webhook that is signed with a secret.
    async fn webhook(&self, t: &World, secret: &str) -> u16 {
        let body = json!({ "challenge": "c", "subscription": {
            "id": "s", "type": "stream.online", "version": "1", "status": "pending" } })
        .to_string();
        let timestamp = t.clock.now().format(&Rfc3339).unwrap();
        let signature = sign(secret, "m", &timestamp, body.as_bytes());
        let request = sm_aws::lazy_http()
            .post(&self.url)
            .header("Twitch-Eventsub-Message-Id", "m")
            .header("Twitch-Eventsub-Message-Timestamp", timestamp)
            .header("Twitch-Eventsub-Message-Type", "webhook_callback_verification")
            .header("Twitch-Eventsub-Message-Signature", signature)
            .body(body);
        request.send().await.unwrap().status().as_u16()
    }

    /// Waits until a webhook with this secret is answered so: a look takes place in the background.
    async fn until(&self, t: &World, secret: &str, status: u16) {
        let end = Instant::now() + Duration::from_secs(10);
        while self.webhook(t, secret).await != status {
            assert!(Instant::now() < end, "{secret} is never answered {status}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn rotation_is_taken_over_while_running_with_both_secrets_valid() {
    scenario(async |t| {
        let (mut stored, door) = (Stored::new(t, &[]), Door::open().await);
        let served = Served::start(t, &stored, &door).await;
        assert_eq!(served.webhook(t, EVENTSUB_SECRET).await, 200);
        let both = format!("{SECOND},{EVENTSUB_SECRET}");
        let version = stored.stage(&[("TWITCH_EVENTSUB_SECRET", &both)]);
        t.clock.advance(Time::minutes(6));
        served.webhook(t, EVENTSUB_SECRET).await;
        t.clock.advance(Time::minutes(6));
        served.webhook(t, EVENTSUB_SECRET).await;
        assert_eq!(served.webhook(t, SECOND).await, 403, "a pending version is not in use");

        stored.promote(&version);
        t.clock.advance(Time::minutes(6));
        served.until(t, SECOND, 200).await;
        assert_eq!(served.webhook(t, EVENTSUB_SECRET).await, 200);
        assert_eq!(served.webhook(t, THIRD).await, 403);

        stored.rotate(&[("TWITCH_EVENTSUB_SECRET", &format!("{THIRD},{SECOND}"))]);
        t.clock.advance(Time::minutes(6));
        served.until(t, THIRD, 200).await;
        assert_eq!(served.webhook(t, SECOND).await, 200);
        assert_eq!(served.webhook(t, EVENTSUB_SECRET).await, 403, "the old one has had its time");
    })
    .await;
}

#[tokio::test]
async fn secret_is_looked_at_every_five_minutes_at_most_and_the_same_one_changes_nothing() {
    scenario(async |t| {
        let (stored, door) = (Stored::new(t, &[]), Door::open().await);
        let served = Served::start(t, &stored, &door).await;
        assert_eq!(door.count("GetSecretValue"), 0, "nothing is asked before the first request");
        let first = served.app.get().await.unwrap();
        let expired = Secret::new("expired");
        assert!(first.discord.user(&expired).await.is_err(), "a user's token is not ours");
        for _ in 0..20 {
            served.webhook(t, EVENTSUB_SECRET).await;
            t.clock.advance(Time::seconds(14));
        }
        assert_eq!(door.count("GetSecretValue"), 1);
        t.clock.advance(Time::seconds(30));
        for _ in 0..20 {
            served.webhook(t, EVENTSUB_SECRET).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(door.count("GetSecretValue"), 2);
        assert!(std::ptr::eq::<Parts>(&*first, &*served.app.get().await.unwrap()));
    })
    .await;
}

#[tokio::test]
async fn silent_secrets_manager_delays_no_request_and_is_asked_again_soon() {
    scenario(async |t| {
        let (mut stored, door) = (Stored::new(t, &[]), Door::open().await);
        let served = Served::start(t, &stored, &door).await;
        served.webhook(t, EVENTSUB_SECRET).await;
        stored.rotate(&[("TWITCH_EVENTSUB_SECRET", SECOND)]);
        door.set(Mode::Silent, 1000);
        t.clock.advance(Time::minutes(6));
        let began = Instant::now();
        for _ in 0..10 {
            assert_eq!(served.webhook(t, EVENTSUB_SECRET).await, 200);
        }
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        door.set(Mode::Open, 0);
        // The look that was under way gives up within 5 seconds, or its next try succeeds.
        tokio::time::sleep(Duration::from_secs(6)).await;
        t.clock.advance(Time::seconds(31));
        served.until(t, SECOND, 200).await;
    })
    .await;
}

#[tokio::test]
async fn incomplete_version_is_reported_and_not_used() {
    scenario(async |t| {
        t.expect_errors();
        let (mut stored, door) = (Stored::new(t, &[]), Door::open().await);
        let served = Served::start(t, &stored, &door).await;
        served.webhook(t, EVENTSUB_SECRET).await;
        stored.rotate(&[("TWITCH_EVENTSUB_SECRET", SECOND), ("DISCORD_BOT_TOKEN", "")]);
        t.clock.advance(Time::minutes(6));
        for _ in 0..20 {
            assert_eq!(served.webhook(t, EVENTSUB_SECRET).await, 200);
        }
        call("PutSecretValue", json!({ "SecretId": stored.arn, "SecretString": "[]" }));
        t.clock.advance(Time::minutes(6));
        for _ in 0..20 {
            assert_eq!(served.webhook(t, EVENTSUB_SECRET).await, 200);
        }
        stored.rotate(&[("DISCORD_BOT_TOKEN", "bot-token")]);
        t.clock.advance(Time::minutes(6));
        served.until(t, SECOND, 200).await;
    })
    .await;
}

#[tokio::test]
async fn secret_that_is_of_no_use_from_the_start_is_tried_again() {
    scenario(async |t| {
        t.expect_errors();
        let incomplete = [("TWITCH_EVENTSUB_SECRET", "")];
        let (mut stored, door) = (Stored::new(t, &incomplete), Door::open().await);
        let served = Served::start(t, &stored, &door).await;
        assert_eq!(served.webhook(t, SECOND).await, 503);
        let why = served.app.get().await.unwrap_err();
        assert!(why.contains("TWITCH_EVENTSUB_SECRET is missing"), "{why}");
        stored.rotate(&[("TWITCH_EVENTSUB_SECRET", SECOND)]);
        assert_eq!(served.webhook(t, SECOND).await, 200);
    })
    .await;
}

#[tokio::test]
async fn events_that_nobody_waits_for_see_a_look_through() {
    scenario(async |t| {
        let (mut stored, door) = (Stored::new(t, &[]), Door::open().await);
        let served = Served::start(t, &stored, &door).await;
        let before = served.app.get().await.unwrap();
        stored.rotate(&[("TWITCH_EVENTSUB_SECRET", SECOND)]);
        t.clock.advance(Time::minutes(6));
        door.set(Mode::Slow, 1);
        let event = event(t, &json!({ "task": "sweep" }), 60);
        let dispatcher =
            sm_lambda::dispatch::Dispatcher::new(Default::default(), served.app.clone());
        assert!(dispatcher.handle(event).await.is_ok());
        // Lambda may freeze the process from here on.
        let after = served.app.get().await.unwrap();
        assert!(!std::ptr::eq::<Parts>(&*before, &*after));
    })
    .await;
}

#[tokio::test]
async fn connections_are_kept_unless_the_database_changes() {
    scenario(async |t| {
        let (mut stored, door) = (Stored::new(t, &[]), Door::open().await);
        let served = Served::start(t, &stored, &door).await;
        let first = served.app.get().await.unwrap();
        stored.rotate(&[("TWITCH_EVENTSUB_SECRET", SECOND)]);
        t.clock.advance(Time::minutes(6));
        served.until(t, SECOND, 200).await;
        let second = served.app.get().await.unwrap();
        let elsewhere = format!("{}?application_name=elsewhere", stored.values["DATABASE_URL"]);
        stored.rotate(&[("DATABASE_URL", &elsewhere), ("TWITCH_EVENTSUB_SECRET", THIRD)]);
        t.clock.advance(Time::minutes(6));
        served.until(t, THIRD, 200).await;
        let third = served.app.get().await.unwrap();
        first.pool.close().await;
        assert!(second.pool.is_closed() && !third.pool.is_closed());
        sm_db::announce::events::next_due(&third.pool, third.clock.now()).await.unwrap();
    })
    .await;
}

async fn work(served: &Served) {
    let app = served.app.get().await.unwrap();
    worker::run(&app, Instant::now() + Duration::from_secs(60)).await.unwrap();
}

#[tokio::test]
async fn refusal_of_the_bots_token_brings_the_new_one_at_once() {
    scenario(async |t| {
        t.expect_errors();
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let old = [("DISCORD_BOT_TOKEN", "old-token")];
        let (mut stored, door) = (Stored::new(t, &old), Door::open().await);
        let served = Served::start(t, &stored, &door).await;
        served.app.get().await.unwrap();
        stored.rotate(&[("DISCORD_BOT_TOKEN", "bot-token"), ("TWITCH_EVENTSUB_SECRET", SECOND)]);
        t.twitch.go_live(&ana).await;
        t.clock.advance(Time::seconds(31));
        work(&served).await;
        assert!(t.messages(guild).is_empty());
        served.until(t, SECOND, 200).await;
        assert_eq!(door.count("GetSecretValue"), 2);
        t.sql("update discord_gate set blocked_until = now() - interval '1 second'").await;
        t.clock.advance(Time::minutes(2));
        work(&served).await;
        assert_eq!(t.messages(guild).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn refusal_of_twitchs_client_secret_brings_the_new_one_half_a_minute_later_at_most() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let old = [("TWITCH_CLIENT_SECRET", "old-secret")];
        let (mut stored, door) = (Stored::new(t, &old), Door::open().await);
        let served = Served::start(t, &stored, &door).await;
        served.app.get().await.unwrap();
        stored.rotate(&[
            ("TWITCH_CLIENT_SECRET", "client-secret"),
            ("TWITCH_EVENTSUB_SECRET", SECOND),
        ]);
        t.twitch.go_live(&ana).await;
        work(&served).await;
        assert_eq!(t.messages(guild).len(), 1, "it is announced without Twitch's details");
        assert_eq!(served.webhook(t, SECOND).await, 403);
        assert_eq!(door.count("GetSecretValue"), 1, "the secret was read a moment ago");
        t.clock.advance(Time::seconds(31));
        served.until(t, SECOND, 200).await;
        assert_eq!(door.count("GetSecretValue"), 2);
        t.clock.advance(Time::minutes(2));
        work(&served).await;
        assert_eq!(t.twitch.tokens_issued(), 1);
    })
    .await;
}

#[tokio::test]
async fn bootstrap_takes_its_secrets_and_its_key_from_aws() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        let (mut stored, door) = (Stored::new(t, &[]), Door::open().await);
        stored.values.remove("LOCAL_ENCRYPTION_KEY");
        stored.rotate(&[]);
        let (_, key) = aws().call("TrentService.CreateKey", &json!({})).unwrap();
        let runtime = LambdaRuntime::start(Duration::from_secs(30)).await.unwrap();
        let mut settings = stored.settings(t, &door.url);
        let key = key["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
        settings.push(("KMS_KEY_ID", key));
        settings.extend(runtime.environment());
        let _process = Process::start("bootstrap", &[], &settings);
        runtime.first_poll().await;
        assert!(door.answers().is_empty(), "a cold start asks nobody");
        let ring = json!({ "Records": [{ "messageId": "q-1", "eventSource": "aws:sqs", "body": "ring" }] });
        let answer = runtime.invoke(ring).await.unwrap().response();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
        assert_eq!(t.messages(guild).len(), 1);
        assert_eq!((door.count("GetSecretValue"), door.count("GenerateDataKey")), (1, 1));
    })
    .await;
}
