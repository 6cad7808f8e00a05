//! The pace of requests, over several workers.

use sm_tests::{scenario, scenario_at_rate};
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test]
async fn four_workers_together_stay_within_discords_limit() {
    scenario_at_rate(50, async |t| {
        let ana = t.streamer("ana").await;
        for _ in 0..150 {
            t.guild_following(&ana).await;
        }
        t.twitch.go_live(&ana).await;
        let deadline = Instant::now() + Duration::from_secs(60);
        let worker = || sm_services::worker::run(&t.app, deadline);
        let all = tokio::join!(worker(), worker(), worker(), worker());
        for report in [all.0, all.1, all.2, all.3] {
            report.unwrap();
        }
        assert_eq!(t.discord.message_count(), 150);
        assert!(t.discord.max_requests_in_a_second() <= 50);
        assert_eq!(t.discord.invalid_responses(), 0, "no 429");
        assert!(t.discord.channels_with_several().is_empty());
    })
    .await;
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
        let report = sm_services::worker::run(&t.app, deadline).await.unwrap();
        assert!(report.work_left);
        let sent = t.discord.message_count();
        assert!(sent < 60, "{sent}");
        tokio::time::timeout(Duration::from_secs(1), t.app.doorbell.rung()).await.unwrap();
        t.work().await;
        assert_eq!(t.discord.message_count(), 60);
    })
    .await;
}

#[tokio::test]
async fn too_many_refused_requests_open_the_circuit() {
    scenario(async |t| {
        let sum = sm_db::gate::count_invalid(&t.app.pool, 3).await.unwrap();
        let sum_again = sm_db::gate::count_invalid(&t.app.pool, 4).await.unwrap();
        assert_eq!((sum, sum_again), (3, 7));
    })
    .await;
}
