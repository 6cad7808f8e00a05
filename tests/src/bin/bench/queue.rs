//! A small stream behind a large one's queue, at the default pace.

use crate::{
    fan_out::{seed, serve, streamer},
    figures::say,
};
use sm_tests::{World, scenario_at_rate};
use std::time::{Duration, Instant};

/// Deliveries of the large stream that wait when the small one goes live.
const QUEUED: [i64; 2] = [2_000, 50_000];
/// Servers that follow the small one.
const SMALL: usize = 3;
/// The default of `DISCORD_RATE_PER_SECOND`.
const RATE: u32 = 45;

pub(crate) async fn run() {
    say(&format!("\nA go-live of {SMALL} servers behind a queue, at {RATE} requests a second"));
    for queued in QUEUED {
        scenario_at_rate(RATE, async |t| {
            let took = behind(t, queued).await;
            say(&format!("  {queued:6} queued  {:6.2} s until all are posted", took.as_secs_f64()));
        })
        .await;
    }
}

async fn behind(t: &World, queued: i64) -> Duration {
    let (big, small) = (streamer(t, "big").await, streamer(t, "small").await);
    // Some are sent while others are still being queued.
    seed(t, &big, usize::try_from(queued).unwrap_or_default() + 500).await;
    let channels = seed(t, &small, SMALL).await;
    let process = serve(t, &[&big, &small], &RATE.to_string());
    t.twitch.go_live(&big).await;
    let waiting = "select count(*) from notification_log where status = 'pending'";
    while count(t, waiting).await < queued {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let begun = Instant::now();
    t.twitch.go_live(&small).await;
    while channels.iter().any(|channel| t.discord.messages(*channel).is_empty()) {
        assert!(begun.elapsed() < Duration::from_secs(120), "the small stream waits too long");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = begun.elapsed();
    drop(process);
    // What is left is not sent any more.
    t.sql("delete from notification_log").await;
    t.sql("update stream_events set finished_at = now() where finished_at is null").await;
    took
}

async fn count(t: &World, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(&t.app.pool).await.expect("it answers")
}
