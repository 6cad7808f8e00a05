//! Secrets rotate without AWS: two values separated by a comma, one server restarted after the other.

use sm_tests::{EVENTSUB_SECRET, SESSION_SECRET, World, process::Process, scenario};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::time::sleep;

const NEW_SESSION: &str = "00112233445566778899aabbccddeeff";
const NEW_EVENTSUB: &str = "ffeeddccbbaa99887766554433221100";

fn settings(t: &World, session: &str, eventsub: &str) -> Vec<(&'static str, String)> {
    let mut all = t.settings.clone();
    all.retain(|(name, _)| !matches!(*name, "SESSION_SECRET" | "TWITCH_EVENTSUB_SECRET"));
    all.push(("SESSION_SECRET", session.to_owned()));
    all.push(("TWITCH_EVENTSUB_SECRET", eventsub.to_owned()));
    all.push(("USER_REQUESTS_PER_MINUTE", "1000000".to_owned()));
    all
}

/// A proxy that asks the second server when the first is away: what Caddy and nginx do.
struct Proxy([String; 2]);

impl Proxy {
    async fn send(&self, first: usize, request: impl Fn(&str) -> reqwest::RequestBuilder) -> u16 {
        for turn in 0..200 {
            if let Ok(answer) = request(&self.0[(first + turn) % 2]).send().await {
                return answer.status().as_u16();
            }
            sleep(Duration::from_millis(5)).await;
        }
        panic!("neither server answers");
    }
}

async fn webhook(t: &World, proxy: &Proxy, first: usize, secret: &str) -> u16 {
    let now = t.clock.now().format(&time::format_description::well_known::Rfc3339).unwrap();
    let id = uuid::Uuid::new_v4().to_string();
    let body = r#"{"subscription":{"id":"s","type":"channel.follow","version":"2","status":"enabled","cost":0,"condition":{}},"event":{}}"#;
    let signature = sm_sim::twitch::sign(secret, &id, &now, body.as_bytes());
    let http = sm_aws::lazy_http();
    proxy
        .send(first, |address| {
            http.post(format!("http://{address}/webhooks/twitch"))
                .header("Twitch-Eventsub-Message-Id", &id)
                .header("Twitch-Eventsub-Message-Timestamp", &now)
                .header("Twitch-Eventsub-Message-Signature", &signature)
                .header("Twitch-Eventsub-Message-Type", "notification")
                .body(body)
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarts_with_new_pairs_refuse_no_webhook_and_no_session() {
    let _loaded = sm_tests::machine().await;
    scenario(async |t| {
        let ada = t.discord.add_user("ada", None);
        let cookie = {
            let browser = t.signed_in(ada).await;
            format!("__Host-session={}", browser.cookie("__Host-session").unwrap())
        };
        let old = settings(t, SESSION_SECRET, EVENTSUB_SECRET);
        // First both servers learn to read the new one, then they use it, then the old one goes.
        let learn = settings(
            t,
            &format!("{SESSION_SECRET},{NEW_SESSION}"),
            &format!("{EVENTSUB_SECRET},{NEW_EVENTSUB}"),
        );
        let change = settings(
            t,
            &format!("{NEW_SESSION},{SESSION_SECRET}"),
            &format!("{NEW_EVENTSUB},{EVENTSUB_SECRET}"),
        );
        let [(one, first), (two, second)] = [(); 2].map(|()| Process::serve(&old));
        let proxy = Proxy([one, two]);
        let mut servers = [Some(first), Some(second)];
        let done = AtomicBool::new(false);
        // From when on sessions are signed and webhooks come under the new secrets.
        let changed = AtomicBool::new(false);
        let http = sm_aws::lazy_http();
        let flow = async {
            let (mut webhooks, mut sessions) = (0, 0);
            for turn in 0.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                assert_eq!(webhook(t, &proxy, turn, EVENTSUB_SECRET).await, 204);
                webhooks += 1;
                if changed.load(Ordering::Relaxed) {
                    assert_eq!(webhook(t, &proxy, turn, NEW_EVENTSUB).await, 204);
                    webhooks += 1;
                }
                let me = |address: &str| {
                    http.get(format!("http://{address}/api/auth/me")).header("cookie", &cookie)
                };
                assert_eq!(proxy.send(turn, me).await, 200);
                sessions += 1;
            }
            (webhooks, sessions)
        };
        let rotate = async {
            for pair in [&learn, &change] {
                for (server, address) in servers.iter_mut().zip(&proxy.0) {
                    let mut stopping = server.take().unwrap();
                    let id = stopping.0.id().to_string();
                    std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap();
                    let ended = tokio::task::spawn_blocking(move || stopping.0.wait());
                    assert!(ended.await.unwrap().unwrap().success());
                    let (address, pair) = (address.clone(), pair.clone());
                    let started =
                        tokio::task::spawn_blocking(move || Process::serve_at(&address, &pair));
                    *server = Some(started.await.unwrap());
                    sleep(Duration::from_millis(300)).await;
                }
                changed.store(true, Ordering::Relaxed);
            }
            done.store(true, Ordering::Relaxed);
        };
        let ((webhooks, sessions), ()) = tokio::join!(flow, rotate);
        // Some of each at every step, however busy the machine is.
        assert!(webhooks > 20 && sessions > 10, "{webhooks} webhooks and {sessions} requests");
        // Without the old ones, what they signed is refused.
        drop(servers);
        let after = settings(t, NEW_SESSION, NEW_EVENTSUB);
        let (address, _server) = Process::serve(&after);
        let proxy = Proxy([address.clone(), address]);
        assert_eq!(webhook(t, &proxy, 0, EVENTSUB_SECRET).await, 403);
        assert_eq!(webhook(t, &proxy, 0, NEW_EVENTSUB).await, 204);
    })
    .await;
}
