//! Twitch's limits under bursts, over two processes, and who gets how much of them.

use super::{bot, channel, count, say, until};
use sm_sim::twitch::Role;
use sm_tests::scenario;
use sm_types::chat::text::utterances;
use std::collections::BTreeMap;

/// Channels, and lines that each of them asks for at once.
const CHANNELS: usize = 100;
const BURST: usize = 50;

/// Asks for a burst in every channel by one statement, as fast as no webhook could come.
async fn burst(t: &sm_tests::World, channels: usize, each: usize) {
    let text = utterances("Hello", "", true).remove(0);
    sqlx::query(
        "insert into chat_sends (twitch_user_id, cause, text, expires_at)
         select twitch_user_id, 'line:' || n, $2 || ' ' || n, clock_timestamp() + interval '15 seconds'
         from (select twitch_user_id from chat_channels order by 1 limit $3) c, generate_series(1, $1) n",
    )
    .bind(i32::try_from(each).unwrap())
    .bind(text)
    .bind(i64::try_from(channels).unwrap())
    .execute(&t.app.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn bursts_in_a_hundred_channels_over_two_processes_break_no_limit() {
    let _loaded = sm_tests::machine().await;
    scenario(async |t| {
        let bot = bot(t).await;
        for number in 0..CHANNELS {
            channel(t, &format!("c{number:03}")).await;
        }
        let _two = t.two_servers(&[]);
        burst(t, CHANNELS, BURST).await;
        until("the end of the burst", async || {
            count(t, "queued").await + count(t, "sending").await == 0
        })
        .await;
        assert!(t.twitch.dropped_lines().is_empty(), "{:?}", t.twitch.dropped_lines());
        let said = t.twitch.lines().iter().filter(|line| line.chatter == bot.as_str()).count();
        assert_eq!(said, 19, "what fits into Twitch's window, and not one more");
        let mut each = BTreeMap::new();
        for line in t.twitch.lines() {
            *each.entry(line.channel).or_insert(0) += 1;
        }
        assert!(each.values().all(|lines| *lines == 1), "each channel in its turn: {each:?}");
        let rest = i64::try_from(CHANNELS * BURST - 19).unwrap();
        assert_eq!(count(t, "dropped").await, rest, "all the others were late");
    })
    .await;
}

#[tokio::test]
async fn moderator_may_say_more_until_a_line_waits_where_it_is_none() {
    let _loaded = sm_tests::machine().await;
    scenario(async |t| {
        let bot = bot(t).await;
        let mut moderated = Vec::new();
        for number in 0..10 {
            let here = channel(t, &format!("m{number}")).await;
            t.twitch.set_role(&here, &bot, Role::Moderator);
            moderated.push(here);
        }
        t.sql("update chat_paces set is_moderator = true").await;
        let plain = channel(t, "plain").await;
        burst(t, 10, 6).await;
        t.work().await;
        let said = |here: &sm_types::TwitchUserId| t.twitch.lines_of(here, &bot).len();
        assert!(moderated.iter().all(|here| said(here) == 6), "60 within a few seconds");
        // 60 of them are in the window: a line elsewhere has to wait for longer than it is wanted, and holds nobody up.
        say(t, &plain, "run:1", "Hello").await;
        say(t, &moderated[0], "run:2", "Hello").await;
        t.work().await;
        assert_eq!((said(&plain), said(&moderated[0])), (0, 7));
        assert!(t.twitch.dropped_lines().is_empty(), "{:?}", t.twitch.dropped_lines());
    })
    .await;
}

#[tokio::test]
async fn busy_channel_leaves_the_others_their_turn() {
    scenario(async |t| {
        let bot = bot(t).await;
        let busy = channel(t, "busy").await;
        for number in 0..30 {
            say(t, &busy, &format!("run:{number}"), &format!("Line {number}")).await;
        }
        let mut quiet = Vec::new();
        for number in 0..10 {
            let here = channel(t, &format!("q{number}")).await;
            say(t, &here, "run:1", "Hello").await;
            quiet.push(here);
        }
        t.work().await;
        assert!(quiet.iter().all(|here| t.twitch.lines_of(here, &bot).len() == 1));
        let of_busy = t.twitch.lines_of(&busy, &bot).len();
        assert!((3..=9).contains(&of_busy), "one each 1.1 s: {of_busy}");
        assert!(t.twitch.dropped_lines().is_empty(), "{:?}", t.twitch.dropped_lines());
    })
    .await;
}

#[tokio::test]
async fn slow_channel_is_learnt() {
    scenario(async |t| {
        let bot = bot(t).await;
        let ana = channel(t, "ana").await;
        t.twitch.set_slow_mode(&ana, std::time::Duration::from_secs(3));
        for number in 0..3 {
            say(t, &ana, &format!("run:{number}"), &format!("Line {number}")).await;
        }
        t.work().await;
        assert_eq!(t.twitch.lines_of(&ana, &bot).len(), 3);
        assert_eq!(t.twitch.dropped_lines()["msg_slowmode"], 1, "once, and then it is known");
    })
    .await;
}
