//! The pace of requests, over several workers.

use sm_tests::{scenario, scenario_at_rate};
use std::time::Duration;
use tokio::time::Instant;

/// Requests leave in slots that lie evenly in time. On a machine that is busy with something else they
/// may still arrive in a heap, so a run that was disturbed is repeated. The pace is the product's own;
/// `make bench` shows the one at Discord's limit itself.
#[tokio::test]
async fn four_workers_together_stay_within_discords_limit() {
    let _quiet = sm_tests::machine().await;
    let mut most = Vec::new();
    for _ in 0..4 {
        most.push(most_in_a_second().await);
        if most.last() <= Some(&50) {
            return;
        }
    }
    panic!("more than 50 requests in a second, every time: {most:?}");
}

/// The most requests in any second of a fan-out by four workers.
async fn most_in_a_second() -> usize {
    let mut most = 0;
    scenario_at_rate(45, async |t| {
        let ana = t.streamer("ana").await;
        for _ in 0..150 {
            t.guild_following(&ana).await;
        }
        t.twitch.go_live(&ana).await;
        let deadline = Instant::now() + Duration::from_secs(60);
        let worker = || sm_services::jobs::worker::run(&t.app, deadline);
        let all = tokio::join!(worker(), worker(), worker(), worker());
        for report in [all.0, all.1, all.2, all.3] {
            report.unwrap();
        }
        // A refused one is sent again a little later.
        while t.discord.message_count() < 150 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            t.work().await;
        }
        most = t.discord.max_requests_in_a_second();
        let refused = t.discord.invalid_responses();
        assert!(most > 50 || refused == 0, "{refused} × 429 at {most} in a second");
        assert!(t.discord.channels_with_several().is_empty());
    })
    .await;
    most
}

/// After an outage every delivery is looked for before it is sent again, and where a channel is empty, the
/// bot's permissions are read as well: five requests instead of one.
#[tokio::test]
async fn looks_and_checks_after_an_outage_keep_the_pace_too() {
    let _quiet = sm_tests::machine().await;
    let mut most = Vec::new();
    for _ in 0..4 {
        most.push(most_in_a_second_after_an_outage().await);
        if most.last() <= Some(&50) {
            return;
        }
    }
    panic!("more than 50 requests in a second, every time: {most:?}");
}

async fn most_in_a_second_after_an_outage() -> usize {
    let mut most = 0;
    scenario_at_rate(45, async |t| {
        let ana = t.streamer("ana").await;
        for _ in 0..60 {
            t.guild_following(&ana).await;
        }
        t.discord.set_down(true);
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.discord.set_down(false);
        t.discord.reset_figures();
        t.clock.advance(time::Duration::minutes(3));
        t.work().await;
        while t.discord.message_count() < 60 {
            // Whoever found no slot in time comes again in a moment.
            t.after(time::Duration::seconds(2)).await;
        }
        // Viewers and preview follow, which had to wait for the posts.
        t.after(time::Duration::seconds(10)).await;
        most = t.discord.max_requests_in_a_second();
        let looks = t.discord.requests().iter().filter(|r| r.path.ends_with("/messages")).count();
        assert!(looks >= 120, "{looks}: everyone looks before sending");
        assert!(t.discord.channels_with_several().is_empty());
    })
    .await;
    most
}

#[tokio::test]
async fn worker_stops_before_its_deadline_and_rings_for_the_rest() {
    scenario_at_rate(20, async |t| {
        let ana = t.streamer("ana").await;
        for _ in 0..60 {
            t.guild_following(&ana).await;
        }
        t.twitch.go_live(&ana).await;
        // Five seconds of it are for what is under way.
        let deadline = Instant::now() + Duration::from_millis(5_500);
        let report = sm_services::jobs::worker::run(&t.app, deadline).await.unwrap();
        assert!(report.work_left);
        let sent = t.discord.message_count();
        assert!(sent < 60, "{sent}");
        tokio::time::timeout(Duration::from_secs(1), t.app.doorbell.rung(sm_aws::Ring::Deliver))
            .await
            .unwrap();
        t.work().await;
        assert_eq!(t.discord.message_count(), 60);
    })
    .await;
}

#[tokio::test]
async fn too_many_refused_requests_open_the_circuit() {
    scenario(async |t| {
        let sum = sm_db::announce::gate::count_invalid(&t.app.pool, 3).await.unwrap();
        let sum_again = sm_db::announce::gate::count_invalid(&t.app.pool, 4).await.unwrap();
        assert_eq!((sum, sum_again), (3, 7));
    })
    .await;
}
