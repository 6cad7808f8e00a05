//! The Lambda binary: from process start to the first poll and the first answer, and its memory.

use crate::figures::{ms, percentile, resident_mib, say};
use serde_json::{Value, json};
use sm_sim::lambda_runtime::LambdaRuntime;
use sm_tests::{EVENTSUB_SECRET, World, process::Process, scenario};
use std::time::{Duration, Instant};
use time::format_description::well_known::Rfc3339;

const STARTS: usize = 30;
const EVENTS: usize = 10_000;

pub(crate) async fn run() {
    let size = std::fs::metadata(sm_tests::process::binary("bootstrap")).map_or(0, |m| m.len());
    say(&format!("\nLambda binary: {:.1} MB", size as f64 / 1e6));
    scenario(async |t| {
        let (mut polls, mut answers) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            let (poll, answer) = start(t).await;
            polls.push(poll);
            answers.push(answer);
        }
        polls.sort();
        answers.sort();
        let line = |what: &str, all: &[Duration]| {
            let (min, p50, max) = (all[0], percentile(all, 0.5), all[all.len() - 1]);
            say(&format!(
                "  {what:42} min {:5.1}  p50 {:5.1}  max {:5.1} ms",
                ms(min),
                ms(p50),
                ms(max)
            ));
        };
        line("process start → first poll", &polls);
        line("process start → answer of /api/health", &answers);
        memory(t).await;
    })
    .await;
}

async fn start(t: &World) -> (Duration, Duration) {
    let runtime = LambdaRuntime::start(Duration::from_secs(10)).await.expect("a free port");
    let mut settings = t.settings.clone();
    settings.extend(runtime.environment());
    let started = Instant::now();
    let _process = Process::start("bootstrap", &[], &settings);
    let polled = runtime.first_poll().await;
    runtime.invoke(http("GET", "/api/health", json!({}), "")).await.expect("an answer");
    (polled.duration_since(started), started.elapsed())
}

async fn memory(t: &World) {
    t.streamer("ana").await;
    let runtime = LambdaRuntime::start(Duration::from_secs(10)).await.expect("a free port");
    let mut settings = t.settings.clone();
    settings.extend(runtime.environment());
    let process = Process::start("bootstrap", &[], &settings);
    let pid = process.0.id();
    runtime.invoke(http("GET", "/api/health", json!({}), "")).await.expect("an answer");
    say(&format!("  resident after the first answer            {:5.1} MiB", resident_mib(pid)));
    let started = Instant::now();
    for n in 0..EVENTS {
        let answer = runtime.invoke(webhook(t, n)).await.expect("an answer").response();
        assert_eq!(answer["statusCode"], json!(204));
    }
    let each = started.elapsed() / u32::try_from(EVENTS).unwrap_or(1);
    say(&format!(
        "  resident after {EVENTS} webhooks            {:5.1} MiB  ({:.2} ms each)",
        resident_mib(pid),
        ms(each)
    ));
}

/// A message of a type that changes little, so that the figure is the process's own.
fn webhook(t: &World, n: usize) -> Value {
    let body = json!({
        "subscription": {"id": "s", "type": "channel.update", "version": "2", "status": "enabled"},
        "event": {"broadcaster_user_id": "70000001", "broadcaster_user_login": "ana", "title": format!("{n}")},
    })
    .to_string();
    let (id, timestamp) = (format!("m-{n}"), t.clock.now().format(&Rfc3339).unwrap_or_default());
    let signature = sm_sim::twitch::sign(EVENTSUB_SECRET, &id, &timestamp, body.as_bytes());
    let headers = json!({
        "twitch-eventsub-message-id": id, "twitch-eventsub-message-timestamp": timestamp,
        "twitch-eventsub-message-type": "notification", "twitch-eventsub-message-signature": signature,
    });
    http("POST", "/webhooks/twitch", headers, &body)
}

fn http(method: &str, path: &str, headers: Value, body: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": headers, "isBase64Encoded": false, "body": body,
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "b"},
            "requestId": "r", "routeKey": "$default", "stage": "$default", "domainName": "a.example",
            "time": "21/Nov/2026:18:05:09 +0000", "timeEpoch": 1_795_284_309_000_u64,
        },
    })
}
