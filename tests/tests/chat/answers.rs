//! From the line of a viewer to the line of the bot.

use super::{bot, channel, states};
use serde_json::json;
use sm_tests::{Browser, World, scenario};
use sm_types::TwitchUserId;

/// A channel that the bot is in and hears, and its owner.
pub(super) async fn owned<'a>(t: &'a World, login: &str) -> (Browser<'a>, TwitchUserId) {
    let user = t.discord.add_user(login, None);
    let browser = t.signed_in(user).await;
    let channel = channel(t, login).await;
    sqlx::query("update chat_channels set owner_id = $2 where twitch_user_id = $1")
        .bind(channel.as_str())
        .bind(user.to_db())
        .execute(&t.app.pool)
        .await
        .unwrap();
    t.work().await;
    t.verified().await;
    (browser, channel)
}

async fn add(browser: &Browser<'_>, channel: &TwitchUserId, name: &str, response: &str) {
    let command = json!({"name": name, "responses": [response]});
    browser.post(&format!("/api/channels/{channel}/commands"), &command).await.ok();
}

#[tokio::test]
async fn line_that_calls_a_command_is_answered_once_however_often_it_is_told() {
    scenario(async |t| {
        let bot = bot(t).await;
        let (browser, ana) = owned(t, "ana").await;
        add(&browser, &ana, "hug", "{user} hugs {touser}! ({count})").await;
        let bea = t.twitch.add_user("bea", "Bea");
        let line = t.twitch.type_line(&ana, &bea, "!HUG @cleo").await;
        t.work().await;
        assert_eq!(t.twitch.lines_of(&ana, &bot), ["Bea hugs cleo! (1)"]);
        let said = t.twitch.lines().into_iter().find(|said| said.chatter == bot.as_str());
        assert_eq!(said.unwrap().reply_to.as_deref(), Some(line.as_str()));
        assert_eq!(t.twitch.tell_again(&line).await, [204]);
        t.work().await;
        assert_eq!(t.twitch.lines_of(&ana, &bot).len(), 1);
        assert_eq!(states(t, &ana).await, ["sent"]);
        // What was told twice has counted once.
        t.twitch.type_line(&ana, &bea, "!hug").await;
        t.work().await;
        assert_eq!(t.twitch.lines_of(&ana, &bot)[1], "Bea hugs Bea! (2)");
    })
    .await;
}

#[tokio::test]
async fn line_that_calls_nothing_writes_no_row() {
    scenario(async |t| {
        let bot = bot(t).await;
        let (browser, ana) = owned(t, "ana").await;
        add(&browser, &ana, "hug", "A hug").await;
        let bea = t.twitch.add_user("bea", "Bea");
        let events = t.count("stream_events").await;
        for text in ["Hello", "!nothing", "hug", "! hug", "/me waves"] {
            t.twitch.type_line(&ana, &bea, text).await;
        }
        // Nor does the bot answer itself.
        t.twitch.type_line(&ana, &bot, "!hug").await;
        t.work().await;
        assert_eq!((t.count("chat_sends").await, t.count("chat_uses").await), (0, 0));
        assert_eq!(t.count("stream_events").await, events);
    })
    .await;
}

#[tokio::test]
async fn text_of_a_viewer_is_never_a_command_of_the_bot() {
    scenario(async |t| {
        let bot = bot(t).await;
        let (browser, ana) = owned(t, "ana").await;
        add(&browser, &ana, "echo", "{args}").await;
        let bea = t.twitch.add_user("bea", "Bea");
        t.twitch.type_line(&ana, &bea, "!echo /ban ana").await;
        t.work().await;
        assert_eq!(t.twitch.lines_of(&ana, &bot), ["» /ban ana"]);
    })
    .await;
}
