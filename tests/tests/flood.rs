//! Strangers flood every public route at once: Twitch's webhooks and those who work in the dashboard notice nothing.

use futures_util::stream::{FuturesUnordered, StreamExt};
use reqwest::RequestBuilder;
use serde_json::json;
use sm_aws::Http;
use sm_tests::{EVENTSUB_SECRET, World, process::Process, scenario_within};
use sm_types::TwitchUserId;
use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::Rc,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use time::format_description::well_known::Rfc3339;
use tokio::time::{Instant, interval};

/// How often a second each kind of stranger's request comes when nothing is set to less.
const FORGED_WEBHOOKS: u32 = 2_000;
const ANONYMOUS: u32 = 2_000;
/// A sign-in begun and a callback with its cookie make two.
const SIGN_INS: u32 = 500;
const GENUINE_WEBHOOKS: u32 = 50;
const ADMIN_REQUESTS: u32 = 20;
/// Each streamer goes live once a second, which is more than any does.
const STREAMERS: u32 = GENUINE_WEBHOOKS;
/// An admin works at this pace at most; all of them together are the requests above.
const ADMINS: u32 = 4;
/// A flood does not wait for answers, but a machine has room for only so many connections.
const UNDER_WAY: usize = 400;

fn setting(name: &str, default: u32) -> u32 {
    #[expect(clippy::disallowed_methods, reason = "how large the flood is")]
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What one kind of request came to: status and count, and how long each took.
#[derive(Default)]
struct Seen {
    statuses: BTreeMap<u16, u32>,
    took: Vec<Duration>,
}

impl Seen {
    /// What half of them took at most, and what 99 of 100 did.
    fn latency(&mut self) -> [Duration; 2] {
        self.took.sort_unstable();
        let at = |percent: usize| self.took.get(self.took.len() * percent / 100);
        [50, 99].map(|percent| at(percent).copied().unwrap_or_default())
    }
}

/// Sends `per_second` requests until `end`, without waiting for their answers.
async fn send(
    per_second: u32,
    end: Instant,
    request: impl AsyncFn() -> Vec<RequestBuilder>,
) -> Seen {
    let (seen, room) =
        (Rc::new(RefCell::new(Seen::default())), tokio::sync::Semaphore::new(UNDER_WAY));
    let one = async || {
        for request in request().await {
            let begun = Instant::now();
            // A connection that does not come about is the machine's, not the product's.
            let Ok(answer) = request.send().await else { continue };
            let mut seen = seen.borrow_mut();
            *seen.statuses.entry(answer.status().as_u16()).or_default() += 1;
            seen.took.push(begun.elapsed());
        }
    };
    let mut under_way = FuturesUnordered::new();
    let mut tick = interval(Duration::from_secs(1) / per_second.min(200));
    let at_once = per_second.div_ceil(200);
    while Instant::now() < end {
        tokio::select! {
            _ = tick.tick() => {
                for _ in 0..at_once {
                    if let Ok(place) = room.try_acquire() {
                        under_way.push(async { one().await; drop(place) });
                    }
                }
            }
            _ = under_way.next(), if !under_way.is_empty() => {}
        }
    }
    while under_way.next().await.is_some() {}
    drop(under_way);
    seen.take()
}

/// One of many addresses; every other request comes from the same.
fn stranger() -> String {
    static TURN: AtomicU32 = AtomicU32::new(0);
    let turn = TURN.fetch_add(1, Ordering::Relaxed);
    if turn.is_multiple_of(2) {
        return "203.0.113.9".to_owned();
    }
    format!("198.{}.{}.{}", 18 + turn % 2, turn / 2 % 250, turn / 500 % 250)
}

fn webhook(
    t: &World,
    http: &Http,
    url: &str,
    secret: &str,
    streamer: &TwitchUserId,
) -> RequestBuilder {
    let id = uuid::Uuid::new_v4().to_string();
    let subscription = json!({ "id": "s", "type": "stream.online", "version": "1", "status": "enabled",
        "cost": 0, "condition": { "broadcaster_user_id": streamer } });
    let now = t.clock.now().format(&Rfc3339).unwrap();
    let event = json!({ "id": id, "broadcaster_user_id": streamer, "broadcaster_user_login": "ana",
        "broadcaster_user_name": "Ana", "type": "live", "started_at": now });
    let body = json!({ "subscription": subscription, "event": event }).to_string();
    let signature = sm_sim::twitch::sign(secret, &id, &now, body.as_bytes());
    let request = http.post(format!("{url}/webhooks/twitch"));
    request
        .header("Twitch-Eventsub-Message-Id", &id)
        .header("Twitch-Eventsub-Message-Timestamp", now)
        .header("Twitch-Eventsub-Message-Signature", signature)
        .header("Twitch-Eventsub-Message-Type", "notification")
        .body(body)
}

/// Begins a sign-in as a script would, and comes back with a code that it has made up.
async fn sign_in(http: &Http, url: &str) -> Vec<RequestBuilder> {
    let from = stranger();
    let get = |path: String| http.get(path).header("x-forwarded-for", &from);
    let begun = get(format!("{url}/api/auth/discord/login"));
    let Ok(answer) = begun.send().await else { return Vec::new() };
    let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let (Some(page), Some(cookie)) = (text("location"), text("set-cookie")) else {
        return vec![get(format!("{url}/api/auth/discord/callback?code=x&state=y"))];
    };
    let state = page.split("state=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or("");
    let cookie = cookie.split(';').next().unwrap_or("").to_owned();
    let callback = format!("{url}/api/auth/discord/callback?code=made-up&state={state}");
    vec![get(callback).header("cookie", cookie)]
}

/// Kilobytes that a process has in memory.
fn memory(process: &Process) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.0.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn strangers_keep_neither_webhooks_nor_admins_out() {
    let _loaded = sm_tests::machine().await;
    let (seconds, percent) = (setting("FLOOD_SECONDS", 3), setting("FLOOD_PERCENT", 5));
    scenario_within(Duration::from_secs(u64::from(seconds) * 5 + 240), async |t| {
        let mut streamers = Vec::new();
        for n in 0..STREAMERS {
            streamers.push(t.streamer(&format!("streamer{n}")).await);
        }
        let mut cookies = Vec::new();
        for n in 0..ADMINS {
            let admin = t.signed_in(t.discord.add_user(&format!("admin{n}"), None)).await;
            cookies.push(format!("__Host-session={}", admin.cookie("__Host-session").unwrap()));
        }
        let mut settings = t.settings.clone();
        // As it is when nothing is set, with the proxy that stands in front of it.
        let limits = ["API_RATE", "WEBHOOK_RATE", "SOURCE_REQUESTS", "SIGN_INS"];
        settings.retain(|(name, _)| !limits.iter().any(|limit| name.starts_with(limit)));
        settings.push(("TRUSTED_PROXIES", "127.0.0.0/8".to_owned()));
        settings.push(("USER_REQUESTS_PER_MINUTE", "6000".to_owned()));
        settings.push(("LOG_LEVEL", "warn".to_owned()));
        let (address, server) = Process::serve(&settings);
        let url = format!("http://{address}");
        let (http, begun) = (sm_aws::lazy_http(), Instant::now());
        let end = begun + Duration::from_secs(seconds.into());
        let of = |whole: u32| (whole * percent / 100).max(1);
        let exchanged = t.discord.token_exchanges();

        let forged = send(of(FORGED_WEBHOOKS), end, async || vec![webhook(t, &http, &url, "wrong secret", &streamers[0])]);
        let anonymous = send(of(ANONYMOUS), end, async || {
            let request = http.get(format!("{url}/api/config"));
            vec![request.header("x-forwarded-for", stranger())]
        });
        let sign_ins = send(of(SIGN_INS), end, async || sign_in(&http, &url).await);
        let (next_streamer, next_admin) = (AtomicU32::new(0), AtomicU32::new(0));
        let genuine = send(GENUINE_WEBHOOKS, end, async || {
            let streamer = next_streamer.fetch_add(1, Ordering::Relaxed) % STREAMERS;
            vec![webhook(t, &http, &url, EVENTSUB_SECRET, &streamers[streamer as usize])]
        });
        let admins = send(ADMIN_REQUESTS, end, async || {
            let admin = next_admin.fetch_add(1, Ordering::Relaxed) % ADMINS;
            let cookie = &cookies[admin as usize];
            let request = http.get(format!("{url}/api/auth/me"));
            vec![request.header("cookie", cookie)]
        });
        let grown = async {
            tokio::time::sleep((end - begun) / 4).await;
            let before = memory(&server);
            tokio::time::sleep_until(end).await;
            (before, memory(&server))
        };
        let (forged, anonymous, sign_ins, mut genuine, mut admins, (before, after)) =
            tokio::join!(forged, anonymous, sign_ins, genuine, admins, grown);
        let exchanged = t.discord.token_exchanges() - exchanged;
        let latencies = [genuine.latency(), admins.latency()];
        println!(
            "{seconds} s at {percent} %: forged {:?}, anonymous {:?}, callbacks {:?}; genuine {:?}, admins {:?}, \
             their p50 and p99 {latencies:?}; {exchanged} exchanges; memory {before} to {after} kB",
            forged.statuses, anonymous.statuses, sign_ins.statuses, genuine.statuses, admins.statuses,
        );
        assert!(forged.statuses.keys().all(|status| *status == 403), "{:?}", forged.statuses);
        assert!(anonymous.statuses.contains_key(&429), "{:?}", anonymous.statuses);
        assert!(anonymous.statuses.keys().all(|status| matches!(status, 200 | 429)));
        assert!(sign_ins.statuses.keys().all(|status| matches!(status, 303 | 429)));
        assert!(genuine.statuses.keys().all(|status| *status == 204), "{:?}", genuine.statuses);
        assert!(admins.statuses.keys().all(|status| *status == 200), "{:?}", admins.statuses);
        assert!(!genuine.took.is_empty() && !admins.took.is_empty());
        assert!(exchanged > 0 && exchanged <= u64::from(seconds + 1) * 5 + 5, "{exchanged} exchanges");
        assert!(after - before < 64 * 1024, "from {before} to {after} kB");
        drop(server);
        // What the last requests have left behind is claimed by nobody any more.
        t.clock.advance(time::Duration::minutes(1));
        t.work().await;
    })
    .await;
}
