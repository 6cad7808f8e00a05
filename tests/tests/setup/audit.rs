//! What the audit log keeps of a change.

use super::admin;
use serde_json::{Value, json};
use sm_tests::scenario;

#[tokio::test]
async fn entries_say_who_was_paused_or_removed() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let path = ada.path(&format!("streamers/{ana}"));
        let loaded = ada.browser.get(&path).await;
        let etag = loaded.header("etag").to_owned();
        let destination = loaded.ok()["destinations"][0]["settings"].clone();
        let paused = json!({"enabled": false, "destinations": [destination]});
        ada.browser.put_from(&path, &etag, &paused).await.ok();
        assert_eq!(ada.browser.delete(&path).await.status, 204);
        let quiet = json!({"from": "22:30", "until": "07:00"});
        ada.change("config", |config| config["quiet_hours"] = quiet).await.ok();
        let log = ada.browser.get(&ada.path("audit")).await.ok();
        let [saved, removed, updated] = [0, 1, 2].map(|n| &log["items"][n]);
        assert_eq!(saved["after"]["quiet_hours"], "22:30 – 07:00");
        assert_eq!(removed["action"], "streamer.remove");
        assert_eq!(
            (&removed["before"], &removed["after"]),
            (&json!({"login": "ana"}), &Value::Null)
        );
        assert_eq!(updated["action"], "streamer.update");
        let states = ["before", "after"].map(|side| &updated[side]["enabled"]);
        assert_eq!(states, [&json!(true), &json!(false)]);
        assert_eq!(updated["after"]["login"], "ana");
        assert_eq!(updated["after"]["destinations"].as_array().unwrap().len(), 1);
        t.work().await;
    })
    .await;
}
