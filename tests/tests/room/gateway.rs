//! Sockets at API Gateway: the real `bootstrap` with the events of a WebSocket API, and what it sends back.

use super::{Server, shout, texts};
use crate::lambda::{Function, http};
use serde_json::{Value, json};
use sm_sim::gateway::GatewaySim;
use sm_tests::{Browser, World, scenario};

/// A function behind a gateway.
pub(super) struct Cloud<'a> {
    t: &'a World,
    pub(super) gateway: GatewaySim,
    pub(super) function: Function,
}

impl<'a> Cloud<'a> {
    pub(super) async fn of(t: &'a World) -> Self {
        Self::with(t, &[]).await
    }

    async fn with(t: &'a World, settings: &[(&'static str, &str)]) -> Self {
        let gateway = GatewaySim::start().await.unwrap();
        let environment = gateway.environment();
        let ours = environment.iter().map(|(name, value)| (*name, value.as_str()));
        let all: Vec<_> = ours.chain(settings.iter().copied()).collect();
        let function = Function::start_with(t, &all).await;
        Self { t, gateway, function }
    }

    async fn event(&self, kind: &str, id: &str, more: Value) -> Value {
        let context = json!({
            "connectionId": id, "eventType": kind, "stage": "ws", "apiId": "a",
            "identity": { "sourceIp": "192.0.2.1" },
        });
        let mut event = json!({ "requestContext": context, "isBase64Encoded": false });
        for (name, value) in more.as_object().unwrap() {
            event[name] = value.clone();
        }
        self.function.invoke(event).await.response()
    }

    /// The answer to an opening.
    async fn opening(&self, id: &str, headers: &[(&str, &str)]) -> Value {
        let once: serde_json::Map<_, _> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let several: serde_json::Map<_, _> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect();
        self.event("CONNECT", id, json!({ "headers": once, "multiValueHeaders": several })).await
    }

    /// Opens a connection as a page does, and says hello.
    pub(super) async fn open(&self, browser: &Browser<'_>, id: &str) {
        let cookie = format!("__Host-session={}", browser.cookie("__Host-session").unwrap());
        let headers = [("Cookie", cookie.as_str()), ("Origin", self.t.url.as_str())];
        assert_eq!(self.opening(id, &headers).await["statusCode"], 200);
        self.gateway.open(id);
        let welcome = self.say(id, json!({ "type": "hello", "version": 1 })).await;
        assert_eq!(welcome[0]["type"], "welcome");
        assert_eq!(welcome[0]["connection_id"], id);
    }

    /// Says something; what the connection is sent for it.
    async fn say(&self, id: &str, frame: Value) -> Vec<Value> {
        self.send(id, &frame.to_string()).await
    }

    async fn send(&self, id: &str, text: &str) -> Vec<Value> {
        let answer = self.event("MESSAGE", id, json!({ "body": text })).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
        let mut frames: Vec<Value> = self.gateway.take(id);
        frames.extend(answer["body"].as_str().map(|body| serde_json::from_str(body).unwrap()));
        frames.iter().for_each(|frame| sm_tests::check_frame("Server", frame));
        frames
    }

    pub(super) async fn subscribe(&self, id: &str, topic: &str) {
        let frames = self.say(id, json!({ "type": "subscribe", "topic": topic })).await;
        assert_eq!(frames[0]["type"], "subscribed", "{frames:?}");
    }

    async fn shout(&self, id: &str, room: &str, text: &str) {
        let frames = self.say(id, shout(room, text)).await;
        assert_eq!(frames.last().unwrap()["outcome"], "stored", "{frames:?}");
    }

    /// Answers the doorbell, if it was rung for sockets.
    async fn push(&self) -> bool {
        let rung = self.gateway.rings().iter().any(|ring| ring == "live");
        if rung {
            self.ring("live").await;
        }
        rung
    }

    pub(super) async fn ring(&self, body: &str) {
        let record = json!({ "messageId": "q-1", "eventSource": "aws:sqs", "body": body });
        let answer = self.function.invoke(json!({ "Records": [record] })).await.response();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }

    pub(super) async fn sweep(&self) {
        self.function.invoke(json!({ "task": "sweep" })).await.response();
    }

    async fn connections(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select connection_id from live_connections where at_gateway order by connection_id",
        )
        .fetch_all(&self.t.app.pool)
        .await
        .unwrap()
    }
}

