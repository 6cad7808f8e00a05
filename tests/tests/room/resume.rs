//! Who comes back goes on where they were.

use super::{Server, say, shout, texts};
use serde_json::{Value, json};
use sm_tests::{Socket, scenario};

async fn resume(socket: &mut Socket, topic: &str, place: &Value) {
    socket.say(json!({ "type": "subscribe", "topic": topic, "after": place })).await;
}

#[tokio::test]
async fn what_was_said_meanwhile_is_there_on_return() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        let room = server.room();
        let mut gone = ben.socket().await;
        gone.subscribe(&room).await;
        say(&ada, &server, "one").await;
        let (_, place) = gone.events(1).await;
        drop(gone);
        // Nobody listens, and then somebody does: it is read from the database, or from memory.
        for stays in [false, true] {
            let mut listener = ada.socket().await;
            if stays {
                listener.subscribe(&room).await;
            }
            t.sql("delete from rate_buckets").await;
            for text in ["two", "three"] {
                say(&ada, &server, text).await;
            }
            if stays {
                listener.events(2).await;
            }
            let mut back = ben.socket().await;
            resume(&mut back, &room, &place).await;
            assert_eq!(back.expect("subscribed").await["place"], place);
            let (events, _) = back.events(if stays { 4 } else { 2 }).await;
            assert_eq!(texts(&events)[..2], ["two", "three"]);
            say(&ada, &server, "live").await;
            assert_eq!(texts(&back.events(1).await.0), ["live"]);
            t.sql("delete from shouts where text = 'live'").await;
            t.sql(
                "delete from topic_events where position > 3 and not exists
                   (select from shouts where shout_id::text = subject)",
            )
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn place_of_another_database_begins_anew() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        let room = server.room();
        for text in ["one", "two", "three"] {
            say(&ada, &server, text).await;
        }
        let places = [
            json!({ "position": 3, "tag": "other" }),
            json!({ "position": 2, "tag": "other" }),
            json!({ "position": 4, "tag": "other" }),
            json!({ "position": 1_000_000_000_000_i64, "tag": "" }),
            json!({ "position": -1, "tag": "" }),
        ];
        for place in &places {
            let mut socket = ada.socket().await;
            resume(&mut socket, &room, place).await;
            let reset = socket.expect("reset").await;
            assert_eq!(reset["place"]["position"], 3, "{place}");
            say(&ada, &server, "next").await;
            assert_eq!(texts(&socket.events(1).await.0), ["next"]);
            t.sql("delete from topic_events where position > 3").await;
            t.sql("update topics t set position = 3, tag = (select tag from topic_events e where e.topic = t.topic
                   and position = 3)").await;
            t.sql("delete from rate_buckets").await;
            t.sql("delete from shouts where text = 'next'").await;
        }
    })
    .await;
}

#[tokio::test]
async fn place_before_what_is_kept_begins_anew() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        let mut socket = ada.socket().await;
        socket.subscribe(&server.room()).await;
        for text in ["one", "two", "three"] {
            say(&ada, &server, text).await;
        }
        let (events, _) = socket.events(3).await;
        assert_eq!(events.len(), 3);
        drop(socket);
        t.sql("update topic_events set created_at = now() - interval '2 days' where position <= 2")
            .await;
        let gone =
            sm_db::live::topics::prune(&t.app.pool, t.clock.now() - time::Duration::DAY, 100);
        assert_eq!(gone.await.unwrap(), 2);
        let mut socket = ada.socket().await;
        resume(&mut socket, &server.room(), &json!({ "position": 1, "tag": "x" })).await;
        assert_eq!(socket.expect("reset").await["place"]["position"], 3);
    })
    .await;
}

#[tokio::test]
async fn many_come_back_to_a_busy_room_and_miss_nothing() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        let room = server.room();
        let mut speaker = ada.socket().await;
        let talk = async {
            for n in 0..60 {
                t.sql("delete from rate_buckets").await;
                speaker.say(shout(&room, &n.to_string())).await;
                speaker.expect("shouted").await;
            }
        };
        let listen = async {
            let (mut seen, mut place) = (Vec::new(), json!({ "position": 0, "tag": "" }));
            while seen.len() < 60 {
                // It is cut again and again.
                let mut socket = ben.socket().await;
                resume(&mut socket, &room, &place).await;
                let frame = socket.expect("events").await;
                assert_eq!(frame["after"], place["position"]);
                seen.extend(frame["events"].as_array().unwrap().iter().cloned());
                place = frame["place"].clone();
            }
            seen
        };
        let ((), seen) = tokio::join!(talk, listen);
        let expected: Vec<String> = (0..60).map(|n| n.to_string()).collect();
        assert_eq!(texts(&seen), expected);
    })
    .await;
}
