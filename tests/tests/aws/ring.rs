//! A doorbell that SQS does not take: nobody is held up for long, and the sweep finds the work.

use super::{
    door::{Door, Mode},
    settings,
};
use serde_json::json;
use sm_aws::{Doorbell, Ring, lazy_http, metrics::Counter};
use sm_lambda::Config;
use sm_services::jobs::worker;
use sm_sim::discord::{Fault, FaultKind};
use sm_tests::{EVENTSUB_SECRET, World, scenario};
use std::time::Duration;
use tokio::{net::TcpListener, time::Instant};

/// Far below what Twitch allows, and what is left of a client's patience after a cold start.
const HELD_UP_AT_MOST: Duration = Duration::from_millis(210);

#[tokio::test]
async fn silent_queue_holds_up_a_ring_for_200_ms() {
    let door = Door::open().await;
    door.set(Mode::Silent, u32::MAX);
    let doorbell = Doorbell::sqs(settings(&door.url), lazy_http(), format!("{}/queue", door.url));
    // Two timers of one runtime, the ring's looked at first: this measures no machine.
    tokio::select! {
        biased;
        () = doorbell.ring(Ring::Deliver) => {}
        () = tokio::time::sleep(HELD_UP_AT_MOST) => panic!("the ring holds up who rings"),
    }
    assert!(Counter::RingLate.total() > 0);
}

#[tokio::test]
async fn go_live_whose_ring_is_lost_is_answered_and_found_by_the_sweep() {
    scenario(async |t| {
        let modes = [("ana", Mode::Silent), ("ben", Mode::Throttled)];
        for (login, mode) in modes {
            let ana = t.streamer(login).await;
            let guild = t.guild_following(&ana).await;
            let door = Door::open().await;
            door.set(mode, u32::MAX);
            let ours = [
                ("QUEUE_URL", format!("{}/queue", door.url)),
                ("AWS_ENDPOINT_URL", door.url.clone()),
                ("AWS_REGION", sm_sim::aws::REGION.to_owned()),
                ("AWS_ACCESS_KEY_ID", "test".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ];
            let all = || ours.iter().chain(&t.settings);
            let config =
                Config::from_lookup(|n| all().find(|(name, _)| *name == n).map(|(_, v)| v.clone()));
            let app = sm_lambda::build_app(&config.unwrap(), t.clock.clone()).unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let callback = format!("http://{}/webhooks/twitch", listener.local_addr().unwrap());
            tokio::spawn(axum::serve(listener, sm_api::router(app)).into_future());
            for subscription in t.twitch.subscriptions() {
                t.twitch.remove_subscription(&subscription.id);
            }
            t.twitch.subscribe(&ana, "stream.online", &callback, EVENTSUB_SECRET);
            let (_, event) = t.twitch.start_stream(&ana, "live");
            let delivery = sm_sim::twitch::Delivery::new("stream.online", event);
            assert_eq!(t.twitch.deliver(&ana, &delivery).await, [204]);
            assert!(t.messages(guild).is_empty());
            t.sweep().await;
            t.message(guild);
        }
    })
    .await;
}

/// The settings with which the function rings through SQS, by way of a door.
fn ringing(t: &World, door: &Door, changes: &[(&'static str, &str)]) -> Config {
    let named = json!({ "QueueName": format!("ring-{}", uuid::Uuid::new_v4()) });
    let (_, queue) = super::aws().call("AmazonSQS.CreateQueue", &named).unwrap();
    let ours = [
        ("QUEUE_URL", queue["QueueUrl"].as_str().unwrap().to_owned()),
        ("AWS_ENDPOINT_URL", door.url.clone()),
        ("AWS_REGION", sm_sim::aws::REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
    ];
    let changes: Vec<_> = changes.iter().map(|(name, v)| (*name, (*v).to_owned())).collect();
    let all = || ours.iter().chain(&changes).chain(&t.settings);
    Config::from_lookup(|n| all().find(|(name, _)| *name == n).map(|(_, v)| v.clone())).unwrap()
}

/// 75 seconds after an announcement its viewers are looked up.
#[tokio::test]
async fn what_is_due_before_the_next_sweep_rings_and_what_is_due_later_waits_for_it() {
    scenario(async |t| {
        for (login, minutes, rings) in [("ana", "1", 0), ("ben", "15", 1)] {
            let streamer = t.streamer(login).await;
            t.guild_following(&streamer).await;
            let door = Door::open().await;
            let config = ringing(t, &door, &[("SWEEP_MINUTES", minutes)]);
            let app = sm_lambda::build_app(&config, t.clock.clone()).unwrap();
            t.twitch.go_live(&streamer).await;
            let deadline = Instant::now() + Duration::from_secs(60);
            assert_eq!(worker::run(&app, deadline).await.unwrap().attempts, 1);
            let rung = door.asked("SendMessage");
            let later = rung.iter().filter_map(|ring| ring["DelaySeconds"].as_i64());
            let later: Vec<_> = later.filter(|delay| *delay > 0).collect();
            assert_eq!(later.len(), rings, "{minutes}: {rung:?}");
            assert!(later.iter().all(|delay| (60..=76).contains(delay)), "{later:?}");
            t.after(time::Duration::seconds(80)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn retry_rings_when_it_is_due_and_once_however_many_look() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let door = Door::open().await;
        let app = sm_lambda::build_app(&ringing(t, &door, &[]), t.clock.clone()).unwrap();
        t.discord.fault(Fault::new(FaultKind::server_error(502, false), 1));
        t.twitch.go_live(&ana).await;
        let work = || worker::run(&app, Instant::now() + Duration::from_secs(60));
        work().await.unwrap();
        let looked = tokio::join!(work(), work(), work());
        for report in [looked.0, looked.1, looked.2] {
            assert_eq!(report.unwrap().attempts, 0);
        }
        let rings = door.asked("SendMessage");
        let delays: Vec<_> = rings.iter().map(|ring| ring["DelaySeconds"].as_i64()).collect();
        assert!(matches!(delays[..], [Some(1..=2)]), "{delays:?}");
        assert!(t.messages(guild).is_empty());
        // What SQS wakes a little later.
        t.clock.advance(time::Duration::seconds(2));
        work().await.unwrap();
        t.message(guild);
    })
    .await;
}
