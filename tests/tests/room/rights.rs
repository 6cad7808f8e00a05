//! Who may listen, and for how long.

use super::{Server, say, shout, texts};
use serde_json::json;
use sm_services::live::keeper;
use sm_tests::scenario;
use time::Duration;

#[tokio::test]
async fn socket_opens_for_who_is_signed_in_and_from_our_own_pages() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        let token = ada.cookie("__Host-session").unwrap();
        let cookie = format!("__Host-session={token}");
        let (cookie, bearer) = (("cookie", cookie.as_str()), format!("Bearer {token}"));
        let own = ("origin", t.url.as_str());
        let foreign = [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://127.0.0.1:1"),
        ];
        for (headers, status) in [
            (vec![own], 401),
            (vec![own, ("cookie", "__Host-session=x")], 401),
            (vec![own, ("authorization", "Bearer x")], 401),
            (vec![cookie], 403),
            (vec![cookie, foreign[0]], 403),
            (vec![cookie, foreign[1]], 403),
            (vec![cookie, foreign[2]], 403),
            (vec![("authorization", bearer.as_str()), foreign[0]], 403),
        ] {
            assert_eq!(t.socket(&headers).await.err(), Some(status), "{headers:?}");
        }
        for headers in [vec![own, cookie], vec![("authorization", bearer.as_str())]] {
            assert!(t.socket(&headers).await.is_ok(), "{headers:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn ticket_is_good_once_and_for_thirty_seconds() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        let ticket = async || {
            let given = ada.post("/api/ws/tickets", &json!({})).await.ok();
            format!("streammaxing.v1, ticket.{}", given["ticket"].as_str().unwrap())
        };
        let open = async |offered: &str| {
            t.socket(&[("sec-websocket-protocol", offered), ("origin", t.url.as_str())]).await
        };
        let one = ticket().await;
        let mut socket = open(&one).await.unwrap();
        socket.say(json!({ "type": "hello", "version": 1 })).await;
        socket.expect("welcome").await;
        assert_eq!(open(&one).await.err(), Some(401), "twice");
        let late = ticket().await;
        t.clock.advance(Duration::seconds(31));
        assert_eq!(open(&late).await.err(), Some(401), "late");
        let revoked = ticket().await;
        ada.post("/api/auth/logout", &json!({})).await.ok();
        assert_eq!(open(&revoked).await.err(), Some(401), "signed out");
        assert_eq!(socket.ended().await.code, 4401);
    })
    .await;
}

#[tokio::test]
async fn topics_are_for_whom_they_are_for() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let other = Server::of(t).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        let stranger = t.signed_in(other.ada).await;
        let (guild, public) = (server.guild.id, "room:public".to_owned());
        let mut sockets = [ada.socket().await, ben.socket().await, stranger.socket().await];
        for (topic, allowed) in [
            (public, [true, true, true]),
            (format!("room:{guild}"), [true, true, false]),
            (format!("presence:{guild}"), [true, true, false]),
            (format!("server:{guild}"), [true, false, false]),
            ("room:1".to_owned(), [false, false, false]),
        ] {
            for (socket, allowed) in sockets.iter_mut().zip(allowed) {
                socket.say(json!({ "type": "subscribe", "topic": topic })).await;
                let answer = socket.read().await.unwrap();
                let expected = if allowed { "subscribed" } else { "refused" };
                assert_eq!(answer["type"], expected, "{topic}: {answer}");
            }
        }
        let [.., mut stranger] = sockets;
        stranger.say(shout(&server.room(), "let me in")).await;
        assert_eq!(stranger.expect("shouted").await["code"], "unknown_topic");
        assert_eq!(t.count("shouts").await, 0);
    })
    .await;
}

#[tokio::test]
async fn who_leaves_the_server_hears_nothing_after_the_next_check() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        let mut socket = ben.socket().await;
        socket.subscribe(&server.room()).await;
        t.discord.remove_member(server.guild.id, server.ben);
        t.clock.advance(Duration::minutes(5) + Duration::SECOND);
        keeper::check(&t.app).await;
        assert_eq!(socket.expect("unsubscribed").await["reason"], "not_allowed");
        say(&ada, &server, "among us").await;
        socket.say(shout(&server.room(), "me too")).await;
        assert_eq!(socket.expect("shouted").await["code"], "unknown_topic");
        socket.say(json!({ "type": "ping" })).await;
        assert_eq!(socket.read().await.unwrap()["type"], "pong", "nothing else came");
    })
    .await;
}

#[tokio::test]
async fn sockets_end_with_their_session() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (one, two) = (t.signed_in(server.ada).await, t.signed_in(server.ada).await);
        let (mut first, mut second) = (one.socket().await, two.socket().await);
        one.post("/api/auth/logout", &json!({})).await.ok();
        assert_eq!(first.ended().await.code, 4401);
        second.subscribe(&server.room()).await;
        // Another process has ended it: the note of open sockets finds out.
        t.sql("update sessions set revoked_at = now()").await;
        keeper::note(&t.app).await.unwrap();
        assert_eq!(second.ended().await.code, 4401);
    })
    .await;
}

#[tokio::test]
async fn twenty_first_connection_takes_the_place_of_the_most_silent() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        let mut sockets = Vec::new();
        for _ in 0..21 {
            sockets.push(ada.socket().await);
            t.clock.advance(Duration::SECOND);
        }
        assert_eq!(sockets[0].ended().await.code, 4409);
        sockets[20].subscribe(&server.room()).await;
        sockets[1].subscribe(&server.room()).await;
        sockets[1].say(shout(&server.room(), "hi")).await;
        assert_eq!(texts(&sockets[20].events(1).await.0), ["hi"]);
    })
    .await;
}
