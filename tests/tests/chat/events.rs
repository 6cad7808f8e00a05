//! What the bot says by itself: thanks, the beginning and end of a stream, timers.

use super::{answers::owned, bot};
use serde_json::{Value, json};
use sm_sim::twitch::EdgeCase;
use sm_tests::{Browser, World, scenario};
use sm_types::TwitchUserId;
use time::Duration;

async fn set_events(browser: &Browser<'_>, channel: &TwitchUserId, events: Value) -> Value {
    let path = format!("/api/channels/{channel}/commands/settings");
    let settings = json!({"prefix": "!", "discord_url": null, "ignored": [], "builtins": {}, "events": events});
    browser.put_from(&path, "\"1\"", &settings).await.ok()
}

/// The streamer lets us hear of everything.
async fn with_feed(t: &World, channel: &TwitchUserId) {
    let scopes =
        ["channel:bot", "moderator:read:followers", "channel:read:subscriptions", "bits:read"];
    t.twitch.grant(channel, &scopes).await;
    sqlx::query(
        "insert into streamer_feeds (twitch_user_id, granted) values ($1, '{follows,subscriptions,cheers}')",
    )
    .bind(channel.as_str())
    .execute(&t.app.pool)
    .await
    .unwrap();
    sm_db::streamers::subscriptions::plan(
        &t.app.pool,
        std::slice::from_ref(channel),
        t.clock.now(),
    )
    .await
    .unwrap();
    t.work().await;
    t.verified().await;
}

#[tokio::test]
async fn thanks_are_said_once_with_the_owners_words_and_within_limits() {
    scenario(async |t| {
        let bot = bot(t).await;
        let (browser, ana) = owned(t, "ana").await;
        with_feed(t, &ana).await;
        let reply = |text: &str, at_least: i64| json!({"enabled": true, "text": text, "at_least": at_least});
        let view = set_events(
            &browser,
            &ana,
            json!({"follow": reply("Hello {user}", 0), "raid": reply("{user} brings {count}", 2),
                   "cheer": reply("{count} bits", 1_000_000)}),
        )
        .await;
        let granted = view["events"].as_array().unwrap().iter().all(|e| e["granted"] == true);
        assert!(granted, "{view}");
        t.work().await;
        t.verified().await;
        for case in [EdgeCase::Follow, EdgeCase::Follow, EdgeCase::Raid, EdgeCase::Cheer] {
            t.twitch.trigger(&ana, case).await;
        }
        t.work().await;
        let said = t.twitch.lines_of(&ana, &bot);
        assert!(said.iter().any(|line| line.starts_with("Hello ")), "{said:?}");
        assert!(said.iter().any(|line| line.contains(" brings ")), "{said:?}");
        assert!(!said.iter().any(|line| line.ends_with("bits")), "{said:?}");
        let follows = said.iter().filter(|line| line.starts_with("Hello ")).count();
        let people: i64 = sqlx::query_scalar(
            "select count(distinct cause) from chat_sends where cause like 'follow:%'",
        )
        .fetch_one(&t.app.pool)
        .await
        .unwrap();
        assert_eq!(i64::try_from(follows).unwrap(), people, "once each");
    })
    .await;
}

