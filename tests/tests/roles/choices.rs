//! What admins and streamers choose: the remedy for pings that cannot be declined, and who may announce whom.

use super::{INSTALLED, MENTION_EVERYONE, people, role, settle, wish};
use serde_json::json;
use sm_db::guilds::Mention;
use sm_tests::scenario;

#[tokio::test]
async fn conversion_enrols_those_who_asked_and_leaves_out_those_who_declined() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_mentioning(&ana, Mention::Everyone).await;
        t.discord.set_bot_permissions(guild.id, INSTALLED | MENTION_EVERYONE);
        let members = people(t, guild, 4);
        t.discord.set_owner(guild.id, members[0]);
        wish(t, guild, Some(&ana), &members[..2], true).await;
        wish(t, guild, None, &members[2..3], false).await;
        let admin = t.signed_in(members[0]).await;
        let base = format!("/api/guilds/{}", guild.id);
        let converted = admin.post(&format!("{base}/pings/convert"), &json!({})).await.ok();
        assert_eq!(converted, json!({ "server": true, "channels": 0, "enrolled": 2 }));
        settle(t).await;
        assert_eq!(t.discord.holders(guild.id, role(t, guild)).len(), 2);
        let shown = admin.get(&format!("{base}/pings")).await.ok();
        assert_eq!(shown["roles"][0]["held"], 2);
        assert_eq!(shown["roles"][0]["state"], "ready");
        let config = admin.get(&format!("{base}/config")).await.ok();
        assert_eq!(config["mention"], json!({ "kind": "managed" }));
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.message(guild).notified.len(), 2);
        let again = admin.post(&format!("{base}/pings/convert"), &json!({})).await.ok();
        assert_eq!(again["server"], false);
        let one = json!({ "streamer_id": "7; drop" });
        admin.post(&format!("{base}/pings/convert"), &one).await.refused(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn streamer_blocks_a_server_or_all_from_the_next_stream_on() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let (blocked, other) = (t.guild_following(&ana).await, t.guild_following(&ana).await);
        let person = people(t, blocked, 1)[0];
        t.discord.set_owner(blocked.id, person);
        let browser = t.signed_in(person).await;
        let path = format!("/api/users/me/channel/{ana}/blocks");
        browser.get(&path).await.refused(404, "not_found");
        let body = json!({ "all": false, "guild_ids": [blocked.id, "77"] });
        browser.put(&path, &body).await.refused(404, "not_found");
        sqlx::query("insert into streamer_feeds (twitch_user_id, owner_id) values ($1, $2)")
            .bind(ana.as_str())
            .bind(person.to_db())
            .execute(&t.app.pool)
            .await
            .unwrap();
        let stored = browser.put(&path, &body).await.ok();
        let marked = stored["servers"].as_array().unwrap().iter().filter(|s| s["blocked"] == true);
        assert_eq!((marked.count(), stored["servers"].as_array().unwrap().len()), (1, 2));
        assert_eq!(t.count("streamer_blocks").await, 1, "one that does not follow is left out");
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.deliveries(blocked).await, ["online skipped blocked_by_streamer"]);
        assert_eq!(t.deliveries(other).await, ["online sent"]);
        let shown = browser.get(&format!("/api/guilds/{}/pings", blocked.id)).await.ok();
        assert_eq!(shown["blocked_by"], json!([ana]));
        t.twitch.end_stream(&ana).await;
        t.after(time::Duration::hours(1)).await;
        browser.put(&path, &json!({ "all": true, "guild_ids": [] })).await.ok();
        t.twitch.go_live(&ana).await;
        t.work().await;
        let last = t.deliveries(other).await.pop().unwrap();
        assert_eq!(last, "online skipped blocked_by_streamer");
    })
    .await;
}
