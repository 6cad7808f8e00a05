//! What it costs to decide about a destination and to write down what was decided.

use crate::{
    fan_out::{seed, streamer},
    figures::{percentile, say},
};
use sm_services::announce::expand;
use sm_tests::scenario;
use std::time::{Duration, Instant};

const GUILDS: usize = 20_000;
const STREAMS: usize = 3;

pub(crate) async fn run() {
    say(&format!("\nA stream's announcements to {GUILDS} guilds are decided and written"));
    for (what, change) in CASES {
        scenario(async |t| {
            let ana = streamer(t, "ana").await;
            seed(t, &ana, GUILDS).await;
            t.sql("update guild_config set merge_window_seconds = 0").await;
            t.sql(change).await;
            t.sql("vacuum analyze").await;
            t.twitch.subscribe(
                &ana,
                "stream.online",
                &format!("{}/webhooks/twitch", t.url),
                sm_tests::EVENTSUB_SECRET,
            );
            let mut chunks = Vec::new();
            for _ in 0..STREAMS {
                t.twitch.go_live(&ana).await;
                loop {
                    let begun = Instant::now();
                    let seen = expand::step(&t.app).await.expect("it expands");
                    if seen.unwrap_or(0) == 0 {
                        break;
                    }
                    chunks.push(begun.elapsed());
                }
                t.sql("update notification_log set status = 'expired', finished_at = now() where status = 'pending'").await;
            }
            chunks.sort_unstable();
            let micros = |took: Duration| took.as_secs_f64() * 1e6 / 1_000.0;
            say(&format!(
                "  {what:48} p50 {:5.1} µs  p95 {:5.1} µs each",
                micros(percentile(&chunks, 0.5)),
                micros(percentile(&chunks, 0.95)),
            ));
            t.sql("delete from outbox_flows").await;
            t.sql("delete from stream_events").await;
        })
        .await;
    }
}

/// What is asked of each destination, as a change of what was seeded.
const CASES: [(&str, &str); 4] = [
    ("without rules", "select"),
    (
        "with games and a title",
        "update destinations set game_filter = '{Just Chatting}', title_filter = 'here'",
    ),
    (
        "with rules, a pattern for each among them",
        r#"update guild_config set rules = jsonb_build_object('languages', '["en"]'::jsonb, 'tags', '{"any": ["English"]}'::jsonb,
           'title', jsonb_build_object('pattern', 'is (here|there)|' || guild_id))"#,
    ),
    (
        "with a day's most pings",
        r#"update guild_config set rules = '{"most_pings": 100, "pause_seconds": 1}'"#,
    ),
];
