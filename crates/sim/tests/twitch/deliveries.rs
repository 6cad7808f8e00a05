//! Signed deliveries, their retries, and edge cases.

use crate::application::{Application, SECRET, Seen, eventually};
use serde_json::{Value, json};
use sm_sim::twitch::{Delivery, EdgeCase, Options, SeenDelivery};
use std::time::Duration;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

async fn with_retries(delays_ms: &[u64]) -> Application {
    let retries = delays_ms.iter().copied().map(Duration::from_millis).collect();
    let local = Options::local("client", "client-secret");
    Application::start_with(Options { retries, ..local }).await
}

fn time_of(seen: &Seen) -> OffsetDateTime {
    let text = seen.header("Twitch-Eventsub-Message-Timestamp");
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}

#[tokio::test]
async fn going_live_is_told_in_twitchs_own_form() {
    let app = Application::start().await;
    let ana = app.streamer(&["stream.online", "stream.offline"]);
    let stream = app.twitch.go_live(&ana).await;
    let seen = app.receiver.seen();
    let [online] = seen.as_slice() else { panic!("{seen:?}") };
    assert!(online.is_signed_with(SECRET));
    assert!(online.header("Twitch-Eventsub-Message-Timestamp").ends_with('Z'));
    let expected = [
        ("Content-Type", "application/json"),
        ("Twitch-Eventsub-Message-Retry", "0"),
        ("Twitch-Eventsub-Message-Type", "notification"),
        ("Twitch-Eventsub-Subscription-Type", "stream.online"),
        ("Twitch-Eventsub-Subscription-Version", "1"),
    ];
    for (name, value) in expected {
        assert_eq!(online.header(name), value, "{name}");
    }
    let body = online.json();
    assert_eq!(body["subscription"]["status"], "enabled");
    assert_eq!(body["subscription"]["condition"], json!({ "broadcaster_user_id": ana }));
    let event = &body["event"];
    assert_eq!((&event["id"], &event["type"]), (&stream.as_str().into(), &"live".into()));
    assert_eq!(event["broadcaster_user_login"], "ana");
    assert_eq!(event["broadcaster_user_name"], "Ana");
    OffsetDateTime::parse(event["started_at"].as_str().unwrap(), &Rfc3339).unwrap();
}

#[tokio::test]
async fn changes_are_told_to_those_who_asked_for_them() {
    let app = Application::start().await;
    let kinds = ["stream.offline", "channel.update", "user.update", "user.authorization.revoke"];
    let ana = app.streamer(&kinds);
    let stream = app.twitch.go_live(&ana).await;
    app.twitch.update_channel(&ana, "New title", "Celeste").await;
    app.twitch.rename(&ana, "ana_new", "Ana New").await;
    app.twitch.deauthorize(&ana).await;
    app.twitch.end_stream(&ana).await;
    let events: Vec<Value> =
        app.receiver.seen().iter().map(|seen| seen.json()["event"].clone()).collect();
    assert_eq!(events.len(), 4);
    assert_eq!(
        (&events[0]["title"], &events[0]["category_name"]),
        (&"New title".into(), &"Celeste".into())
    );
    assert_eq!((&events[1]["user_id"], &events[1]["user_login"]), (&json!(ana), &"ana_new".into()));
    assert_eq!((&events[2]["client_id"], &events[2]["user_id"]), (&"client".into(), &json!(ana)));
    assert_eq!(
        (&events[3]["id"], &events[3]["broadcaster_user_login"]),
        (&json!(stream), &"ana_new".into())
    );
}

#[tokio::test]
async fn refused_message_comes_again_under_its_id_until_it_is_taken() {
    let app = with_retries(&[1, 1, 1]).await;
    let ana = app.streamer(&["stream.online"]);
    app.receiver.answer_with(&[500, 302]);
    app.twitch.go_live(&ana).await;
    eventually("it is taken", || app.twitch.deliveries().len() == 3).await;
    let seen = app.receiver.seen();
    assert_eq!(seen.len(), 3, "a redirect is not followed");
    assert!(
        seen.iter().all(|s| s.message_id() == seen[0].message_id() && s.is_signed_with(SECRET))
    );
    let retries: Vec<_> = seen.iter().map(|s| s.header("Twitch-Eventsub-Message-Retry")).collect();
    assert_eq!(retries, ["0", "1", "2"]);
    let statuses: Vec<_> = app.twitch.deliveries().iter().map(|d| d.status).collect();
    assert_eq!(statuses, [Some(500), Some(302), Some(204)]);
    assert_eq!(app.twitch.subscriptions()[0].status, "enabled");
}

