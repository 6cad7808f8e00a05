//! Installing the bot.

use super::admin;
use serde_json::json;
use sm_tests::scenario;

#[tokio::test]
async fn new_admin_goes_from_install_to_an_announcement() {
    scenario(async |t| {
        let ada = t.discord.add_user("ada", Some("Ada"));
        let guild = t.discord.add_guild("Corner");
        let channel = t.discord.add_channel(guild, "live");
        t.discord.set_owner(guild, ada);
        t.discord.set_bot_present(guild, false);
        let ana = t.twitch.add_user("ana_live", "Ana");
        let browser = t.signed_in(ada).await;
        let list = browser.get("/api/guilds").await.ok();
        assert_eq!(list["can_add"][0]["id"], guild.to_string());
        let install = browser.get(&format!("/api/guilds/{guild}/install")).await;
        assert!(install.location().contains("permissions=274877991936"), "{}", install.location());
        let landed = browser.consent(install.location(), &format!("as={ada}&guild={guild}")).await;
        assert_eq!(landed.location(), format!("/s/{guild}?installed=1"));
        let base = format!("/api/guilds/{guild}");
        let places = browser.get(&format!("{base}/places")).await.ok();
        assert_eq!(places["channels"][0]["can_post"], true);
        let loaded = browser.get(&format!("{base}/config")).await;
        let etag = loaded.header("etag").to_owned();
        let mut config = loaded.ok();
        config["default_channel_id"] = json!(channel);
        browser.put_from(&format!("{base}/config"), &etag, &config).await.ok();
        let names = json!({"names": ["https://www.twitch.tv/Ana_Live"]});
        let added = browser.post(&format!("{base}/streamers"), &names).await.ok();
        assert_eq!(added[0]["result"], "added");
        t.work().await;
        let test = json!({"channel_id": null, "message": null, "sample": {"streamer_id": ana}});
        let tested = browser.post(&format!("{base}/test-send"), &test).await.ok();
        assert_eq!(tested["posted"], true, "{tested}");
        t.twitch.go_live(&ana).await;
        t.work().await;
        let messages = t.discord.messages(channel);
        assert_eq!(messages.len(), 2);
        assert!(messages[0].content.starts_with("**Test** · "));
        let overview = browser.get(&format!("{base}/overview")).await.ok();
        assert_eq!((&overview["live"], &overview["figures"]["sent"]), (&json!(1), &json!(1)));
        let states: Vec<_> = overview["checks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["state"].as_str().unwrap())
            .collect();
        assert!(states.iter().all(|state| *state == "ok"), "{overview}");
        let actions = browser.get(&format!("{base}/audit")).await.ok();
        let actions: Vec<_> = actions["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|a| a["action"].as_str().unwrap())
            .collect();
        assert_eq!(actions, ["streamer.add", "guild_config.update", "bot.install"]);
    })
    .await;
}

#[tokio::test]
async fn install_is_believed_only_of_discord() {
    scenario(async |t| {
        let (ada, ben) = (t.discord.add_user("ada", None), t.discord.add_user("ben", None));
        let (own, foreign) = (t.discord.add_guild("Own"), t.discord.add_guild("Foreign"));
        t.discord.set_owner(own, ada);
        t.discord.add_member(foreign, ada);
        t.discord.set_bot_present(own, false);
        t.discord.set_bot_present(foreign, false);
        let browser = t.signed_in(ada).await;
        let path = |guild| format!("/api/guilds/{guild}/install");
        let refused = browser.get(&path(foreign)).await;
        assert_eq!(refused.location(), "/servers?error=not_an_admin");
        // The browser names another server on the way back.
        let begun = browser.get(&path(own)).await;
        let answered = sm_aws::lazy_http()
            .get(format!("{}&as={ada}&guild={own}", begun.location()))
            .send()
            .await
            .unwrap();
        let callback = answered.headers()["location"].to_str().unwrap().to_owned();
        let callback = callback.replace(&own.to_string(), &foreign.to_string());
        let landed = browser.get(callback.strip_prefix(&t.url).unwrap()).await;
        assert_eq!(landed.location(), format!("/s/{own}?installed=1"));
        assert_eq!(t.count("guilds").await, 1);
        // Somebody else than the one who asked.
        t.discord.set_bot_present(own, false);
        t.discord.set_owner(own, ben);
        let other = t.signed_in(ben).await;
        let begun = other.get(&path(own)).await;
        t.discord.set_owner(own, ada);
        let landed = other.consent(begun.location(), &format!("as={ada}&guild={own}")).await;
        assert_eq!(landed.location(), "/servers?error=other_account");
    })
    .await;
}

#[tokio::test]
async fn install_that_discord_tells_of_brings_everything_back() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        t.discord.set_webhook_events_url(&format!("{}/webhooks/discord", t.url));
        t.sql("update guilds set status = 'left', left_at = now()").await;
        t.discord.set_bot_present(ada.guild.id, false);
        ada.browser.get(&ada.path("config")).await.refused(404, "unknown_guild");
        // A plain sign-in is an authorisation too, and installs nothing.
        assert_eq!(t.discord.send_application_authorized(ada.user, None).await, [204]);
        ada.browser.get(&ada.path("config")).await.refused(404, "unknown_guild");
        t.discord.set_bot_present(ada.guild.id, true);
        let installed = t.discord.send_application_authorized(ada.user, Some(ada.guild.id)).await;
        assert_eq!(installed, [204]);
        let config = ada.browser.get(&ada.path("config")).await.ok();
        assert_eq!(config["default_channel_id"], ada.guild.channel.to_string());
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.message(ada.guild);
    })
    .await;
}