/// The events of frames, of which nothing is left out.
pub(super) fn events(frames: &[Value]) -> Vec<Value> {
    let mut events: Vec<Value> = Vec::new();
    let mut place = None;
    for frame in frames.iter().filter(|frame| frame["type"] == "events") {
        if let Some(place) = place {
            assert_eq!(&frame["after"], place, "{frame}");
        }
        events.extend(frame["events"].as_array().unwrap().iter().cloned());
        place = Some(&frame["place"]["position"]);
    }
    events
}

#[tokio::test]
async fn connection_opens_as_in_a_process_of_ours() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        let hash = sm_tests::hash("origin-secret");
        let cloud = Cloud::with(t, &[("ORIGIN_SECRET_HASHES", hash.as_str())]).await;
        let token = ada.cookie("__Host-session").unwrap();
        let cookie = format!("__Host-session={token}");
        let (cookie, bearer) = (("Cookie", cookie.as_str()), format!("Bearer {token}"));
        let (own, by_cdn) = (("Origin", t.url.as_str()), ("X-Origin-Secret", "origin-secret"));
        let bearer = ("Authorization", bearer.as_str());
        for (headers, status) in [
            (vec![by_cdn, own, cookie], 200),
            (vec![by_cdn, bearer], 200),
            (vec![own, cookie], 403),
            (vec![by_cdn, own], 401),
            (vec![by_cdn, cookie], 403),
            (vec![by_cdn, cookie, ("Origin", "https://evil.example")], 403),
            (vec![by_cdn, bearer, ("Origin", "null")], 403),
        ] {
            let answer = cloud.opening("c", &headers).await;
            assert_eq!(answer, json!({ "statusCode": status }), "{headers:?}");
        }
        // A ticket is good once, and is not shown again.
        let given = ada.post("/api/ws/tickets", &json!({})).await.ok();
        let offered = format!("streammaxing.v1, ticket.{}", given["ticket"].as_str().unwrap());
        let headers = [by_cdn, own, ("Sec-WebSocket-Protocol", offered.as_str())];
        let answer = cloud.opening("d", &headers).await;
        let echoed = json!({ "Sec-WebSocket-Protocol": "streammaxing.v1" });
        assert_eq!(answer, json!({ "statusCode": 200, "headers": echoed }));
        assert_eq!(cloud.opening("e", &headers).await, json!({ "statusCode": 401 }));
        assert_eq!(cloud.connections().await, ["c", "d"]);
    })
    .await;
}

#[tokio::test]
async fn what_is_said_reaches_everybody_who_listens() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        let cloud = Cloud::of(t).await;
        let room = server.room();
        cloud.open(&ada, "a").await;
        cloud.open(&ben, "b=").await;
        // Nobody listens: nobody is woken.
        cloud.shout("a", &room, "nobody hears this").await;
        assert!(!cloud.push().await);
        for id in ["a", "b="] {
            cloud.subscribe(id, &room).await;
        }
        cloud.shout("a", &room, "Hello!").await;
        assert!(cloud.push().await);
        for id in ["a", "b="] {
            assert_eq!(texts(&events(&cloud.gateway.take(id))), ["Hello!"], "{id}");
        }
        // Over HTTP it is the same, and what was pushed is not pushed again.
        let cookie = format!("__Host-session={}", ben.cookie("__Host-session").unwrap());
        let headers =
            json!({ "cookie": cookie, "origin": t.url, "content-type": "application/json" });
        let body = json!({ "client_id": uuid::Uuid::new_v4(), "text": "Hi!" }).to_string();
        let event = http("POST", &server.path("/messages"), headers, &body, false);
        let answer = cloud.function.invoke(event).await.response();
        assert_eq!(answer["statusCode"], 201, "{answer}");
        assert!(cloud.push().await);
        cloud.ring("live").await;
        let frames = cloud.gateway.take("a");
        assert_eq!(frames.len(), 1);
        assert_eq!((&frames[0]["after"], &frames[0]["place"]["position"]), (&json!(2), &json!(3)));
        // Whoever leaves hears nothing more.
        let left = cloud.say("a", json!({ "type": "unsubscribe", "topic": room })).await;
        assert_eq!(left[0]["type"], "unsubscribed");
        cloud.gateway.take("b=");
        cloud.shout("a", &room, "Bye").await;
        assert!(cloud.push().await);
        assert!(cloud.gateway.take("a").is_empty());
        assert_eq!(texts(&events(&cloud.gateway.take("b="))), ["Bye"]);
    })
    .await;
}

