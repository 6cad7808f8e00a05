//! What is said reaches everybody who listens, once and in order.

use super::{Server, say, shout, texts};
use serde_json::json;
use sm_tests::scenario;
use time::Duration;
use uuid::Uuid;

#[tokio::test]
async fn what_is_said_reaches_everybody_in_the_room_in_order() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        let (mut one, mut two) = (ada.socket().await, ben.socket().await);
        let room = server.room();
        assert_eq!(one.subscribe(&room).await["position"], 0);
        two.subscribe(&room).await;
        for text in ["Hello!", "How are you?", "<b>bold</b> & \u{202E}odd"] {
            one.say(shout(&room, text)).await;
            assert_eq!(one.expect("shouted").await["outcome"], "stored");
        }
        let said = ["Hello!", "How are you?", "<b>bold</b> & odd"];
        for socket in [&mut one, &mut two] {
            let (events, place) = socket.events(3).await;
            assert_eq!(texts(&events), said);
            assert_eq!(place["position"], 3);
            assert_eq!(events[0]["data"]["author"]["name"], "Ada");
        }
        // The same over HTTP, the latest first, and a page at a time.
        let page = ben.get(&server.path("/messages?limit=2")).await.ok();
        assert_eq!(page["items"][0]["text"], said[2]);
        assert_eq!((&page["next"], &page["place"]["position"]), (&json!(2), &json!(3)));
        let rest = ben.get(&server.path("/messages?limit=2&before=2")).await.ok();
        assert_eq!((&rest["items"][0]["text"], &rest["next"]), (&json!(said[0]), &json!(null)));
    })
    .await;
}

#[tokio::test]
async fn message_that_is_sent_again_is_there_once() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        let mut socket = ada.socket().await;
        let frame = shout(&server.room(), "once");
        socket.say(frame.clone()).await;
        socket.say(frame.clone()).await;
        let (first, second) = (socket.expect("shouted").await, socket.expect("shouted").await);
        assert_eq!(first["shout"]["shout_id"], second["shout"]["shout_id"]);
        // Over HTTP it is the same message; with another text it is refused.
        let path = server.path("/messages");
        let mut body = json!({ "client_id": frame["client_id"], "text": "once" });
        let again = ada.post(&path, &body).await.ok();
        assert_eq!(again["message_id"], first["shout"]["shout_id"]);
        body["text"] = json!("twice");
        ada.post(&path, &body).await.refused(409, "client_id_used");
        // Another person's id is their own.
        let theirs = ben.post(&path, &body).await.ok();
        assert_ne!(theirs["message_id"], again["message_id"]);
        assert_eq!(t.count("shouts").await, 2);
    })
    .await;
}

#[tokio::test]
async fn tabs_of_one_person_share_their_pace() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        let (mut one, mut two) = (ada.socket().await, ada.socket().await);
        let room = server.room();
        let mut refused = 0;
        for n in 0..4 {
            for socket in [&mut one, &mut two] {
                socket.say(shout(&room, &format!("{n}"))).await;
                let answer = socket.expect("shouted").await;
                if answer["outcome"] == "refused" {
                    assert_eq!(answer["code"], "rate_limited");
                    assert!(answer["retry_after"].as_u64().is_some_and(|wait| wait >= 1));
                    refused += 1;
                }
            }
        }
        assert!((1..=3).contains(&refused), "five at once: {refused} of 8 refused");
        let body = json!({ "client_id": Uuid::new_v4(), "text": "over HTTP" });
        let answer = ada.post(&server.path("/messages"), &body).await.refused(429, "rate_limited");
        assert!(!answer.header("retry-after").is_empty());
    })
    .await;
}