#[tokio::test]
async fn subscriber_who_fails_too_often_is_revoked() {
    let app = with_retries(&[1, 1]).await;
    let ana = app.streamer(&["stream.online"]);
    app.receiver.answer_with(&[500, 500, 500]);
    app.twitch.go_live(&ana).await;
    eventually("a revocation follows", || app.twitch.deliveries().len() == 4).await;
    assert_eq!(app.twitch.subscriptions()[0].status, "notification_failures_exceeded");
    let revocation = app.receiver.seen().pop().unwrap();
    assert_eq!(revocation.message_type(), "revocation");
    assert_eq!(revocation.header("Twitch-Eventsub-Subscription-Type"), "stream.online");
    assert!(revocation.is_signed_with(SECRET));
    let body = revocation.json();
    assert_eq!(body["subscription"]["status"], "notification_failures_exceeded");
    assert_eq!(body.get("event"), None);
    app.twitch.go_live(&ana).await;
    assert_eq!(app.receiver.seen().len(), 4, "a dead subscription hears nothing");
}

#[tokio::test]
async fn refused_forgery_is_not_sent_again_and_costs_no_subscription() {
    let app = with_retries(&[1]).await;
    let ana = app.streamer(&["stream.online"]);
    app.receiver.answer_with(&[403, 413, 500]);
    assert_eq!(app.twitch.trigger(&ana, EdgeCase::BadSignature).await, [403]);
    assert_eq!(app.twitch.trigger(&ana, EdgeCase::Oversized).await, [413]);
    // What is sent again after these would be sent again by now.
    assert_eq!(app.twitch.trigger(&ana, EdgeCase::Online).await, [500]);
    let id = app.twitch.deliveries()[2].message_id.clone();
    let retried = |d: &SeenDelivery| d.retry == 1 && d.message_id == id;
    eventually("it is sent again", || app.twitch.deliveries().iter().any(retried)).await;
    let statuses: Vec<_> = app.twitch.deliveries().iter().map(|d| d.status).collect();
    assert_eq!(statuses, [Some(403), Some(413), Some(500), Some(204)]);
    assert_eq!(app.twitch.subscriptions()[0].status, "enabled");
}

#[tokio::test]
async fn revocation_tells_its_status_and_no_event() {
    let app = Application::start().await;
    let ana = app.streamer(&["stream.online", "user.update"]);
    assert_eq!(app.twitch.revoke(&ana, "a_status_of_2031").await, [204, 204]);
    for seen in app.receiver.seen() {
        assert_eq!(seen.message_type(), "revocation");
        assert_eq!(seen.json()["subscription"]["status"], "a_status_of_2031");
        assert_eq!(seen.json().get("event"), None);
    }
    app.twitch.go_live(&ana).await;
    assert_eq!(app.receiver.seen().len(), 2);
}

/// Plays a case to a subscriber of everything, and returns what that one saw.
async fn play(case: EdgeCase) -> Vec<Seen> {
    let app = Application::start().await;
    let ana = app.streamer(&["stream.online", "stream.offline"]);
    let statuses = app.twitch.trigger(&ana, case).await;
    let seen = app.receiver.seen();
    assert_eq!(statuses.len(), seen.len(), "{}", case.name());
    seen
}

#[tokio::test]
async fn repeated_messages_differ_in_their_ids_as_they_should() {
    let same = play(EdgeCase::Duplicate).await;
    assert_eq!(same[0].message_id(), same[1].message_id());
    assert_eq!(same[0].body, same[1].body);
    let other = play(EdgeCase::TwoIds).await;
    assert_ne!(other[0].message_id(), other[1].message_id());
    assert_eq!(other[0].json()["event"], other[1].json()["event"]);
}

#[tokio::test]
async fn times_are_off_as_far_as_the_case_says_and_signed() {
    for (case, minutes) in [(EdgeCase::Late, 11), (EdgeCase::Future, -6)] {
        let seen = play(case).await;
        assert!(seen[0].is_signed_with(SECRET));
        let age = sm_types::Clock::system().now() - time_of(&seen[0]);
        let off = age - time::Duration::minutes(minutes);
        assert!(off.abs() < time::Duration::seconds(30), "{} is off by {off}", case.name());
    }
}

