//! `serve` on one Postgres: several share the work, one that is killed or stopped loses nothing.

use sm_tests::{EVENTSUB_SECRET, World, process::Process, scenario, scenario_at_rate};
use std::{process::Command, time::Duration};
use tokio::time::{Instant, sleep};

fn terminate(process: &Process) {
    let id = process.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
}

/// Waits until the process has ended by itself; tells whether it ended well, and how long that took.
async fn ended(process: &mut Process) -> (bool, Duration) {
    let begun = Instant::now();
    loop {
        if let Some(status) = process.0.try_wait().unwrap() {
            return (status.success(), begun.elapsed());
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "it does not end");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn wait_for_messages(t: &World, count: usize, patience: Duration) {
    let begun = Instant::now();
    while t.discord.message_count() < count {
        assert!(begun.elapsed() < patience, "{} of {count} arrived", t.discord.message_count());
        sleep(Duration::from_millis(20)).await;
    }
}

async fn rows(t: &World, condition: &str) -> i64 {
    t.count(&format!("notification_log where kind = 'online' and {condition}")).await
}

/// As in `gate.rs`, a run that the machine disturbed is repeated: requests leave evenly, but may arrive in
/// a heap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_server_is_replaced_by_the_other_at_the_same_pace() {
    let _loaded = sm_tests::machine().await;
    let mut most = Vec::new();
    for _ in 0..3 {
        most.push(most_in_a_second_with_a_kill().await);
        if most.last() <= Some(&50) {
            return;
        }
    }
    panic!("more than 50 requests in a second, every time: {most:?}");
}

/// The most requests in any second of a fan-out by two servers, one of which is killed half-way.
async fn most_in_a_second_with_a_kill() -> usize {
    const GUILDS: usize = 450;
    let mut most = 0;
    scenario_at_rate(45, async |t| {
        let ana = t.streamer("ana").await;
        for _ in 0..GUILDS {
            t.guild_following(&ana).await;
        }
        let mut servers = [(); 2].map(|()| Process::serve(&t.settings).1);
        // Accepted by neither of them, and noticed by both.
        t.twitch.go_live(&ana).await;
        wait_for_messages(t, 1, Duration::from_secs(30)).await;
        sleep(Duration::from_secs(6)).await;
        servers[0].kill();
        // Whatever it held is free once its lease has run out.
        wait_for_messages(t, GUILDS, Duration::from_secs(90)).await;
        while rows(t, "status <> 'sent'").await > 0 {
            sleep(Duration::from_millis(50)).await;
        }
        assert!(rows(t, "attempts > 1").await > 0, "the dead server held nothing");
        assert_eq!(t.discord.message_count(), GUILDS, "none came twice");
        assert!(t.discord.channels_with_several().is_empty());
        most = t.discord.max_requests_in_a_second();
        let refused = t.discord.invalid_responses();
        assert!(most > 50 || refused == 0, "{refused} × 429 at {most} in a second");
    })
    .await;
    most
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_server_finishes_what_is_under_way_and_holds_nothing() {
    let _loaded = sm_tests::machine().await;
    const GUILDS: usize = 150;
    scenario_at_rate(45, async |t| {
        let ana = t.streamer("ana").await;
        for _ in 0..GUILDS {
            t.guild_following(&ana).await;
        }
        t.twitch.go_live(&ana).await;
        let (_, mut first) = Process::serve(&t.settings);
        wait_for_messages(t, GUILDS / 5, Duration::from_secs(30)).await;
        terminate(&first);
        let (well, took) = ended(&mut first).await;
        assert!(well && took < Duration::from_secs(5), "it took {took:?}");
        let sent = t.discord.message_count();
        assert!(sent < GUILDS, "it was stopped in the midst of it");
        assert_eq!(rows(t, "status = 'sent'").await, i64::try_from(sent).unwrap());
        assert_eq!(rows(t, "status = 'sending'").await, 0, "no lease is left");
        let begun = Instant::now();
        let (_, _second) = Process::serve(&t.settings);
        wait_for_messages(t, GUILDS, Duration::from_secs(20)).await;
        assert!(begun.elapsed() < Duration::from_secs(10), "nothing waited for a lease");
        while rows(t, "status <> 'sent'").await > 0 {
            sleep(Duration::from_millis(50)).await;
        }
        assert!(t.discord.channels_with_several().is_empty());
    })
    .await;
}

/// A go-live of a streamer, posted straight to a server; the answer's status, if one came.
async fn post(t: &World, address: &str, streamer: &str) -> Option<u16> {
    let now = t.clock.now().format(&time::format_description::well_known::Rfc3339).unwrap();
    let id = uuid::Uuid::new_v4().to_string();
    let body = serde_json::json!({
        "subscription": { "id": id, "type": "stream.online", "version": "1", "status": "enabled", "cost": 0,
          "condition": { "broadcaster_user_id": streamer } },
        "event": { "id": id, "broadcaster_user_id": streamer, "broadcaster_user_login": streamer,
          "broadcaster_user_name": streamer, "type": "live", "started_at": now },
    })
    .to_string();
    let signature = sm_sim::twitch::sign(EVENTSUB_SECRET, &id, &now, body.as_bytes());
    let sent = sm_aws::lazy_http()
        .post(format!("http://{address}/webhooks/twitch"))
        .header("Twitch-Eventsub-Message-Id", id)
        .header("Twitch-Eventsub-Message-Timestamp", now)
        .header("Twitch-Eventsub-Message-Signature", signature)
        .header("Twitch-Eventsub-Message-Type", "notification")
        .body(body)
        .send();
    sent.await.ok().map(|answer| answer.status().as_u16())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_taken_while_stopping_are_stored() {
    let _loaded = sm_tests::machine().await;
    scenario(async |t| {
        let guild = t.discord.add_guild("Guild");
        let channel = t.discord.add_channel(guild, "live");
        sm_db::guilds::upsert(&t.app.pool, guild, "Guild").await.unwrap();
        let mention = sm_db::guilds::Mention::None;
        sm_db::guilds::configure(&t.app.pool, guild, Some(channel), mention).await.unwrap();
        let mut streamers = Vec::new();
        for n in 0..80 {
            let id = t.streamer(&format!("streamer{n}")).await;
            t.follow(guild, &id, None).await;
            streamers.push(id);
        }
        let (address, mut server) = Process::serve(&t.settings);
        let posts = async {
            let mut taken = 0;
            for streamer in &streamers {
                match post(t, &address, streamer.as_str()).await {
                    Some(204) => taken += 1,
                    None => {}
                    Some(other) => panic!("{other}"),
                }
            }
            taken
        };
        let stop = async {
            while t.count("stream_sessions").await < 10 {
                sleep(Duration::from_millis(5)).await;
            }
            terminate(&server);
        };
        let (taken, ()) = tokio::join!(posts, stop);
        assert!(ended(&mut server).await.0);
        assert!((10..80).contains(&taken), "{taken} were taken");
        assert_eq!(t.count("stream_sessions").await, taken);
        t.work().await;
        assert_eq!(t.discord.messages(channel).len() as i64, taken);
    })
    .await;
}

async fn get(url: &str) -> (u16, String) {
    let answer = sm_aws::lazy_http().get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The value of a sample, told by the beginning of its line.
fn sample(page: &str, name: &str) -> f64 {
    let line = page.lines().find(|line| line.starts_with(name));
    let line = line.unwrap_or_else(|| panic!("no {name} in {page}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

fn is_in(page: &str, name: &str, value: f64) {
    assert!((sample(page, name) - value).abs() < 1e-9, "{name}: {page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn monitor_sees_work_and_whether_there_can_be_any() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let monitor = format!("http://{port}");
        let (address, _server) =
            Process::serve_with(&t.settings, &["--metrics", &port.to_string()]);
        let public = format!("http://{address}");
        assert_eq!(get(&format!("{public}/healthz")).await.0, 200);
        assert_eq!(get(&format!("{public}/readyz")).await.0, 200);
        assert_eq!(get(&format!("{public}/metrics")).await.0, 404, "figures are not for everybody");
        assert_eq!(post(t, &address, ana.as_str()).await, Some(204));
        wait_for_messages(t, 1, Duration::from_secs(10)).await;
        t.message(guild);
        let page = loop {
            let page = get(&format!("{monitor}/metrics")).await.1;
            if sample(&page, r#"streammaxing_events_total{operation="delivery",outcome="sent"}"#)
                > 0.0
            {
                break page;
            }
        };
        let is = |name: &str, value: f64| is_in(&page, name, value);
        is(r#"streammaxing_events_total{operation="webhook",outcome="accepted"}"#, 1.0);
        is("streammaxing_announcement_latency_seconds_count", 1.0);
        is(r#"streammaxing_announcement_latency_seconds_bucket{le="+Inf"}"#, 1.0);
        is(r#"streammaxing_subscriptions{state="enabled"}"#, 4.0);
        is("streammaxing_database_up", 1.0);
        is("streammaxing_outbox_oldest_seconds", 0.0);
        assert!(sample(&page, "streammaxing_announcement_latency_seconds_sum") < 5.0);
        // The server's own sweep gives each job a turn.
        let page = loop {
            let page = get(&format!("{monitor}/metrics")).await.1;
            if page.matches("streammaxing_job_last_success_timestamp_seconds{").count()
                == sm_services::jobs::schedule::JOBS.len()
            {
                break page;
            }
        };
        is_in(&page, r#"streammaxing_job_overdue_seconds{job="streams"}"#, 0.0);
        is_in(&page, r#"streammaxing_job_failures_total{job="guilds"}"#, 0.0);
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            assert!(
                line.starts_with("streammaxing_")
                    && line.rsplit(' ').next().unwrap().parse::<f64>().is_ok(),
                "{line}"
            );
        }
        t.sql("delete from _sqlx_migrations where version = 1").await;
        let (status, text) = get(&format!("{public}/readyz")).await;
        assert!(status == 503 && text.contains(r#""migrations":"pending""#), "{text}");
        t.sql("alter table notification_log rename to elsewhere").await;
        let page = get(&format!("{monitor}/metrics")).await.1;
        assert!(sample(&page, "streammaxing_database_up").abs() < 1e-9);
        t.sql("alter table elsewhere rename to notification_log").await;
    })
    .await;
}
