//! What happens in a channel.

use super::Server;
use serde_json::{Value, json};
use sm_sim::twitch::{Delivery, EdgeCase};
use sm_tests::{Answer, Browser, Socket, World, scenario};
use sm_types::TwitchUserId;
use time::Duration;

pub(super) const ALL: [&str; 8] =
    ["online", "offline", "update", "raid", "follow", "subscribe", "gift", "cheer"];
/// Everything that a streamer can let the feed show.
pub(super) const GRANTS: &str = "follows,subscriptions,cheers";

/// A server that follows Ana, who is somebody here herself.
pub(super) struct Stage<'a> {
    t: &'a World,
    pub(super) server: Server,
    pub(super) ada: Browser<'a>,
    pub(super) ben: Browser<'a>,
    pub(super) streamer: Browser<'a>,
}

impl<'a> Stage<'a> {
    pub(super) async fn of(t: &'a World) -> Self {
        let server = Server::of(t).await;
        let user = t.discord.add_user("ana_herself", Some("Ana"));
        let streamer = t.signed_in(user).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        Self { t, server, ada, ben, streamer }
    }

    /// Ana has granted all, and members may see all.
    pub(super) async fn with_everything(t: &'a World) -> Self {
        let stage = Self::of(t).await;
        stage.link(GRANTS).await;
        stage.show(&ALL).await.ok();
        stage.settle().await;
        stage
    }

    pub(super) fn topic(&self) -> String {
        format!("feed:{}", self.server.ana)
    }

    pub(super) fn path(&self) -> String {
        format!("/api/feeds/{}", self.server.ana)
    }

    /// Ana links her channel, with this choice.
    pub(super) async fn link(&self, choice: &str) {
        let begun = self.streamer.get(&format!("/api/users/me/channel/link?feed={choice}")).await;
        let choice = format!("as={}", self.server.ana);
        let consented = self.streamer.consent(begun.location(), &choice).await;
        assert_eq!(consented.location(), "/me/channel?linked=ana");
    }

    /// Ada lets members see these kinds.
    pub(super) async fn show(&self, kinds: &[&str]) -> Answer {
        let (path, etag, body) = self.config_that_shows(kinds).await;
        self.ada.put_from(&path, &etag, &body).await
    }

    /// What Ada saves for that: where, over which revision, and the configuration.
    pub(super) async fn config_that_shows(&self, kinds: &[&str]) -> (String, String, Value) {
        let path = format!("/api/guilds/{}/config", self.server.guild.id);
        let loaded = self.ada.get(&path).await;
        let etag = loaded.header("etag").to_owned();
        let mut body = loaded.ok();
        body["feed_kinds"] = json!(kinds);
        (path, etag, body)
    }

    pub(super) async fn settle(&self) {
        self.t.work().await;
        self.t.verified().await;
    }

    pub(super) async fn happens(&self, case: EdgeCase) {
        let statuses = self.t.twitch.trigger(&self.server.ana, case).await;
        assert_eq!(statuses, [204], "{}", case.name());
    }

    pub(super) async fn listen(&self, browser: &Browser<'_>) -> Socket {
        let mut socket = browser.socket().await;
        socket.subscribe(&self.topic()).await;
        socket
    }

    /// Types of the subscriptions at Twitch that are there for the feed.
    pub(super) fn subscribed(&self) -> Vec<String> {
        let basic = ["stream.online", "stream.offline", "channel.update", "user.update"];
        let all = self.t.twitch.subscriptions().into_iter().filter(|s| s.status == "enabled");
        let mut kinds: Vec<_> =
            all.map(|s| s.kind).filter(|kind| !basic.contains(&kind.as_str())).collect();
        kinds.sort();
        kinds
    }
}

pub(super) fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["data"]["kind"].as_str().unwrap()).collect()
}

