//! Who can be pinged, and where: pickers, warnings at a save, the checklist.

use super::admin;
use serde_json::{Value, json};
use sm_tests::scenario;

const MENTION_EVERYONE: u64 = 1 << 17;
const WITH_EVERYONE: u64 = 274_877_991_936 | MENTION_EVERYONE;

fn check<'a>(overview: &'a Value, what: &str) -> Option<&'a Value> {
    overview["checks"].as_array().unwrap().iter().find(|check| check["what"] == what)
}

#[tokio::test]
async fn whether_a_role_can_be_pinged_is_told_per_channel() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        t.discord.set_bot_permissions(ada.guild.id, WITH_EVERYONE);
        let quiet = t.discord.add_channel(ada.guild.id, "quiet");
        t.discord.set_bot_overwrite(quiet, 0, MENTION_EVERYONE);
        t.discord.add_managed_role(ada.guild.id, "Twitch Subscriber");
        let places = ada.browser.get(&ada.path("places")).await.ok();
        let may = |id: &str| {
            let channels = places["channels"].as_array().unwrap();
            channels.iter().find(|c| c["id"] == id).unwrap()["may_mention_everyone"] == true
        };
        assert!(may(&ada.guild.channel.to_string()) && !may(&quiet.to_string()));
        let roles = places["roles"].as_array().unwrap();
        let names: Vec<_> = roles.iter().map(|role| role["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["Twitch Subscriber"], "the bot's own and @everyone are left out");
        assert_eq!((&roles[0]["managed"], &roles[0]["mentionable"]), (&json!(true), &json!(false)));
    })
    .await;
}

#[tokio::test]
async fn mention_that_pings_nobody_is_warned_of_at_the_save_and_in_the_checklist() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let save = async |kind: Value, channel: &str| {
            let saved = ada
                .change("config", |config| {
                    config["mention"] = kind.clone();
                    config["default_channel_id"] = json!(channel);
                })
                .await;
            let warned = &saved.ok()["warnings"];
            let codes: Vec<_> = warned.as_array().unwrap().iter().map(|w| w["code"].clone()).collect();
            let overview = ada.browser.get(&ada.path("overview")).await.ok();
            let reason = check(&overview, "ping").map(|check| check["reason"].clone());
            assert_eq!(codes.first(), reason.as_ref());
            codes
        };
        let channel = ada.guild.channel.to_string();
        let everyone = json!({ "kind": "everyone" });
        assert_eq!(save(everyone.clone(), &channel).await, ["not_pinged"]);
        t.discord.set_bot_permissions(ada.guild.id, WITH_EVERYONE);
        t.clock.advance(time::Duration::seconds(3));
        assert!(save(everyone.clone(), &channel).await.is_empty());
        let quiet = t.discord.add_channel(ada.guild.id, "quiet");
        t.discord.set_bot_overwrite(quiet, 0, MENTION_EVERYONE);
        t.clock.advance(time::Duration::seconds(3));
        assert_eq!(save(everyone, &quiet.to_string()).await, ["not_pinged"]);
        let role = t.discord.add_role(ada.guild.id, "fans", true);
        t.clock.advance(time::Duration::seconds(3));
        let fans = json!({ "kind": "role", "role_id": role });
        assert!(save(fans.clone(), &channel).await.is_empty());
        t.discord.delete_role(ada.guild.id, role);
        t.clock.advance(time::Duration::seconds(3));
        assert_eq!(save(fans, &channel).await, ["role_gone"]);
        t.sql("with made as (insert into message_templates (guild_id, name, message)
                 select guild_id, 'own', '{\"content\": \"live\", \"embed\": null}' from guilds returning *)
               update guild_config c set template_id = m.template_id from made m where m.guild_id = c.guild_id")
            .await;
        assert_eq!(save(json!({ "kind": "members" }), &channel).await, ["mention_unused"]);
        assert!(save(json!({ "kind": "none" }), &channel).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn template_whose_text_loses_a_mention_is_warned_of_wherever_it_is_used() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        t.discord.set_bot_permissions(ada.guild.id, WITH_EVERYONE);
        let role = t.discord.add_role(ada.guild.id, "fans", true);
        let template = json!({ "name": "own", "message": { "content": "{mention} live" } });
        let made = ada.browser.post(&ada.path("templates"), &template).await.ok();
        let path = ada.path(&format!("templates/{}", made["id"].as_str().unwrap()));
        let save = async |content: &str| {
            t.clock.advance(time::Duration::seconds(3));
            let body = json!({ "name": "own", "message": { "content": content } });
            let etag = ada.browser.get(&path).await.header("etag").to_owned();
            let saved = ada.browser.put_from(&path, &etag, &body).await.ok();
            let warned = saved["warnings"].as_array().cloned().unwrap_or_default();
            let told: Vec<_> = warned.iter().map(|w| format!("{} {}", w["field"], w["code"])).collect();
            told.join(", ").replace('"', "")
        };
        assert_eq!(save("live").await, "", "nobody uses it");
        let streamer = format!("streamers/{ana}");
        let mention = json!({ "kind": "role", "role_id": role });
        let with_own = ada.change(&streamer, |body| {
            *body = json!({ "enabled": true, "destinations": [{ "template_id": made["id"], "mention": mention }] });
        });
        with_own.await.ok();
        assert_eq!(save("live").await, "message.content mention_unused");
        assert_eq!(save("{role} live").await, "");
        // The server's own mention is another one.
        let default = ada.change("config", |config| {
            config["template_id"] = made["id"].clone();
            config["mention"] = json!({ "kind": "everyone" });
        });
        default.await.ok();
        assert_eq!(save("{role} live").await, "message.content mention_unused");
        assert_eq!(save("{mention} live").await, "");
        t.discord.delete_role(ada.guild.id, role);
        assert_eq!(save("{mention} live").await, "mention role_gone");
    })
    .await;
}

