//! Open pages are told of what has changed in their server.

use super::Server;
use serde_json::json;
use sm_tests::{Socket, World, scenario};
use std::collections::BTreeSet;
use time::Duration;

/// Listens as the server's admin.
async fn listen(t: &World, server: &Server) -> Socket {
    let mut socket = t.signed_in(server.ada).await.socket().await;
    socket.subscribe(&format!("server:{}", server.guild.id)).await;
    socket
}

/// Reads on until all of this was told, and nothing else.
async fn hears(socket: &mut Socket, expected: &[&str]) {
    let expected: BTreeSet<&str> = expected.iter().copied().collect();
    let mut told = BTreeSet::new();
    while told.len() < expected.len() {
        for event in socket.events(1).await.0 {
            assert_eq!(event["kind"], "changed");
            let what = event["data"]["what"].as_array().unwrap().iter();
            told.extend(what.map(|what| what.as_str().unwrap().to_owned()));
        }
        assert!(told.iter().all(|what| expected.contains(what.as_str())), "{told:?}");
    }
}

#[tokio::test]
async fn stream_and_its_deliveries_are_hinted_at() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ana = t.streamer("ana2").await;
        t.follow(server.guild.id, &ana, None).await;
        let other = Server::of(t).await;
        let (mut socket, mut elsewhere) = (listen(t, &server).await, listen(t, &other).await);
        t.twitch.go_live(&ana).await;
        // Told by acceptance, before any worker.
        hears(&mut socket, &["streams"]).await;
        t.work().await;
        let mut told = BTreeSet::new();
        while !told.contains("deliveries") {
            let what = socket.events(1).await.0[0]["data"]["what"].clone();
            told.extend(what.as_array().unwrap().iter().map(|w| w.as_str().unwrap().to_owned()));
        }
        t.twitch.end_stream(&ana).await;
        while !socket.events(1).await.0.iter().any(|e| e["data"]["what"] == json!(["streams"])) {}
        t.after(Duration::minutes(10)).await;
        // The other server was told nothing; what it is told first is its own.
        let browser = t.signed_in(other.ada).await;
        let template = json!({ "name": "Mine", "message": { "content": "{url}" } });
        browser.post(&format!("/api/guilds/{}/templates", other.guild.id), &template).await.ok();
        let first = elsewhere.events(1).await.0;
        assert_eq!(
            (&first[0]["position"], &first[0]["data"]["what"]),
            (&json!(1), &json!(["settings"]))
        );
    })
    .await;
}

#[tokio::test]
async fn saves_are_hinted_at_and_nothing_else_of_the_log() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let mut socket = listen(t, &server).await;
        let browser = t.signed_in(server.ada).await;
        let base = format!("/api/guilds/{}", server.guild.id);
        let config = browser.get(&format!("{base}/config")).await;
        let etag = config.header("etag").to_owned();
        browser.put_from(&format!("{base}/config"), &etag, &config.ok()).await.ok();
        hears(&mut socket, &["settings"]).await;
        // A refused save, a denial and a mute change no page.
        let body = browser.get(&format!("{base}/config")).await.ok();
        browser.put_from(&format!("{base}/config"), &etag, &body).await.refused(412, "conflict");
        t.signed_in(server.ben)
            .await
            .get(&format!("{base}/config"))
            .await
            .refused(403, "not_an_admin");
        let mute = json!({ "minutes": 10, "reason": "spam" });
        browser.put(&server.path(&format!("/mutes/{}", server.ben)), &mute).await.ok();
        browser.post(&format!("{base}/invites"), &json!({})).await.ok();
        hears(&mut socket, &["settings"]).await;
        assert_eq!(t.count("topic_events where topic like 'server:%'").await, 2);
        let test = json!({ "channel_id": null, "message": null });
        browser.post(&format!("{base}/test-send"), &test).await.ok();
        hears(&mut socket, &["deliveries"]).await;
    })
    .await;
}

#[tokio::test]
async fn hints_of_a_batch_are_one_event_and_only_for_who_has_listened() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ana = t.streamer("ana2").await;
        for n in 0..20 {
            let channel = t.discord.add_channel(server.guild.id, &format!("live{n}"));
            t.follow(server.guild.id, &ana, Some(channel)).await;
        }
        let _unheard = t.guild_following(&ana).await;
        let mut socket = listen(t, &server).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        hears(&mut socket, &["deliveries", "streams"]).await;
        let events = t.count("topic_events where kind = 'changed'").await;
        assert!(events <= 6, "{events} events of 20 deliveries");
        assert_eq!(t.count("topics where topic like 'server:%'").await, 1);
    })
    .await;
}