#[tokio::test]
async fn worker_that_dies_leaves_its_topic_to_the_next() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        let cloud = Cloud::of(t).await;
        cloud.open(&ada, "a").await;
        cloud.subscribe("a", &server.room()).await;
        // One holds the topic, and does not come back.
        t.sql("update live_pushes set turn = turn + 1, held_until = now() + interval '1 minute'")
            .await;
        cloud.shout("a", &server.room(), "one").await;
        assert!(cloud.push().await);
        assert!(cloud.gateway.take("a").is_empty());
        t.sql("update live_pushes set held_until = now() - interval '1 second'").await;
        cloud.sweep().await;
        assert_eq!(texts(&events(&cloud.gateway.take("a"))), ["one"]);
    })
    .await;
}

#[tokio::test]
async fn gone_connection_is_forgotten_and_no_other() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        let cloud = Cloud::of(t).await;
        let room = server.room();
        for (browser, id) in [(&ada, "a"), (&ben, "b"), (&ben, "c"), (&ben, "d")] {
            cloud.open(browser, id).await;
            cloud.subscribe(id, &room).await;
        }
        cloud.gateway.lose("b");
        // One of them is still about to open, as far as we know.
        cloud.gateway.lose("c");
        t.sql("update live_connections set state = 'connecting' where connection_id = 'c'").await;
        // And one is sent too much at once, for a while.
        cloud.gateway.limit("d", 2);
        cloud.shout("a", &room, "Hello!").await;
        assert!(cloud.push().await);
        assert_eq!(cloud.connections().await, ["a", "c", "d"]);
        assert_eq!(t.count("live_subscriptions").await, 3);
        for id in ["a", "d"] {
            assert_eq!(texts(&events(&cloud.gateway.take(id))), ["Hello!"], "{id}");
        }
        // One that cannot be reached for longer misses something, and sees it.
        cloud.gateway.limit("d", 4);
        for text in ["one", "two"] {
            cloud.shout("a", &room, text).await;
            assert!(cloud.push().await);
        }
        let frames = cloud.gateway.take("d");
        assert_eq!((texts(&events(&frames)), &frames[0]["after"]), (vec!["two"], &json!(2)));
        assert!(cloud.connections().await.contains(&"d".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn who_comes_back_gets_what_was_missed_in_pages() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        let cloud = Cloud::of(t).await;
        let room = server.room();
        cloud.open(&ada, "a").await;
        for n in 0..40 {
            t.sql("delete from rate_buckets").await;
            cloud.shout("a", &room, &format!("{n} {}", "ä".repeat(490))).await;
        }
        let from = json!({ "position": 0, "tag": "" });
        let resume = json!({ "type": "subscribe", "topic": room, "after": from });
        let frames = cloud.say("a", resume).await;
        assert_eq!((&frames[0]["type"], &frames[0]["place"]), (&json!("subscribed"), &from));
        assert!(frames.len() > 2, "it takes several");
        assert_eq!(events(&frames).len(), 40);
        let place = frames.last().unwrap()["place"].clone();
        cloud.shout("a", &room, "live").await;
        assert!(cloud.push().await);
        let live = cloud.gateway.take("a");
        assert_eq!((texts(&events(&live)), &live[0]["after"]), (vec!["live"], &place["position"]));
        // A place of another database begins anew.
        let odd = json!({ "position": 7, "tag": "other" });
        let frames =
            cloud.say("a", json!({ "type": "subscribe", "topic": room, "after": odd })).await;
        assert_eq!(
            (&frames[0]["type"], &frames[0]["place"]["position"]),
            (&json!("reset"), &json!(41))
        );
    })
    .await;
}

