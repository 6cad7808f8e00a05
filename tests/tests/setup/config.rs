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
        for stale in ["\"1\"", "1", "*", "\"x\"", "W/\"1\""] {
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
async fn time_zones_are_iana_names_and_nothing_else() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let put = async |zone: &str| ada.change("config", |c| c["timezone"] = json!(zone)).await;
        for (sent, stored) in [
            ("europe/berlin", "Europe/Berlin"),
            ("AMERICA/ARGENTINA/BUENOS_AIRES", "America/Argentina/Buenos_Aires"),
            ("utc", "UTC"),
            ("est5edt", "EST5EDT"),
            ("Asia/Calcutta", "Asia/Kolkata"),
            ("Europe/Kiev", "Europe/Kyiv"),
            ("America/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ] {
            assert_eq!(put(sent).await.ok()["timezone"], stored);
        }
        for zone in ["UTC+2", "+02:00", "CET-1CEST", "<+03>-3", "posix/UTC+2"] {
            let refused = put(zone).await;
            assert_eq!(refused.fields(), ["timezone"], "{zone}: {}", refused.body);
            assert_eq!(refused.body["errors"][0]["code"], "offset_timezone", "{zone}");
        }
        let message = put("UTC+2").await.body["errors"][0]["message"].clone();
        let message = message.as_str().unwrap();
        assert!(message.contains("Africa/Johannesburg (all year)"), "{message}");
        assert!(message.contains("Europe/Berlin (in July)"), "{message}");
        for zone in ["PST", "posix/Europe/Berlin", "Factory", "", "Mars/Olympus", &"x".repeat(500)]
        {
            let refused = put(zone).await;
            assert_eq!(refused.fields(), ["timezone"], "{zone}: {}", refused.body);
            assert_eq!(refused.body["errors"][0]["code"], "unknown_timezone", "{zone}");
        }
    })
    .await;
}

#[tokio::test]
async fn stored_offset_is_told_and_holds_nothing_else_up() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let zone_check = async || {
            let overview = ada.browser.get(&ada.path("overview")).await.ok();
            let checks = overview["checks"].as_array().unwrap().clone();
            checks.into_iter().find(|check| check["what"] == "timezone")
        };
        assert_eq!(zone_check().await, None);
        for (zone, first) in [
            ("UTC+2", json!("Africa/Johannesburg")),
            ("CET-1CEST", json!("Africa/Lagos")),
            ("PST", Value::Null),
        ] {
            let store = sqlx::query("update guild_config set timezone = $1").bind(zone);
            store.execute(&t.app.pool).await.unwrap();
            let told = zone_check().await.expect("it is told");
            assert_eq!((&told["state"], &told["timezone"]), (&json!("problem"), &json!(zone)));
            assert_eq!(told["zones"][0], first, "{told}");
        }
        t.sql("update guild_config set timezone = 'UTC+2'").await;
        ada.change("config", |config| config["merge_window_seconds"] = json!(5)).await.ok();
        let quiet = json!({"from": "22:00", "until": "07:00"});
        let on = ada.change("config", |config| config["quiet_hours"] = quiet.clone()).await;
        assert_eq!(on.fields(), ["timezone"]);
        let both = ada.change("config", |config| {
            config["quiet_hours"] = quiet.clone();
            config["timezone"] = json!("Europe/Athens");
        });
        both.await.ok();
        assert_eq!(zone_check().await, None);
    })
    .await;
}

#[tokio::test]
async fn lists_that_mean_sets_keep_each_once() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let types = json!(["rerun", "live", "live", "rerun"]);
        let saved = ada.change("config", |c| c["announce_types"] = types.clone()).await.ok();
        assert_eq!(saved["announce_types"], json!(["rerun", "live"]));
        let loaded = ada.browser.get(&ada.path("config")).await.ok();
        assert_eq!(loaded["announce_types"], json!(["rerun", "live"]));
        let mut games: Vec<_> = (0..50).map(|n| format!("Game {n}")).collect();
        games.insert(1, " game 0 ".to_owned());
        let path = ada.path(&format!("streamers/{ana}"));
        let etag = ada.browser.get(&path).await.header("etag").to_owned();
        let body =
            json!({"enabled": true, "destinations": [{"channel_id": null, "game_filter": games}]});
        let saved = ada.browser.put_from(&path, &etag, &body).await.ok();
        games.remove(1);
        assert_eq!(saved["destinations"][0]["settings"]["game_filter"], json!(games));
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn another_channel_starts_without_the_troubles_of_the_first() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let second = t.discord.add_channel(ada.guild.id, "second");
        let troubles = async || -> String {
            let all = "select string_agg(coalesce(degraded_reason, '-') || failed_checks || coalesce(next_check_at::text, ''), ' ')
                from destinations";
            sqlx::query_scalar(all).fetch_one(&t.app.pool).await.unwrap()
        };
        let degrade = "update destinations set degraded_reason = 'missing_permission', degraded_at = now(),
            failed_checks = 3, next_check_at = now() + interval '1 day'";
        t.sql(degrade).await;
        ada.change("config", |config| config["merge_window_seconds"] = json!(5)).await.ok();
        assert!(troubles().await.starts_with("missing_permission3"), "the same channel keeps them");
        ada.change("config", |config| config["default_channel_id"] = json!(second)).await.ok();
        assert_eq!(troubles().await, "-0");
        t.sql(degrade).await;
        let path = ada.path(&format!("streamers/{ana}"));
        let loaded = ada.browser.get(&path).await;
        let etag = loaded.header("etag").to_owned();
        let id = loaded.ok()["destinations"][0]["settings"]["id"].clone();
        let save = async |etag: &str, channel: &Value| {
            let body = json!({"enabled": true, "destinations": [{"id": id, "channel_id": channel}]});
            let saved = ada.browser.put_from(&path, etag, &body).await;
            (saved.header("etag").to_owned(), saved.ok())
        };
        let (etag, same) = save(&etag, &Value::Null).await;
        assert_eq!(same["destinations"][0]["degraded_reason"], "missing_permission");
        let (_, other) = save(&etag, &json!(ada.guild.channel)).await;
        let health = &other["destinations"][0];
        assert_eq!([&health["degraded_reason"], &health["next_check_at"]], [&Value::Null; 2]);
        assert_eq!(troubles().await, "-0");
        t.work().await;
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
