//! Rate limits and the headers that tell of them.

use super::bot::{Bot, message};
use sm_sim::discord::Options;

fn limited(rate: usize) -> Options {
    Options { rate_limit: Some(rate), ..Options::local("") }
}

#[tokio::test]
async fn a_channel_takes_five_messages_in_five_seconds() {
    let bot = Bot::with(limited(1000)).await;
    for n in 0..5 {
        let answer = bot.post(&message("hello", &format!("n{n}"))).await;
        assert_eq!(answer.header("x-ratelimit-remaining"), (4 - n).to_string());
        assert_eq!(answer.header("x-ratelimit-limit"), "5");
        answer.ok();
    }
    let refused = bot.post(&message("hello", "n5")).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("x-ratelimit-scope"), "user");
    let wait = refused.body["retry_after"].as_f64().unwrap();
    assert!((4.0..=5.0).contains(&wait), "{wait}");
    let seconds: f64 = refused.header("retry-after").parse().unwrap();
    assert!((seconds - wait.ceil()).abs() < f64::EPSILON);
    let reset: f64 = refused.header("x-ratelimit-reset").parse().unwrap();
    let after: f64 = refused.header("x-ratelimit-reset-after").parse().unwrap();
    assert!(reset > after);
    // Reading has a bucket of its own, and so has the next channel.
    let read = bot.get(&format!("/channels/{}/messages?limit=2", bot.channel)).await;
    assert_ne!(read.header("x-ratelimit-bucket"), refused.header("x-ratelimit-bucket"));
    assert_eq!(read.ok().as_array().unwrap().len(), 2);
    let next = bot.sim.add_channel(bot.guild, "next");
    bot.post_in(next, &message("hello", "n6")).await.ok();
}

#[tokio::test]
async fn the_global_limit_counts_every_route_and_every_refusal() {
    let bot = Bot::with(limited(3)).await;
    for _ in 0..3 {
        bot.get("/users/@me").await.ok();
    }
    let refused = bot.get("/users/@me").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("x-ratelimit-global"), "true");
    assert_eq!(refused.header("x-ratelimit-scope"), "global");
    assert_eq!(refused.body["global"], true);
    assert_eq!(bot.sim.max_requests_in_a_second(), 4);
    assert_eq!(bot.sim.invalid_responses(), 1);
}
