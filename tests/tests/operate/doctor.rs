//! `doctor`: silent where all is well, and at each fault the check that finds it.

use serde_json::Value;
use sm_tests::{Guild, TestDatabase, World, process::Ran, scenario};

/// The checks that are not good, as `name state`.
fn findings(ran: &Ran) -> Vec<String> {
    let json: Value = ran.json();
    let checks = json["checks"].as_array().unwrap();
    let bad = checks.iter().filter(|check| check["state"] != "ok");
    for check in bad.clone() {
        assert!(check["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "{check}");
    }
    bad.map(|check| {
        format!("{} {}", check["name"].as_str().unwrap(), check["state"].as_str().unwrap())
    })
    .collect()
}

/// What is found wrong with these settings, beside the address, which is never https in tests.
async fn found(t: &World, settings: &[(&'static str, &str)]) -> Vec<String> {
    let ran = t.operate_with(settings, &["doctor", "--json"]).await;
    let mut found = findings(&ran);
    assert_eq!(ran.code == 0, !found.iter().any(|line| line.ends_with("problem")), "{found:?}");
    found.retain(|line| line != "public address warning");
    found
}

/// Everything as it should be.
async fn set_up(t: &World) -> Guild {
    t.discord.set_webhook_events_url(&format!("{}/webhooks/discord", t.url));
    t.discord.set_interactions_url(&format!("{}/interactions", t.url));
    t.operate(&["commands", "--json"]).await.ok();
    let ana = t.streamer("ana").await;
    let guild = t.guild_following(&ana).await;
    t.operate(&["subscriptions", "reconcile", "--json"]).await.ok();
    guild
}

#[tokio::test]
async fn good_world_has_no_findings() {
    scenario(async |t| {
        set_up(t).await;
        assert_eq!(found(t, &[]).await, Vec::<String>::new());
        let text = t.operate(&["doctor"]).await.stdout;
        assert!(
            text.contains("✔ database") && text.contains("PostgreSQL") && !text.contains('\x1b'),
            "{text}"
        );
    })
    .await;
}

#[tokio::test]
async fn each_wrong_setting_is_found() {
    scenario(async |t| {
        set_up(t).await;
        let other_key = "ab".repeat(32);
        let cases: &[(&'static str, &str, &[&str])] = &[
            ("DISCORD_BOT_TOKEN", "wrong", &["discord token problem"]),
            ("DISCORD_CLIENT_SECRET", "wrong", &["discord secret problem"]),
            ("DISCORD_PUBLIC_KEY", &other_key, &["discord key problem"]),
            ("DISCORD_CLIENT_ID", "7", &["discord application problem", "discord secret problem"]),
            ("TWITCH_CLIENT_SECRET", "wrong", &["twitch application problem"]),
            ("DATABASE_URL", "postgres://nobody:hunter2@127.0.0.1:1/none", &["database problem"]),
            ("DATABASE_URL", "no address", &["settings problem"]),
            ("LOCAL_ENCRYPTION_KEY", "short", &["settings problem"]),
            ("SESSION_SECRET", "", &["settings problem"]),
            (
                "DISCORD_API_URL",
                "http://127.0.0.1:1/api/v10",
                &["discord token problem", "discord secret warning", "clock and Discord warning"],
            ),
            (
                "TWITCH_AUTH_URL",
                "http://127.0.0.1:1",
                &["twitch application problem", "clock and Twitch warning"],
            ),
        ];
        for (name, value, expected) in cases {
            assert_eq!(found(t, &[(name, value)]).await, *expected, "{name}={value}");
        }
        let nothing =
            t.operate_with(&[("SESSION_SECRET", ""), ("DISCORD_BOT_TOKEN", "")], &["doctor"]).await;
        assert!(
            nothing.code == 1
                && nothing.stdout.contains("✖ settings")
                && nothing.stdout.contains("DISCORD_BOT_TOKEN")
        );
    })
    .await;
}

#[tokio::test]
async fn another_address_is_missed_by_everybody() {
    scenario(async |t| {
        set_up(t).await;
        let expected = [
            "public address problem",
            "discord redirect problem",
            "discord events warning",
            "discord interactions problem",
            "subscriptions warning",
            "way in problem",
        ];
        assert_eq!(found(t, &[("PUBLIC_BASE_URL", "http://alerts.invalid")]).await, expected);
    })
    .await;
}

#[tokio::test]
async fn unmigrated_and_newer_databases_are_told_apart() {
    scenario(async |t| {
        set_up(t).await;
        let empty = TestDatabase::empty().await;
        let empty_url = empty.url.clone();
        let settings = [("DATABASE_URL", empty_url.as_str())];
        assert_eq!(found(t, &settings).await, ["migrations problem", "subscriptions warning"]);
        empty.drop_it().await;
        t.sql(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
               values (9999, 'from the future', true, '', 0)",
        )
        .await;
        assert_eq!(found(t, &[]).await, ["migrations warning"]);
        t.sql("update _sqlx_migrations set checksum = 'x' where version = 1").await;
        assert_eq!(found(t, &[]).await, ["migrations problem"]);
    })
    .await;
}

#[tokio::test]
async fn spent_budget_and_missing_subscriptions_are_seen() {
    scenario(async |t| {
        let guild = set_up(t).await;
        t.twitch.set_max_total_cost(2);
        assert_eq!(found(t, &[]).await, ["twitch budget problem"]);
        t.twitch.set_max_total_cost(10_000);
        t.sql("insert into streamers (twitch_user_id, login, display_name) values ('99', 'zoe', 'Zoe')")
            .await;
        t.follow(guild.id, &sm_types::TwitchUserId::from("99".to_owned()), None).await;
        assert_eq!(found(t, &[]).await, ["subscriptions warning"]);
    })
    .await;
}

#[tokio::test]
async fn commands_that_are_not_registered_are_found_and_registered_once() {
    scenario(async |t| {
        let check = t.operate(&["commands", "--check", "--json"]).await;
        assert_eq!(
            (check.code, check.json()["different"].clone()),
            (1, serde_json::json!(["live", "streammaxing"]))
        );
        assert_eq!(t.discord.commands().len(), 0, "a look changes nothing");
        assert!(found(t, &[]).await.contains(&"discord commands warning".to_owned()));
        let done = t.operate(&["commands"]).await;
        assert_eq!((done.code, done.stdout.as_str()), (0, "registered: live, streammaxing\n"));
        let again = t.operate(&["commands"]).await;
        assert!(again.stdout.starts_with("Discord has the commands"), "{}", again.stdout);
        let requests = t.discord.requests();
        let sent = requests.iter().filter(|seen| seen.method == "PUT").count();
        assert_eq!(sent, 1, "a second run sends nothing");
        assert_eq!(t.operate(&["commands", "--check"]).await.code, 0);
    })
    .await;
}
