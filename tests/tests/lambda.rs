//! The real `bootstrap` behind the Lambda Runtime API, with raw events.

use serde_json::{Value, json};
use sm_sim::lambda_runtime::{LambdaRuntime, Outcome};
use sm_tests::{World, process::Process, scenario};
use sm_types::TwitchUserId;
use std::time::Duration;

pub(crate) struct Function {
    runtime: LambdaRuntime,
    _process: Process,
}

impl Function {
    async fn start(t: &World) -> Self {
        Self::start_with(t, &[]).await
    }

    pub(crate) async fn start_with(t: &World, changes: &[(&'static str, &str)]) -> Self {
        let runtime = LambdaRuntime::start(Duration::from_secs(30)).await.unwrap();
        let mut settings = t.settings.clone();
        settings.extend(changes.iter().map(|(name, value)| (*name, (*value).to_owned())));
        settings.extend(runtime.environment());
        let process = Process::start("bootstrap", &[], &settings);
        Self { runtime, _process: process }
    }

    pub(crate) async fn invoke(&self, event: Value) -> Outcome {
        self.runtime.invoke(event).await.expect("the function answers in time")
    }
}

pub(crate) fn http(method: &str, path: &str, headers: Value, body: &str, base64: bool) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": headers, "isBase64Encoded": base64, "body": body,
        "requestContext": {
            "accountId": "1", "apiId": "a", "domainName": "a.example", "domainPrefix": "a",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "t"},
            "requestId": "r", "routeKey": "$default", "stage": "$default",
            "time": "21/Nov/2026:18:05:09 +0000", "timeEpoch": 1_795_284_309_000_u64,
        },
    })
}

/// A streamer called Ana goes live: Twitch's webhook as API Gateway hands it over.
pub(crate) fn go_live(t: &World, ana: &TwitchUserId) -> Value {
    let body = json!({
        "subscription": {"id": "s", "type": "stream.online", "version": "1", "status": "enabled"},
        "event": {"id": "46", "broadcaster_user_id": ana, "broadcaster_user_login": "ana",
                  "broadcaster_user_name": "Ana", "type": "live", "started_at": "2026-11-21T18:05:02Z"},
    })
    .to_string();
    let timestamp = t.clock.now().format(&time::format_description::well_known::Rfc3339).unwrap();
    let signature =
        sm_sim::twitch::sign(sm_tests::EVENTSUB_SECRET, "m-1", &timestamp, body.as_bytes());
    let headers = json!({
        "content-type": "application/json", "twitch-eventsub-message-id": "m-1",
        "twitch-eventsub-message-timestamp": timestamp, "twitch-eventsub-message-type": "notification",
        "twitch-eventsub-message-signature": signature,
    });
    // API Gateway hands bodies over in base64 when it takes them for binary.
    let encoded = base64(body.as_bytes());
    http("POST", "/webhooks/twitch", headers, &encoded, true)
}

#[tokio::test]
async fn health_answers_without_a_database() {
    scenario(async |t| {
        let function = Function::start(t).await;
        let answer =
            function.invoke(http("GET", "/api/health", json!({}), "", false)).await.response();
        assert_eq!(answer["statusCode"], json!(200), "{answer}");
        assert!(answer["body"].as_str().unwrap().contains("\"ok\""));
    })
    .await;
}

#[tokio::test]
async fn stranger_is_known_by_the_connection_and_by_what_the_cdn_says() {
    scenario(async |t| {
        let hash = sm_tests::hash("origin-secret");
        let settings =
            [("SOURCE_REQUESTS_PER_SECOND", "1"), ("ORIGIN_SECRET_HASHES", hash.as_str())];
        let function = Function::start_with(t, &settings).await;
        let ask = async |source_ip: &str, headers: Value| {
            let mut event = http("GET", "/api/config", headers, "", false);
            event["requestContext"]["http"]["sourceIp"] = json!(source_ip);
            function.invoke(event).await.response()["statusCode"].as_u64().unwrap()
        };
        let by_cdn = |viewer: &str, forged: u8| {
            json!({ "x-origin-secret": "origin-secret", "x-viewer-address": viewer,
                    "x-forwarded-for": format!("198.51.100.{forged}") })
        };
        assert_eq!(ask("192.0.2.1", json!({})).await, 403, "it has come round the CDN");
        let mut refused = 0;
        for n in 0..10 {
            let status = ask("130.176.0.1", by_cdn("203.0.113.9", n)).await;
            assert!(matches!(status, 200 | 429), "{status}");
            refused += u32::from(status == 429);
        }
        assert!(refused >= 3, "four at once and one a second: {refused} of 10 were refused");
        assert_eq!(ask("130.176.0.1", by_cdn("203.0.113.10", 0)).await, 200, "another viewer");
    })
    .await;
}

#[tokio::test]
async fn source_without_a_cdn_is_what_api_gateway_has_seen() {
    scenario(async |t| {
        let settings = [("SOURCE_REQUESTS_PER_SECOND", "1")];
        let function = Function::start_with(t, &settings).await;
        let ask = async |source_ip: &str, forged: u8| {
            let headers = json!({ "x-forwarded-for": format!("198.51.100.{forged}"),
                                  "x-viewer-address": format!("198.51.100.{forged}") });
            let mut event = http("GET", "/api/config", headers, "", false);
            event["requestContext"]["http"]["sourceIp"] = json!(source_ip);
            function.invoke(event).await.response()["statusCode"].as_u64().unwrap()
        };
        let mut refused = 0;
        for n in 0..10 {
            refused += u32::from(ask("192.0.2.1", n).await == 429);
        }
        assert!(refused >= 3, "{refused} of 10 were refused");
        assert_eq!(ask("192.0.2.2", 0).await, 200);
    })
    .await;
}

