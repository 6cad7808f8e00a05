//! `secrets bootstrap` and `secrets rotate`.

use super::{
    cloud::Cloud,
    terminal::{Answer, in_a_terminal},
};
use serde_json::{Value, json};
use sm_lambda::secret_names::ASKED;
use sm_tests::{
    EVENTSUB_SECRET, SESSION_SECRET, World,
    process::{Ran, streammaxing},
    scenario,
};
use std::collections::BTreeMap;

const BOOTSTRAP: [&str; 3] = ["secrets", "bootstrap", "--json"];

/// The world's values that nobody can make.
fn asked(t: &World) -> Vec<(&'static str, &str)> {
    let is_asked = |name: &str| ASKED.iter().any(|(asked, _)| *asked == name);
    t.settings.iter().filter(|(n, _)| is_asked(n)).map(|(n, v)| (*n, v.as_str())).collect()
}

/// None of these values is in what was printed.
#[track_caller]
fn hidden(ran: &Ran, secret: &BTreeMap<String, String>) {
    for (name, value) in secret {
        let shown = value.split(',').any(|value| format!("{ran:?}").contains(value));
        assert!(!shown, "{name} is shown: {ran:?}");
    }
}

#[tokio::test]
async fn bootstrap_completes_a_secret_and_changes_nothing_that_is_set() {
    scenario(async |t| {
        let cloud = Cloud::new(t, &[("SESSION_SECRET", SESSION_SECRET), ("OTHER", "kept")]).await;
        let before = cloud.secret();
        let mut missing: Vec<_> = ASKED.map(|(name, _)| name).to_vec();
        missing.push("TWITCH_EVENTSUB_SECRET");
        let plan = cloud.operate(&["secrets", "bootstrap", "--dry-run", "--json"]).await.ok();
        assert_eq!(plan, json!({ "set": missing, "dry_run": true }));
        assert_eq!(cloud.secret(), before);

        let done = cloud.operate_with(&asked(t), &BOOTSTRAP).await;
        let after = cloud.secret();
        hidden(&done, &after);
        assert_eq!(done.ok(), json!({ "set": missing, "dry_run": false }));
        assert_eq!(
            (&after["SESSION_SECRET"], &after["OTHER"]),
            (&before["SESSION_SECRET"], &before["OTHER"])
        );
        assert_eq!(after["TWITCH_EVENTSUB_SECRET"].len(), 64);
        assert!(!after.contains_key("LOCAL_ENCRYPTION_KEY"), "KMS takes its place");
        assert_eq!(cloud.operate(&["secrets", "check"]).await.code, 0);

        let again = cloud.operate(&BOOTSTRAP).await.ok();
        assert_eq!((&again["set"], cloud.secret()), (&json!([]), after));
    })
    .await;
}

#[tokio::test]
async fn what_nobody_can_be_asked_for_is_named() {
    scenario(async |t| {
        let cloud = Cloud::new(t, &[("SESSION_SECRET", SESSION_SECRET)]).await;
        let before = cloud.secret();
        let given: Vec<_> =
            asked(t).into_iter().filter(|(n, _)| n.starts_with("DISCORD")).collect();
        let refused = cloud.operate_with(&given, &BOOTSTRAP).await;
        assert_eq!(refused.code, 2);
        let text =
            "nobody can be asked for DATABASE_URL, TWITCH_CLIENT_SECRET: set it in the environment";
        assert!(refused.stderr.contains(text), "{}", refused.stderr);
        assert_eq!(cloud.secret(), before);

        let mut wrong = asked(t);
        wrong.retain(|(name, _)| *name != "DATABASE_URL");
        wrong.push(("DATABASE_URL", "hunter2"));
        let refused = cloud.operate_with(&wrong, &BOOTSTRAP).await;
        assert!(refused.code == 1 && refused.stderr.contains("DATABASE_URL is not a Postgres URL"));
        assert!(!refused.stderr.contains("hunter2"), "{}", refused.stderr);
        assert_eq!(cloud.secret(), before, "the product could not start with it");
    })
    .await;
}

