//! What a test sets: lateness, loss, limits and failures, and what it can count afterwards.

use crate::application::{Application, ChallengeAnswer, SECRET, eventually};
use serde_json::json;
use sm_sim::twitch::{Challenge, EventSubRequests, SeenSubscription};
use std::time::{Duration, Instant};

const PATH: &str = "eventsub/subscriptions";

#[tokio::test]
async fn challenge_comes_after_the_delay() {
    let app = Application::start().await;
    app.twitch.set_challenge(Challenge::After(Duration::from_millis(200)));
    let ana = app.twitch.add_user("ana", "Ana");
    let asked = Instant::now();
    assert_eq!(app.create(&app.request("stream.online", "1", &ana)).await.status, 202);
    assert!(app.receiver.seen().is_empty());
    eventually("it is enabled", || app.twitch.subscriptions()[0].status == "enabled").await;
    assert!(asked.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn subscription_without_a_challenge_stays_pending() {
    let app = Application::start().await;
    app.twitch.set_challenge(Challenge::Never);
    let ana = app.twitch.add_user("ana", "Ana");
    let request = app.request("stream.online", "1", &ana);
    app.create(&request).await;
    assert_eq!(app.create(&request).await.status, 409, "pending counts as alive");
    assert_eq!(app.twitch.go_live(&ana).await.as_str().len(), 11);
    assert!(app.receiver.seen().is_empty());
    assert_eq!(app.twitch.subscriptions()[0].status, "webhook_callback_verification_pending");
}

#[tokio::test]
async fn challenge_does_not_revive_what_has_died_meanwhile() {
    let app = Application::start().await;
    app.twitch.set_challenge(Challenge::After(Duration::from_millis(20)));
    let ana = app.twitch.add_user("ana", "Ana");
    app.create(&app.request("stream.online", "1", &ana)).await;
    let id = app.twitch.subscriptions()[0].id.clone();
    assert!(app.twitch.set_subscription_status(&id, "user_removed"));
    eventually("it is challenged", || app.twitch.deliveries().len() == 1).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(app.twitch.subscriptions()[0].status, "user_removed");
}

#[tokio::test]
async fn failed_verification_makes_room_for_another_try() {
    let app = Application::start().await;
    app.twitch.set_challenge(Challenge::Before);
    let ana = app.twitch.add_user("ana", "Ana");
    let request = app.request("stream.online", "1", &ana);
    *app.receiver.challenge.lock().unwrap() =
        ChallengeAnswer { suffix: "x", ..ChallengeAnswer::default() };
    app.create(&request).await;
    *app.receiver.challenge.lock().unwrap() = ChallengeAnswer::default();
    assert_eq!(app.create(&request).await.status, 202);
    let failed = app.get(&format!("{PATH}?status=webhook_callback_verification_failed")).await;
    assert_eq!(failed.body["data"].as_array().unwrap().len(), 1);
    assert_eq!((&failed.body["total"], &failed.body["total_cost"]), (&2.into(), &1.into()));
}

#[tokio::test]
async fn subscriptions_may_not_cost_more_than_the_limit() {
    let app = Application::start().await;
    app.twitch.set_max_total_cost(1);
    let ana = app.streamer(&["stream.online"]);
    let listed = app.get(PATH).await.body;
    assert_eq!((&listed["total_cost"], &listed["max_total_cost"]), (&1.into(), &1.into()));
    let request = app.request("stream.offline", "1", &ana);
    let refused = app.create(&request).await;
    assert_eq!(
        (refused.status, &refused.body["message"]),
        (429, &"maximum total cost exceeded".into())
    );
    assert_ne!(refused.headers["ratelimit-remaining"], "0", "points are left");
    app.twitch.grant(&ana, &["channel:bot"]).await;
    let made = app.create(&request).await;
    assert_eq!((made.status, &made.body["total_cost"]), (202, &0.into()));
}

#[tokio::test]
async fn snapshot_tells_all_about_a_subscription() {
    let app = Application::start().await;
    let ana = app.streamer(&["stream.online"]);
    let expected = SeenSubscription {
        id: app.get(PATH).await.body["data"][0]["id"].as_str().unwrap().to_owned(),
        kind: "stream.online".to_owned(),
        version: "1".to_owned(),
        condition: json!({ "broadcaster_user_id": ana }),
        callback: app.callback.clone(),
        secret: SECRET.to_owned(),
        status: "enabled".to_owned(),
        cost: 1,
    };
    assert_eq!(app.twitch.subscriptions(), [expected]);
}

#[tokio::test]
async fn lost_and_dead_subscriptions_are_told_to_nobody() {
    let app = Application::start().await;
    let ana = app.streamer(&["stream.online", "stream.offline"]);
    let ids: Vec<String> = app.twitch.subscriptions().into_iter().map(|s| s.id).collect();
    assert!(app.twitch.remove_subscription(&ids[0]));
    assert!(!app.twitch.remove_subscription(&ids[0]));
    assert!(app.twitch.set_subscription_status(&ids[1], "version_removed"));
    assert!(!app.twitch.set_subscription_status(&ids[0], "enabled"));
    let listed = app.get(PATH).await.body;
    assert_eq!((&listed["total"], &listed["total_cost"]), (&1.into(), &0.into()));
    assert_eq!(listed["data"][0]["status"], "version_removed");
    app.twitch.go_live(&ana).await;
    app.twitch.end_stream(&ana).await;
    assert!(app.receiver.seen().is_empty());
}

#[tokio::test]
async fn requests_about_subscriptions_are_counted_refused_ones_too() {
    let app = Application::start().await;
    assert_eq!(app.twitch.eventsub_requests(), EventSubRequests::default());
    let ana = app.twitch.add_user("ana", "Ana");
    let request = app.request("stream.online", "1", &ana);
    app.create(&request).await;
    app.create(&request).await;
    app.get(PATH).await;
    app.get(&format!("{PATH}?type=stream.online")).await;
    app.get("users?login=ana").await;
    app.helix("DELETE", &format!("{PATH}?id=x"), None).await;
    let expected = EventSubRequests { create: 2, list: 2, delete: 1 };
    assert_eq!(app.twitch.eventsub_requests(), expected);
}

#[tokio::test]
async fn each_filter_of_the_list_stands_alone() {
    let app = Application::start().await;
    let ana = app.streamer(&["stream.online", "user.update"]);
    let bob = app.twitch.add_user("bob", "Bob");
    app.twitch.subscribe(&bob, "stream.online", &app.callback, SECRET);
    let id = app.twitch.subscriptions()[0].id.clone();
    app.twitch.set_subscription_status(&id, "user_removed");
    let filters = [
        ("type=stream.online".to_owned(), 2),
        ("status=enabled".to_owned(), 2),
        (format!("user_id={ana}"), 2),
        (format!("subscription_id={id}"), 1),
        ("conduit_id=c".to_owned(), 0),
    ];
    for (n, (filter, count)) in filters.iter().enumerate() {
        let listed = app.get(&format!("{PATH}?{filter}")).await.body;
        assert_eq!(listed["data"].as_array().unwrap().len(), *count, "{filter}");
        let other = &filters[(n + 1) % filters.len()].0;
        let both = app.get(&format!("{PATH}?{filter}&{other}")).await;
        assert_eq!(both.status, 400, "{filter} and {other}");
    }
}

#[tokio::test]
async fn next_requests_fail_as_told() {
    let app = Application::start().await;
    app.twitch.fail_next("users", 503, 2);
    let mut statuses = Vec::new();
    for path in ["users?login=a", "streams", "users?login=a", "users?login=a"] {
        statuses.push(app.get(path).await.status);
    }
    assert_eq!(statuses, [503, 200, 503, 200]);
    app.twitch.fail_next("search/channels", 429, 1);
    let limited = app.get("search/channels?query=a").await;
    assert_eq!((limited.status, &limited.body["error"]), (429, &"Too Many Requests".into()));
    assert_eq!(limited.headers["ratelimit-limit"], "800");
    assert_eq!(limited.headers["ratelimit-remaining"], "0");
    assert!(limited.headers.contains_key("ratelimit-reset"));
    app.twitch.fail_next("token", 500, 1);
    assert_eq!(app.ask_for_token("").await.status, 500);
}

#[tokio::test]
async fn failure_may_be_of_one_method_only() {
    let app = Application::start().await;
    app.twitch.fail_next("DELETE eventsub/subscriptions", 503, 1);
    assert_eq!(app.get(PATH).await.status, 200);
    assert_eq!(app.helix("DELETE", &format!("{PATH}?id=x"), None).await.status, 503);
    assert_eq!(app.helix("DELETE", &format!("{PATH}?id=x"), None).await.status, 404);
}
