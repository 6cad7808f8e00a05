//! Signing in with Discord: the way there and back, sessions, and everything that can go wrong.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use sm_services::SecurityEvent;
use sm_tests::{World, scenario};
use sm_types::UserId;
use time::Duration;

const SESSION: &str = "__Host-session";
const CONSENT: &str = "__Host-consent";

fn ada(t: &World) -> UserId {
    t.discord.add_user("ada", Some("Ada"))
}

#[tokio::test]
async fn person_signs_in_is_known_and_signs_out() {
    scenario(async |t| {
        let ada = ada(t);
        let browser = t.browser();
        browser.get("/api/auth/me").await.refused(401, "unauthenticated");
        let begun = browser.get("/api/auth/discord/login?return_to=/s/1/streamers").await;
        let landed = browser.consent(begun.location(), &format!("as={ada}")).await;
        assert_eq!(landed.location(), "/s/1/streamers");
        assert_eq!(browser.cookie(CONSENT), None, "the consent is over");
        let me = browser.get("/api/auth/me").await.ok();
        assert_eq!((&me["id"], &me["username"]), (&json!(ada.to_string()), &json!("ada")));
        let cookie = browser.cookie(SESSION).unwrap();
        assert_eq!(browser.post("/api/auth/logout", &json!({})).await.status, 204);
        assert_eq!(browser.cookie(SESSION), None);
        // Somebody who kept the cookie is out as well.
        browser.set_cookie(SESSION, &cookie);
        browser.get("/api/auth/me").await.refused(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn cookies_cannot_be_read_or_sent_from_elsewhere() {
    scenario(async |t| {
        let ada = ada(t);
        let browser = t.browser();
        let begun = browser.get("/api/auth/discord/login").await;
        let consent = begun.header("set-cookie").to_owned();
        assert!(consent.contains("SameSite=Lax") && consent.contains("Max-Age=600"), "{consent}");
        let landed = browser.consent(begun.location(), &format!("as={ada}")).await;
        let set: Vec<_> =
            landed.headers.get_all("set-cookie").iter().map(|v| v.to_str().unwrap()).collect();
        let session = set.iter().find(|text| text.starts_with(SESSION)).unwrap();
        assert!(session.contains("SameSite=Strict") && session.contains("Max-Age=86400"));
    })
    .await;
}

#[tokio::test]
async fn every_way_out_of_the_consent_page_leads_to_words() {
    scenario(async |t| {
        let ada = ada(t);
        let denied = t.browser();
        let begun = denied.get("/api/auth/discord/login").await;
        let landed = denied.consent(begun.location(), "deny=1").await;
        assert_eq!(landed.location(), "/login?error=access_denied");
        let begun = denied
            .get("/api/auth/discord/login?return_to=/s/1/deliveries?status=failed%26x=1")
            .await;
        let landed = denied.consent(begun.location(), "deny=1").await;
        let wanted = "%2Fs%2F1%2Fdeliveries%3Fstatus%3Dfailed%26x%3D1";
        assert_eq!(landed.location(), format!("/login?return_to={wanted}&error=access_denied"));

        // The answer to another browser's question.
        let (one, other) = (t.browser(), t.browser());
        let begun = one.get("/api/auth/discord/login").await;
        other.get("/api/auth/discord/login").await;
        let landed = other.consent(begun.location(), &format!("as={ada}")).await;
        assert_eq!(landed.location(), "/login?error=state_mismatch");
        assert_eq!(other.cookie(SESSION), None);

        let none = t.browser();
        let landed = none.get("/api/auth/discord/callback?code=x&state=y").await;
        assert_eq!(landed.location(), "/login?error=state_mismatch");
        let landed = none.get("/api/auth/discord/callback").await;
        assert_eq!(landed.location(), "/login?error=state_mismatch");
        let landed = none.get("/api/auth/discord/callback?error=server_error").await;
        assert_eq!(landed.location(), "/login?error=consent_failed");

        let late = t.browser();
        let begun = late.get("/api/auth/discord/login").await;
        t.clock.advance(Duration::minutes(11));
        let landed = late.consent(begun.location(), &format!("as={ada}")).await;
        assert_eq!(landed.location(), "/login?error=state_mismatch");
    })
    .await;
}

#[tokio::test]
async fn code_works_once() {
    scenario(async |t| {
        let ada = ada(t);
        let browser = t.browser();
        let begun = browser.get("/api/auth/discord/login").await;
        let consent = browser.cookie(CONSENT).unwrap();
        let page = format!("{}&as={ada}", begun.location());
        let answered = sm_aws::lazy_http().get(page).send().await.unwrap();
        let callback = answered.headers()["location"].to_str().unwrap().to_owned();
        let path = callback.strip_prefix(&t.url).unwrap();
        assert_eq!(browser.get(path).await.location(), "/servers");
        let replay = t.browser();
        replay.set_cookie(CONSENT, &consent);
        let exchanges = t.discord.token_exchanges();
        assert_eq!(replay.get(path).await.location(), "/login?error=code_refused");
        assert_eq!(t.discord.token_exchanges(), exchanges, "Discord is not asked again");
        assert_eq!(replay.cookie(SESSION), None);
        assert_eq!(t.count("sessions").await, 1);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_sent_to_another_host() {
    scenario(async |t| {
        let ada = ada(t);
        for to in
            ["//evil.example", "/\\\\evil.example", "https://evil.example", "%2F%2Fevil.example"]
        {
            let browser = t.browser();
            let begun = browser.get(&format!("/api/auth/discord/login?return_to={to}")).await;
            let landed = browser.consent(begun.location(), &format!("as={ada}")).await;
            assert_eq!(landed.location(), "/servers", "{to}");
        }
    })
    .await;
}

#[tokio::test]
async fn forged_expired_and_foreign_cookies_are_no_sessions() {
    scenario(async |t| {
        let browser = t.signed_in(ada(t)).await;
        let good = browser.cookie(SESSION).unwrap();
        let parts: Vec<_> = good.split('.').collect();
        let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let none = part(json!({"alg": "none", "typ": "JWT"}));
        let consent = t.browser();
        consent.get("/api/auth/discord/login").await;
        let forged = [
            format!("{none}.{}.", parts[1]),
            format!("{none}.{}.{}", parts[1], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}.{}", parts[0], part(json!({"sub": "1"})), parts[2]),
            consent.cookie(CONSENT).unwrap(),
            "x".repeat(5_000),
        ];
        for cookie in forged {
            browser.set_cookie(SESSION, &cookie);
            browser.get("/api/auth/me").await.refused(401, "unauthenticated");
        }
        browser.set_cookie(SESSION, &good);
        browser.get("/api/auth/me").await.ok();
        t.clock.advance(Duration::hours(25));
        browser.get("/api/auth/me").await.refused(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended_at_once() {
    scenario(async |t| {
        let ada = ada(t);
        let (one, two, three) =
            (t.signed_in(ada).await, t.signed_in(ada).await, t.signed_in(ada).await);
        let stranger = t.signed_in(t.discord.add_user("ben", None)).await;
        let all = one.get("/api/auth/sessions").await.ok();
        assert_eq!(all.as_array().unwrap().len(), 3);
        let other = all.as_array().unwrap().iter().find(|s| s["current"] == false).unwrap();
        let path = format!("/api/auth/sessions/{}", other["id"].as_str().unwrap());
        stranger.delete(&path).await.refused(404, "not_found");
        assert_eq!(one.delete(&path).await.status, 204);
        one.delete(&path).await.refused(404, "not_found");
        let left = [&two, &three];
        let mut alive = 0;
        for browser in left {
            alive += u32::from(browser.get("/api/auth/me").await.status == 200);
        }
        assert_eq!(alive, 1);
        assert_eq!(one.delete("/api/auth/sessions").await.status, 204);
        assert_eq!(one.get("/api/auth/sessions").await.ok().as_array().unwrap().len(), 1);
        assert_eq!(one.delete("/api/auth/sessions?all=true").await.status, 204);
        assert_eq!(one.cookie(SESSION), None);
        stranger.get("/api/auth/me").await.ok();
    })
    .await;
}

#[tokio::test]
async fn writes_from_other_sites_are_refused() {
    scenario(async |t| {
        let browser = t.signed_in(ada(t)).await;
        let post = async |headers: &[(&str, &str)]| {
            browser.send(reqwest::Method::POST, "/api/auth/logout", headers, None).await
        };
        for origin in ["https://evil.example", "null", ""] {
            post(&[("origin", origin)]).await.refused(403, "cross_site");
        }
        post(&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")])
            .await
            .refused(403, "cross_site");
        browser.get("/api/auth/me").await.ok();
        assert_eq!(post(&[]).await.status, 204);
    })
    .await;
}

#[tokio::test]
async fn guild_list_is_fetched_rarely_and_survives_discord() {
    scenario(async |t| {
        let ada = ada(t);
        let guild = t.discord.add_guild("Corner");
        t.discord.set_owner(guild, ada);
        let browser = t.signed_in(ada).await;
        assert_eq!(t.discord.guild_list_requests(), 1);
        let list = browser.get("/api/guilds").await.ok();
        assert_eq!(list["can_add"][0]["name"], "Corner");
        browser.get("/api/guilds?refresh=true").await.ok();
        assert_eq!(t.discord.guild_list_requests(), 1, "once a minute at most");
        t.clock.advance(Duration::seconds(61));
        browser.get("/api/guilds?refresh=true").await.ok();
        assert_eq!(t.discord.guild_list_requests(), 2);
        t.clock.advance(Duration::minutes(6));
        t.discord.set_down(true);
        t.sql("delete from rate_buckets").await;
        let list = browser.get("/api/guilds").await.ok();
        assert_eq!(list["problem"], "discord_unavailable");
        assert_eq!(list["can_add"][0]["name"], "Corner");
        t.discord.set_down(false);
    })
    .await;
}

#[tokio::test]
async fn deauthorised_event_ends_sessions_and_must_be_signed() {
    scenario(async |t| {
        let ada = ada(t);
        let browser = t.signed_in(ada).await;
        t.discord.set_webhook_events_url(&format!("{}/webhooks/discord", t.url));
        assert_eq!(t.discord.send_ping().await, [204]);
        let counted = SecurityEvent::WebhookSignature.counted();
        for signing in [
            sm_sim::discord::Signing::Bad,
            sm_sim::discord::Signing::Missing,
            sm_sim::discord::Signing::Stale,
        ] {
            let body = br#"{"version":1,"type":0}"#;
            assert_eq!(t.discord.send_event(body, signing).await, [401]);
        }
        // Other tests of this process may count as well.
        assert!(SecurityEvent::WebhookSignature.counted() >= counted + 3);
        for garbage in [b"[]".as_slice(), b"", b"\xff", br#"{"type":1,"event":{"type":"NEW"}}"#] {
            let good = sm_sim::discord::Signing::Good;
            assert_eq!(t.discord.send_event(garbage, good).await, [204]);
        }
        browser.get("/api/auth/me").await.ok();
        assert_eq!(t.discord.send_application_deauthorized(ada).await, [204]);
        browser.get("/api/auth/me").await.refused(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn account_is_exported_and_deleted() {
    scenario(async |t| {
        let ada = ada(t);
        let browser = t.signed_in(ada).await;
        let file = browser.get("/api/users/me/export").await;
        assert!(file.header("content-disposition").starts_with("attachment"));
        let data = file.ok();
        assert_eq!(data["user"]["username"], "ada");
        assert_eq!(data["sessions"].as_array().unwrap().len(), 1);
        assert!(!data.to_string().contains("token"), "{data}");
        assert_eq!(browser.delete("/api/users/me").await.status, 204);
        assert_eq!(browser.cookie(SESSION), None);
        for table in ["users", "sessions", "user_guilds", "user_preferences"] {
            assert_eq!(t.count(table).await, 0, "{table}");
        }
    })
    .await;
}
