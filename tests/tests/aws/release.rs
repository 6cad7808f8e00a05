//! Before a release gets traffic, and before a stack has its secrets.

use super::{
    door::Door,
    secrets::{Stored, event},
};
use serde_json::{Value, json};
use sm_lambda::{
    Config,
    dispatch::{Dispatcher, Reply},
    lazy_app,
    ops::Ops,
};
use sm_tests::{TestDatabase, World, scenario};

const TOLD: &str = "PutLifecycleEventHookExecutionStatus";

/// A function with these settings.
fn function(t: &World, settings: &[(&'static str, String)]) -> Dispatcher {
    let find = |name: &str| settings.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
    let config = Config::from_lookup(find).unwrap();
    let ops = Ops::new(config.clone(), t.clock.clone());
    Dispatcher::new(Default::default(), lazy_app(config, t.clock.clone())).with_ops(ops)
}

async fn answer(t: &World, function: &Dispatcher, what: &Value) -> Result<Value, String> {
    match function.handle(event(t, what, 60)).await {
        Ok(Reply::Json(answer)) => Ok(answer),
        Ok(Reply::Http(answer)) => panic!("{what} is no request: {answer}"),
        Err(error) => Err(error.to_string()),
    }
}

fn hook() -> Value {
    json!({ "DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1" })
}

fn told(door: &Door) -> Vec<String> {
    let asked = door.asked(TOLD).into_iter();
    asked.map(|body| body["status"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn release_is_migrated_then_tried() {
    scenario(async |t| {
        let (door, database) = (Door::open().await, TestDatabase::empty().await);
        let stored = Stored::new(t, &[("DATABASE_URL", &database.url)]);
        let function = function(t, &stored.settings(t, &door.url));
        let found = answer(t, &function, &hook()).await.unwrap();
        let fine = json!({ "settings": "ok", "database": "ok", "key": "ok", "discord": "ok", "twitch": "ok" });
        assert_eq!((found, told(&door)), (fine, vec!["Succeeded".to_owned()]));
        let pool = database.pool();
        let state = sm_db::migrations::state(&mut pool.acquire().await.unwrap()).await.unwrap();
        assert!(state.pending.is_empty() && state.applied > 10, "{state:?}");
        // Again, as for the next release.
        answer(t, &function, &hook()).await.unwrap();
        assert_eq!(told(&door).len(), 2);
    })
    .await;
}

#[tokio::test]
async fn release_whose_migration_fails_gets_no_traffic() {
    scenario(async |t| {
        t.expect_errors();
        let door = Door::open().await;
        let nowhere = "postgres://nobody@127.0.0.1:9/nothing";
        let stored = Stored::new(t, &[("DATABASE_URL", nowhere)]);
        let function = function(t, &stored.settings(t, &door.url));
        let found = answer(t, &function, &hook()).await.unwrap();
        assert!(found["migrations"].is_string(), "{found}");
        assert_eq!(told(&door), ["Failed"]);
    })
    .await;
}

/// A stack as it is made: nobody has asked for the secrets of Twitch, Discord and the database yet.
fn untouched(t: &World) -> Stored {
    let asked = sm_lambda::secret_names::ASKED.map(|(name, _)| (name, ""));
    Stored::new(t, &[asked.as_slice(), &[("TWITCH_EVENTSUB_SECRET", "")]].concat())
}

#[tokio::test]
async fn stack_without_secrets_waits_and_nothing_of_it_fails() {
    scenario(async |t| {
        let (door, stored) = (Door::open().await, untouched(t));
        let function = function(t, &stored.settings(t, &door.url));
        for sweep in [json!({ "task": "sweep" }), json!({ "source": "aws.scheduler" })] {
            let answer = answer(t, &function, &sweep).await;
            assert_eq!(answer, Ok(json!({ "waiting": "secrets" })));
        }
        let lines = sm_aws::metrics::take_lines("stack", t.clock.now());
        assert!(lines.iter().any(|line| line.contains("OldestOutboxSeconds")), "{lines:?}");
        let found = answer(t, &function, &hook()).await.unwrap();
        assert!(found["settings"].as_str().unwrap().starts_with("waiting"), "{found}");
        assert_eq!(told(&door), ["Succeeded"], "it may be deployed again meanwhile");
        // What Secrets Manager tries when it learns of the schedule.
        let test =
            json!({ "Step": "testSecret", "SecretId": stored.arn, "ClientRequestToken": "v" });
        assert_eq!(answer(t, &function, &test).await, Ok(json!({ "done": true })));
    })
    .await;
}

#[tokio::test]
async fn sweep_waits_for_the_first_migration_too() {
    scenario(async |t| {
        t.expect_errors();
        let (door, database) = (Door::open().await, TestDatabase::empty().await);
        let stored = Stored::new(t, &[("DATABASE_URL", &database.url)]);
        let function = function(t, &stored.settings(t, &door.url));
        let sweep = json!({ "task": "sweep" });
        let waiting = answer(t, &function, &sweep).await;
        assert_eq!(waiting, Ok(json!({ "waiting": "migrations" })));
        answer(t, &function, &json!({ "task": "migrate" })).await.unwrap();
        let swept = answer(t, &function, &sweep).await.unwrap();
        assert_eq!(swept["attempts"], 0, "{swept}");
    })
    .await;
}

#[tokio::test]
async fn secret_that_has_lost_a_value_is_no_new_stack() {
    scenario(async |t| {
        t.expect_errors();
        let door = Door::open().await;
        let stored = Stored::new(t, &[("DISCORD_BOT_TOKEN", "")]);
        let function = function(t, &stored.settings(t, &door.url));
        let why = answer(t, &function, &json!({ "task": "sweep" })).await.unwrap_err();
        assert!(why.contains("DISCORD_BOT_TOKEN is missing"), "{why}");
        answer(t, &function, &hook()).await.unwrap();
        assert_eq!(told(&door), ["Failed"]);
        let version = uuid::Uuid::new_v4().to_string();
        let create =
            json!({ "Step": "createSecret", "SecretId": stored.arn, "ClientRequestToken": version });
        let why = answer(t, &function, &create).await.unwrap_err();
        assert!(why.contains("DISCORD_BOT_TOKEN is missing"), "{why}");
    })
    .await;
}

#[tokio::test]
async fn rotation_takes_no_pending_version_that_is_incomplete() {
    scenario(async |t| {
        t.expect_errors();
        let (door, mut stored) = (Door::open().await, Stored::new(t, &[]));
        let function = function(t, &stored.settings(t, &door.url));
        let token = [("DISCORD_BOT_TOKEN", "")];
        let left = stored.stage(&token);
        let step = |name: &str, version: &str| {
            json!({ "Step": name, "SecretId": stored.arn, "ClientRequestToken": version })
        };
        for name in ["createSecret", "testSecret", "finishSecret"] {
            let why = answer(t, &function, &step(name, &left)).await.unwrap_err();
            assert!(why.contains("DISCORD_BOT_TOKEN is missing"), "{name}: {why}");
        }
        let why = answer(t, &function, &step("createSecret", &left)).await.unwrap_err();
        assert!(why.contains(&format!("--remove-from-version-id {left}")), "{why}");
        // One beside it takes its place, and the rotation comes to its end.
        let fresh = uuid::Uuid::new_v4().to_string();
        for name in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
            let answer = answer(t, &function, &step(name, &fresh)).await;
            assert_eq!(answer, Ok(json!({ "done": true })), "{name}");
        }
        assert!(stored.current()["SESSION_SECRET"].contains(','));
    })
    .await;
}