#[tokio::test]
async fn beginning_and_end_of_a_stream_are_said_in_chat() {
    scenario(async |t| {
        let bot = bot(t).await;
        let (browser, ana) = owned(t, "ana").await;
        let on = |text: &str| json!({"enabled": true, "text": text});
        set_events(&browser, &ana, json!({"live": on("{channel} is live"), "end": on("Bye")}))
            .await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.twitch.lines_of(&ana, &bot), ["ANA is live"]);
        t.twitch.end_stream(&ana).await;
        t.work().await;
        assert_eq!(t.twitch.lines_of(&ana, &bot), ["ANA is live"], "it may be back in a moment");
        t.after(Duration::minutes(3)).await;
        assert_eq!(t.twitch.lines_of(&ana, &bot), ["ANA is live", "Bye"]);
        t.work().await;
        assert_eq!(t.count("chat_occasions").await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_has_happened_waits_for_a_worker_within_bounds_and_not_where_nobody_wants_it() {
    scenario(async |t| {
        let bot = bot(t).await;
        let (browser, ana) = owned(t, "ana").await;
        let raid = json!({"enabled": true, "text": "{user} brings {count}"});
        set_events(&browser, &ana, json!({"raid": raid})).await;
        t.work().await;
        t.verified().await;
        let wanted = async |is: bool| {
            sqlx::query(
                "update chat_books set events = jsonb_set(events, '{raid,enabled}', to_jsonb($1))",
            )
            .bind(is)
            .execute(&t.app.pool)
            .await
            .unwrap();
        };
        wanted(false).await;
        let before = t.count("webhook_messages").await;
        t.twitch.trigger(&ana, EdgeCase::Raid).await;
        assert!(t.count("webhook_messages").await > before);
        assert_eq!(t.count("chat_occasions").await, 0, "nothing is wanted said to it");
        wanted(true).await;
        for _ in 0..70 {
            t.twitch.trigger(&ana, EdgeCase::Raid).await;
        }
        assert_eq!(t.count("chat_occasions").await, 60, "more waits than anybody could say");
        // A worker takes them up and is gone; another finds them when the lease is over.
        let lease = Duration::seconds(1);
        let taken = sm_db::chat::occasions::claim(&t.app.pool, lease, 100).await.unwrap();
        assert_eq!(taken.len(), 60);
        t.work().await;
        assert_eq!(t.twitch.lines_of(&ana, &bot).len(), 6, "so many of a kind within a minute");
        assert_eq!(t.count("chat_occasions").await, 0);
        t.twitch.trigger(&ana, EdgeCase::Raid).await;
        let late = "update chat_occasions set expires_at = clock_timestamp()";
        sqlx::query(late).execute(&t.app.pool).await.unwrap();
        t.work().await;
        assert_eq!(t.count("chat_occasions").await, 0, "too late for anybody to read of it");
    })
    .await;
}

#[tokio::test]
async fn texts_that_name_what_nobody_has_said_are_refused() {
    scenario(async |t| {
        bot(t).await;
        let (browser, ana) = owned(t, "ana").await;
        let path = format!("/api/channels/{ana}/commands/settings");
        for text in ["{args}", "{touser}", "{fetch}", "{secret key}", "{nothing}", ""] {
            let settings = json!({"prefix": "!", "discord_url": null, "ignored": [], "builtins": {},
                "events": {"follow": {"enabled": true, "text": text}}});
            let refused = browser.put_from(&path, "\"1\"", &settings).await.refused(422, "invalid");
            assert_eq!(refused.fields()[0], "events.follow.text", "{text}");
        }
        let timers = format!("/api/channels/{ana}/timers");
        for (body, field) in [
            (json!({"name": "x", "responses": ["{user}"], "every_minutes": 30}), "responses[0]"),
            (json!({"name": "x", "responses": ["x"], "every_minutes": 4}), "every_minutes"),
            (json!({"name": "x", "responses": [], "every_minutes": 30}), "responses"),
            (json!({"name": " ", "responses": ["x"], "every_minutes": 30}), "name"),
        ] {
            let refused = browser.post(&timers, &body).await.refused(422, "invalid");
            assert_eq!(refused.fields(), [field], "{body}");
        }
    })
    .await;
}

async fn pass(t: &World, minutes: i64) {
    t.clock.advance(Duration::minutes(minutes));
    t.sweep().await;
    t.work().await;
}

#[tokio::test]
async fn timers_speak_in_turn_while_live_when_others_have_and_make_up_for_nothing() {
    scenario(async |t| {
        let bot = bot(t).await;
        let (browser, ana) = owned(t, "ana").await;
        let timers = format!("/api/channels/{ana}/timers");
        let timer = json!({"name": "Hints", "responses": ["One", "Two"], "every_minutes": 10, "min_lines": 2});
        let made = browser.post(&timers, &timer).await.ok();
        let said = || t.twitch.lines_of(&ana, &bot);
        let bea = t.twitch.add_user("bea", "Bea");
        let talk = async || {
            for text in ["Hello", "there"] {
                t.twitch.type_line(&ana, &bea, text).await;
            }
            // By then what was counted is written down.
            t.clock.advance(Duration::seconds(3));
            t.twitch.type_line(&ana, &bea, "again").await;
        };
        talk().await;
        pass(t, 11).await;
        assert_eq!(said(), [""; 0], "it is not live");
        t.twitch.go_live(&ana).await;
        t.work().await;
        pass(t, 5).await;
        assert_eq!(said(), [""; 0], "the time runs from the beginning of the stream");
        pass(t, 6).await;
        assert_eq!(said(), ["One"]);
        pass(t, 60).await;
        assert_eq!(said(), ["One"], "nobody has written anything");
        talk().await;
        pass(t, 1).await;
        assert_eq!(said(), ["One", "Two"], "what was missed is not made up for");
        talk().await;
        pass(t, 1).await;
        assert_eq!(said().len(), 2);
        t.twitch.end_stream(&ana).await;
        t.work().await;
        pass(t, 20).await;
        assert_eq!(said().len(), 2, "the stream is over");
        let list = browser.get(&timers).await.ok();
        assert_eq!(list[0]["times"], 2);
        let path = format!("{timers}/{}", made["id"].as_str().unwrap());
        let off = json!({"name": "Hints", "responses": ["One"], "every_minutes": 10, "enabled": false});
        assert_eq!(browser.put_from(&path, "\"1\"", &off).await.ok()["revision"], 2);
        browser.put_from(&path, "\"1\"", &off).await.refused(412, "conflict");
        assert_eq!(browser.delete(&path).await.status, 204);
        assert_eq!(browser.delete(&path).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn of_several_timers_one_speaks_in_a_minute() {
    scenario(async |t| {
        let bot = bot(t).await;
        let (browser, ana) = owned(t, "ana").await;
        for name in ["a", "b"] {
            let timer =
                json!({"name": name, "responses": [format!("Timer {name}")], "every_minutes": 10});
            browser.post(&format!("/api/channels/{ana}/timers"), &timer).await.ok();
        }
        t.twitch.go_live(&ana).await;
        t.work().await;
        pass(t, 30).await;
        assert_eq!(t.twitch.lines_of(&ana, &bot).len(), 1);
        pass(t, 1).await;
        assert_eq!(t.twitch.lines_of(&ana, &bot), ["Timer a", "Timer b"]);
    })
    .await;
}