#[tokio::test]
async fn somebody_at_a_terminal_is_asked_and_their_answers_are_not_shown() {
    scenario(async |t| {
        let cloud = Cloud::new(t, &[("SESSION_SECRET", SESSION_SECRET)]).await;
        let values: BTreeMap<_, _> = asked(t).into_iter().collect();
        let answers = ASKED.map(|(name, _)| Answer::Hidden(values[name]));
        let mut settings = crate::aws::aws().environment();
        // Those of the tests themselves.
        settings.push(("DATABASE_URL", String::new()));
        let arguments = ["secrets", "bootstrap", "--stack", &cloud.stack];
        let (code, shown) = in_a_terminal(&arguments, &settings, &answers).await;
        assert_eq!(code, 0, "{shown}");
        for (name, about) in ASKED {
            assert!(shown.contains(&format!("{name} ({about}): ")), "{shown}");
            assert!(!shown.contains(values[name]), "{name} is shown: {shown}");
            assert_eq!(cloud.secret()[name], values[name]);
        }
    })
    .await;
}

#[tokio::test]
async fn without_secrets_manager_bootstrap_prints_lines_for_an_environment_file() {
    let printed =
        streammaxing(&["secrets", "bootstrap"], &[("SESSION_SECRET", "set".into())]).await;
    assert_eq!(printed.code, 0);
    let lines = printed.stdout.lines().filter(|line| !line.starts_with('#'));
    let lines: BTreeMap<_, _> = lines.map(|line| line.split_once('=').unwrap()).collect();
    assert!(!lines.contains_key("SESSION_SECRET"), "it is set");
    assert!(ASKED.iter().all(|(name, _)| lines[name].is_empty()), "{lines:?}");
    assert_eq!(
        (lines["TWITCH_EVENTSUB_SECRET"].len(), lines["LOCAL_ENCRYPTION_KEY"].len()),
        (64, 44)
    );
    scenario(async |t| {
        let made =
            ["TWITCH_EVENTSUB_SECRET", "LOCAL_ENCRYPTION_KEY"].map(|name| (name, lines[name]));
        let good = t.operate_with(&made, &["secrets", "check", "--json"]).await.ok();
        assert_eq!(good["ok"], true);
        assert_eq!(t.operate(&BOOTSTRAP).await.ok(), json!({}), "nothing is missing");
    })
    .await;
}

#[tokio::test]
async fn rotation_keeps_the_old_value_until_it_is_finished() {
    scenario(async |t| {
        let cloud = Cloud::complete(t).await;
        let rotate = ["secrets", "rotate", "SESSION_SECRET", "TWITCH_EVENTSUB_SECRET"];
        let plan = cloud.operate(&[&rotate[..], &["--dry-run", "--json"]].concat()).await.ok();
        assert_eq!(plan["set"], json!(["SESSION_SECRET", "TWITCH_EVENTSUB_SECRET"]));
        assert_eq!(cloud.secret()["SESSION_SECRET"], SESSION_SECRET);

        let mut newest = SESSION_SECRET.to_owned();
        for _ in 0..2 {
            let done = cloud.operate(&rotate).await;
            assert_eq!(done.code, 0, "{}", done.stderr);
            let secret = cloud.secret();
            hidden(&done, &secret);
            let (new, old) = secret["SESSION_SECRET"].split_once(',').unwrap();
            assert_eq!((new.len(), old), (64, newest.as_str()));
            newest = new.to_owned();
        }
        let finish = [&rotate[..], &["--finish"]].concat();
        let done = cloud.operate(&finish).await;
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert_eq!(cloud.secret()["SESSION_SECRET"], newest);
        let nothing = cloud.operate(&finish).await;
        assert_eq!((nothing.code, nothing.stdout.as_str()), (0, "nothing is to be set\n"));
    })
    .await;
}

