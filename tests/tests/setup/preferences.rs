//! What members choose, and what Discord cannot do about it.

use super::admin;
use serde_json::{Value, json};
use sm_tests::scenario;

#[tokio::test]
async fn members_choose_and_are_told_what_discord_cannot_do() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let ben = t.discord.add_user("ben", None);
        t.discord.add_member(ada.guild.id, ben);
        let browser = t.signed_in(ben).await;
        let whole = format!("/api/users/me/preferences/{}", ada.guild.id);
        let one = format!("{whole}/{ana}");
        ada.change("config", |config| config["mention"] = json!({"kind": "members"})).await.ok();
        let put = async |path: &str, wants: Value| {
            browser.put(path, &json!({"wants_ping": wants})).await.ok()
        };
        assert_eq!(put(&whole, json!(true)).await["honoured"], true);
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.message(ada.guild).mentions, [ben.to_string()]);
        assert_eq!(put(&one, json!(false)).await["notice"], Value::Null);
        ada.change("config", |config| config["mention"] = json!({"kind": "everyone"})).await.ok();
        let told = put(&one, json!(false)).await;
        assert_eq!(told["honoured"], false);
        assert!(told["notice"].as_str().unwrap().contains("cannot"), "{told}");
        let servers = browser.get("/api/users/me/preferences").await.ok();
        let server = &servers[0];
        assert_eq!((&server["wants_ping"], &server["guild_name"]), (&json!(true), &json!("Guild")));
        assert_eq!((&server["streamers"], &server["opted_out"]), (&json!(1), &json!(1)));
        assert_eq!((&server["honoured"], &server["icon_url"]), (&json!(false), &Value::Null));
        let item = &browser.get(&whole).await.ok()["items"][0];
        assert_eq!((&item["wants_ping"], &item["mention"]), (&json!(false), &json!("everyone")));
        assert_eq!(item["honoured"], false);
        put(&one, Value::Null).await;
        let item = &browser.get(&whole).await.ok()["items"][0];
        assert_eq!((&item["wants_ping"], &item["updated_at"]), (&Value::Null, &Value::Null));
        let servers = browser.get("/api/users/me/preferences").await.ok();
        assert_eq!(servers[0]["opted_out"], 0);
        ada.change("config", |config| config["mention"] = json!({"kind": "members"})).await.ok();
        t.sql("update guilds set icon = 'a1b2'").await;
        let servers = browser.get("/api/users/me/preferences").await.ok();
        assert_eq!(servers[0]["honoured"], true);
        let icon = format!("https://cdn.discordapp.com/icons/{}/a1b2.png?size=128", ada.guild.id);
        assert_eq!(servers[0]["icon_url"], icon);
        browser
            .put(&format!("{whole}/999"), &json!({"wants_ping": true}))
            .await
            .refused(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn members_page_through_the_streamers_and_search_them() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        for login in ["bruno", "chiyo", "dana"] {
            let streamer = t.streamer(login).await;
            t.follow(ada.guild.id, &streamer, None).await;
        }
        t.sql("update streamers set display_name = '千代 Ch.' where login = 'chiyo'").await;
        t.sql(
            "update guild_streamers f set enabled = false from streamers s
               where s.twitch_user_id = f.twitch_user_id and s.login = 'dana'",
        )
        .await;
        let list = async |query: &str| {
            let path = format!("/api/users/me/preferences/{}?{query}", ada.guild.id);
            ada.browser.get(&path).await
        };
        let logins = |page: &Value| -> Vec<String> {
            let items = page["items"].as_array().unwrap().iter();
            items.map(|item| item["login"].as_str().unwrap().to_owned()).collect()
        };
        let first = list("limit=2").await.ok();
        assert_eq!(logins(&first), ["ana", "bruno"]);
        let after = first["next"].as_str().unwrap();
        let last = list(&format!("limit=2&after={after}")).await.ok();
        assert_eq!((logins(&last), &last["next"]), (vec!["chiyo".to_owned()], &Value::Null));
        for (q, found) in
            [("N", vec!["ana", "bruno"]), ("%E4%BB%A3+cH", vec!["chiyo"]), ("%25", vec![])]
        {
            assert_eq!(logins(&list(&format!("q={q}")).await.ok()), found, "{q}");
        }
        let long = format!("q={}", "x".repeat(101));
        for bad in ["limit=0", "after=%21", "q=%00", long.as_str()] {
            list(bad).await.refused(400, "malformed");
        }
        let servers = ada.browser.get("/api/users/me/preferences").await.ok();
        assert_eq!(servers[0]["streamers"], 3, "those that are announced");
    })
    .await;
}

#[tokio::test]
async fn choice_is_not_honoured_where_one_of_two_channels_pings_a_crowd() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let second = t.discord.add_channel(ada.guild.id, "second");
        let whole = format!("/api/users/me/preferences/{}", ada.guild.id);
        let one = format!("{whole}/{ana}");
        let honoured = async || {
            let body = json!({"wants_ping": false});
            let stored = [&whole, &one].map(|path| ada.browser.put(path, &body));
            let stored = futures_util::future::join_all(stored).await;
            let mut all: Vec<_> = stored.into_iter().map(|a| a.ok()["honoured"].clone()).collect();
            all.push(ada.browser.get(&whole).await.ok()["items"][0]["honoured"].clone());
            all
        };
        let announce = async |crowd: bool| {
            let kind = if crowd { "here" } else { "none" };
            let both = json!([
                {"channel_id": null, "mention": {"kind": "members"}},
                {"channel_id": second, "mention": {"kind": kind}},
            ]);
            ada.change(&format!("streamers/{ana}"), |body| {
                *body = json!({"enabled": true, "destinations": both});
            })
            .await
            .ok();
        };
        announce(false).await;
        assert_eq!(honoured().await, [true, true, true]);
        announce(true).await;
        assert_eq!(honoured().await, [false, false, false]);
    })
    .await;
}
