//! `--stack`: the settings of a deployed stack, and what `doctor` says of it.

use super::cloud::Cloud;
use reqwest::Method;
use serde_json::{Value, json};
use sm_sim::aws::{Ministack, REGION};
use sm_tests::{
    cache_dir,
    process::{Ran, streammaxing},
    scenario,
};

const URLS: [&str; 2] = ["urls", "--json"];

/// The only check of this name.
#[track_caller]
fn check(ran: &Ran, name: &str) -> Value {
    let all = ran.json()["checks"].clone();
    let found = all.as_array().unwrap().iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("nobody looks at {name}: {all}")).clone()
}

#[tokio::test]
async fn settings_are_the_stacks_and_none_are_mixed_in() {
    scenario(async |t| {
        let cloud = Cloud::complete(t).await;
        let ours = [
            ("PUBLIC_BASE_URL", "https://elsewhere.example"),
            ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"),
        ];
        let urls = cloud.operate_with(&ours, &URLS).await.ok();
        assert_eq!(urls["dashboard"], t.url.as_str());
        let plan = cloud.operate_with(&ours, &["migrate", "--plan", "--json"]).await.ok();
        assert_eq!(plan["pending"], json!([]), "the database is the secret's");
        let secrets = cloud.operate_with(&ours, &["secrets", "check", "--json"]).await.ok();
        assert_eq!(secrets["source"], "Secrets Manager");
        let listed = cloud.operate(&["subscriptions", "list", "--json"]).await.ok();
        assert_eq!(listed, json!([]));

        let mut environment = crate::aws::aws().environment();
        environment.push(("STREAMMAXING_STACK", cloud.stack.clone()));
        assert_eq!(streammaxing(&URLS, &environment).await.ok()["dashboard"], t.url.as_str());
    })
    .await;
}

#[tokio::test]
async fn what_is_missing_to_ask_aws_is_named_with_its_remedy() {
    let alone = streammaxing(&["smoke", "--stack", "any"], &[]).await;
    assert_eq!(alone.code, 1);
    for text in [
        "AWS_REGION is missing: run `export AWS_REGION=$(aws configure get region)`",
        "AWS_ACCESS_KEY_ID is missing: run `eval \"$(aws configure export-credentials --format env)\"`",
        "AWS_SECRET_ACCESS_KEY is missing: run `eval",
    ] {
        assert!(alone.stderr.contains(text), "{text}: {}", alone.stderr);
    }
    let variable = [("STREAMMAXING_STACK", "no/name".to_owned())];
    let wrong = [
        streammaxing(&["smoke", "--stack", "no/name"], &[]).await,
        streammaxing(&["smoke"], &variable).await,
    ];
    for wrong in wrong {
        assert!(wrong.code == 2 && wrong.stderr.contains("no name of a stack"), "{}", wrong.stderr);
    }

    let environment = crate::aws::aws().environment();
    let missing = streammaxing(&["smoke", "--stack", "none"], &environment).await;
    assert_eq!(missing.code, 1);
    for text in ["none-app", &format!("Is there a stack none in {REGION}?")] {
        assert!(missing.stderr.contains(text), "{text}: {}", missing.stderr);
    }
    let doctor = streammaxing(&["doctor", "--stack", "none", "--json"], &environment).await;
    assert_eq!((doctor.code, &check(&doctor, "stack")["state"]), (1, &json!("problem")));

    let away: Vec<_> = environment
        .into_iter()
        .map(|(name, value)| match name {
            "AWS_ENDPOINT_URL" => (name, "http://127.0.0.1:1".to_owned()),
            _ => (name, value),
        })
        .collect();
    let away = streammaxing(&["smoke", "--stack", "none"], &away).await;
    assert!(away.code == 1 && away.stderr.contains("Lambda did not answer"), "{}", away.stderr);
}

/// A key of a user that may do nothing.
async fn powerless_user(cloud: &Cloud<'_>) -> [String; 2] {
    cloud.iam("CreateUser", &[("UserName", "powerless")]).await;
    let key = cloud.iam("CreateAccessKey", &[("UserName", "powerless")]).await;
    ["AccessKeyId", "SecretAccessKey"].map(|name| {
        let (_, rest) = key.split_once(&format!("<{name}>")).unwrap();
        rest.split('<').next().unwrap().to_owned()
    })
}

