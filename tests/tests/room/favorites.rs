//! Channels that somebody watches, and how they are found.

use super::Server;
use serde_json::{Value, json};
use sm_tests::scenario;

const PATH: &str = "/api/users/me/favorites";

fn logins(items: &Value) -> Vec<&str> {
    items.as_array().unwrap().iter().map(|item| item["login"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn favorites_keep_their_order_and_know_who_is_live() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        // Bruno is followed by nobody here: Twitch is asked for his name.
        let (ana, bruno) = (&server.ana, t.twitch.add_user("bruno", "Bruno"));
        let cleo = t.twitch.add_user("cleo", "Cleo");
        assert_eq!(ada.get(PATH).await.ok(), json!([]));
        let saved = ada.put(PATH, &json!({ "streamer_ids": [bruno, ana, cleo] })).await.ok();
        assert_eq!(logins(&saved), ["bruno", "ana", "cleo"]);
        assert_eq!(saved[0]["display_name"], "Bruno");
        assert!(saved[0]["avatar_url"].is_string());
        assert_eq!((&saved[0]["is_live"], &saved[1]["is_live"]), (&Value::Null, &json!(false)));
        t.twitch.go_live(ana).await;
        t.work().await;
        let requests = t.twitch.requests().len();
        let sorted = ada.put(PATH, &json!({ "streamer_ids": [cleo, ana] })).await.ok();
        assert_eq!(logins(&sorted), ["cleo", "ana"]);
        assert_eq!(sorted[1]["is_live"], true);
        assert_eq!(t.twitch.requests().len(), requests, "names that are known are not asked for");
        assert_eq!(ada.get(PATH).await.ok(), sorted);
        assert_eq!(ben.get(PATH).await.ok(), json!([]));
        let export = ada.get("/api/users/me/export").await.ok();
        assert_eq!(export["favorites"][0]["login"], "cleo");
        ada.delete("/api/users/me").await;
        assert_eq!(t.count("user_favorites").await, 0);
    })
    .await;
}

#[tokio::test]
async fn wrong_favorites_change_nothing() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        let ana = server.ana.as_str();
        ada.put(PATH, &json!({ "streamer_ids": [ana] })).await.ok();
        let many: Vec<String> = (0..51).map(|n| n.to_string()).collect();
        for (ids, field) in [
            (json!([ana, "999"]), "streamer_ids[1]"),
            (json!(["\u{1F4A9}"]), "streamer_ids[0]"),
            (json!([ana, ana]), "streamer_ids[1]"),
            (json!(many), "streamer_ids"),
        ] {
            let refused = ada.put(PATH, &json!({ "streamer_ids": ids })).await;
            assert_eq!(refused.fields(), [field], "{ids}: {}", refused.body);
            refused.refused(422, "invalid");
        }
        t.twitch.fail_next("GET users", 503, 9);
        ada.put(PATH, &json!({ "streamer_ids": ["998"] })).await.refused(502, "remote_unavailable");
        assert_eq!(logins(&ada.get(PATH).await.ok()), ["ana"]);
    })
    .await;
}

#[tokio::test]
async fn search_finds_the_exact_name_first_and_says_why_others_are_there() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let ada = t.signed_in(server.ada).await;
        t.streamer("nightbirds").await;
        t.streamer("night").await;
        t.twitch.add_user("nightowl", "NightOwl");
        let found = async |q: &str| {
            let items = ada.get(&format!("/api/streamers/search?q={q}")).await.ok();
            let items = items.as_array().unwrap().iter();
            let text = |item: &Value| {
                format!("{} {}", item["login"].as_str().unwrap(), item["match"].as_str().unwrap())
            };
            items.map(text).collect::<Vec<_>>()
        };
        assert_eq!(found("night").await, ["night exact", "nightbirds prefix", "nightowl prefix"]);
        assert_eq!(found("NIGHTB").await, ["nightbirds prefix", "night similar"]);
        assert_eq!(found("nigthbirds").await, ["nightbirds similar"]);
        assert_eq!(found("https://www.twitch.tv/nightowl").await[0], "nightowl exact");
        assert_eq!(found("zzzz").await, [""; 0]);
        // Without Twitch there is what we know ourselves.
        t.twitch.fail_next("GET search/channels", 503, 9);
        t.twitch.fail_next("GET users", 503, 9);
        assert_eq!(found("nightb").await, ["nightbirds prefix", "night similar"]);
        let nobody = ada.get("/api/streamers/search?q=zzzz").await;
        nobody.refused(502, "remote_unavailable");
        for q in ["x", &"x".repeat(101)] {
            let refused = ada.get(&format!("/api/streamers/search?q={q}")).await;
            assert_eq!(refused.fields(), ["q"]);
        }
    })
    .await;
}
