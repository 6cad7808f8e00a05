//! The operator's commands, through the binary.

mod cloud;
mod deliveries;
mod dlq;
mod doctor;
mod people;
mod secrets;
mod smoke;
mod stack;
mod subscriptions;
mod terminal;
mod up;

use sm_tests::{TestDatabase, process::streammaxing, scenario};

#[tokio::test]
async fn wrong_calls_end_with_2_and_help_names_every_command() {
    let wrong = streammaxing(&["deliveries", "recover"], &[]).await;
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    assert!(wrong.stderr.contains("--since"));
    assert_eq!(streammaxing(&["nonsense"], &[]).await.code, 2);
    let help = streammaxing(&["--help"], &[]).await;
    for command in [
        "up",
        "down",
        "doctor",
        "smoke",
        "urls",
        "secrets",
        "migrate",
        "subscriptions",
        "commands",
        "deliveries",
        "dlq",
        "user",
        "guild",
    ] {
        assert!(help.stdout.contains(&format!("\n  {command}")), "{command}: {}", help.stdout);
    }
    for shell in ["bash", "fish", "zsh"] {
        let script = streammaxing(&["completions", shell], &[]).await;
        assert!(script.code == 0 && script.stdout.contains("recover"));
    }
}

#[tokio::test]
async fn addresses_can_be_asked_for_before_anything_is_set_up() {
    let asked =
        ["urls", "--base-url", "https://alerts.example/", "--discord-client-id", "7", "--json"];
    let urls = streammaxing(&asked, &[]).await.ok();
    assert_eq!(urls["discord"]["redirect"], "https://alerts.example/api/auth/discord/callback");
    assert_eq!(urls["discord"]["interactions"], "https://alerts.example/interactions");
    assert_eq!(urls["twitch"]["eventsub_callback"], "https://alerts.example/webhooks/twitch");
    assert!(urls["discord"]["invite"].as_str().unwrap().contains("client_id=7&scope=bot"));
    let unset = streammaxing(&["urls"], &[]).await;
    assert_eq!(unset.code, 1);
    assert!(unset.stderr.contains("PUBLIC_BASE_URL"));
    let setting = [("PUBLIC_BASE_URL", "https://alerts.example".to_owned())];
    let text = streammaxing(&["urls"], &setting).await.stdout;
    assert!(text.contains("https://alerts.example/webhooks/discord") && !text.contains('\x1b'));
}

#[tokio::test]
async fn plan_of_migrations_changes_nothing() {
    let database = TestDatabase::empty().await;
    let settings = [("DATABASE_URL", database.url.clone())];
    let run = async |arguments: &[&str]| streammaxing(arguments, &settings).await.ok();
    let all = sm_db::MIGRATOR.iter().count();
    for _ in 0..2 {
        let plan = run(&["migrate", "--plan", "--json"]).await;
        assert_eq!(
            (plan["applied"].as_u64(), plan["pending"].as_array().unwrap().len()),
            (Some(0), all)
        );
    }
    let done = run(&["migrate", "--json"]).await;
    assert_eq!(done["done"].as_array().unwrap().len(), all);
    let plan = run(&["migrate", "--plan", "--json"]).await;
    assert_eq!(
        (plan["applied"].as_u64(), &plan["pending"]),
        (Some(all as u64), &serde_json::json!([]))
    );
    let text = streammaxing(&["migrate", "--plan"], &settings).await.stdout;
    assert_eq!(text, format!("{all} migrations are done, none is pending\n"));
    database.drop_it().await;
    let away = [("DATABASE_URL", "postgres://nobody:hunter2@127.0.0.1:1/none".to_owned())];
    let failed = streammaxing(&["migrate"], &away).await;
    assert_eq!(failed.code, 1);
    assert!(!failed.stderr.contains("hunter2"), "{}", failed.stderr);
}

#[tokio::test]
async fn secrets_are_judged_and_never_shown() {
    scenario(async |t| {
        let good = t.operate(&["secrets", "check", "--json"]).await;
        let text = t.operate(&["secrets", "check"]).await;
        for (name, value) in &t.settings {
            let secret = name.contains("SECRET") || name.contains("TOKEN") || name.contains("KEY");
            assert!(
                !secret || !format!("{good:?}{text:?}").contains(value.as_str()),
                "{name} is shown"
            );
        }
        assert_eq!(good.ok()["secrets"].as_array().unwrap().len(), 7);
        let two = format!("{},{}", "1f0c".repeat(4) + "93b7d6e258a41f0c", sm_tests::SESSION_SECRET);
        let rotating =
            t.operate_with(&[("SESSION_SECRET", &two)], &["secrets", "check", "--json"]).await.ok();
        let session = rotating["secrets"]
            .as_array()
            .unwrap()
            .iter()
            .find(|s| s["name"] == "SESSION_SECRET")
            .unwrap();
        assert_eq!((&session["values"], &session["state"]), (&2.into(), &"warning".into()));
        let weak = "a".repeat(40);
        let weak = t.operate_with(&[("SESSION_SECRET", &weak)], &["secrets", "check"]).await;
        assert_eq!(weak.code, 1);
        assert!(weak.stdout.contains("easily guessed"), "{}", weak.stdout);
        let missing = t.operate_with(&[("SESSION_SECRET", "")], &["secrets", "check"]).await;
        assert!(missing.code == 1 && missing.stderr.contains("SESSION_SECRET is missing"));
    })
    .await;
}
