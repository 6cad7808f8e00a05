//! The control API, as a page or the command line uses it.

use crate::application::Application;
use serde_json::{Value, json};
use sm_sim::twitch::EdgeCase;

#[tokio::test]
async fn stream_is_started_and_ended_from_outside() {
    let app = Application::start().await;
    app.streamer(&["stream.online", "stream.offline"]);
    let live = app.control("POST", "users/ana/live", &Value::Null).await;
    assert_eq!(live.body, json!({ "case": "online", "statuses": [204] }));
    let users = app.control("GET", "users", &Value::Null).await.body;
    assert_eq!((&users[0]["login"], &users[0]["live"]), (&"ana".into(), &true.into()));
    app.control("POST", "users/ana/end", &Value::Null).await;
    assert_eq!(app.control("GET", "users", &Value::Null).await.body[0]["live"], false);
    assert_eq!(app.control("POST", "users/nobody/live", &Value::Null).await.status, 404);
}

#[tokio::test]
async fn user_is_added_changed_and_removed_from_outside() {
    let app = Application::start().await;
    let added = app.control("POST", "users", &json!({ "login": "bob", "name": "Bob" })).await;
    assert_eq!(added.status, 201);
    let channel = json!({ "title": "T", "game": "G" });
    assert_eq!(app.control("POST", "users/bob/update", &channel).await.status, 204);
    let names = json!({ "login": "rob", "name": "Rob" });
    assert_eq!(app.control("POST", "users/bob/rename", &names).await.status, 204);
    assert_eq!(app.control("POST", "users/rob/authorize", &Value::Null).await.status, 204);
    let user = app.control("GET", "users", &Value::Null).await.body[0].clone();
    assert_eq!(user["id"], added.body["id"]);
    assert_eq!(
        (&user["login"], &user["title"], &user["game"]),
        (&"rob".into(), &"T".into(), &"G".into())
    );
    assert_eq!(user["authorized"], true);
    app.control("POST", "users/rob/remove", &Value::Null).await;
    assert_eq!(app.get("users?login=rob").await.body["data"], json!([]));
}

#[tokio::test]
async fn every_edge_case_can_be_triggered_by_its_name() {
    let app = Application::start().await;
    app.streamer(&[
        "stream.online",
        "stream.offline",
        "channel.follow",
        "channel.raid",
        "channel.subscribe",
        "channel.subscription.gift",
        "channel.cheer",
    ]);
    let cases = app.control("GET", "cases", &Value::Null).await.body;
    assert_eq!(cases.as_array().unwrap().len(), EdgeCase::ALL.len());
    for case in cases.as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let played = app.control("POST", &format!("users/ana/trigger/{name}"), &Value::Null).await;
        assert_eq!((played.status, &played.body["case"]), (200, &case["name"]));
        assert_ne!(played.body["statuses"], json!([]), "{name}");
    }
    assert_eq!(app.control("POST", "users/ana/trigger/nonsense", &Value::Null).await.status, 404);
}

#[tokio::test]
async fn revocation_takes_any_status() {
    let app = Application::start().await;
    app.streamer(&["stream.online"]);
    let revoked =
        app.control("POST", "users/ana/revoke", &json!({ "status": "user_removed" })).await;
    assert_eq!(revoked.body, json!({ "statuses": [204] }));
    let subscriptions = app.control("GET", "subscriptions", &Value::Null).await.body;
    assert_eq!(subscriptions[0]["status"], "user_removed");
}

#[tokio::test]
async fn deliveries_and_requests_are_read_from_where_one_left_off() {
    let app = Application::start().await;
    app.streamer(&["stream.online"]);
    app.control("POST", "users/ana/live", &Value::Null).await;
    let all = app.control("GET", "deliveries", &Value::Null).await.body;
    assert_eq!((&all["deliveries"][0]["kind"], &all["next"]), (&"stream.online".into(), &1.into()));
    app.control("POST", "users/ana/trigger/bad-signature", &Value::Null).await;
    let new = app.control("GET", "deliveries?since=1", &Value::Null).await.body;
    assert_eq!((new["deliveries"].as_array().unwrap().len(), &new["next"]), (1, &2.into()));
    let none = app.control("GET", "deliveries?since=9", &Value::Null).await.body;
    assert_eq!(none["deliveries"], json!([]));
    let requests = app.control("GET", "requests", &Value::Null).await.body;
    assert_eq!(requests["requests"], json!(["POST /oauth2/token"]));
}

#[tokio::test]
async fn faults_and_delays_are_set_from_outside() {
    let app = Application::start().await;
    let fault = json!({ "path": "streams", "status": 503, "times": 9 });
    assert_eq!(app.control("POST", "faults", &fault).await.status, 204);
    assert_eq!(app.get("streams").await.status, 503);
    assert_eq!(app.control("GET", "faults", &Value::Null).await.body[0]["times"], 8);
    assert_eq!(app.control("DELETE", "faults", &Value::Null).await.status, 204);
    let ana = app.streamer(&[]);
    app.twitch.go_live(&ana).await;
    assert_eq!(app.get("streams").await.body["data"].as_array().unwrap().len(), 1);
    let lag = json!({ "start": null, "end": 0 });
    assert_eq!(app.control("POST", "listing-lag", &lag).await.status, 204);
    assert_eq!(app.get("streams").await.body["data"], json!([]));
    assert_eq!(app.control("POST", "catch-up", &Value::Null).await.status, 204);
    assert_eq!(app.get("streams").await.body["data"].as_array().unwrap().len(), 1);
    app.control("POST", "expire-tokens", &Value::Null).await;
    assert_eq!(app.get("streams").await.status, 401);
}

#[tokio::test]
async fn subscriptions_and_tokens_are_switched_from_outside() {
    let app = Application::start().await;
    let added = json!({ "login": "bob", "display_name": "Bob" });
    assert_eq!(app.control("POST", "users", &added).await.status, 201);
    let ana = app.streamer(&["stream.online"]);
    let id = app.twitch.subscriptions()[0].id.clone();
    let status = json!({ "status": "user_removed" });
    let set = format!("subscriptions/{id}/status");
    assert_eq!(app.control("POST", &set, &status).await.status, 204);
    let listed = app.control("GET", "subscriptions", &Value::Null).await.body;
    assert_eq!((&listed[0]["id"], &listed[0]["status"]), (&json!(id), &"user_removed".into()));
    let lose = format!("subscriptions/{id}");
    assert_eq!(app.control("DELETE", &lose, &Value::Null).await.status, 204);
    assert_eq!(app.control("DELETE", &lose, &Value::Null).await.status, 404);
    assert_eq!(app.control("POST", &set, &status).await.status, 404);
    let user = app.twitch.user_token_with(&ana, &["channel:bot"]);
    app.control("POST", "expire-user-tokens", &Value::Null).await;
    assert_eq!(app.validate(&user).await.status, 401);
    assert_eq!(app.validate(&app.token).await.status, 200);
    app.control("POST", "expire-app-tokens", &Value::Null).await;
    assert_eq!(app.validate(&app.token).await.status, 401);
}

#[tokio::test]
async fn removed_account_comes_back_from_outside() {
    let app = Application::start().await;
    let ana = app.streamer(&[]);
    let listed = async || app.get(&format!("users?id={ana}")).await.body["data"].clone();
    let act =
        async |what: &str| app.control("POST", &format!("users/{ana}/{what}"), &Value::Null).await;
    assert_eq!(act("remove").await.status, 200);
    assert_eq!(listed().await, json!([]));
    assert_eq!(act("restore").await.status, 204);
    assert_eq!(listed().await[0]["id"], ana.as_str());
}
