//! Workers killed in the midst of a burst: nothing is said twice, and nothing is lost that was not late or unknown.

use super::{bot, channel, count};
use sm_sim::twitch::Role;
use sm_tests::{process::Process, scenario_within};
use std::{collections::BTreeMap, time::Duration};

fn setting(name: &str, default: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "how many kills a run has")]
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A pseudo-random number below `limit`; the same in each run.
fn random(state: &mut u64, limit: u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state % limit
}

const WINDOW_PASSES: &str = "update chat_sends set spent_at = spent_at - interval '40 seconds'
                             where spent_at > clock_timestamp() - interval '32 seconds'";

#[tokio::test]
async fn killed_workers_say_nothing_twice_and_lose_nothing_in_silence() {
    let _loaded = sm_tests::machine().await;
    let kills = setting("CHAOS_KILLS", 6);
    scenario_within(Duration::from_secs(900), async |t| {
        let bot = bot(t).await;
        let mut state = 0x9e37_79b9_7f4a_7c15;
        for number in 0..8 {
            let here = channel(t, &format!("c{number}")).await;
            t.twitch.set_role(&here, &bot, Role::Moderator);
        }
        t.sql("update chat_paces set is_moderator = true").await;
        let mut settings = t.settings.clone();
        settings.push(("LOG_LEVEL", "error".to_owned()));
        let listen = ["serve", "--api-only", "--listen", "127.0.0.1:0"];
        for kill in 0..kills {
            sqlx::query(
                "insert into chat_sends (twitch_user_id, cause, text, expires_at)
                 select twitch_user_id, 'line:' || $1 || '-' || n, 'Line ' || $1 || '-' || n || '.',
                   clock_timestamp() + interval '1 hour'
                 from chat_channels, generate_series(1, 2) n",
            )
            .bind(kill.to_string())
            .execute(&t.app.pool)
            .await
            .unwrap();
            // Whatever was said is no longer in the window, or a run would take minutes.
            t.sql(WINDOW_PASSES).await;
            t.sql("update chat_sends set due_at = now() - interval '1 second' where state = 'sending'").await;
            t.twitch.forget_sent_lines();
            let before = t.twitch.lines().len();
            let mut worker = Process::start("streammaxing", &listen, &settings);
            let goal = before + usize::try_from(random(&mut state, 10)).unwrap();
            while t.twitch.lines().len() < goal && count(t, "queued").await > 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            tokio::time::sleep(Duration::from_millis(random(&mut state, 20))).await;
            worker.kill();
        }
        t.sql("update chat_sends set due_at = now() - interval '1 second' where state = 'sending'").await;
        let windows_pass = async {
            while count(t, "queued").await > 0 {
                t.twitch.forget_sent_lines();
                t.sql(WINDOW_PASSES).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let work = async {
            while count(t, "queued").await > 0 {
                t.work().await;
            }
        };
        tokio::join!(work, windows_pass);
        let mut said = BTreeMap::new();
        for line in t.twitch.lines() {
            *said.entry((line.channel, line.text)).or_insert(0) += 1;
        }
        assert!(said.values().all(|times| *times == 1), "nothing twice: {said:?}");
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("select twitch_user_id, text, state from chat_sends")
                .fetch_all(&t.app.pool)
                .await
                .unwrap();
        assert_eq!(rows.len(), kills * 16);
        for (channel, text, state) in rows {
            let was_said = said.contains_key(&(channel.clone(), text.clone()));
            // Of a line that was on its way nobody knows, and that is what is shown.
            let fits = match state.as_str() {
                "sent" => was_said,
                "unknown" => true,
                _ => false,
            };
            assert!(fits, "{channel} {text}: {state}, said: {was_said}");
        }
        assert!(count(t, "unknown").await <= i64::try_from(kills * 8).unwrap());
    })
    .await;
}
