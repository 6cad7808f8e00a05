//! A server at a glance.

use super::admin;
use serde_json::{Value, json};
use sm_tests::scenario;

fn check<'a>(overview: &'a Value, what: &str) -> &'a Value {
    let mut checks = overview["checks"].as_array().unwrap().iter();
    checks.find(|check| check["what"] == what).unwrap_or_else(|| panic!("{what}: {overview}"))
}

#[tokio::test]
async fn checks_say_what_is_wrong_in_data() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        t.work().await;
        let good = ada.browser.get(&ada.path("overview")).await.ok();
        let channel = check(&good, "channel");
        assert_eq!((&channel["reason"], &channel["missing"]), (&Value::Null, &json!([])));
        let name = channel["channel_name"].as_str().unwrap().to_owned();
        assert_eq!(check(&good, "streamers")["count"], 1);
        let subscriptions = check(&good, "subscriptions");
        let counts = ["count", "of", "failed"].map(|key| subscriptions[key].as_i64().unwrap());
        assert_eq!(counts, [4, 4, 0], "who has authorised the app has four");
        assert_eq!(check(&good, "test")["reason"], "not_tested");
        // Nothing can be posted any more, and a go-live notices it.
        t.discord.set_everyone_overwrite(ada.guild.channel, 0, 1 << 11);
        t.clock.advance(time::Duration::seconds(2));
        t.twitch.go_live(&ana).await;
        t.work().await;
        let bad = ada.browser.get(&ada.path("overview")).await.ok();
        let channel = check(&bad, "channel");
        assert_eq!(channel["reason"], "missing_permission");
        assert_eq!(channel["missing"], json!(["SEND_MESSAGES"]));
        assert_eq!(channel["channel_name"], json!(name));
        let destination = check(&bad, "destination");
        assert_eq!(destination["reason"], "missing_permission");
        assert_eq!(destination["login"], "ana");
        assert_eq!(destination["streamer_id"], json!(ana));
        assert_eq!(destination["channel_id"], Value::Null, "it uses the default one");
        // Discord is away.
        t.clock.advance(time::Duration::seconds(2));
        t.discord.set_down(true);
        let away = ada.browser.get(&ada.path("overview")).await.ok();
        assert_eq!(check(&away, "bot")["reason"], "discord_unavailable");
        t.discord.set_down(false);
    })
    .await;
}