#[tokio::test]
async fn webhook_then_doorbell_posts_the_announcement() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let function = Function::start(t).await;
        let event = go_live(t, &ana);
        assert_eq!(function.invoke(event).await.response()["statusCode"], json!(204));
        assert!(t.messages(guild).is_empty(), "posting is the worker's, not the webhook's");
        let ring = json!({"Records": [{"messageId": "q-1", "eventSource": "aws:sqs", "body": "ring", "attributes": {}}]});
        assert_eq!(function.invoke(ring).await.response(), json!({"batchItemFailures": []}));
        assert_eq!(t.messages(guild).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn ring_starts_what_it_names_and_an_unknown_one_everything() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let function = Function::start(t).await;
        let ring = async |body: &str| {
            let record = json!({"messageId": "q-1", "eventSource": "aws:sqs", "body": body});
            let answer = function.invoke(json!({ "Records": [record] })).await.response();
            assert_eq!(answer, json!({"batchItemFailures": []}));
            (t.messages(guild).len(), t.twitch.eventsub_requests().create)
        };
        t.sql("update eventsub_targets set state = 'wanted', subscription_id = null").await;
        assert_eq!(ring("deliver").await, (0, 0));
        t.twitch.go_live(&ana).await;
        assert_eq!(ring("subscribe").await, (0, 4));
        t.sql("update eventsub_targets set state = 'wanted', next_try_at = now()").await;
        assert_eq!(ring("ring").await, (1, 8));
    })
    .await;
}

#[tokio::test]
async fn schedule_finds_what_a_lost_ring_has_left() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        let function = Function::start(t).await;
        let schedule = json!({"version": "0", "id": "e", "detail-type": "Scheduled Event", "source": "aws.events",
                              "resources": [], "detail": {}});
        assert_eq!(function.invoke(schedule).await.response()["attempts"], json!(1));
        assert_eq!(t.messages(guild).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn tasks_of_an_operator_answer_in_json() {
    scenario(async |t| {
        let function = Function::start(t).await;
        assert_eq!(
            function.invoke(json!({"task": "migrate"})).await.response(),
            json!({"migrated": true})
        );
        let health = function.invoke(json!({"task": "health"})).await.response();
        assert_eq!(health["database"], json!("ok"));
        let unknown = function.invoke(json!({"task": "dance"})).await;
        assert!(
            matches!(&unknown, Outcome::Error(e) if e.to_string().contains("expected health")),
            "{unknown:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn full_disk_is_told_by_health_and_fails_the_sweep() {
    scenario(async |t| {
        t.fill_disk().await;
        let function = Function::start(t).await;
        let health = function.invoke(json!({"task": "health"})).await.response();
        assert_eq!(
            (&health["status"], &health["database"]),
            (&json!("unavailable"), &json!("disk_full"))
        );
        let swept = function.invoke(json!({"task": "sweep"})).await;
        assert!(matches!(swept, Outcome::Error(_)), "{swept:?}");
    })
    .await;
}

#[tokio::test]
async fn strangers_are_errors() {
    scenario(async |t| {
        let function = Function::start(t).await;
        let odd =
            json!({"requestContext": {"routeKey": "odd", "eventType": "ODD", "connectionId": "c"}});
        assert!(matches!(function.invoke(odd).await, Outcome::Error(_)));
        assert!(matches!(function.invoke(json!({"hello": 1})).await, Outcome::Error(_)));
        // It still works afterwards.
        let answer = function.invoke(http("GET", "/nope", json!({}), "", false)).await.response();
        assert_eq!(answer["statusCode"], json!(404));
    })
    .await;
}

#[tokio::test]
async fn failed_work_returns_its_messages_to_the_queue() {
    scenario(async |t| {
        let mut broken = t.settings.clone();
        for (name, value) in &mut broken {
            if *name == "DATABASE_URL" {
                *value = "postgres://nobody@127.0.0.1:9/nothing".to_owned();
            }
        }
        let runtime = LambdaRuntime::start(Duration::from_secs(30)).await.unwrap();
        broken.extend(runtime.environment());
        let _process = Process::start("bootstrap", &[], &broken);
        let ring = json!({"Records": [
            {"messageId": "q-1", "eventSource": "aws:sqs", "body": "ring"},
            {"messageId": "q-2", "eventSource": "aws:sqs", "body": "ring"}]});
        let answer = runtime.invoke(ring).await.unwrap().response();
        let expected =
            json!({"batchItemFailures": [{"itemIdentifier": "q-1"}, {"itemIdentifier": "q-2"}]});
        assert_eq!(answer, expected);
    })
    .await;
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, b| word << 8 | u32::from(*b))
            << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let six = usize::try_from(word >> (18 - 6 * digit) & 63).unwrap();
            text.push(if digit <= chunk.len() { char::from(DIGITS[six]) } else { '=' });
        }
    }
    text
}
