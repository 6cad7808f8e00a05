//! Strangers: where they come from, what share they have, and what comes round the CDN.

use reqwest::{Response, header};
use serde_json::Value;
use sm_tests::{EVENTSUB_SECRET, World, process::Process, scenario};

const XFF: &str = "x-forwarded-for";

/// A server with the world's settings and these; its address.
fn serve(t: &World, changes: &[(&'static str, &str)]) -> (String, Process) {
    let mut settings = t.settings.clone();
    settings.extend(changes.iter().map(|(name, value)| (*name, (*value).to_owned())));
    Process::serve(&settings)
}

async fn get(address: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = sm_aws::lazy_http().get(format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

async fn status(address: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    get(address, path, headers).await.status().as_u16()
}

/// Asks until a request is refused; how many were not, beside those whose share has come meanwhile.
async fn passed(address: &str, path: &str, per_second: f64, headers: &[(&str, &str)]) -> usize {
    let begun = std::time::Instant::now();
    for passed in 0..1_000_usize {
        let answer = get(address, path, headers).await;
        if answer.status() != 429 {
            continue;
        }
        let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
        let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(problem["code"], "rate_limited");
        return passed.saturating_sub((begun.elapsed().as_secs_f64() * per_second) as usize);
    }
    panic!("nobody is refused at {path}");
}

#[tokio::test]
async fn one_source_uses_up_its_own_share_and_nobody_elses() {
    scenario(async |t| {
        let ada = t.signed_in(t.discord.add_user("ada", None)).await;
        let cookie = format!("__Host-session={}", ada.cookie("__Host-session").unwrap());
        let settings = [("SOURCE_REQUESTS_PER_SECOND", "5"), ("TRUSTED_PROXIES", "127.0.0.0/8")];
        let (address, _server) = serve(t, &settings);
        let stranger = [(XFF, "203.0.113.9")];
        let count = passed(&address, "/api/config", 5.0, &stranger).await;
        assert!((18..=21).contains(&count), "four seconds' worth: {count}");
        // What it writes itself makes nobody else of it.
        let forged = [(XFF, "198.51.100.1, 203.0.113.9")];
        let unsigned = [(XFF, "203.0.113.9"), ("cookie", "__Host-session=a.b.c")];
        for same in [&forged[..], &unsigned] {
            let count = passed(&address, "/api/config", 5.0, same).await;
            assert!(count <= 10, "{same:?}: {count}");
        }
        assert_eq!(status(&address, "/api/config", &[(XFF, "203.0.113.10")]).await, 200);
        let holder = [(XFF, "203.0.113.9"), ("cookie", cookie.as_str())];
        assert_eq!(status(&address, "/api/auth/me", &holder).await, 200, "by the session");
        // Whoever asks whether the process answers is no stranger's business.
        for _ in 0..50 {
            assert_eq!(status(&address, "/api/health", &stranger).await, 200);
        }
    })
    .await;
}

#[tokio::test]
async fn sign_in_is_a_smaller_part_of_the_share() {
    scenario(async |t| {
        let settings = [("SOURCE_REQUESTS_PER_SECOND", "10"), ("TRUSTED_PROXIES", "127.0.0.1")];
        let (address, _server) = serve(t, &settings);
        for (n, path) in [
            "/api/auth/discord/login",
            "/api/auth/discord/callback",
            "/api/auth/twitch/callback",
            "/api/invites/abc/link",
        ]
        .iter()
        .enumerate()
        {
            let stranger = format!("203.0.113.{n}");
            let count = passed(&address, path, 2.0, &[(XFF, &stranger)]).await;
            assert!((7..=9).contains(&count), "{path}: {count}");
            assert_eq!(status(&address, "/api/config", &[(XFF, &stranger)]).await, 200, "the rest");
        }
    })
    .await;
}

#[tokio::test]
async fn holder_of_one_session_leaves_the_api_to_others() {
    scenario(async |t| {
        let ben = t.signed_in(t.discord.add_user("ben", None)).await;
        let (address, _server) = serve(t, &[("SOURCE_REQUESTS_PER_SECOND", "5")]);
        let cookie = format!("__Host-session={}", ben.cookie("__Host-session").unwrap());
        // By its signature it is a session still.
        assert_eq!(ben.delete("/api/auth/sessions?all=true").await.status, 204);
        let holder = [("cookie", cookie.as_str())];
        let count = passed(&address, "/api/config", 5.0, &holder).await;
        assert!((18..=21).contains(&count), "{count}");
        assert_eq!(status(&address, "/api/config", &[]).await, 200);
    })
    .await;
}

#[tokio::test]
async fn header_of_a_proxy_that_nobody_has_named_is_not_read() {
    scenario(async |t| {
        let (address, _server) = serve(t, &[("SOURCE_REQUESTS_PER_SECOND", "1")]);
        let mut refused = 0;
        for n in 0..10 {
            let forged = format!("203.0.113.{n}");
            let headers = [(XFF, forged.as_str()), ("x-viewer-address", forged.as_str())];
            refused += u32::from(status(&address, "/api/config", &headers).await == 429);
        }
        assert!(refused >= 3, "{refused} of 10 were refused");
    })
    .await;
}

#[tokio::test]
async fn what_comes_round_the_cdn_is_refused_unless_it_is_signed() {
    scenario(async |t| {
        let hashes = ["new-secret", "old-secret"].map(sm_tests::hash).join(",");
        let (address, _server) = serve(t, &[("ORIGIN_SECRET_HASHES", &hashes)]);
        for path in ["/api/config", "/api/health", "/api/auth/discord/login", "/api/none"] {
            let answer = get(&address, path, &[("x-origin-secret", "guess")]).await;
            assert_eq!(answer.status(), 403, "{path}");
            let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
            assert_eq!(problem["code"], "wrong_address");
            assert_eq!(status(&address, path, &[]).await, 403, "{path}");
        }
        // During a rotation the CDN sends either, or both.
        for secret in ["new-secret", "old-secret", "newer-secret,new-secret"] {
            let through = [("x-origin-secret", secret)];
            assert_eq!(status(&address, "/api/config", &through).await, 200, "{secret}");
        }
        let ana = t.twitch.add_user("ana", "Ana");
        let callback = format!("http://{address}/webhooks/twitch");
        t.twitch.subscribe(&ana, "stream.online", &callback, EVENTSUB_SECRET);
        let (_, event) = t.twitch.start_stream(&ana, "live");
        let delivery = sm_sim::twitch::Delivery::new("stream.online", event);
        assert_eq!(t.twitch.deliver(&ana, &delivery).await, [204]);
        t.discord.set_webhook_events_url(&format!("http://{address}/webhooks/discord"));
        assert_eq!(t.discord.send_ping().await, [204]);
        t.work().await;
    })
    .await;
}
