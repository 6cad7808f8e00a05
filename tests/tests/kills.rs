//! Workers killed at random moments: every message exactly once, none missing.

use sm_tests::{World, process::Process, scenario};
use std::{sync::atomic::AtomicU64, sync::atomic::Ordering, time::Duration};

/// A pseudo-random number below `limit`; a fixed seed makes a failure come again.
fn random(limit: u64) -> u64 {
    static STATE: AtomicU64 = AtomicU64::new(0x9e37_79b9_7f4a_7c15);
    let mut x = STATE.load(Ordering::Relaxed);
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    STATE.store(x, Ordering::Relaxed);
    x % limit
}

fn setting(name: &str, default: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "how many kills and guilds a run has")]
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

async fn unfinished(t: &World) -> i64 {
    sqlx::query_scalar(
        "select (select count(*) from notification_log where status in ('pending', 'sending'))
              + (select count(*) from stream_events where finished_at is null and kind = 'online')",
    )
    .fetch_one(&t.app.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn killed_workers_lose_and_double_nothing() {
    let _loaded = sm_tests::machine().await;
    let (kills, guilds) = (setting("CHAOS_KILLS", 12), setting("CHAOS_GUILDS", 400));
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        for _ in 0..guilds {
            t.guild_following(&ana).await;
        }
        t.twitch.go_live(&ana).await;
        let mut settings = t.settings.clone();
        settings.retain(|(name, _)| *name != "DISCORD_RATE_PER_SECOND");
        // Slow enough for a worker to be killed in the midst of it.
        settings.push(("DISCORD_RATE_PER_SECOND", "200".to_owned()));
        let mut killed = 0;
        while unfinished(t).await > 0 {
            // What the dead worker held is free again, as if its lease had run out.
            t.sql("update notification_log set due_at = now() - interval '1 second' where status = 'sending'").await;
            t.sql("update stream_events set due_at = now() - interval '1 second' where kind = 'online'").await;
            let mut worker = Process::start("streammaxing", &["serve", "--api-only", "--listen", "127.0.0.1:0"], &settings);
            if killed < kills {
                // So many messages until the next kill that work is left for the last of them.
                let left = guilds - t.discord.message_count().min(guilds);
                wait_for_progress(t, random((2 * left / (kills - killed + 1) + 1) as u64)).await;
                tokio::time::sleep(Duration::from_millis(random(30))).await;
                killed += 1;
            } else {
                while unfinished(t).await > 0 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            worker.kill();
        }
        assert_eq!(killed, kills, "the work was done before the last kill");
        assert_eq!(t.discord.message_count(), guilds, "none is missing, none came twice");
        assert!(t.discord.channels_with_several().is_empty());
    })
    .await;
}

/// Waits until so many more messages are out, or all of them.
async fn wait_for_progress(t: &World, more: u64) {
    let goal = t.discord.message_count() as u64 + more;
    while (t.discord.message_count() as u64) < goal && unfinished(t).await > 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