#[tokio::test]
async fn wrong_credentials_and_missing_permissions_are_told_apart() {
    scenario(async |t| {
        let aws = Ministack::start_with(&cache_dir(), true).unwrap_or_else(|why| panic!("{why}"));
        let cloud = Cloud::within(&aws, t, &[]).await;
        let [id, key] = powerless_user(&cloud).await;
        let told = async |id: &str, key: &str| {
            let wrong = [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", key)];
            let ran = cloud.operate_with(&wrong, &URLS).await;
            assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
            assert!(!ran.stderr.contains(key), "{}", ran.stderr);
            ran.stderr
        };
        for (id, key) in
            [("AKIAIOSFODNN7EXAMPLE", "unknown-key"), (&id, "not-the-key-of-this-user")]
        {
            let stderr = told(id, key).await;
            assert!(stderr.contains("wrong or too old: run `eval"), "{stderr}");
        }
        let stderr = told(&id, &key).await;
        assert!(
            stderr.contains("AccessDenied") && stderr.contains("lacks a permission"),
            "{stderr}"
        );
    })
    .await;
}

#[tokio::test]
async fn doctor_looks_at_identity_region_queue_and_dead_letters() {
    scenario(async |t| {
        let cloud = Cloud::complete(t).await;
        let ran = cloud.operate(&["doctor", "--json"]).await;
        let identity = check(&ran, "aws identity");
        assert_eq!(identity["state"], "ok", "{identity}");
        assert!(identity["found"].as_str().unwrap().ends_with(REGION), "{identity}");
        assert_eq!(check(&ran, "queue")["found"], "0 messages wait");
        assert_eq!(check(&ran, "dead letters")["state"], "ok");
        assert_eq!(check(&ran, "release")["found"], "0123456789 has the traffic");
        // Its function has no code; the rehearsal asks one that has.
        assert_eq!(check(&ran, "encryption")["state"], "problem");

        let ring = json!({ "QueueUrl": cloud.dead_letters, "MessageBody": "deliver" });
        cloud.call("AmazonSQS.SendMessage", ring);
        let found = check(&cloud.operate(&["doctor", "--json"]).await, "dead letters");
        assert_eq!((&found["state"], &found["found"]), (&json!("warning"), &json!("1 wait")));

        let mut elsewhere = [t.settings.clone(), crate::aws::aws().environment()].concat();
        elsewhere.push(("AWS_REGION", "us-west-2".to_owned()));
        elsewhere.push(("SECRETS_ARN", cloud.secret_arn.clone()));
        let elsewhere = streammaxing(&["doctor", "--json"], &elsewhere).await;
        let found = check(&elsewhere, "aws identity");
        assert_eq!(found["fix"], "set AWS_REGION to the region of the stack", "{found}");
        let none = t.operate(&["doctor", "--json"]).await.json().to_string();
        assert!(!none.contains("aws identity") && !none.contains("dead letters"), "{none}");
    })
    .await;
}

#[tokio::test]
async fn settings_are_those_that_have_the_traffic() {
    scenario(async |t| {
        let cloud = Cloud::complete(t).await;
        let (app, operations) =
            (format!("{}-app", cloud.stack), format!("CodeDeployHook_{}", cloud.stack));
        let new = [("PUBLIC_BASE_URL", "https://new.example"), ("RELEASE", "fedcba9876543210")];
        cloud.change(&app, &new).await;
        cloud.change(&operations, &new).await;
        assert_eq!(cloud.operate(&URLS).await.ok()["dashboard"], t.url.as_str());
        let found = check(&cloud.operate(&["doctor", "--json"]).await, "release");
        assert_eq!(found["state"], "warning");
        let both = "0123456789 has the traffic, and fedcba9876 was deployed last";
        assert_eq!(found["found"], both);

        cloud.lambda(Method::POST, &format!("/{app}/versions"), json!({})).await;
        let alias = json!({ "FunctionVersion": "2" });
        cloud.lambda(Method::PUT, &format!("/{app}/aliases/live"), alias).await;
        let moved = cloud.operate(&URLS).await.ok();
        assert_eq!(moved["dashboard"], "https://new.example");
        let found = check(&cloud.operate(&["doctor", "--json"]).await, "release");
        assert_eq!(found["state"], "ok", "{found}");
    })
    .await;
}

#[tokio::test]
async fn doctor_warns_of_more_connections_than_the_database_takes() {
    scenario(async |t| {
        let cloud = Cloud::complete(t).await;
        let connections = async || {
            let ran = cloud.operate(&["doctor", "--json"]).await.json();
            let checks = ran["checks"].as_array().unwrap().clone();
            checks.into_iter().find(|check| check["name"] == "connections").unwrap()
        };
        // The account has a thousand instances; one of two functions that is limited is as good as none.
        for function in ["app", "api"] {
            let found = connections().await;
            assert_eq!(found["state"], "warning", "{found}");
            let text = found["found"].as_str().unwrap();
            assert!(text.contains("instances with 5 each are more than"), "{text}");
            let path = format!("/{}-{function}/concurrency", cloud.stack);
            let limit = json!({ "ReservedConcurrentExecutions": 2 });
            cloud.lambda(Method::PUT, &path, limit).await;
        }
        let found = connections().await;
        assert_eq!(found["state"], "ok", "{found}");
    })
    .await;
}