#[tokio::test]
async fn edits_and_deletions_reach_everybody_and_the_text_is_gone() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        let said = say(&ben, &server, "a secret").await;
        let mut socket = ada.socket().await;
        socket.subscribe(&server.room()).await;
        let path = server.path(&format!("/messages/{}", said["message_id"].as_str().unwrap()));
        ada.put(&path, &json!({ "text": "not mine" })).await.refused(404, "not_found");
        let edited = ben.put(&path, &json!({ "text": "a rumour" })).await.ok();
        assert_eq!((&edited["revision"], &edited["position"]), (&json!(2), &said["position"]));
        let (events, _) = socket.events(1).await;
        assert_eq!(texts(&events), ["a rumour"]);
        // An admin deletes it, with a reason for the log.
        ada.delete(&format!("{path}?reason=rumours")).await.ok();
        let (events, _) = socket.events(1).await;
        assert_eq!(texts(&events), ["-"]);
        assert_eq!(events[0]["data"]["removed_by_moderator"], true);
        assert_eq!(events[0]["data"]["revision"], 3);
        ben.put(&path, &json!({ "text": "again" })).await.refused(404, "not_found");
        ben.delete(&path).await.refused(404, "not_found");
        let page = ben.get(&server.path("/messages")).await.ok();
        assert_eq!(page["items"], json!([]));
        // Whoever resumes from before all of it is told of one event without a text.
        let mut late = ben.socket().await;
        let place = json!({ "position": 0, "tag": "" });
        late.say(json!({ "type": "subscribe", "topic": server.room(), "after": place })).await;
        let (events, _) = late.events(1).await;
        assert!(!events.iter().any(|event| event.to_string().contains("rumour")), "{events:?}");
        let log = ada.get(&format!("/api/guilds/{}/audit", server.guild.id)).await.ok();
        assert_eq!(log["items"][0]["action"], "shout.delete");
        assert_eq!(log["items"][0]["after"]["reason"], "rumours");
        assert_eq!(t.count("shouts where text is not null").await, 0);
    })
    .await;
}

#[tokio::test]
async fn muted_people_read_and_do_not_write() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        let said = say(&ben, &server, "spam").await;
        let mutes = server.path("/mutes");
        let path = format!("{mutes}/{}", server.ben);
        let body = json!({ "minutes": 10, "reason": "spam" });
        ben.put(&path, &body).await.refused(403, "not_an_admin");
        ben.get(&mutes).await.refused(403, "not_an_admin");
        ada.put(&path, &json!({ "minutes": 0, "reason": "" })).await.refused(422, "invalid");
        let muted = ada.put(&path, &body).await.ok();
        let until = async || ben.get(&server.path("")).await.ok()["muted_until"].clone();
        assert_eq!(until().await, muted["until"]);
        let mut socket = ben.socket().await;
        socket.subscribe(&server.room()).await;
        socket.say(shout(&server.room(), "more spam")).await;
        let answer = socket.expect("shouted").await;
        assert_eq!((&answer["outcome"], &answer["code"]), (&json!("refused"), &json!("muted")));
        let again = json!({ "client_id": Uuid::new_v4(), "text": "more spam" });
        ben.post(&server.path("/messages"), &again).await.refused(409, "muted");
        let message = server.path(&format!("/messages/{}", said["message_id"].as_str().unwrap()));
        ben.put(&message, &json!({ "text": "edited spam" })).await.refused(404, "not_found");
        assert_eq!(ada.get(&mutes).await.ok()[0]["name"], "Ben");
        // It ends by itself, or by a moderator.
        t.clock.advance(Duration::minutes(11));
        assert!(until().await.is_null());
        say(&ben, &server, "sorry").await;
        ada.delete(&path).await.refused(404, "not_found");
        ada.put(&path, &body).await.ok();
        ada.delete(&path).await.ok();
        say(&ben, &server, "thanks").await;
        let mut events = Vec::new();
        while texts(&events).last() != Some(&"thanks") {
            events.extend(socket.events(1).await.0);
        }
        let ended = events.iter().rfind(|event| event["kind"] == "mute");
        assert!(ended.unwrap()["data"]["until_unix"].is_null(), "{events:?}");
    })
    .await;
}

#[tokio::test]
async fn what_was_read_stays_read() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        for text in ["one", "two", "three"] {
            say(&ada, &server, text).await;
        }
        let unread = async || ben.get(&server.path("")).await.ok()["unread"].clone();
        assert_eq!(unread().await, 3);
        // Who listens from where it was counted is told of what comes, and of nothing that was counted.
        let place = ben.get(&server.path("")).await.ok()["place"].clone();
        assert_eq!(place["position"], 3);
        assert_eq!(ada.get(&server.path("")).await.ok()["unread"], 0, "one's own are read");
        let mark = server.path("/mark");
        ben.put(&mark, &json!({ "position": 2 })).await.ok();
        assert_eq!(unread().await, 1);
        // A tab that is behind takes nothing back, and nobody has read what is to come.
        ben.put(&mark, &json!({ "position": 1 })).await.ok();
        assert_eq!(unread().await, 1);
        ben.put(&mark, &json!({ "position": 1_000_000 })).await.ok();
        say(&ada, &server, "four").await;
        assert_eq!(unread().await, 1);
    })
    .await;
}