#[tokio::test]
async fn connection_ends_with_its_session_or_by_itself() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        let cloud = Cloud::of(t).await;
        for (browser, id) in [(&ada, "a"), (&ben, "b"), (&ben, "c")] {
            cloud.open(browser, id).await;
        }
        cloud.event("DISCONNECT", "c", json!({})).await;
        assert_eq!(cloud.connections().await, ["a", "b"]);
        // Signed out by way of the same function: at once.
        let cookie = format!("__Host-session={}", ada.cookie("__Host-session").unwrap());
        let headers = json!({ "cookie": cookie, "origin": t.url });
        let answer = cloud.function.invoke(http("POST", "/api/auth/logout", headers, "", false));
        assert_eq!(answer.await.response()["statusCode"], 204);
        let closing = cloud.gateway.take("a");
        assert_eq!((&closing[0]["type"], &closing[0]["code"]), (&json!("closing"), &json!(4401)));
        assert!(!cloud.gateway.is_open("a") && cloud.gateway.is_open("b"));
        // By other ways: the next sweep finds it.
        t.sql("update sessions set revoked_at = now()").await;
        cloud.sweep().await;
        assert!(!cloud.gateway.is_open("b"));
        assert!(cloud.connections().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn sweep_forgets_the_dead_and_those_who_may_listen_no_more() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        let cloud = Cloud::of(t).await;
        for (browser, id) in [(&ada, "a"), (&ben, "b"), (&ada, "old"), (&ada, "silent")] {
            cloud.open(browser, id).await;
            cloud.subscribe(id, &server.room()).await;
        }
        t.sql(
            "update live_connections set connected_at = now() - interval '126 minutes' where connection_id = 'old'",
        )
        .await;
        t.sql(
            "update live_connections set seen_at = now() - interval '12 minutes' where connection_id = 'silent'",
        )
        .await;
        // Ben is a member no more, and what was known of him is five minutes old.
        t.discord.remove_member(server.guild.id, server.ben);
        t.sql("update guild_members set checked_at = now() - interval '6 minutes'").await;
        cloud.sweep().await;
        assert_eq!(cloud.connections().await, ["a", "b"]);
        let told = cloud.gateway.take("b");
        assert_eq!((&told[0]["type"], &told[0]["reason"]), (&json!("unsubscribed"), &json!("not_allowed")));
        assert_eq!(t.count("live_subscriptions").await, 1);
    })
    .await;
}

#[tokio::test]
async fn frames_that_are_not_as_they_should_be_cost_their_sender_alone() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        let cloud = Cloud::of(t).await;
        cloud.open(&ada, "a").await;
        for (text, code) in [("", "malformed"), ("{}", "malformed"), ("[[[[", "malformed")] {
            assert_eq!(cloud.send("a", text).await[0]["code"], code, "{text}");
        }
        assert_eq!(cloud.say("a", json!({ "type": "ping" })).await[0]["type"], "pong");
        // Sixty at once, ten a second.
        t.sql(
            "update live_connections set next_frame_at = clock_timestamp() + interval '1 minute'",
        )
        .await;
        assert_eq!(cloud.say("a", json!({ "type": "ping" })).await[0]["code"], "rate_limited");
        t.sql("update live_connections set refused = 200").await;
        let closing = cloud.say("a", json!({ "type": "ping" })).await;
        assert_eq!(closing.last().unwrap()["code"], 4400);
        assert!(!cloud.gateway.is_open("a"));
        // A binary frame, and one of a connection that nobody knows.
        cloud.open(&ada, "b").await;
        let binary = json!({ "body": "AAAA", "isBase64Encoded": true });
        cloud.event("MESSAGE", "b", binary).await;
        assert_eq!(cloud.gateway.take("b")[0]["code"], 4400);
        cloud.gateway.open("c");
        cloud.say("c", json!({ "type": "ping" })).await;
        assert!(!cloud.gateway.is_open("c"));
        // Nothing is done before hello.
        let cookie = format!("__Host-session={}", ada.cookie("__Host-session").unwrap());
        let headers = [("Cookie", cookie.as_str()), ("Origin", t.url.as_str())];
        assert_eq!(cloud.opening("d", &headers).await["statusCode"], 200);
        cloud.gateway.open("d");
        assert_eq!(cloud.say("d", json!({ "type": "ping" })).await[0]["code"], "hello_first");
    })
    .await;
}

#[tokio::test]
async fn person_has_so_many_connections() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        let cloud = Cloud::of(t).await;
        for n in 0..21 {
            cloud.open(&ada, &format!("c{n}")).await;
        }
        let closing = cloud.gateway.take("c0");
        assert_eq!((&closing[0]["type"], &closing[0]["code"]), (&json!("closing"), &json!(4409)));
        assert!(!cloud.gateway.is_open("c0") && cloud.gateway.is_open("c1"));
        assert_eq!(cloud.connections().await.len(), 20);
    })
    .await;
}
