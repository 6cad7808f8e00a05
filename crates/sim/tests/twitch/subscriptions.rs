//! Making, listing and deleting EventSub subscriptions.

use crate::application::{Application, ChallengeAnswer, SECRET, eventually};
use serde_json::{Value, json};
use sm_sim::twitch::{Challenge, EdgeCase, Options};

#[tokio::test]
async fn subscription_is_enabled_by_the_right_answer_to_a_signed_challenge() {
    let app = Application::start().await;
    let ana = app.twitch.add_user("ana", "Ana");
    let made = app.create(&app.request("channel.update", "2", &ana)).await;
    assert_eq!(made.status, 202);
    assert_eq!(made.body["data"][0]["status"], "webhook_callback_verification_pending");
    assert_eq!(
        (&made.body["total_cost"], &made.body["max_total_cost"]),
        (&1.into(), &10_000.into())
    );
    eventually("it is enabled", || app.twitch.subscriptions()[0].status == "enabled").await;
    let challenge = &app.receiver.seen()[0];
    assert_eq!(challenge.message_type(), "webhook_callback_verification");
    assert_eq!(challenge.header("Twitch-Eventsub-Subscription-Version"), "2");
    assert!(challenge.is_signed_with(SECRET));
    assert_eq!(challenge.json()["subscription"]["id"], made.body["data"][0]["id"]);
    assert_eq!(made.body["data"][0]["transport"].get("secret"), None);
}

#[tokio::test]
async fn wrong_answers_to_a_challenge_fail_for_good() {
    let right = ChallengeAnswer::default;
    let answers = [
        (right(), "enabled"),
        (ChallengeAnswer { status: 202, ..right() }, "enabled"),
        (ChallengeAnswer { kind: Some("text/plain; charset=utf-8"), ..right() }, "enabled"),
        (ChallengeAnswer { suffix: "\n", ..right() }, "webhook_callback_verification_failed"),
        (ChallengeAnswer { kind: None, ..right() }, "webhook_callback_verification_failed"),
        (
            ChallengeAnswer { kind: Some("application/json"), ..right() },
            "webhook_callback_verification_failed",
        ),
        (ChallengeAnswer { status: 500, ..right() }, "webhook_callback_verification_failed"),
        (ChallengeAnswer { status: 302, ..right() }, "webhook_callback_verification_failed"),
    ];
    for (how, expected) in answers {
        let app = Application::start().await;
        app.twitch.set_challenge(Challenge::Before);
        *app.receiver.challenge.lock().unwrap() = how.clone();
        let ana = app.twitch.add_user("ana", "Ana");
        app.create(&app.request("stream.online", "1", &ana)).await;
        assert_eq!(app.twitch.subscriptions()[0].status, expected, "{how:?}");
    }
}

#[tokio::test]
async fn challenge_may_come_before_the_answer_which_says_pending_all_the_same() {
    let app = Application::start().await;
    app.twitch.set_challenge(Challenge::Before);
    let ana = app.twitch.add_user("ana", "Ana");
    let made = app.create(&app.request("stream.online", "1", &ana)).await;
    assert_eq!(app.receiver.seen().len(), 1);
    assert_eq!(made.body["data"][0]["status"], "webhook_callback_verification_pending");
    assert_eq!(app.twitch.subscriptions()[0].status, "enabled");
}

#[tokio::test]
async fn callback_that_nobody_serves_fails() {
    let app = Application::start().await;
    app.twitch.set_challenge(Challenge::Before);
    let ana = app.twitch.add_user("ana", "Ana");
    let mut request = app.request("stream.online", "1", &ana);
    request["transport"]["callback"] = json!("http://127.0.0.1:1/hook");
    assert_eq!(app.create(&request).await.status, 202);
    assert_eq!(app.twitch.subscriptions()[0].status, "webhook_callback_verification_failed");
    assert_eq!(app.twitch.deliveries()[0].status, None);
}

#[tokio::test]
async fn requests_that_break_a_rule_are_refused() {
    let app = Application::start().await;
    let ana = app.twitch.add_user("ana", "Ana");
    let cases: [(&str, Value, u16); 13] = [
        ("/transport/secret", json!("123456789"), 400),
        ("/transport/secret", json!("x".repeat(101)), 400),
        ("/transport/secret", Value::Null, 400),
        ("/transport/callback", json!("ftp://127.0.0.1/hook"), 400),
        ("/transport/callback", json!("null"), 400),
        ("/transport/callback", json!("httpx://"), 400),
        ("/transport/method", json!("websocket"), 400),
        ("/condition/broadcaster_user_id", json!("1"), 400),
        ("/condition/broadcaster_user_id", json!(""), 400),
        ("/condition", json!({}), 400),
        ("/version", json!("2"), 400),
        ("/type", json!("stream.nothing"), 400),
        ("/type", json!("channel.follow"), 410),
    ];
    for (pointer, value, status) in cases {
        let mut request = app.request("stream.online", "1", &ana);
        *request.pointer_mut(pointer).unwrap() = value;
        assert_eq!(app.create(&request).await.status, status, "{pointer}: {request}");
    }
    assert_eq!(app.twitch.subscriptions(), []);
    assert!(app.receiver.seen().is_empty());
}

#[tokio::test]
async fn token_of_a_user_is_refused() {
    let mut app = Application::start().await;
    let ana = app.twitch.add_user("ana", "Ana");
    app.token = app.twitch.user_token(&ana);
    let refused = app.create(&app.request("stream.online", "1", &ana)).await;
    let message = "auth must use app access token to create webhook subscription";
    assert_eq!((refused.status, &refused.body["message"]), (400, &message.into()));
    assert_eq!(app.get("users").await.body["data"][0]["login"], "ana");
}

