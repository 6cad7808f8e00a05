//! Strangers flood every public route at once: Twitch's webhooks and those who work in the dashboard notice nothing.

use sm_tests::{flood, scenario_within};
use std::time::Duration;

/// `make chaos` floods for longer; `bench flood` shows what it does to others in a release build.
fn setting(name: &str, default: u32) -> u32 {
    #[expect(clippy::disallowed_methods, reason = "how large the flood is")]
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test]
async fn strangers_keep_neither_webhooks_nor_admins_out() {
    let _loaded = sm_tests::machine().await;
    let (seconds, percent) = (setting("FLOOD_SECONDS", 3), setting("FLOOD_PERCENT", 5));
    scenario_within(Duration::from_secs(u64::from(seconds) * 5 + 240), async |t| {
        let flooded = flood::flood(t, seconds, percent).await;
        println!("{flooded}");
        let flood::Flooded { forged, anonymous, callbacks, genuine, admins, exchanged, memory } =
            flooded;
        assert!(forged.statuses.keys().all(|status| *status == 403), "{forged}");
        assert!(anonymous.statuses.contains_key(&429), "{anonymous}");
        assert!(anonymous.statuses.keys().all(|status| matches!(status, 200 | 429)));
        assert!(callbacks.statuses.keys().all(|status| matches!(status, 303 | 429)));
        assert!(genuine.statuses.keys().all(|status| *status == 204), "{genuine}");
        assert!(admins.statuses.keys().all(|status| *status == 200), "{admins}");
        assert!(!genuine.took.is_empty() && !admins.took.is_empty());
        assert!(
            exchanged > 0 && exchanged <= u64::from(seconds + 1) * 5 + 5,
            "{exchanged} exchanges"
        );
        assert!(memory[1] - memory[0] < 64 * 1024, "{memory:?} kB");
    })
    .await;
}