#[tokio::test]
async fn forgeries_do_not_verify() {
    for case in [EdgeCase::BadSignature, EdgeCase::WrongSecret, EdgeCase::Unsigned] {
        assert!(!play(case).await[0].is_signed_with(SECRET), "{}", case.name());
    }
    assert!(play(EdgeCase::WrongSecret).await[0].is_signed_with("another secret altogether"));
}

#[tokio::test]
async fn broken_bodies_verify_and_do_not_parse() {
    let sizes = [
        (EdgeCase::Truncated, 1..200),
        (EdgeCase::NotUtf8, 1..20),
        (EdgeCase::Oversized, 256 * 1024..1 << 20),
        (EdgeCase::Nested, 10_000..100_000),
    ];
    for (case, size) in sizes {
        let seen = play(case).await;
        assert!(seen[0].is_signed_with(SECRET), "{}", case.name());
        assert!(size.contains(&seen[0].body.len()), "{}", case.name());
        assert!(serde_json::from_slice::<Value>(&seen[0].body).is_err(), "{}", case.name());
    }
}

#[tokio::test]
async fn strange_values_are_in_bodies_that_parse() {
    let unknown = &play(EdgeCase::UnknownType).await[0];
    assert_eq!(unknown.header("Twitch-Eventsub-Subscription-Type"), "channel.brand_new");
    assert_eq!(unknown.json()["subscription"]["type"], "channel.brand_new");
    assert_eq!(play(EdgeCase::UnknownValues).await[0].json()["event"]["type"], "hologram");
    assert_eq!(play(EdgeCase::Rerun).await[0].json()["event"]["type"], "rerun");
    assert!(play(EdgeCase::WrongTypes).await[0].json()["subscription"]["id"].is_number());
    let offline = &play(EdgeCase::OfflineWithoutId).await[0];
    assert_eq!(offline.header("Twitch-Eventsub-Subscription-Type"), "stream.offline");
    assert_eq!(offline.json()["event"].get("id"), None);
    let revocation = &play(EdgeCase::RevocationUnknown).await[0];
    assert_eq!(revocation.json()["subscription"]["status"], "a_status_of_2031");
}

#[tokio::test]
async fn flap_keeps_the_stream_and_restart_makes_a_new_one() {
    let ids =
        |seen: &[Seen]| seen.iter().map(|s| s.json()["event"]["id"].clone()).collect::<Vec<_>>();
    let flap = ids(&play(EdgeCase::Flap).await);
    assert_eq!(flap.len(), 3);
    assert!(flap.iter().all(|id| id.is_string() && *id == flap[0]));

    let app = Application::start().await;
    let ana = app.streamer(&["stream.online", "stream.offline"]);
    let first = app.twitch.go_live(&ana).await;
    app.twitch.trigger(&ana, EdgeCase::Restart).await;
    let all = ids(&app.receiver.seen());
    assert_eq!(all[..2], [json!(first), json!(first)]);
    assert_ne!(all[2], json!(first));
    assert_eq!(app.get("streams").await.body["data"][0]["id"], all[2]);
}

#[tokio::test]
async fn flap_leaves_the_stream_on_air() {
    let app = Application::start().await;
    let ana = app.streamer(&["stream.online"]);
    app.twitch.trigger(&ana, EdgeCase::Flap).await;
    let told = app.receiver.seen()[0].json()["event"].clone();
    let stream = app.get("streams").await.body["data"][0].clone();
    assert_eq!((&stream["id"], &stream["started_at"]), (&told["id"], &told["started_at"]));
}

#[tokio::test]
async fn delivery_is_made_as_it_is_described() {
    let app = Application::start().await;
    let ana = app.streamer(&["stream.online"]);
    let (_, event) = app.twitch.start_stream(&ana, "live");
    let delivery =
        Delivery { message_id: Some("m-1".into()), ..Delivery::new("stream.online", event) };
    assert_eq!(app.twitch.deliver(&ana, &delivery).await, [204]);
    let recorded = &app.twitch.deliveries()[0];
    assert_eq!((recorded.message_id.as_str(), recorded.status), ("m-1", Some(204)));
    assert_eq!(app.receiver.seen()[0].message_id(), "m-1");
}
