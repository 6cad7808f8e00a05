//! What became of an announcement, and sending it again.

use super::admin;
use serde_json::json;
use sm_tests::{scenario, scenario_at_rate};

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

#[tokio::test]
async fn edits_follow_to_the_message_that_was_sent_again() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.after(time::Duration::minutes(3)).await;
        // The edit's row points at the first message.
        t.twitch.update_channel(&ana, "One", "Art").await;
        t.after(time::Duration::seconds(61)).await;
        let page = ada.browser.get(&ada.path("deliveries?kind=online")).await.ok();
        let resend =
            ada.path(&format!("deliveries/{}/resend", page["items"][0]["id"].as_str().unwrap()));
        assert_eq!(ada.browser.post(&resend, &json!({})).await.status, 202);
        t.work().await;
        t.twitch.update_channel(&ana, "Two", "Art").await;
        t.after(time::Duration::seconds(61)).await;
        let titles: Vec<_> =
            t.messages(ada.guild).iter().map(|m| m.embeds[0]["title"].clone()).collect();
        assert_eq!(titles, ["One", "Two"]);
    })
    .await;
}

#[tokio::test]
async fn waiting_delivery_tells_its_place_and_about_how_long() {
    scenario_at_rate(45, async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        for _ in 0..90 {
            t.guild_following(&ana).await;
        }
        // Who is an admin is asked of Discord, and then known for a while.
        ada.browser.get(&ada.path("deliveries")).await.ok();
        t.sql("update discord_gate set blocked_until = now() + interval '1 hour'").await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        let guild = ada.guild.id.to_db();
        sqlx::query(
            "update notification_log set shuffle = case guild_id when $1 then 0.99 else 0.5 end",
        )
        .bind(guild)
        .execute(&t.app.pool)
        .await
        .unwrap();
        let page = ada.browser.get(&ada.path("deliveries")).await.ok();
        let waiting = &page["items"][0];
        assert_eq!(waiting["status"], "pending");
        let path = ada.path(&format!("deliveries/{}", waiting["id"].as_str().unwrap()));
        let place = ada.browser.get(&path).await.ok()["queue"].clone();
        assert_eq!(place, json!({"position": 91, "wait_s": 3}), "at 45 a second");
        t.sql("delete from discord_gate").await;
        t.sql("update notification_log set due_at = now()").await;
        t.work().await;
        assert_eq!(t.messages(ada.guild).len(), 1);
        assert_eq!(ada.browser.get(&path).await.ok()["queue"], json!(null));
    })
    .await;
}