/// Sends an event as Twitch does, under an id.
pub(super) async fn send(t: &World, streamer: &TwitchUserId, kind: &str, id: &str, event: Value) {
    let delivery = Delivery { message_id: Some(id.to_owned()), ..Delivery::new(kind, event) };
    for status in t.twitch.deliver(streamer, &delivery).await {
        assert_eq!(status, 204, "{kind}");
    }
}

pub(super) fn follow(streamer: &TwitchUserId, user: &str) -> Value {
    json!({
        "user_id": user, "user_login": "viewer", "user_name": "Viewer",
        "broadcaster_user_id": streamer, "followed_at": "2026-11-21T18:05:02Z",
    })
}

#[tokio::test]
async fn every_kind_reaches_who_may_see_it() {
    scenario(async |t| {
        let stage = Stage::with_everything(t).await;
        let granted = ["channel.cheer", "channel.follow", "channel.raid", "channel.subscribe"];
        assert_eq!(stage.subscribed()[..4], granted);
        assert!(t.twitch.subscriptions().iter().all(|s| s.cost == 0), "nothing costs anything");
        let (mut own, mut ben) =
            (stage.listen(&stage.streamer).await, stage.listen(&stage.ben).await);
        let stranger = t.signed_in(t.discord.add_user("cleo", None)).await;
        let mut other = stranger.socket().await;
        other.say(json!({ "type": "subscribe", "topic": stage.topic() })).await;
        assert_eq!(other.expect("refused").await["code"], "unknown_topic");
        stage.happens(EdgeCase::Online).await;
        t.twitch.update_channel(&stage.server.ana, "Hello", "Chess").await;
        for case in [
            EdgeCase::Raid,
            EdgeCase::Follow,
            EdgeCase::Subscribe,
            EdgeCase::Gift,
            EdgeCase::Cheer,
            EdgeCase::Offline,
        ] {
            stage.happens(case).await;
        }
        let expected =
            ["online", "update", "raid", "follow", "subscribe", "gift", "cheer", "offline"];
        let (events, _) = own.events(8).await;
        assert_eq!(kinds(&events), expected);
        let details: Vec<_> = events.iter().map(|event| &event["data"]["details"]).collect();
        assert_eq!(details[0]["type"], "live");
        assert_eq!((&details[1]["title"], &details[1]["game"]), (&json!("Hello"), &json!("Chess")));
        assert_eq!(details[2]["viewers"], 42);
        assert!(details[3]["user"]["name"].as_str().unwrap().starts_with("Viewer_"));
        assert_eq!((&details[4]["tier"], &details[5]["total"]), (&json!("1000"), &json!(5)));
        assert_eq!(details[6]["message"], "Cheer100 hello");
        assert_eq!(details[7]["stream_id"], details[0]["stream_id"]);
        assert_eq!(kinds(&ben.events(8).await.0), expected);
        other.say(json!({ "type": "ping" })).await;
        assert_eq!(other.read().await.unwrap()["type"], "pong", "nothing else came");
        t.after(Duration::minutes(5)).await;
    })
    .await;
}

