//! Which feeds are open to whom, and a channel as its page shows it.

use super::feed::{ALL, GRANTS, Stage};
use serde_json::{Value, json};
use sm_sim::twitch::EdgeCase;
use sm_tests::{Browser, scenario};
use time::Duration;

/// The feeds that somebody is told of: login, kinds, and a star for their own.
async fn open(browser: &Browser<'_>) -> Vec<String> {
    let list = browser.get("/api/feeds").await.ok();
    assert_eq!(list["next"], Value::Null);
    list["items"].as_array().unwrap().iter().map(described).collect()
}

fn described(item: &Value) -> String {
    let kinds: Vec<&str> =
        item["kinds"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let own = if item["owner"] == true { "*" } else { "" };
    format!("{}{own} {}", item["login"].as_str().unwrap(), kinds.join(","))
}

#[tokio::test]
async fn feeds_are_listed_for_those_to_whom_they_are_open() {
    scenario(async |t| {
        let stage = Stage::of(t).await;
        let stranger = t.signed_in(t.discord.add_user("cleo", None)).await;
        let none: [String; 0] = [];
        for browser in [&stage.ada, &stage.ben, &stage.streamer, &stranger] {
            assert_eq!(open(browser).await, none);
        }
        // What the server shows and Ana has not granted is nothing to be seen.
        stage.show(&["follow", "cheer"]).await.ok();
        assert_eq!(open(&stage.ben).await, none);
        stage.show(&["online", "follow"]).await.ok();
        assert_eq!(open(&stage.ben).await, ["ana online"]);
        stage.link("follows").await;
        stage.settle().await;
        for member in [&stage.ada, &stage.ben] {
            assert_eq!(open(member).await, ["ana online,follow"]);
        }
        assert_eq!(open(&stage.streamer).await, [format!("ana* {}", ALL.join(","))]);
        assert_eq!(open(&stranger).await, none);
        t.twitch.go_live(&stage.server.ana).await;
        let list = stage.ben.get("/api/feeds").await.ok();
        let ana = &list["items"][0];
        assert_eq!(
            (&ana["is_live"], &ana["streamer_id"]),
            (&json!(true), &json!(stage.server.ana))
        );
        // Who is found to have left is told of it no more, and the owner stays one.
        t.discord.remove_member(stage.server.guild.id, stage.server.ben);
        t.clock.advance(Duration::minutes(5) + Duration::SECOND);
        stage.ben.get(&stage.path()).await.refused(404, "not_found");
        assert_eq!(open(&stage.ben).await, none);
        stage.show(&[]).await.ok();
        assert_eq!(open(&stage.ada).await, none);
        assert_eq!(open(&stage.streamer).await.len(), 1);
        t.after(Duration::minutes(5)).await;
    })
    .await;
}

#[tokio::test]
async fn many_feeds_come_in_pages() {
    scenario(async |t| {
        let stage = Stage::of(t).await;
        for login in ["bruno", "cleo", "dora"] {
            let streamer = t.streamer(login).await;
            sm_db::streamers::follow(&t.app.pool, stage.server.guild.id, &streamer).await.unwrap();
        }
        stage.show(&["online"]).await.ok();
        let (mut seen, mut after) = (Vec::new(), String::new());
        for pages in 1.. {
            let page = stage.ben.get(&format!("/api/feeds?limit=2{after}")).await.ok();
            seen.extend(page["items"].as_array().unwrap().iter().map(described));
            let Some(next) = page["next"].as_str() else {
                assert_eq!(pages, 2);
                break;
            };
            after = format!("&after={next}");
        }
        assert_eq!(seen, ["ana online", "bruno online", "cleo online", "dora online"]);
        for (query, field) in [("limit=0", "limit"), ("after=!", "after"), ("x=1", "query")] {
            let refused = stage.ben.get(&format!("/api/feeds?{query}")).await;
            assert_eq!(refused.fields(), [field], "{query}");
        }
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn streamer_without_a_server_has_a_feed_until_they_go() {
    scenario(async |t| {
        let stage = Stage::of(t).await;
        // Nobody follows Ana any more.
        let path = format!("/api/guilds/{}/streamers/{}", stage.server.guild.id, stage.server.ana);
        stage.ada.delete(&path).await;
        stage.settle().await;
        assert_eq!(
            t.twitch.subscriptions().iter().filter(|s| s.kind == "stream.online").count(),
            0
        );
        stage.link(GRANTS).await;
        stage.settle().await;
        assert!(stage.subscribed().contains(&"channel.follow".to_owned()));
        assert!(t.twitch.subscriptions().iter().all(|s| s.cost == 0), "nothing costs anything");
        for case in [EdgeCase::Online, EdgeCase::Follow, EdgeCase::Cheer] {
            stage.happens(case).await;
        }
        t.work().await;
        let page = stage.streamer.get(&stage.path()).await.ok();
        let kinds: Vec<_> = page["items"].as_array().unwrap().iter().map(|i| &i["kind"]).collect();
        assert_eq!(kinds, ["cheer", "follow", "online"]);
        assert_eq!(open(&stage.streamer).await.len(), 1);
        let channel = stage.streamer.get("/api/channels/ana").await.ok();
        assert_eq!(channel["is_live"], true);
        let kept = json!({ "streamer_ids": [stage.server.ana] });
        let kept = stage.streamer.put("/api/users/me/favorites", &kept).await.ok();
        assert_eq!(kept[0]["is_live"], true);
        // What was there for her sake alone goes with her.
        stage.streamer.delete("/api/users/me").await;
        stage.settle().await;
        assert_eq!(stage.subscribed(), [""; 0]);
        assert_eq!(
            t.twitch.subscriptions().iter().filter(|s| s.kind == "stream.online").count(),
            0
        );
        t.after(Duration::minutes(5)).await;
    })
    .await;
}

#[tokio::test]
async fn channel_is_shown_with_its_stream_and_the_servers_that_follow_it() {
    scenario(async |t| {
        let stage = Stage::of(t).await;
        let guild = &stage.server.guild;
        let servers = |shows: bool| {
            json!([{ "guild_id": guild.id, "name": "Guild", "announces": true, "shows_feed": shows }])
        };
        let seen = stage.ben.get("/api/channels/ana").await.ok();
        assert_eq!((&seen["is_live"], &seen["stream"]), (&json!(false), &Value::Null));
        let name = seen["servers"][0]["name"].clone();
        let mut expected = servers(false);
        expected[0]["name"] = name.clone();
        assert_eq!(seen["servers"], expected);
        stage.show(&["online"]).await.ok();
        t.twitch.update_channel(&stage.server.ana, "Any% runs", "Celeste").await;
        t.twitch.go_live(&stage.server.ana).await;
        t.work().await;
        let live = stage.ben.get("/api/channels/ANA").await.ok();
        assert_eq!((&live["is_live"], &live["login"]), (&json!(true), &json!("ana")));
        assert_eq!(live["stream"]["title"], "Any% runs");
        assert_eq!(live["stream"]["ended_at"], Value::Null);
        assert_eq!(live["servers"][0]["shows_feed"], true);
        t.twitch.end_stream(&stage.server.ana).await;
        t.after(Duration::minutes(5)).await;
        let over = stage.ben.get("/api/channels/ana").await.ok();
        assert_eq!(over["is_live"], false);
        assert!(over["stream"]["ended_at"].is_string());
        // A stranger sees the channel, and not who follows it.
        let stranger = t.signed_in(t.discord.add_user("cleo", None)).await;
        let other = stranger.get("/api/channels/ana").await.ok();
        assert_eq!((&other["login"], &other["servers"]), (&json!("ana"), &json!([])));
    })
    .await;
}

#[tokio::test]
async fn channel_that_nobody_knows_is_asked_for_at_twitch_so_often() {
    scenario(async |t| {
        let stage = Stage::of(t).await;
        t.twitch.add_user("bruno", "Bruno");
        let found = stage.ben.get("/api/channels/bruno").await.ok();
        assert_eq!((&found["display_name"], &found["is_live"]), (&json!("Bruno"), &Value::Null));
        let asked = t.twitch.requests().len();
        for odd in ["a-b", "x%20y", "%F0%9F%92%A9", "%00", &"x".repeat(26)] {
            stage.ben.get(&format!("/api/channels/{odd}")).await.refused(404, "not_found");
        }
        assert_eq!(t.twitch.requests().len(), asked, "what is no login is not asked for");
        t.twitch.fail_next("GET users", 503, 9);
        stage.ben.get("/api/channels/bruno").await.refused(502, "remote_unavailable");
        t.twitch.clear_faults();
        for _ in 0..8 {
            stage.ben.get("/api/channels/nobody_at_all").await.refused(404, "not_found");
        }
        let asked = t.twitch.requests().len();
        stage.ben.get("/api/channels/bruno").await.refused(429, "rate_limited");
        stage.ben.get("/api/channels/ana").await.ok();
        assert_eq!(t.twitch.requests().len(), asked);
    })
    .await;
}
