//! Strangers who flood every public route at once, beside Twitch's webhooks and people at work in the dashboard.

use crate::{EVENTSUB_SECRET, World, process::Process};
use futures_util::stream::{FuturesUnordered, StreamExt};
use reqwest::RequestBuilder;
use serde_json::json;
use sm_aws::Http;
use sm_sim::twitch;
use sm_types::{Clock, TwitchUserId};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt,
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

/// What one kind of request came to.
#[derive(Default)]
pub struct Seen {
    /// How many were answered with each status.
    pub statuses: BTreeMap<u16, u32>,
    /// How long each took, the shortest first.
    pub took: Vec<Duration>,
}

impl Seen {
    /// What so many of a hundred took at most.
    fn percentile(&self, percent: usize) -> Duration {
        self.took.get(self.took.len() * percent / 100).copied().unwrap_or_default()
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |percent| self.percentile(percent).as_secs_f64() * 1e3;
        for (status, count) in &self.statuses {
            write!(f, "{count:6} × {status}  ")?;
        }
        write!(f, "p50 {:.1}  p99 {:.1} ms", ms(50), ms(99))
    }
}

/// What a flood came to.
pub struct Flooded {
    pub forged: Seen,
    pub anonymous: Seen,
    pub callbacks: Seen,
    /// Webhooks that Twitch has signed.
    pub genuine: Seen,
    pub admins: Seen,
    /// Codes that Discord was asked to exchange.
    pub exchanged: u64,
    /// Kilobytes that the server had in memory after a quarter of it, and at its end.
    pub memory: [i64; 2],
}

impl fmt::Display for Flooded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, seen) in [
            ("forged webhooks", &self.forged),
            ("anonymous requests", &self.anonymous),
            ("callbacks", &self.callbacks),
            ("genuine webhooks", &self.genuine),
            ("admins", &self.admins),
        ] {
            writeln!(f, "  {kind:18}  {seen}")?;
        }
        let [before, after] = self.memory.map(|size| size / 1024);
        write!(f, "  {} exchanges at Discord; memory {before} → {after} MiB", self.exchanged)
    }
}

/// A server with its limits as they are when nothing is set, flooded for some seconds, with so many percent of 2,000 forged
/// webhooks, 2,000 anonymous requests and 500 sign-ins a second.
pub async fn flood(t: &World, seconds: u32, percent: u32) -> Flooded {
    let mut streamers = Vec::new();
    for n in 0..STREAMERS {
        streamers.push(t.streamer(&format!("streamer{n}")).await);
    }
    let mut cookies = Vec::new();
    for n in 0..ADMINS {
        let admin = t.signed_in(t.discord.add_user(&format!("admin{n}"), None)).await;
        let cookie = admin.cookie("__Host-session").expect("a session");
        cookies.push(format!("__Host-session={cookie}"));
    }
    let mut settings = t.settings.clone();
    // With the proxy that stands in front of it.
    let limits = ["API_RATE", "WEBHOOK_RATE", "SOURCE_REQUESTS", "SIGN_INS"];
    settings.retain(|(name, _)| !limits.iter().any(|limit| name.starts_with(limit)));
    settings.push(("TRUSTED_PROXIES", "127.0.0.0/8".to_owned()));
    settings.push(("USER_REQUESTS_PER_MINUTE", "6000".to_owned()));
    settings.push(("LOG_LEVEL", "warn".to_owned()));
    let (address, server) = Process::serve(&settings);
    let url = format!("http://{address}");
    let (http, begun) = (sm_aws::lazy_http(), Instant::now());
    let end = begun + Duration::from_secs(seconds.into());
    let exchanged = t.discord.token_exchanges();

    let (clock, target, victim) = (t.clock.clone(), url.clone(), streamers[0].clone());
    // On a thread of its own: what they wait for is not what the others are measured by.
    let strangers = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(strangers(&clock, &target, &victim, percent, end))
    });
    let (next_streamer, next_admin) = (AtomicU32::new(0), AtomicU32::new(0));
    let genuine = send(GENUINE_WEBHOOKS, end, async || {
        let streamer = next_streamer.fetch_add(1, Ordering::Relaxed) % STREAMERS;
        vec![webhook(&t.clock, &http, &url, EVENTSUB_SECRET, &streamers[streamer as usize])]
    });
    let admins = send(ADMIN_REQUESTS, end, async || {
        let admin = next_admin.fetch_add(1, Ordering::Relaxed) % ADMINS;
        let request = http.get(format!("{url}/api/auth/me"));
        vec![request.header("cookie", &cookies[admin as usize])]
    });
    let memory = async {
        tokio::time::sleep((end - begun) / 4).await;
        let before = resident(&server);
        tokio::time::sleep_until(end).await;
        [before, resident(&server)]
    };
    let (strangers, genuine, admins, memory) = tokio::join!(strangers, genuine, admins, memory);
    let (forged, anonymous, callbacks) = strangers.expect("they come to their end");
    let exchanged = t.discord.token_exchanges() - exchanged;
    drop(server);
    // What the last requests have left behind is claimed by nobody any more; then what was planned for later.
    for _ in 0..2 {
        t.after(time::Duration::minutes(5)).await;
    }
    Flooded { forged, anonymous, callbacks, genuine, admins, exchanged, memory }
}

async fn strangers(
    clock: &Clock,
    url: &str,
    victim: &TwitchUserId,
    percent: u32,
    end: Instant,
) -> (Seen, Seen, Seen) {
    let http = sm_aws::lazy_http();
    let of = |whole: u32| (whole * percent / 100).max(1);
    let forged = send(of(FORGED_WEBHOOKS), end, async || {
        vec![webhook(clock, &http, url, "wrong secret", victim)]
    });
    let anonymous = send(of(ANONYMOUS), end, async || {
        let request = http.get(format!("{url}/api/config"));
        vec![request.header("x-forwarded-for", stranger())]
    });
    let sign_ins = send(of(SIGN_INS), end, async || sign_in(&http, url).await);
    tokio::join!(forged, anonymous, sign_ins)
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
    let mut seen = seen.take();
    seen.took.sort_unstable();
    seen
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
    clock: &Clock,
    http: &Http,
    url: &str,
    secret: &str,
    streamer: &TwitchUserId,
) -> RequestBuilder {
    let id = uuid::Uuid::new_v4().to_string();
    let subscription = json!({ "id": "s", "type": "stream.online", "version": "1", "status": "enabled",
        "cost": 0, "condition": { "broadcaster_user_id": streamer } });
    let now = clock.now().format(&Rfc3339).expect("a time");
    let event = json!({ "id": id, "broadcaster_user_id": streamer, "broadcaster_user_login": "ana",
        "broadcaster_user_name": "Ana", "type": "live", "started_at": now });
    let body = json!({ "subscription": subscription, "event": event }).to_string();
    let signature = twitch::sign(secret, &id, &now, body.as_bytes());
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
fn resident(process: &Process) -> i64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", process.0.id())).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("Linux");
    line.split_whitespace().nth(1).and_then(|size| size.parse().ok()).expect("a number")
}
