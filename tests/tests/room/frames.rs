//! Frames that are not as they should be cost their sender alone.

use super::{Server, shout};
use serde_json::json;
use sm_tests::scenario;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn hostile_frames_are_refused_and_the_neighbours_do_not_notice() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        let mut neighbour = ada.socket().await;
        neighbour.subscribe(&server.room()).await;
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let refused = [
            ("", "malformed"),
            ("nonsense", "malformed"),
            ("[]", "malformed"),
            ("{\"type\":\"hello\"}", "malformed"),
            ("{\"type\":\"unknown\"}", "malformed"),
            ("{\"type\":\"ping\",\"extra\":1}", "malformed"),
            (&deep, "malformed"),
            ("{\"type\":\"hello\",\"version\":2}", "unknown_version"),
            ("{\"type\":\"subscribe\",\"topic\":\"room:x\"}", "malformed"),
            ("{\"type\":\"subscribe\",\"topic\":\"room:1\"}", "unknown_topic"),
            (
                "{\"type\":\"subscribe\",\"topic\":\"room:public\",\"after\":{\"position\":\"1\"}}",
                "malformed",
            ),
        ];
        let mut socket = ben.socket().await;
        for (frame, code) in refused {
            socket.send(Message::text(frame.to_owned())).await;
            let start: String = frame.chars().take(80).collect();
            assert_eq!(socket.expect("refused").await["code"], code, "{start}");
        }
        // A frame as large as API Gateway's is read; a larger one ends the connection, and so does a binary one.
        socket.send(Message::text("x".repeat(32 * 1024))).await;
        socket.expect("refused").await;
        socket.send(Message::text("x".repeat(32 * 1024 + 1))).await;
        assert_ne!(socket.ended().await.code, 1000);
        let mut socket = ben.socket().await;
        socket.send(Message::binary(vec![1, 2, 3])).await;
        assert_eq!(socket.ended().await.code, 4400);
        // A thousand at once.
        let mut socket = ben.socket().await;
        for _ in 0..1_000 {
            socket.send(Message::text("{\"type\":\"ping\"}")).await;
        }
        assert_eq!(socket.ended().await.code, 4400);
        neighbour.say(shout(&server.room(), "still here")).await;
        assert_eq!(neighbour.events(1).await.0[0]["data"]["text"], "still here");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_done_before_hello() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        let cookie = format!("__Host-session={}", ada.cookie("__Host-session").unwrap());
        let headers = [("cookie", cookie.as_str()), ("origin", t.url.as_str())];
        let mut socket = t.socket(&headers).await.unwrap();
        socket.say(json!({ "type": "subscribe", "topic": server.room() })).await;
        assert_eq!(socket.expect("refused").await["code"], "hello_first");
    })
    .await;
}

#[tokio::test]
async fn connection_has_so_many_topics() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        let mut guilds = Vec::new();
        for n in 0..33 {
            let guild = t.discord.add_guild(&format!("Guild {n}"));
            t.discord.set_owner(guild, server.ada);
            sm_db::guilds::upsert(&t.app.pool, guild, "Guild").await.unwrap();
            guilds.push(guild);
        }
        let mut socket = ada.socket().await;
        for guild in &guilds[..32] {
            socket.subscribe(&format!("room:{guild}")).await;
        }
        let topic = format!("room:{}", guilds[32]);
        socket.say(json!({ "type": "subscribe", "topic": topic })).await;
        assert_eq!(socket.expect("refused").await["code"], "too_many_topics");
        socket.say(json!({ "type": "unsubscribe", "topic": format!("room:{}", guilds[0]) })).await;
        socket.expect("unsubscribed").await;
        socket.subscribe(&topic).await;
    })
    .await;
}
