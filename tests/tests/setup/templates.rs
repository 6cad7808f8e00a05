//! Templates, previews and test messages.

use super::admin;
use serde_json::{Value, json};
use sm_tests::scenario;

#[tokio::test]
async fn templates_are_checked_with_places_shown_and_used() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let bad = json!({"name": " ", "message": {"content": "{titel}", "embed": {"title": "{#if game}"}}});
        let answer = ada.browser.post(&ada.path("templates"), &bad).await;
        assert_eq!(answer.fields(), ["name", "message.content", "message.embed.title"]);
        let first = &answer.body["errors"][1];
        assert_eq!((&first["code"], &first["span"]["start"]), (&json!("unknown_variable"), &json!(1)));
        assert!(first["message"].as_str().unwrap().contains("did you mean {title}"), "{first}");
        let message = json!({"content": "{streamer} plays {game|default:\"something\"}: {url}"});
        let preview = json!({"message": message, "sample": {"game": "", "title": "x"}});
        let shown = ada.browser.post(&ada.path("templates/preview"), &preview).await.ok();
        assert_eq!(shown["content"], "Sample\\_Streamer plays something: https://www.twitch.tv/sample_streamer");
        let body = json!({"name": "Short", "message": message});
        let made = ada.browser.post(&ada.path("templates"), &body).await.ok();
        ada.browser.post(&ada.path("templates"), &body).await.refused(422, "invalid");
        let id = made["id"].as_str().unwrap();
        ada.change("config", |config| config["template_id"] = json!(id)).await.ok();
        t.twitch.set_channel(&ana, "Openings", "Chess");
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.message(ada.guild).content, "ANA plays Chess: https://www.twitch.tv/ana");
        let list = ada.browser.get(&ada.path("templates")).await.ok();
        assert_eq!(list["templates"][0]["is_default"], true);
        let renamed = json!({"name": "Long", "message": message});
        let path = ada.path(&format!("templates/{id}"));
        ada.browser.put_from(&path, "\"1\"", &renamed).await.ok();
        ada.browser.put_from(&path, "\"1\"", &renamed).await.refused(412, "conflict");
        assert_eq!(ada.browser.delete(&path).await.status, 204);
        assert_eq!(ada.browser.get(&ada.path("config")).await.ok()["template_id"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn address_is_corrected_or_refused_before_it_is_saved() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let body = |thumbnail: &str, url: &str| {
            let embed = json!({"title": "{title}", "url": url, "thumbnail_url": thumbnail});
            json!({"name": thumbnail, "message": {"content": "{url}", "embed": embed}})
        };
        for refused in [
            "https://cdn_1.example.com/logo.png",
            "https:///a.png",
            "https://[::1",
            "https://example.com:99999/a.png",
            "https://exa\"mple.com/a.png",
            "ftp://example.com/{login}.png",
            "{title}",
        ] {
            let answer = ada.browser.post(&ada.path("templates"), &body(refused, refused)).await;
            let fields = ["message.embed.url", "message.embed.thumbnail_url"];
            assert_eq!(answer.fields(), fields, "{refused}: {}", answer.body);
        }
        let saved = body("Https://Example.com/my logo.png", "example.com/{login}");
        let made = ada.browser.post(&ada.path("templates"), &saved).await.ok();
        ada.change("config", |config| config["template_id"] = made["id"].clone()).await.ok();
        t.twitch.go_live(&ana).await;
        t.work().await;
        let embed = t.message(ada.guild).embeds[0].clone();
        assert_eq!(embed["thumbnail"]["url"], "https://example.com/my%20logo.png");
        assert_eq!(embed["url"], "https://example.com/ana");
    })
    .await;
}

#[tokio::test]
async fn proxy_that_changes_an_etag_keeps_nobody_from_saving() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let path = ada.path("config");
        for suffix in ["-gzip", "-br", "-zstd"] {
            let read = ada.browser.get(&path).await;
            let (etag, revision) =
                (read.header("etag").to_owned(), read.header("x-revision").to_owned());
            assert_eq!(etag, format!("\"{revision}\""));
            assert_eq!(read.header("cache-control"), "no-store, no-transform");
            let body = read.ok();
            let by_caddy = format!("\"{revision}{suffix}\"");
            ada.browser.put_from(&path, &by_caddy, &body).await.ok();
            ada.browser.put_from(&path, &by_caddy, &body).await.refused(412, "conflict");
            let by_nginx = ada.browser.get(&path).await.header("etag").to_owned();
            ada.browser.put_from(&path, &format!("W/{by_nginx}"), &body).await.ok();
        }
    })
    .await;
}

#[tokio::test]
async fn every_version_of_a_template_can_be_read_again() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let body =
            |name: &str, content: &str| json!({"name": name, "message": {"content": content}});
        let made = ada.browser.post(&ada.path("templates"), &body("First", "{url}")).await.ok();
        let id = made["id"].as_str().unwrap();
        let path = ada.path(&format!("templates/{id}"));
        ada.browser.put_from(&path, "\"1\"", &body("Second", "{title} {url}")).await.ok();
        ada.browser.post(&ada.path("templates"), &body("Another", "{url}")).await.ok();
        let history = ada.browser.get(&ada.path(&format!("audit?target={id}"))).await.ok();
        let items = history["items"].as_array().unwrap();
        let actions: Vec<_> = items.iter().map(|item| item["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["template.update", "template.create"]);
        assert_eq!(items[0]["before"]["name"], "First");
        assert_eq!(items[0]["after"]["message"]["content"], "{title} {url}");
        assert_eq!(items[1]["before"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn test_message_never_pings_and_says_what_is_missing() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        ada.mention_a_role(t).await;
        let body = json!({"channel_id": null, "message": {"content": "{mention} @everyone {url}"}});
        let tested = ada.browser.post(&ada.path("test-send"), &body).await.ok();
        assert_eq!(tested["posted"], true);
        let message = t.message(ada.guild);
        assert!(message.mention_roles.is_empty() && !message.mention_everyone);
        t.discord.set_everyone_overwrite(ada.guild.channel, 0, 1 << 11);
        let tested = ada.browser.post(&ada.path("test-send"), &body).await.ok();
        assert_eq!(tested["posted"], false);
        assert!(tested["refusal"].as_str().unwrap().contains("SEND_MESSAGES"), "{tested}");
        assert_eq!(tested["reason"], "missing_permission");
        assert_eq!(tested["missing"], json!(["SEND_MESSAGES"]));
        let elsewhere = t.discord.add_guild("Elsewhere");
        let foreign = t.discord.add_channel(elsewhere, "general");
        let body = json!({"channel_id": foreign, "message": null});
        ada.browser.post(&ada.path("test-send"), &body).await.refused(422, "invalid");
        assert!(t.discord.messages(foreign).is_empty());
        let history = ada.browser.get(&ada.path("deliveries?kind=test")).await.ok();
        let states: Vec<_> = history["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| d["status"].as_str().unwrap())
            .collect();
        assert_eq!(states, ["failed", "sent"]);
        assert_eq!(history["items"][0]["reason"], "missing_permission");
    })
    .await;
}
