//! The layer of unkind answers over every route, set through the control API.

use crate::application::Application;
use serde_json::{Value, json};
use sm_sim::{
    twitch::ROUTES,
    unkind::{Fault, catalogue::ANSWERS},
};

impl Application {
    async fn set(&self, fault: &Value) {
        assert_eq!(self.control("POST", "faults", fault).await.status, 204);
    }
}

#[tokio::test]
async fn every_route_gives_every_answer() {
    let app = Application::start().await;
    for route in ROUTES {
        for named in ANSWERS.iter().filter(|named| named.answer().delay_ms == 0) {
            let answer = named.answer();
            app.set(&json!(Fault::of(&format!("{route}$"), answer.clone(), Some(1)))).await;
            let (method, path) = route.split_once(' ').unwrap();
            let of_tokens = ["token", "revoke", "validate", "authorize"].contains(&path);
            let base = if of_tokens { app.twitch.auth_url() } else { app.twitch.api_url() };
            let request = app.http.request(method.parse().unwrap(), format!("{base}/{path}"));
            let sent = request.send().await;
            let what = format!("{route}, {}", named.name);
            if answer.lost {
                assert!(sent.is_err(), "{what}");
            } else if let Some(status) = answer.status {
                assert_eq!(sent.unwrap().status(), status, "{what}");
            }
            let left = app.control("GET", "faults", &Value::Null).await.body;
            assert_eq!(left, json!([]), "{what}: the fault was not met");
        }
    }
}

#[tokio::test]
async fn lists_are_told_with_other_rows() {
    let app = Application::start().await;
    let ids = ["ana", "bob"].map(|login| app.twitch.add_user(login, login));
    let path = format!("users?id={}&id={}", ids[0], ids[1]);
    for (rows, expected) in [("dropped", 0), ("halved", 1), ("doubled", 4), ("reversed", 2)] {
        app.set(&json!({ "path": "GET users$", "rows": rows })).await;
        let listed = app.get(&path).await.body;
        assert_eq!(listed["data"].as_array().unwrap().len(), expected, "{rows}");
    }
    app.set(&json!({ "path": "GET users$", "rows": "circling" })).await;
    assert_eq!(app.get(&path).await.body["pagination"]["cursor"], "again");
}

#[tokio::test]
async fn what_is_refused_is_not_carried_out_unless_it_is_said() {
    let app = Application::start().await;
    let ana = app.twitch.add_user("ana", "Ana");
    let request = app.request("stream.online", "1", &ana);
    app.set(&json!({ "status": 503 })).await;
    assert_eq!(app.create(&request).await.status, 503);
    assert!(app.twitch.subscriptions().is_empty());
    app.set(&json!({ "status": 503, "carried_out": true })).await;
    assert_eq!(app.create(&request).await.status, 503);
    assert_eq!(app.twitch.subscriptions().len(), 1);
}
