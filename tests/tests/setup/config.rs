//! A server's configuration: saves, conflicts, and bodies that are refused.

use super::admin;
use serde_json::{Value, json};
use sm_tests::scenario;

#[tokio::test]
async fn later_of_two_saves_is_told_of_the_conflict() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let path = ada.path("config");
        let etag = ada.browser.get(&path).await.header("etag").to_owned();
        let mut config = ada.browser.get(&path).await.ok();
        config["merge_window_seconds"] = json!(60);
        let saves = [&config; 2].map(|body| ada.browser.put_from(&path, &etag, body));
        let saved = futures_util::future::join_all(saves).await;
        let mut statuses: Vec<_> = saved.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
        ada.browser.put(&path, &config).await.refused(428, "precondition_required");
        for stale in ["\"1\"", "1", "*", "\"x\"", "W/\"2\""] {
            ada.browser.put_from(&path, stale, &config).await.refused(412, "conflict");
        }
        assert_eq!(ada.browser.get(&path).await.ok()["merge_window_seconds"], 60);
    })
    .await;
}

#[tokio::test]
async fn wrong_configuration_is_refused_field_by_field() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let elsewhere = t.discord.add_guild("Elsewhere");
        let foreign = t.discord.add_channel(elsewhere, "general");
        let role = t.discord.add_role(elsewhere, "Fans", true);
        let voice = t.discord.add_channel_of_kind(ada.guild.id, "category", 4);
        let quiet = |from: &str, until: &str| json!({"from": from, "until": until});
        let cases: [(&str, Value, &str); 13] = [
            ("default_channel_id", json!(foreign), "default_channel_id"),
            ("default_channel_id", json!("1"), "default_channel_id"),
            ("default_channel_id", json!(voice), "default_channel_id"),
            ("mention", json!({"kind": "role", "role_id": role}), "mention.role_id"),
            ("mention", json!({"kind": "role", "role_id": ada.guild.id}), "mention.role_id"),
            ("template_id", json!("0198b2e4-1111-7000-8000-000000000000"), "template_id"),
            ("merge_window_seconds", json!(-1), "merge_window_seconds"),
            ("merge_window_seconds", json!(86_401), "merge_window_seconds"),
            ("end_action", json!("explode"), "end_action"),
            ("announce_types", json!([]), "announce_types"),
            ("timezone", json!("Mars/Olympus"), "timezone"),
            ("quiet_hours", quiet("22:00", "22:00"), "quiet_hours.until"),
            ("quiet_hours", quiet("25:00", "07:00"), "quiet_hours.from"),
        ];
        for (key, value, field) in cases {
            let answer = ada.change("config", |config| config[key] = value.clone()).await;
            assert_eq!(answer.fields(), [field], "{key}: {value}: {}", answer.body);
            answer.refused(422, "invalid");
        }
        for (key, value) in [
            ("enabled", json!("yes")),
            ("owner", json!(1)),
            ("mention", json!({"kind": "all"})),
            ("default_channel_id", json!(5)),
            ("merge_window_seconds", json!(1e12)),
        ] {
            let answer = ada.change("config", |config| config[key] = value.clone()).await;
            assert_eq!(answer.status, 400, "{key}: {}", answer.body);
            assert_eq!(answer.code(), "malformed");
        }
        let good =
            ada.change("config", |config| config["quiet_hours"] = quiet("22:30", "07:00")).await;
        assert_eq!(good.ok()["quiet_hours"]["from"], "22:30");
    })
    .await;
}

#[tokio::test]
async fn hostile_bodies_get_words_and_change_nothing() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let post = async |body: &str, kind: &str| {
            let headers = [("content-type", kind), ("origin", t.url.as_str())];
            let cookie =
                format!("__Host-session={}", ada.browser.cookie("__Host-session").unwrap());
            let request = sm_aws::lazy_http().post(format!("{}{}", t.url, ada.path("templates")));
            let request = headers.iter().fold(request, |r, (n, v)| r.header(*n, *v));
            request
                .header("cookie", cookie)
                .body(body.to_owned())
                .send()
                .await
                .unwrap()
                .status()
                .as_u16()
        };
        let json = "application/json";
        let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
        let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(300_000));
        for (body, kind, status) in [
            ("", json, 400),
            ("{", json, 400),
            ("[]", json, 400),
            ("null", json, 400),
            ("{}x", json, 400),
            (deep.as_str(), json, 400),
            (huge.as_str(), json, 413),
            ("{\"name\":\"a\",\"message\":{},\"guild_id\":\"1\"}", json, 400),
            ("{\"name\":\"a\",\"message\":{\"content\":\"\\u0000\"}}", json, 400),
            ("{\"name\":\"\\u0000\",\"message\":{}}", json, 400),
            ("name=a", "application/x-www-form-urlencoded", 415),
            ("{}", "text/plain", 415),
        ] {
            let short: String = body.chars().take(60).collect();
            assert_eq!(post(body, kind).await, status, "{short} as {kind}");
        }
        assert_eq!(t.count("message_templates").await, 0);
    })
    .await;
}
