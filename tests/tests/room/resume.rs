//! Who comes back goes on where they were.

use super::{Server, say, shout, texts};
use serde_json::{Value, json};
use sm_tests::{Socket, process::Process, scenario};

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

#[tokio::test]
async fn all_come_back_to_a_process_that_has_just_begun() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        let room = server.room();
        let mut said = Vec::new();
        for n in 1..=9 {
            t.sql("delete from rate_buckets").await;
            said.push(say(&ada, &server, &n.to_string()).await);
        }
        // The third stands behind the ninth from now on; the fifth is gone.
        let path = |n: usize| {
            let id = said[n - 1]["message_id"].as_str().unwrap();
            server.path(&format!("/messages/{id}"))
        };
        t.sql("delete from rate_buckets").await;
        ada.put(&path(3), &json!({ "text": "3!" })).await.ok();
        ada.delete(&path(5)).await;
        let places: Vec<(i64, String)> = sqlx::query_as(
            "select position, tag from topic_events where topic = $1 order by position",
        )
        .bind(&room)
        .fetch_all(&t.app.pool)
        .await
        .unwrap();
        let positions: Vec<_> = places.iter().map(|place| place.0).collect();
        assert_eq!(positions, Vec::from_iter(1..=11));
        let (address, _process) = Process::serve(&t.settings);
        let told = ["1", "2", "4", "6", "7", "8", "9", "3!", "-"];
        for _ in 0..2 {
            for (position, tag) in &places[..10] {
                let mut back = ada.socket_at(&address).await;
                let place = json!({ "position": position, "tag": tag });
                resume(&mut back, &room, &place).await;
                assert_eq!(back.expect("subscribed").await["place"], place);
                let frame = back.expect("events").await;
                assert_eq!(frame["place"]["position"], 11);
                // Each event that is at its place still, and lies behind.
                let at = [1, 2, 4, 6, 7, 8, 9, 10, 11];
                let missed = at.iter().position(|at| at > position).unwrap();
                // Read from the database, what a later event replaces is told too, as it is now.
                let mut events = frame["events"].as_array().unwrap().clone();
                let ids: Vec<_> = events.iter().map(|e| e["data"]["shout_id"].clone()).collect();
                let mut place = 0;
                events.retain(|_| {
                    place += 1;
                    !ids[place..].contains(&ids[place - 1])
                });
                assert_eq!(texts(&events), told[missed..], "{position}");
            }
        }
        // From another life of the database, at a place that is kept, and at one that is not.
        for position in [4, 3] {
            let mut back = ada.socket_at(&address).await;
            let place = json!({ "position": position, "tag": "other" });
            resume(&mut back, &room, &place).await;
            assert_eq!(back.expect("reset").await["place"]["position"], 11);
        }
    })
    .await;
}
