//! Messages: what is stored, what a nonce does, what is refused.

use super::bot::{Bot, message};
use serde_json::{Value, json};
use sm_sim::discord::Options;
use sm_types::Clock;

#[tokio::test]
async fn a_nonce_returns_the_message_that_is_there() {
    let bot = Bot::start().await;
    let first = bot.post(&message("hello", "n1")).await.ok();
    let again = bot.post(&message("something else", "n1")).await.ok();
    assert_eq!((&again["id"], &again["content"]), (&first["id"], &json!("hello")));
    bot.post(&message("hello", "n2")).await.ok();
    assert_eq!(bot.texts(), ["hello", "hello"]);
}

#[tokio::test]
async fn a_nonce_counts_across_channels_and_as_a_number() {
    let bot = Bot::start().await;
    let other = bot.sim.add_channel(bot.guild, "other");
    let numeric = json!({
        "content": "hello", "nonce": 7, "enforce_nonce": true, "allowed_mentions": {"parse": []},
    });
    let first = bot.post(&numeric).await.ok();
    let elsewhere = bot.post_in(other, &message("hello", "7")).await.ok();
    assert_eq!(elsewhere["id"], first["id"]);
    assert!(bot.sim.messages(other).is_empty());
}

#[tokio::test]
async fn a_nonce_of_a_deleted_message_is_refused() {
    let bot = Bot::start().await;
    let posted = bot.post(&message("hello", "n1")).await.ok();
    bot.delete(&bot.path_of(&posted)).await.ok();
    bot.post(&message("hello", "n1")).await.expect(404, 10008);
    bot.delete(&bot.path_of(&posted)).await.expect(404, 10008);
    bot.get(&bot.path_of(&posted)).await.expect(404, 10008);
    bot.edit(&posted, &message("new", "n")).await.expect(404, 10008);
}

#[tokio::test]
async fn a_nonce_that_is_not_enforced_posts_twice_and_is_a_violation() {
    let bot = Bot::start().await;
    let mut body = message("hello", "n1");
    body["enforce_nonce"] = json!(false);
    bot.post(&body).await.ok();
    bot.post(&body).await.ok();
    assert_eq!(bot.texts().len(), 2);
    assert_eq!(bot.sim.violations().len(), 2);
}

#[tokio::test]
async fn an_edit_changes_what_it_names_and_tells_when() {
    let bot = Bot::start().await;
    let mut body = message("hello", "n1");
    body["embeds"] = json!([{"title": "Chess"}]);
    let posted = bot.post(&body).await.ok();
    assert_eq!(posted["edited_timestamp"], Value::Null);
    let change = json!({"content": "was live", "allowed_mentions": {"parse": []}});
    let edited = bot.edit(&posted, &change).await.ok();
    assert_eq!(edited["content"], "was live");
    assert_eq!(edited["embeds"][0]["title"], "Chess");
    assert!(edited["edited_timestamp"].as_str() >= edited["timestamp"].as_str());
    assert_eq!(bot.get(&bot.path_of(&posted)).await.ok()["content"], "was live");
    assert!(bot.sim.violations().is_empty(), "{:?}", bot.sim.violations());
}

