//! The layer of unkind answers over every route, set through the control API.

use super::bot::{Bot, message};
use reqwest::Method;
use serde_json::json;
use sm_sim::{
    discord::ROUTES,
    unkind::{Fault, catalogue::ANSWERS},
};

const FAULTS: &str = "/_sim/discord/faults";

impl Bot {
    async fn set(&self, fault: serde_json::Value) {
        self.control(Method::POST, FAULTS, Some(fault)).await.ok();
    }
}

#[tokio::test]
async fn every_route_gives_every_answer() {
    let bot = Bot::start().await;
    for route in ROUTES {
        for named in ANSWERS.iter().filter(|named| named.answer().delay_ms == 0) {
            let answer = named.answer();
            let fault = Fault::of(&format!("{route}$"), answer.clone(), Some(1));
            bot.set(json!(fault)).await;
            let (method, path) = route.split_once(' ').unwrap();
            let path = path.replace('*', "7");
            let request = match path.as_str() {
                "oauth2/authorize" => bot.browse("/oauth2/authorize"),
                _ => bot.request(method.parse().unwrap(), &format!("/{path}")),
            };
            let sent = request.send().await;
            let what = format!("{route}, {}", named.name);
            if answer.lost {
                assert!(sent.is_err(), "{what}");
            } else if let Some(status) = answer.status {
                assert_eq!(sent.unwrap().status(), status, "{what}");
            }
            let left = bot.control(Method::GET, FAULTS, None).await.ok();
            assert_eq!(left, json!([]), "{what}: the fault was not met");
        }
    }
}

#[tokio::test]
async fn what_is_lost_on_the_way_there_is_not_carried_out() {
    let bot = Bot::start().await;
    let path = format!("/channels/{}/messages", bot.channel);
    for (n, carried_out) in [false, true].into_iter().enumerate() {
        bot.set(json!({ "lost": true, "carried_out": carried_out })).await;
        let body = message("hello", &format!("n{n}")).to_string();
        assert!(bot.request(Method::POST, &path).body(body).send().await.is_err());
        assert_eq!(bot.texts().len(), usize::from(carried_out));
    }
    bot.set(json!({ "status": 504, "carried_out": true, "body": "page" })).await;
    let answer = bot.post(&message("hello", "n9")).await;
    assert_eq!((answer.status, answer.header("content-type")), (504, "text/html"));
    assert_eq!(bot.texts().len(), 2);
}

#[tokio::test]
async fn rows_are_changed_and_headers_added_until_faults_are_lifted() {
    let bot = Bot::start().await;
    bot.set(json!({ "path": "GET users/@me/guilds$", "times": null, "rows": "doubled", "headers": { "x-odd": "1" } })).await;
    for _ in 0..3 {
        let answer = bot.get("/users/@me/guilds").await;
        assert_eq!(answer.header("x-odd"), "1");
        assert_eq!(answer.ok().as_array().unwrap().len(), 2);
    }
    bot.get("/users/@me").await.ok();
    bot.control(Method::DELETE, FAULTS, None).await.ok();
    assert_eq!(bot.get("/users/@me/guilds").await.ok().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn route_that_the_table_lacks_is_no_route() {
    let bot = Bot::start().await;
    for (method, path) in [(Method::PUT, "/users/@me"), (Method::GET, "/guilds/7/bans")] {
        assert_eq!(bot.send(bot.request(method, path)).await.status, 405);
    }
}