#[tokio::test]
async fn the_same_again_is_a_conflict_that_names_the_first_while_that_lives() {
    let app = Application::start().await;
    app.twitch.set_challenge(Challenge::Before);
    let ana = app.twitch.add_user("ana", "Ana");
    let request = app.request("stream.online", "1", &ana);
    let first = app.create(&request).await;
    let again = app.create(&request).await;
    assert_eq!((again.status, &again.body["id"]), (409, &first.body["data"][0]["id"]));
    assert_eq!(again.body["message"], "subscription already exists");
    app.twitch.revoke(&ana, "notification_failures_exceeded").await;
    assert_eq!(app.create(&request).await.status, 202);
}

#[tokio::test]
async fn fourth_of_a_type_and_condition_is_too_many() {
    let app = Application::start().await;
    let ana = app.twitch.add_user("ana", "Ana");
    let mut statuses = Vec::new();
    for n in 0..4 {
        let mut request = app.request("stream.online", "1", &ana);
        request["transport"]["callback"] = json!(format!("{}/{n}", app.callback));
        let answer = app.create(&request).await;
        statuses.push(answer.status);
        if answer.status == 429 {
            let message = "maximum subscriptions with type and condition exceeded";
            assert_eq!(answer.body["message"], message);
            assert_ne!(answer.headers["ratelimit-remaining"], "0", "points are left");
        }
    }
    assert_eq!(statuses, [202, 202, 202, 429]);
}

#[tokio::test]
async fn list_has_pages_and_one_filter() {
    let local = Options::local("client", "client-secret");
    let app = Application::start_with(Options { subscriptions_per_page: 2, ..local }).await;
    let ana = app.streamer(&["stream.online", "stream.offline", "channel.update", "user.update"]);
    app.twitch.subscribe(&ana, "channel.raid", &app.callback, SECRET);
    let mut path = "eventsub/subscriptions".to_owned();
    let mut kinds = Vec::new();
    loop {
        let body = app.get(&path).await.body;
        assert_eq!((&body["total"], &body["total_cost"]), (&5.into(), &5.into()));
        kinds.extend(body["data"].as_array().unwrap().iter().map(|s| s["type"].clone()));
        let Some(cursor) = body["pagination"]["cursor"].as_str() else { break };
        path = format!("eventsub/subscriptions?after={cursor}");
    }
    assert_eq!(
        kinds,
        ["stream.online", "stream.offline", "channel.update", "user.update", "channel.raid"]
    );
    let filtered = app.get("eventsub/subscriptions?type=user.update").await.body;
    assert_eq!(filtered["data"].as_array().unwrap().len(), 1);
    let both = app.get("eventsub/subscriptions?type=user.update&status=enabled").await;
    assert_eq!(both.status, 400);
}

#[tokio::test]
async fn deleted_subscription_is_gone() {
    let app = Application::start().await;
    let ana = app.streamer(&["stream.online"]);
    let id = app.get("eventsub/subscriptions").await.body["data"][0]["id"].clone();
    let path = format!("eventsub/subscriptions?id={}", id.as_str().unwrap());
    assert_eq!(app.helix("DELETE", &path, None).await.status, 204);
    assert_eq!(app.helix("DELETE", &path, None).await.status, 404);
    assert_eq!(app.helix("DELETE", "eventsub/subscriptions", None).await.status, 400);
    app.twitch.go_live(&ana).await;
    assert!(app.receiver.seen().is_empty());
}

#[tokio::test]
async fn subscriptions_about_a_user_who_authorised_us_are_free() {
    let app = Application::start().await;
    let ana = app.streamer(&["stream.online"]);
    app.twitch.add_user("bob", "Bob");
    let cost = async || app.get("eventsub/subscriptions").await.body["total_cost"].clone();
    assert_eq!(cost().await, 1);
    app.twitch.authorize(&ana).await;
    assert_eq!(cost().await, 0);
    let made = app.create(&app.request("stream.offline", "1", &ana)).await;
    assert_eq!(made.body["data"][0]["cost"], 0);
    app.twitch.deauthorize(&ana).await;
    assert_eq!(cost().await, 2);
}

#[tokio::test]
async fn what_needs_a_scope_is_refused_until_the_broadcaster_grants_it() {
    let app = Application::start().await;
    let ana = app.twitch.add_user("ana", "Ana");
    for (kind, version, scope) in [
        ("channel.follow", "2", "moderator:read:followers"),
        ("channel.subscribe", "1", "channel:read:subscriptions"),
        ("channel.cheer", "1", "bits:read"),
    ] {
        let mut request = app.request(kind, version, &ana);
        if kind == "channel.follow" {
            assert_eq!(app.create(&request).await.status, 400, "it names no moderator");
            request["condition"]["moderator_user_id"] = json!(ana);
        }
        let refused = app.create(&request).await;
        let message = "subscription missing proper authorization";
        assert_eq!((refused.status, &refused.body["message"]), (403, &message.into()), "{kind}");
        app.twitch.grant(&ana, &[scope]).await;
        assert_eq!(app.create(&request).await.status, 202, "{kind}");
    }
    let raid = app.request("channel.raid", "1", &ana);
    assert_eq!(raid["condition"]["broadcaster_user_id"], ana.as_str());
    let raid = json!({ "type": "channel.raid", "version": "1", "transport": raid["transport"],
                       "condition": { "to_broadcaster_user_id": ana } });
    assert_eq!(app.create(&raid).await.status, 202);
    assert_eq!(app.twitch.trigger(&ana, EdgeCase::Gift).await, [0_u16; 0], "nobody asked for it");
}