#[tokio::test]
async fn what_discord_would_refuse_is_refused_and_recorded() {
    let long = |length| "x".repeat(length);
    let with = |key: &str, value: Value| {
        let mut body = message("hello", "n1");
        body[key] = value;
        body
    };
    let embeds = |embed: Value| with("embeds", json!([embed]));
    let sum = json!([{"description": long(4000)}, {"description": long(2001)}]);
    let cases = [
        ("a list", json!([]), 50035),
        ("nothing", message("", "n1"), 50006),
        ("blanks", message(" \n ", "n1"), 50006),
        ("2,001 characters", message(&long(2001), "n1"), 50035),
        ("a nonce of 26", message("hello", &long(26)), 50035),
        ("an embed that is a number", embeds(json!(5)), 50035),
        ("a title of 257", embeds(json!({"title": long(257)})), 50035),
        ("embeds of 6,001", with("embeds", sum), 50035),
        ("11 embeds", with("embeds", json!(vec![json!({"title": "x"}); 11])), 50035),
        ("a link without scheme", embeds(json!({"title": "x", "url": "nope"})), 50035),
        ("a time that is none", embeds(json!({"title": "x", "timestamp": "soon"})), 50035),
        (
            "users twice",
            with("allowed_mentions", json!({"parse": ["users"], "users": ["1"]})),
            50035,
        ),
    ];
    for (name, body, code) in cases {
        let bot = Bot::start().await;
        let answer = bot.post(&body).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{name}: {answer:?}");
        assert!(!bot.sim.violations().is_empty(), "{name}");
        assert!(bot.texts().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn garbage_is_refused_in_every_place() {
    let bot = Bot::start().await;
    let posted = bot.post(&message("hello", "n1")).await.ok();
    for body in ["", "{", "nul", "\"text\"", "3"] {
        let create = format!("/channels/{}/messages", bot.channel);
        let create = bot.request(reqwest::Method::POST, &create).body(body);
        assert_eq!(bot.send(create).await.status, 400, "{body:?}");
        let edit = bot.request(reqwest::Method::PATCH, &bot.path_of(&posted)).body(body);
        assert_eq!(bot.send(edit).await.status, 400, "{body:?}");
    }
    assert_eq!(bot.texts(), ["hello"]);
}

#[tokio::test]
async fn only_who_is_allowed_and_named_is_pinged() {
    let bot = Bot::start().await;
    let open = bot.sim.add_role(bot.guild, "open", true);
    let closed = bot.sim.add_role(bot.guild, "closed", false);
    let text = format!("@everyone <@&{open}> <@&{closed}> <@42>");
    let mut body = message(&text, "n1");
    let pinged = |answer: Value| {
        let users = answer["mentions"].as_array().unwrap().len();
        (answer["mention_roles"].clone(), users, answer["mention_everyone"] == true)
    };
    assert_eq!(pinged(bot.post(&body).await.ok()), (json!([]), 0, false));
    body["nonce"] = json!("n2");
    body["allowed_mentions"] = json!({
        "parse": ["everyone"], "roles": [open.to_string(), closed.to_string()], "users": ["42"],
    });
    assert_eq!(pinged(bot.post(&body).await.ok()), (json!([open.to_string()]), 1, false));
    bot.sim.set_bot_overwrite(bot.channel, 1 << 17, 0);
    body["nonce"] = json!("n3");
    let both = json!([open.to_string(), closed.to_string()]);
    assert_eq!(pinged(bot.post(&body).await.ok()), (both, 1, true));
}

#[tokio::test]
async fn messages_of_others_are_listed_but_not_the_bots_to_change() {
    let bot = Bot::start().await;
    let (other, ada) = (bot.sim.add_bot("OtherBot"), bot.sim.add_user("ada", None));
    let embed = json!({"title": "Ana is live", "url": "https://twitch.tv/ana"});
    let foreign = bot.sim.say(bot.channel, other, "@here", &[embed]);
    bot.sim.say(bot.channel, ada, "nice", &[]);
    bot.post(&message("hello", "n1")).await.ok();
    let path = format!("/channels/{}/messages", bot.channel);
    let listed = bot.get(&format!("{path}?limit=2")).await.ok();
    assert_eq!((&listed[0]["content"], &listed[1]["content"]), (&json!("hello"), &json!("nice")));
    assert_eq!(listed[1]["author"]["username"], "ada");
    let all = bot.get(&path).await.ok();
    assert_eq!(all[2]["author"]["bot"], true);
    let one = format!("{path}/{foreign}");
    let change = json!({"content": "x", "allowed_mentions": {}});
    bot.edit(&all[2], &change).await.expect(403, 50005);
    bot.delete(&one).await.expect(403, 50013);
}

#[tokio::test]
async fn nonce_is_remembered_for_a_while_only() {
    let clock = Clock::shiftable();
    let bot = Bot::with(Options { clock: clock.clone(), ..Options::local("") }).await;
    let first = bot.post(&message("hello", "n1")).await.ok();
    clock.advance(time::Duration::minutes(2));
    assert_eq!(bot.post(&message("hello", "n1")).await.ok()["id"], first["id"]);
    bot.sim.set_nonce_memory(std::time::Duration::from_secs(60));
    assert_ne!(bot.post(&message("hello", "n1")).await.ok()["id"], first["id"]);
    assert_eq!(bot.texts().len(), 2);
}