#[tokio::test]
async fn answer_to_a_save_can_be_saved_again() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let mention = json!({ "kind": "everyone" });
        let saved = ada.change("config", |config| config["mention"] = mention.clone()).await;
        let etag = saved.header("etag").to_owned();
        let body = saved.ok();
        assert_eq!(body["warnings"].as_array().unwrap().len(), 1);
        ada.browser.put_from(&ada.path("config"), &etag, &body).await.ok();
    })
    .await;
}

#[tokio::test]
async fn thread_as_default_channel_is_no_deleted_channel() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let thread = t.discord.add_thread(ada.guild.id, ada.guild.channel, "streams");
        let saved = ada.change("config", |config| config["default_channel_id"] = json!(thread));
        saved.await.ok();
        let overview = ada.browser.get(&ada.path("overview")).await.ok();
        assert_eq!(check(&overview, "channel").unwrap()["state"], "ok");
        assert_eq!(check(&overview, "channel").unwrap()["channel_name"], "streams");
        let places = ada.browser.get(&ada.path("places")).await.ok();
        let listed = places["channels"].as_array().unwrap();
        assert!(listed.iter().any(|channel| channel["id"] == thread.to_string()));
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.discord.messages(thread).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn bot_that_is_timed_out_is_told_in_the_checklist() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let until = t.clock.now() + time::Duration::HOUR;
        t.discord.set_bot_timeout(ada.guild.id, Some(until));
        let overview = ada.browser.get(&ada.path("overview")).await.ok();
        let found = check(&overview, "channel").unwrap();
        assert_eq!((&found["state"], &found["reason"]), (&json!("problem"), &json!("timed_out")));
        assert!(found["until"].as_str().is_some() && found["missing"] == json!([]));
    })
    .await;
}

#[tokio::test]
async fn server_with_very_many_channels_can_be_set_up() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        for n in 0..500 {
            let channel = t.discord.add_channel(ada.guild.id, &format!("channel-{n}"));
            t.discord.add_overwrites(channel, 30);
        }
        let places = ada.browser.get(&ada.path("places")).await.ok();
        assert_eq!(places["channels"].as_array().unwrap().len(), 501);
    })
    .await;
}