#[tokio::test]
async fn secret_that_twitch_signs_with_is_not_taken_out_unless_forced() {
    scenario(async |t| {
        t.streamer("ana").await;
        let cloud = Cloud::complete(t).await;
        let eventsub = ["secrets", "rotate", "TWITCH_EVENTSUB_SECRET"];
        cloud.operate(&[&eventsub[..], &["--json"]].concat()).await.ok();
        let both = cloud.secret();
        assert_eq!(both["TWITCH_EVENTSUB_SECRET"].split_once(',').unwrap().1, EVENTSUB_SECRET);
        for more in [&[][..], &["--finish"]] {
            let refused = cloud.operate(&[&eventsub[..], more].concat()).await;
            assert_eq!(refused.code, 1);
            assert!(refused.stderr.contains("still signs 4 subscriptions"), "{}", refused.stderr);
        }
        assert_eq!(cloud.secret(), both);
        let (newest, _) = both["TWITCH_EVENTSUB_SECRET"].split_once(',').unwrap();
        cloud.operate(&[&eventsub[..], &["--force", "--json"]].concat()).await.ok();
        let forced = cloud.secret();
        assert_eq!(forced["TWITCH_EVENTSUB_SECRET"].split_once(',').unwrap().1, newest);
        // Nobody follows her: her subscriptions go.
        cloud.operate(&["subscriptions", "reconcile", "--json"]).await.ok();
        cloud.operate(&[&eventsub[..], &["--finish", "--json"]].concat()).await.ok();
        let (newest, _) = forced["TWITCH_EVENTSUB_SECRET"].split_once(',').unwrap();
        assert_eq!(cloud.secret()["TWITCH_EVENTSUB_SECRET"], newest);
    })
    .await;
}

#[tokio::test]
async fn value_that_is_made_elsewhere_is_replaced_by_another_one() {
    scenario(async |t| {
        let cloud = Cloud::complete(t).await;
        let rotate = ["secrets", "rotate", "DISCORD_BOT_TOKEN", "--json"];
        let refused = cloud.operate(&rotate).await;
        assert!(refused.code == 2 && refused.stderr.contains("asked for DISCORD_BOT_TOKEN"));
        let same = cloud.operate_with(&[("DISCORD_BOT_TOKEN", "bot-token")], &rotate).await;
        assert!(same.code == 2 && same.stderr.contains("is the value in use"), "{}", same.stderr);
        let done = cloud.operate_with(&[("DISCORD_BOT_TOKEN", "another")], &rotate).await;
        assert_eq!(done.ok()["set"], json!(["DISCORD_BOT_TOKEN"]));
        assert_eq!(cloud.secret()["DISCORD_BOT_TOKEN"], "another");
        for wrong in [
            &["secrets", "rotate", "DISCORD_BOT_TOKEN", "--finish"][..],
            &["secrets", "rotate", "LOCAL_ENCRYPTION_KEY"],
            &["secrets", "rotate", "KMS_KEY_ID"],
            &["secrets", "rotate", "TWITCH_EVENTSUB_SECRET", "--finish", "--force"],
            &["secrets", "rotate"],
        ] {
            assert_eq!(cloud.operate(wrong).await.code, 2, "{wrong:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn without_secrets_manager_rotation_prints_both_values() {
    scenario(async |t| {
        let rotate = ["secrets", "rotate", "SESSION_SECRET", "LOCAL_ENCRYPTION_KEY", "--json"];
        let lines: Value = t.operate(&rotate).await.ok();
        let present = |name: &str| t.settings.iter().find(|(n, _)| *n == name).unwrap().1.clone();
        for name in ["SESSION_SECRET", "LOCAL_ENCRYPTION_KEY"] {
            let (new, old) = lines[name].as_str().unwrap().split_once(',').unwrap();
            assert!(new != old && old == present(name), "{name}");
        }
        let both = ["SESSION_SECRET", "LOCAL_ENCRYPTION_KEY"]
            .map(|name| (name, lines[name].as_str().unwrap()));
        let end = ["secrets", "rotate", "SESSION_SECRET", "--finish"];
        let finished = t.operate_with(&both, &end).await;
        let (new, _) = both[0].1.split_once(',').unwrap();
        assert_eq!(finished.stdout, format!("SESSION_SECRET={new}\n"));
        let elsewhere = t.operate(&["secrets", "rotate", "DISCORD_BOT_TOKEN"]).await;
        assert!(elsewhere.code == 2 && elsewhere.stderr.contains("environment file"));
        assert_eq!(t.operate_with(&both, &["secrets", "check"]).await.code, 0);
    })
    .await;
}