#[tokio::test]
async fn twitch_is_asked_for_what_was_chosen_and_nothing_else() {
    scenario(async |t| {
        let stage = Stage::of(t).await;
        let scopes = async |path: &str, browser: &Browser<'_>| {
            let begun = browser.get(path).await;
            let query = begun.location().split_once('?').unwrap().1.to_owned();
            let scope = query.split('&').find_map(|pair| pair.strip_prefix("scope=")).unwrap();
            scope.replace("%3A", ":").replace('+', " ")
        };
        let guild = stage.server.guild.id;
        for (choice, asked) in [
            ("?feed=follows", "moderator:read:followers"),
            ("?feed=cheers", "bits:read"),
            ("?feed=cheers,subscriptions,cheers", "channel:read:subscriptions bits:read"),
            // Any scope makes subscriptions free: this one reads nothing that is not public.
            ("?feed=", "moderator:read:followers"),
            ("", "moderator:read:followers"),
        ] {
            let own = scopes(&format!("/api/users/me/channel/link{choice}"), &stage.streamer).await;
            let path = format!("/api/guilds/{guild}/streamers/link{choice}");
            assert_eq!([own, scopes(&path, &stage.ada).await], [asked, asked], "{choice}");
        }
        let odd = stage.streamer.get("/api/users/me/channel/link?feed=everything").await;
        assert_eq!(odd.location(), "/me/channel?error=malformed");
        // An invited streamer chooses as well; nobody here is theirs.
        let invite = stage.ada.post(&format!("/api/guilds/{guild}/invites"), &json!({})).await.ok();
        let code = invite["code"].as_str().unwrap();
        let guest = t.browser();
        let begun = guest.get(&format!("/api/invites/{code}/link?feed=cheers")).await;
        guest.consent(begun.location(), &format!("as={}", stage.server.ana)).await.location();
        stage.show(&ALL).await.ok();
        stage.settle().await;
        assert_eq!(stage.subscribed(), ["channel.cheer", "channel.raid"]);
        let page = stage.ben.get(&stage.path()).await.ok();
        assert_eq!((&page["granted"], &page["owner"]), (&json!(["cheers"]), &json!(false)));
        // A link without a choice leaves it as it is, one with a choice replaces it.
        let begun = stage.ada.get(&format!("/api/guilds/{guild}/streamers/link")).await;
        stage.ada.consent(begun.location(), &format!("as={}", stage.server.ana)).await.location();
        assert_eq!(stage.ben.get(&stage.path()).await.ok()["granted"], json!(["cheers"]));
        stage.link("").await;
        stage.settle().await;
        assert_eq!(stage.ben.get(&stage.path()).await.ok()["granted"], json!([]));
        assert_eq!(stage.subscribed(), ["channel.raid"]);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_kept_of_a_feed_that_nobody_wants() {
    scenario(async |t| {
        let stage = Stage::of(t).await;
        t.twitch.go_live(&stage.server.ana).await;
        t.twitch.update_channel(&stage.server.ana, "Hello", "Chess").await;
        stage.settle().await;
        assert_eq!(t.count("feed_events").await, 0);
        assert_eq!(t.count("topic_events where topic like 'feed:%'").await, 0);
        assert_eq!(stage.subscribed(), [""; 0]);
        // From the moment on that somebody does.
        stage.show(&["offline"]).await.ok();
        t.twitch.end_stream(&stage.server.ana).await;
        assert_eq!(t.count("feed_events").await, 1);
        t.after(Duration::minutes(5)).await;
    })
    .await;
}

#[tokio::test]
async fn event_is_there_once_whatever_twitch_repeats() {
    scenario(async |t| {
        let stage = Stage::with_everything(t).await;
        let ana = &stage.server.ana;
        let mut own = stage.listen(&stage.streamer).await;
        let count = async || t.count("feed_events").await;
        let cheer = json!({ "broadcaster_user_id": ana, "is_anonymous": true, "bits": 5 });
        for _ in 0..2 {
            send(t, ana, "channel.cheer", "one", cheer.clone()).await;
        }
        assert_eq!(count().await, 1);
        send(t, ana, "channel.cheer", "two", cheer.clone()).await;
        assert_eq!(count().await, 2, "two cheers that look the same are two");
        // Two subscriptions of ours tell of one raid, while secrets are changed.
        let raid = |from: &str| {
            json!({ "from_broadcaster_user_id": from, "to_broadcaster_user_id": ana, "viewers": 3 })
        };
        send(t, ana, "channel.raid", "three", raid("1")).await;
        send(t, ana, "channel.raid", "four", raid("1")).await;
        send(t, ana, "channel.raid", "five", raid("2")).await;
        assert_eq!(count().await, 4);
        // Who follows, stops to and follows again is shown once a day.
        for (id, hours, shown) in [("f1", 0, 5), ("f2", 1, 5), ("f3", 22, 5), ("f4", 2, 6)] {
            t.clock.advance(Duration::hours(hours));
            send(t, ana, "channel.follow", id, follow(ana, "7")).await;
            assert_eq!(count().await, shown, "{id}");
        }
        send(t, ana, "channel.follow", "f5", follow(ana, "8")).await;
        let (events, place) = own.events(7).await;
        assert_eq!(kinds(&events), ["cheer", "cheer", "raid", "raid", "follow", "follow", "follow"]);
        assert_eq!(events[0]["data"]["details"]["user"], Value::Null);
        assert_eq!(place["position"], 7);
    })
    .await;
}

#[tokio::test]
async fn crowd_at_once_is_told_one_by_one() {
    scenario(async |t| {
        let stage = Stage::with_everything(t).await;
        let mut own = stage.listen(&stage.streamer).await;
        let ana = &stage.server.ana;
        let follows = (0..30).map(|n| async move {
            // Each of ten users three times.
            let (user, id) = ((n % 10).to_string(), format!("m{n}"));
            send(t, ana, "channel.follow", &id, follow(ana, &user)).await;
        });
        futures_util::future::join_all(follows).await;
        stage.happens(EdgeCase::Raid).await;
        let (events, _) = own.events(11).await;
        assert_eq!(kinds(&events)[10], "raid");
        assert_eq!(t.count("feed_events").await, 11);
    })
    .await;
}

#[tokio::test]
async fn stream_that_comes_back_is_told_of_again() {
    scenario(async |t| {
        let stage = Stage::with_everything(t).await;
        let mut own = stage.listen(&stage.streamer).await;
        t.twitch.trigger(&stage.server.ana, EdgeCase::TwoIds).await;
        t.twitch.trigger(&stage.server.ana, EdgeCase::Flap).await;
        let (events, _) = own.events(4).await;
        assert_eq!(kinds(&events), ["online", "online", "offline", "online"]);
        t.twitch.end_stream(&stage.server.ana).await;
        t.after(Duration::minutes(5)).await;
    })
    .await;
}

#[tokio::test]
async fn history_comes_in_pages_of_what_one_may_see() {
    scenario(async |t| {
        let stage = Stage::with_everything(t).await;
        stage.show(&["raid", "follow"]).await.ok();
        for case in [EdgeCase::Follow, EdgeCase::Cheer, EdgeCase::Raid, EdgeCase::Follow] {
            stage.happens(case).await;
        }
        let read = async |browser: &Browser<'_>, query: &str| {
            let page = browser.get(&format!("{}?{query}", stage.path())).await.ok();
            let items = page["items"].as_array().unwrap().iter();
            let items: Vec<_> = items
                .map(|i| format!("{}{}", i["kind"].as_str().unwrap(), i["position"]))
                .collect();
            (items.join(" "), page["next"].clone(), page["place"]["position"].clone())
        };
        let place = json!(4);
        let (items, next, at) = read(&stage.ben, "limit=2").await;
        assert_eq!((items.as_str(), &next, &at), ("follow4 raid3", &json!(3), &place));
        let (items, next, _) = read(&stage.ben, "limit=2&before=3").await;
        assert_eq!((items.as_str(), next), ("follow1", Value::Null));
        assert_eq!(read(&stage.ben, "kinds=raid,cheer").await.0, "raid3");
        assert_eq!(read(&stage.streamer, "").await.0, "follow4 raid3 cheer2 follow1");
        for (query, field) in [("limit=0", "limit"), ("kinds=x", "kinds"), ("before=x", "query")] {
            let refused = stage.ben.get(&format!("{}?{query}", stage.path())).await;
            assert_eq!(refused.fields(), [field], "{query}");
        }
        for unknown in ["1", "x", "007", "18446744073709551616"] {
            stage.ben.get(&format!("/api/feeds/{unknown}")).await.refused(404, "not_found");
        }
    })
    .await;
}

#[tokio::test]
async fn feed_can_be_tried_out_by_who_runs_it() {
    scenario(async |t| {
        let stage = Stage::with_everything(t).await;
        stage.show(&["raid"]).await.ok();
        let (mut own, mut ben) =
            (stage.listen(&stage.streamer).await, stage.listen(&stage.ben).await);
        let path = format!("{}/test", stage.path());
        for (browser, kind) in [(&stage.streamer, "follow"), (&stage.ada, "raid")] {
            let made = browser.post(&path, &json!({ "kind": kind })).await;
            assert_eq!((made.status, &made.body["is_test"]), (201, &json!(true)));
        }
        let (events, _) = own.events(2).await;
        assert_eq!(kinds(&events), ["follow", "raid"]);
        assert!(events.iter().all(|event| event["data"]["is_test"] == true));
        assert_eq!(kinds(&ben.events(1).await.0), ["raid"]);
        let stranger = t.signed_in(t.discord.add_user("cleo", None)).await;
        stage.ben.post(&path, &json!({ "kind": "raid" })).await.refused(403, "not_an_admin");
        stranger.post(&path, &json!({ "kind": "raid" })).await.refused(404, "not_found");
        stage.ada.post(&path, &json!({ "kind": "party" })).await.refused(422, "invalid");
        for _ in 0..5 {
            stage.ada.post(&path, &json!({ "kind": "raid" })).await.ok();
        }
        stage.ada.post(&path, &json!({ "kind": "raid" })).await.refused(429, "rate_limited");
    })
    .await;
}

#[tokio::test]
async fn odd_payloads_cost_themselves_alone() {
    scenario(async |t| {
        let stage = Stage::with_everything(t).await;
        let ana = &stage.server.ana;
        let mut own = stage.listen(&stage.streamer).await;
        let long = "x".repeat(20_000);
        let by = |more: Value| {
            let mut event = json!({ "broadcaster_user_id": ana });
            event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            event
        };
        // Nothing to be made of these.
        for (kind, event) in [
            ("channel.follow", json!({})),
            ("channel.follow", json!(null)),
            ("channel.follow", by(json!({ "user_id": null }))),
            ("channel.cheer", by(json!({ "bits": "many" }))),
            ("channel.cheer", by(json!({ "bits": 1e300 }))),
            ("channel.raid", by(json!({ "viewers": 5 }))),
            ("channel.subscribe", json!({ "broadcaster_user_id": "\u{0}", "tier": "1000" })),
            ("channel.subscription.gift", by(json!({ "total": [] }))),
        ] {
            send(t, ana, kind, &uuid::Uuid::new_v4().to_string(), event).await;
        }
        assert_eq!(t.count("feed_events").await, 0);
        // These are shown as far as they say anything.
        let user =
            json!({ "user_id": "\u{0}7", "user_login": long, "user_name": "\u{202E}evil\u{0}" });
        send(t, ana, "channel.follow", "a", by(user)).await;
        let cheer = json!({ "is_anonymous": true, "bits": -5, "message": format!("\u{0}{long}") });
        send(t, ana, "channel.cheer", "b", by(cheer)).await;
        send(t, ana, "channel.subscribe", "c", by(json!({ "tier": "tier_of_2031" }))).await;
        send(t, ana, "channel.subscription.gift", "d", by(json!({ "is_anonymous": true }))).await;
        let (events, _) = own.events(4).await;
        assert_eq!(kinds(&events), ["follow", "cheer", "subscribe", "gift"]);
        let details = |n: usize| &events[n]["data"]["details"];
        assert_eq!(details(0)["user"]["login"].as_str().unwrap().len(), 64);
        assert_eq!(details(1)["bits"], 0);
        assert_eq!(details(1)["message"].as_str().unwrap().chars().count(), 500);
        assert_eq!(details(2)["tier"], "tier_of_2031");
        assert_eq!(
            details(3),
            &json!({ "user": null, "tier": null, "total": 0, "cumulative_total": null })
        );
        stage.happens(EdgeCase::Raid).await;
        assert_eq!(kinds(&own.events(1).await.0), ["raid"]);
    })
    .await;
}
