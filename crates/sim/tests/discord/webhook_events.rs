//! Webhook events, as an endpoint of the application receives them.

use super::bot::Bot;
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use sm_sim::discord::{Options, Signing};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// Takes events as Discord demands: 401 for a signature that is not right.
#[derive(Clone)]
struct Endpoint {
    key: Vec<u8>,
    seen: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    /// Answered first, whatever comes.
    failures: Arc<Mutex<Vec<StatusCode>>>,
}

impl Endpoint {
    async fn of(bot: &Bot) -> Self {
        let key = hex::decode(bot.sim.public_key_hex()).unwrap();
        let endpoint = Self { key, seen: Arc::default(), failures: Arc::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let router = Router::new().route("/events", post(receive)).with_state(endpoint.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        bot.sim.set_webhook_events_url(&format!("http://{addr}/events"));
        endpoint
    }

    fn bodies(&self) -> Vec<Value> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|(_, body)| serde_json::from_slice(body).unwrap_or_default()).collect()
    }

    fn is_signed(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let text = |name| headers.get(name).map_or("", |value| value.to_str().unwrap());
        let signature = hex::decode(text("x-signature-ed25519")).unwrap();
        let signed = [text("x-signature-timestamp").as_bytes(), body].concat();
        UnparsedPublicKey::new(&ED25519, &self.key).verify(&signed, &signature).is_ok()
    }
}

async fn receive(State(endpoint): State<Endpoint>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let good = endpoint.is_signed(&headers, &body);
    endpoint.seen.lock().unwrap().push((headers, body));
    let failure = endpoint.failures.lock().unwrap().pop();
    failure.unwrap_or(if good { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED })
}

#[tokio::test]
async fn the_key_is_that_of_the_vector() {
    let bot = Bot::start().await;
    let key = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c";
    assert_eq!(bot.sim.public_key_hex(), key);
}

#[tokio::test]
async fn good_and_stale_signatures_verify_and_others_do_not() {
    let bot = Bot::start().await;
    assert!(bot.sim.send_ping().await.is_empty(), "there is no endpoint yet");
    let endpoint = Endpoint::of(&bot).await;
    assert_eq!(bot.sim.send_ping().await, [204]);
    let body = b"{\"any\": 1 }";
    let cases =
        [(Signing::Good, 204), (Signing::Stale, 204), (Signing::Bad, 401), (Signing::Missing, 401)];
    for (signing, status) in cases {
        assert_eq!(bot.sim.send_event(body, signing).await, [status], "{signing:?}");
    }
    let seen = endpoint.seen.lock().unwrap();
    assert!(seen[1..].iter().all(|(_, sent)| sent.as_ref() == body));
    let time = |at: usize| -> i64 {
        let time = seen[at].0["x-signature-timestamp"].to_str().unwrap();
        time.parse().unwrap()
    };
    assert!((3590..=3610).contains(&(time(1) - time(2))));
    assert_eq!(seen[3].0["x-signature-ed25519"].len(), 128);
    assert!(seen[4].0.get("x-signature-ed25519").is_none());
    assert!(seen[4].0.get("x-signature-timestamp").is_none());
    assert_eq!(seen[0].0["content-type"], "application/json");
}

#[tokio::test]
async fn events_have_discords_shape() {
    let bot = Bot::start().await;
    let endpoint = Endpoint::of(&bot).await;
    let ana = bot.sim.add_user("ana", None);
    bot.sim.send_ping().await;
    assert_eq!(bot.sim.send_application_authorized(ana, Some(bot.guild)).await, [204]);
    assert_eq!(bot.sim.send_application_authorized(ana, None).await, [204]);
    assert_eq!(bot.sim.send_application_deauthorized(ana).await, [204]);
    let [ping, installed, login, gone] = endpoint.bodies().try_into().unwrap();
    let application = "1100000000000000001";
    assert_eq!(ping, json!({"version": 1, "application_id": application, "type": 0}));
    assert_eq!((&installed["type"], &installed["version"]), (&json!(1), &json!(1)));
    let (event, data) = (&installed["event"], &installed["event"]["data"]);
    assert_eq!(event["type"], "APPLICATION_AUTHORIZED");
    let timestamp = event["timestamp"].as_str().unwrap();
    assert_eq!((timestamp.len(), &timestamp[10..11]), (26, "T"));
    assert_eq!(data["guild"]["id"], bot.guild.to_string());
    assert_eq!(
        (&data["user"]["id"], &data["integration_type"]),
        (&json!(ana.to_string()), &json!(0))
    );
    assert_eq!(data["scopes"], json!(["applications.commands", "bot"]));
    let data = &login["event"]["data"];
    assert_eq!((data.get("guild"), &data["scopes"]), (None, &json!(["identify", "guilds"])));
    assert_eq!(gone["event"]["type"], "APPLICATION_DEAUTHORIZED");
    let user = gone["event"]["data"]["user"].clone();
    assert_eq!(
        (user["id"].clone(), gone["event"]["data"].clone()),
        (json!(ana.to_string()), json!({"user": user}))
    );
}

#[tokio::test]
async fn a_revocation_by_the_application_is_told() {
    let bot = Bot::start().await;
    let endpoint = Endpoint::of(&bot).await;
    let ana = bot.sim.add_user("ana", None);
    let tokens = bot.login(ana, "identify").await;
    bot.revoke(&tokens["access_token"]).await.ok();
    for _ in 0..100 {
        if let [told] = endpoint.bodies().as_slice() {
            assert_eq!(told["event"]["type"], "APPLICATION_DEAUTHORIZED");
            assert_eq!(told["event"]["data"]["user"]["id"], ana.to_string());
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nothing was told");
}

#[tokio::test]
async fn a_failed_event_is_sent_again_with_the_same_body() {
    let event_retries = vec![Duration::from_millis(1); 2];
    let bot = Bot::with(Options { event_retries, ..Options::local("") }).await;
    let endpoint = Endpoint::of(&bot).await;
    let ana = bot.sim.add_user("ana", None);
    let fail = |times: usize| {
        *endpoint.failures.lock().unwrap() = vec![StatusCode::SERVICE_UNAVAILABLE; times];
    };
    fail(1);
    assert_eq!(bot.sim.send_application_deauthorized(ana).await, [503, 204]);
    let bodies = endpoint.bodies();
    assert_eq!(bodies[0], bodies[1]);
    fail(9);
    assert_eq!(bot.sim.send_application_deauthorized(ana).await, [503, 503, 503]);
    fail(1);
    assert_eq!(bot.sim.send_event(b"{}", Signing::Bad).await, [503]);
}

#[tokio::test]
async fn an_endpoint_that_is_gone_answers_nothing() {
    let bot = Bot::start().await;
    bot.sim.set_webhook_events_url("http://127.0.0.1:9/events");
    assert!(bot.sim.send_ping().await.is_empty());
}
