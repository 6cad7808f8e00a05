//! `smoke`: sees a running product from outside, and leaves no trace.

use sm_tests::{World, scenario};

async fn rows(t: &World) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in [
        "webhook_messages",
        "stream_sessions",
        "stream_events",
        "notification_log",
        "audit_log",
        "users",
        "sessions",
    ] {
        counts.push(t.count(table).await);
    }
    counts
}

#[tokio::test]
async fn running_product_passes_and_nothing_is_changed() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        t.guild_following(&ana).await;
        let before = rows(t).await;
        let report = t.operate(&["smoke", "--json"]).await.ok();
        // The harness serves no dashboard.
        assert_eq!((&report["problems"], &report["warnings"]), (&0.into(), &1.into()), "{report}");
        assert_eq!(rows(t).await, before);
        let rotating = format!("0f1e2d3c4b5a69788796a5b4c3d2e1f0,{}", sm_tests::EVENTSUB_SECRET);
        let half = t.operate_with(&[("TWITCH_EVENTSUB_SECRET", &rotating)], &["smoke"]).await;
        // The server knows only the older of the two.
        assert_eq!(half.code, 1);
        assert_eq!(half.stdout.matches("✖ signed webhook").count(), 1, "{}", half.stdout);
        assert_eq!(half.stdout.matches("✔ signed webhook").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn product_that_is_away_or_set_up_otherwise_fails() {
    scenario(async |t| {
        let away = t.operate(&["smoke", "--url", "http://127.0.0.1:1"]).await;
        assert!(away.code == 1 && away.stdout.contains("✖ health"), "{}", away.stdout);
        let settings = [("DISCORD_CLIENT_ID", "7")];
        let other = t.operate_with(&settings, &["smoke", "--url", &t.url]).await;
        assert!(
            other.code == 1 && other.stdout.contains("another application"),
            "{}",
            other.stdout
        );
    })
    .await;
}

#[tokio::test]
async fn dashboard_is_looked_at_where_one_is_served() {
    scenario(async |t| {
        let folder = std::env::temp_dir().join(format!("sm-smoke-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("index.html"), "<!doctype html><div id=root></div>").unwrap();
        let arguments = ["--dashboard", folder.to_str().unwrap()];
        let (address, _server) = sm_tests::process::Process::serve_with(&t.settings, &arguments);
        let url = format!("http://{address}");
        let report = t.operate(&["smoke", "--url", &url, "--json"]).await.ok();
        assert_eq!((&report["problems"], &report["warnings"]), (&0.into(), &0.into()), "{report}");
        std::fs::remove_dir_all(folder).unwrap();
    })
    .await;
}
