//! What filters find is deleted where the bot may, and the settings say so where it may not.

use super::{answers::owned, bot};
use serde_json::{Value, json};
use sm_sim::{
    twitch::{Fault, Role},
    unkind::Unkind,
};
use sm_tests::{Browser, World, scenario};
use sm_types::TwitchUserId;
use time::Duration;

async fn filter_links(browser: &Browser<'_>, channel: &TwitchUserId) -> Value {
    let settings = json!({"prefix": "!", "discord_url": null, "ignored": [], "builtins": {},
        "filters": {"links": {"enabled": true}}});
    let path = format!("/api/channels/{channel}/commands/settings");
    browser.put_from(&path, "\"1\"", &settings).await.ok()
}

async fn obstacle(browser: &Browser<'_>, channel: &TwitchUserId) -> Value {
    let path = format!("/api/channels/{channel}/commands/settings");
    browser.get(&path).await.ok()["filters_obstacle"].clone()
}

async fn deletions(browser: &Browser<'_>, channel: &TwitchUserId) -> Vec<String> {
    let all = browser.get(&format!("/api/channels/{channel}/deletions")).await.ok();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |row: &Value| {
        format!("{} {} {}", text(&row["filter"]), text(&row["state"]), text(&row["reason"]))
    };
    all.as_array().unwrap().iter().map(|row| one(row).trim().to_owned()).collect()
}

/// Until what was known of channels is looked at anew.
fn later(t: &World) {
    t.clock.advance(Duration::seconds(3));
}

#[tokio::test]
async fn what_a_filter_finds_is_deleted_and_not_answered() {
    scenario(async |t| {
        let bot = bot(t).await;
        let (browser, ana) = owned(t, "ana").await;
        t.twitch.set_role(&ana, &bot, Role::Moderator);
        let view = filter_links(&browser, &ana).await;
        assert_eq!(view["filters_obstacle"], Value::Null);
        let bea = t.twitch.add_user("bea", "Bea");
        let fine = t.twitch.type_line(&ana, &bea, "look at clip.mp4").await;
        let found = t.twitch.type_line(&ana, &bea, "!commands evil.com").await;
        t.work().await;
        assert_eq!(t.twitch.deleted_lines(), [found]);
        assert!(t.twitch.lines().iter().any(|line| line.message_id == fine));
        assert_eq!(deletions(&browser, &ana).await, ["link deleted"]);
        assert_eq!(t.twitch.lines_of(&ana, &bot), [""; 0], "who is deleted is not answered");
    })
    .await;
}

#[tokio::test]
async fn who_is_no_moderator_deletes_nothing_and_says_so() {
    scenario(async |t| {
        let bot = bot(t).await;
        let (browser, ana) = owned(t, "ana").await;
        filter_links(&browser, &ana).await;
        let bea = t.twitch.add_user("bea", "Bea");
        t.twitch.type_line(&ana, &bea, "evil.com").await;
        t.work().await;
        assert_eq!(deletions(&browser, &ana).await, ["link refused not_moderator"]);
        assert_eq!(obstacle(&browser, &ana).await, "not_moderator");
        // It is not tried with each line.
        later(t);
        let before = t.twitch.requests().len();
        t.twitch.type_line(&ana, &bea, "evil.com").await;
        t.work().await;
        assert!(!t.twitch.requests()[before..].iter().any(|r| r.contains("moderation/chat")));
        t.twitch.set_role(&ana, &bot, Role::Moderator);
        t.sql("update chat_paces set filters_wait_until = clock_timestamp()").await;
        later(t);
        assert_eq!(obstacle(&browser, &ana).await, Value::Null);
        let found = t.twitch.type_line(&ana, &bea, "evil.com").await;
        t.work().await;
        assert_eq!(t.twitch.deleted_lines(), [found]);
    })
    .await;
}

#[tokio::test]
async fn account_that_has_not_granted_it_deletes_nothing_and_says_so() {
    scenario(async |t| {
        let bot = bot(t).await;
        let (browser, ana) = owned(t, "ana").await;
        t.twitch.set_role(&ana, &bot, Role::Moderator);
        t.sql("update chat_accounts set scopes = array_remove(scopes, 'moderator:manage:chat_messages'), tokens = null")
            .await;
        let view = filter_links(&browser, &ana).await;
        assert_eq!(view["filters_obstacle"], "not_granted");
        later(t);
        let bea = t.twitch.add_user("bea", "Bea");
        t.twitch.type_line(&ana, &bea, "evil.com").await;
        t.work().await;
        assert_eq!(deletions(&browser, &ana).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn twitch_that_is_away_deletes_later_and_old_tokens_are_replaced() {
    scenario(async |t| {
        let bot = bot(t).await;
        let (browser, ana) = owned(t, "ana").await;
        t.twitch.set_role(&ana, &bot, Role::Moderator);
        filter_links(&browser, &ana).await;
        let bea = t.twitch.add_user("bea", "Bea");
        t.twitch.expire_user_tokens();
        t.clock.advance(Duration::hours(5));
        t.twitch.fault(Fault::of("DELETE moderation/chat", Unkind::status(503), Some(1)));
        let found = t.twitch.type_line(&ana, &bea, "evil.com").await;
        t.work().await;
        assert_eq!(t.twitch.deleted_lines(), [found]);
        assert_eq!(deletions(&browser, &ana).await, ["link deleted"]);
    })
    .await;
}
