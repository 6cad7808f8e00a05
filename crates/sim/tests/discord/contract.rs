//! Requests held to Discord's published document, where `DISCORD_OPENAPI` names it; `make test` says
//! when it does not.

use super::bot::{Bot, message};
use serde_json::{Value, json};
use sm_sim::discord::Options;

async fn strict() -> Option<Bot> {
    #[expect(clippy::disallowed_methods, reason = "the document is no part of the repository")]
    let path = std::env::var_os("DISCORD_OPENAPI");
    Some(Bot::with(Options { openapi: Some(path?.into()), ..Options::local("") }).await)
}

#[tokio::test]
async fn a_good_message_and_edit_pass() {
    let Some(bot) = strict().await else { return };
    let mut body = message("hello", "n1");
    body["embeds"] = json!([{
        "title": "Chess", "url": "https://twitch.example/x", "color": 9_520_895,
        "author": {"name": "Ada", "icon_url": "https://cdn.example/a.png"},
        "fields": [{"name": "Game", "value": "Chess", "inline": true}],
        "image": {"url": "https://cdn.example/p.jpg"}, "timestamp": "2026-03-01T10:00:00Z",
        "footer": {"text": "StreamMaxing"},
    }]);
    let posted = bot.post(&body).await.ok();
    let change = json!({"content": "was live", "embeds": [], "allowed_mentions": {"parse": []}});
    bot.edit(&posted, &change).await.ok();
    assert_eq!(bot.sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn what_the_document_does_not_know_is_a_violation() {
    let cases: [(&str, Value); 5] = [
        ("allowed_mentions", json!({"parse": [], "replied_users": false})),
        ("embeds", json!([{"title": "x", "colour": 3}])),
        ("embeds", json!([{"title": "x", "footer": {"txt": "y"}}])),
        ("allowed_mentions", json!({"parse": ["role"]})),
        ("tts", json!("yes")),
    ];
    for (key, value) in cases {
        let Some(bot) = strict().await else { return };
        let mut body = message("hello", "n1");
        body[key] = value.clone();
        bot.post(&body).await;
        assert!(!bot.sim.violations().is_empty(), "{key}: {value}");
    }
}
