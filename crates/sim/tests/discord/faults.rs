//! Each fault, and that it ends.

use super::bot::{Bot, message};
use sm_sim::{
    discord::{Fault, FaultKind, LimitScope},
    unkind::{OddBody, Unkind},
};

#[tokio::test]
async fn a_429_tells_its_scope_and_both_waits() {
    let bot = Bot::start().await;
    let scope = LimitScope::Shared;
    bot.sim.fault(Fault::new(FaultKind::RateLimit { scope, retry_after: 0.3, header: Some(9) }, 1));
    let refused = bot.post(&message("hello", "n1")).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "9"));
    assert_eq!(refused.header("x-ratelimit-scope"), "shared");
    assert_eq!(refused.header("x-ratelimit-global"), "");
    assert_eq!(refused.body["retry_after"], 0.3);
    bot.post(&message("hello", "n1")).await.ok();
}

#[tokio::test]
async fn a_page_of_cloudflares_is_no_json() {
    let bot = Bot::start().await;
    bot.sim.fault(Fault::new(FaultKind::Cloudflare, 1));
    let refused = bot.post(&message("hello", "n1")).await;
    assert_eq!((refused.status, refused.header("content-type")), (429, "text/html"));
    assert!(refused.body.is_string());
}

#[tokio::test]
async fn a_5xx_may_have_stored_the_message() {
    let bot = Bot::start().await;
    bot.sim.fault(Fault::new(FaultKind::server_error(502, false), 1));
    assert_eq!(bot.post(&message("one", "n1")).await.status, 502);
    assert!(bot.texts().is_empty());
    bot.sim.fault(Fault::new(FaultKind::server_error(504, true), 1));
    assert_eq!(bot.post(&message("two", "n2")).await.status, 504);
    assert_eq!(bot.texts(), ["two"]);
}

#[tokio::test]
async fn a_lost_answer_has_stored_the_message() {
    let bot = Bot::start().await;
    bot.sim.fault(Fault::new(FaultKind::lost_answer(), 1));
    let path = format!("/channels/{}/messages", bot.channel);
    let request = bot.request(reqwest::Method::POST, &path);
    let answer = request.body(message("hello", "n1").to_string()).send().await;
    let read = match answer {
        Ok(answer) => answer.bytes().await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert!(read.is_err());
    assert_eq!(bot.texts(), ["hello"]);
    bot.post(&message("hello", "n1")).await.ok();
    assert_eq!(bot.texts(), ["hello"]);
}

#[tokio::test]
async fn a_refused_token_is_refused_on_every_route() {
    let bot = Bot::start().await;
    bot.sim.fault(Fault::new(FaultKind::Any(Unkind::status(401)), 2).under(""));
    assert_eq!(bot.get("/users/@me").await.status, 401);
    assert_eq!(bot.post(&message("hello", "n1")).await.status, 401);
    bot.post(&message("hello", "n1")).await.ok();
}

#[tokio::test]
async fn a_fault_of_one_channel_spares_the_others() {
    let bot = Bot::start().await;
    let other = bot.sim.add_channel(bot.guild, "other");
    let refuse = FaultKind::Refuse { status: 403, code: 50013 };
    bot.sim.fault(Fault::new(refuse, 1).in_channel(bot.channel));
    bot.post_in(other, &message("hello", "n1")).await.ok();
    bot.post(&message("hello", "n2")).await.expect(403, 50013);
    bot.post(&message("hello", "n3")).await.ok();
}

#[tokio::test]
async fn embeds_are_dropped_and_answers_come_late() {
    let bot = Bot::start().await;
    let mut body = message("hello", "n1");
    body["embeds"] = serde_json::json!([{"title": "Chess"}]);
    bot.sim.fault(Fault::new(FaultKind::DropEmbeds, 1));
    assert_eq!(bot.post(&body).await.ok()["embeds"], serde_json::json!([]));
    bot.sim.fault(Fault::new(FaultKind::Any(Unkind::slow(120)), 1));
    let before = std::time::Instant::now();
    bot.post(&message("hello", "n2")).await.ok();
    assert!(before.elapsed().as_millis() >= 120);
}

#[tokio::test]
async fn odd_bodies_come_with_any_status() {
    let bot = Bot::start().await;
    let odd = |status, body| Fault::new(FaultKind::odd(status, body), 1);
    bot.sim.fault(odd(200, OddBody::Empty));
    let answer = bot.post(&message("one", "n1")).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, Some("")));
    bot.sim.fault(odd(200, OddBody::Cut));
    let answer = bot.post(&message("two", "n2")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.as_str().unwrap().starts_with('{'));
    assert_eq!(bot.texts(), ["one", "two"], "both were carried out");
    bot.sim.fault(odd(403, OddBody::Empty));
    let answer = bot.post(&message("three", "n3")).await;
    assert_eq!((answer.status, answer.body.as_str()), (403, Some("")));
    bot.sim.fault(odd(502, OddBody::Page));
    let answer = bot.post(&message("four", "n4")).await;
    assert_eq!((answer.status, answer.header("content-type")), (502, "text/html"));
    assert_eq!(bot.texts().len(), 2, "what is refused is not carried out");
}

#[tokio::test]
async fn a_fault_may_be_of_one_route_only() {
    let bot = Bot::start().await;
    let list = format!("GET channels/{}/messages", bot.channel);
    let refuse = FaultKind::Refuse { status: 403, code: 50001 };
    bot.sim.fault(Fault::new(refuse, 1).under(&list));
    bot.sim.fault(Fault::new(FaultKind::Cloudflare, 1).under("users/@me"));
    bot.post(&message("hello", "n1")).await.ok();
    let path = format!("/channels/{}/messages", bot.channel);
    bot.get(&path).await.expect(403, 50001);
    bot.get(&path).await.ok();
    assert_eq!(bot.get("/users/@me").await.status, 429);
    bot.get("/users/@me").await.ok();
}
