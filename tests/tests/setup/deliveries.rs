//! What became of an announcement, and sending it again.

use super::admin;
use serde_json::json;
use sm_tests::scenario;

#[tokio::test]
async fn delivery_is_explained_and_sent_again() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let role = ada.mention_a_role(t).await;
        t.discord.set_everyone_overwrite(ada.guild.channel, 0, 1 << 11);
        t.twitch.go_live(&ana).await;
        t.work().await;
        let page = ada.browser.get(&ada.path("deliveries?status=failed")).await.ok();
        let failed = &page["items"][0];
        assert_eq!(failed["reason"], "missing_permission");
        let path = ada.path(&format!("deliveries/{}", failed["id"].as_str().unwrap()));
        let detail = ada.browser.get(&path).await.ok();
        assert_eq!(detail["attempts"][0]["http_status"], 403);
        assert_eq!(detail["attempts"][0]["discord_code"], 50013);
        t.discord.set_everyone_overwrite(ada.guild.channel, 0, 0);
        let resend = format!("{path}/resend");
        let planned = ada.browser.post(&resend, &json!({})).await;
        assert_eq!(planned.status, 202);
        assert_eq!(planned.body["ping"], true, "the stream is fresh");
        ada.browser.post(&resend, &json!({})).await.refused(409, "under_way");
        t.work().await;
        assert_eq!(t.message(ada.guild).mention_roles, [role.to_string()]);
        // Again, later: another message, and nobody is pinged.
        t.after(time::Duration::minutes(12)).await;
        let planned = ada.browser.post(&resend, &json!({})).await;
        assert_eq!(planned.body["ping"], false);
        t.work().await;
        let messages = t.messages(ada.guild);
        assert_eq!(messages.len(), 2);
        assert!(messages[1].mention_roles.is_empty());
        t.twitch.end_stream(&ana).await;
        ada.browser.post(&resend, &json!({"ping": true})).await.refused(409, "stream_ended");
        t.after(time::Duration::minutes(5)).await;
    })
    .await;
}
