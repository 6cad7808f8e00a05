//! Who gets how much of the pace when much is queued: claims are counted, not timed.

use sm_db::announce::{
    claim::{self, Claim},
    deliveries::{self, DueDelivery, Record},
};
use sm_tests::{World, scenario};
use sm_types::announcement::{NamedReason, Status};
use std::collections::BTreeMap;
use time::{Duration, OffsetDateTime};

/// Deliveries claimed at once, as at 45 requests a second.
const BATCH: i64 = 15;
/// What a batch takes at that pace.
const TURN: Duration = Duration::milliseconds(333);

/// Queues deliveries of a stream to as many servers, in one lane, as an expansion would.
async fn queue(t: &World, login: &str, servers: i64, lane: i16) {
    let now = t.clock.now();
    sqlx::query(
        "with streamer as (
           insert into streamers (twitch_user_id, login, display_name) values ($1, $1, $1)
           on conflict (twitch_user_id) do update set login = excluded.login returning twitch_user_id
         ), session as (
           insert into stream_sessions (twitch_user_id, stream_id, type, started_at)
           select twitch_user_id, $1, 'live', $4 from streamer returning session_id
         )
         insert into notification_log (session_id, guild_id, channel_id, kind, action, status, priority, due_at,
           expires_at, received_at, committed_at)
         select session_id, 1, 1, case $3 when 0 then 'online' else 'update' end,
           case $3 when 0 then 'create' else 'edit' end, 'pending', $3, $4, $4 + interval '1 hour', $4, $4
         from session, generate_series(1, $2)",
    )
    .bind(login)
    .bind(servers)
    .bind(lane)
    .bind(now)
    .execute(&t.app.pool)
    .await
    .unwrap();
    claim::rejoin_queue(&t.app.pool).await.unwrap();
}

async fn world(t: &World) {
    t.sql("insert into guilds (guild_id, name) values (1, 'Guild')").await;
}

/// What nobody will send any more is thrown away, so that nothing due is left behind.
async fn clear(t: &World) {
    t.sql("delete from notification_log").await;
}

async fn take(t: &World, now: OffsetDateTime, edits: i64) -> Vec<DueDelivery> {
    let lease_until = now + Duration::seconds(30);
    let claim = Claim { now, lease_until, limit: BATCH, edits, seconds_each: 1.0 / 45.0 };
    claim::claim(&t.app.pool, &claim).await.unwrap()
}

fn by_stream(claimed: &[DueDelivery]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for delivery in claimed {
        *counts.entry(delivery.login.as_str()).or_default() += 1;
    }
    counts
}

fn outcome(due: &DueDelivery, now: OffsetDateTime, again_at: Option<OffsetDateTime>) -> Record {
    Record {
        delivery_id: due.delivery_id,
        attempt: due.attempts,
        status: if again_at.is_some() { Status::Pending } else { Status::Sent },
        reason: again_at.map(|_| NamedReason::RateLimited.into()),
        reason_values: None,
        detail: None,
        due_at: again_at,
        variant: due.variant,
        action: due.action,
        message_id: None,
        opt_outs: 0,
        unhonoured_opt_outs: 0,
        unlisted_members: 0,
        http_status: None,
        discord_code: None,
        retry_after_ms: None,
        claimed_at: now,
        sent_at: None,
        answered_at: None,
        message_created_at: None,
    }
}

#[tokio::test]
async fn small_stream_passes_fifty_thousand_that_were_queued_before() {
    scenario(async |t| {
        world(t).await;
        queue(t, "big", 50_000, 0).await;
        let now = t.clock.now();
        for _ in 0..5 {
            assert_eq!(take(t, now, 0).await.len(), 15);
        }
        queue(t, "small", 3, 0).await;
        let next = take(t, t.clock.now(), 0).await;
        assert_eq!(by_stream(&next), BTreeMap::from([("big", 12), ("small", 3)]));
        clear(t).await;
    })
    .await;
}

#[tokio::test]
async fn edits_keep_their_share_beside_new_messages_and_take_what_is_left() {
    scenario(async |t| {
        world(t).await;
        queue(t, "new", 100, 0).await;
        queue(t, "changed", 100, 1).await;
        let now = t.clock.now();
        let claimed = take(t, now, 3).await;
        assert_eq!(by_stream(&claimed), BTreeMap::from([("changed", 3), ("new", 12)]));
        for _ in 0..7 {
            take(t, now, 3).await;
        }
        // 96 and 24 are gone.
        let claimed = take(t, now, 3).await;
        assert_eq!(by_stream(&claimed), BTreeMap::from([("changed", 11), ("new", 4)]));
        clear(t).await;
    })
    .await;
}

#[tokio::test]
async fn within_a_stream_a_servers_second_channel_comes_after_everybodys_first() {
    scenario(async |t| {
        world(t).await;
        queue(t, "ana", 40, 0).await;
        t.sql("update notification_log set turn = 1 where delivery_id in (select delivery_id from notification_log limit 20)")
            .await;
        let now = t.clock.now();
        let (mut second, first): (Vec<_>, Vec<_>) = (take(t, now, 0).await, take(t, now, 0).await);
        second.extend(first);
        let turns: Vec<i16> = sqlx::query_scalar(
            "select turn from notification_log where delivery_id = any($1)",
        )
        .bind(second[..15].iter().map(|d| d.delivery_id.0).collect::<Vec<_>>())
        .fetch_all(&t.app.pool)
        .await
        .unwrap();
        assert!(turns.iter().all(|turn| *turn == 0), "{turns:?}");
        clear(t).await;
    })
    .await;
}

#[tokio::test]
async fn lost_deliveries_go_first() {
    scenario(async |t| {
        world(t).await;
        queue(t, "ana", 200, 0).await;
        let now = t.clock.now();
        let lost = take(t, now, 0).await;
        let later = now + Duration::seconds(31);
        let next = take(t, later, 0).await;
        let ids = |all: &[DueDelivery]| {
            all.iter().map(|d| d.delivery_id.0).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(ids(&lost), ids(&next));
        assert!(next.iter().all(|delivery| delivery.attempts == 2));
        clear(t).await;
    })
    .await;
}

#[tokio::test]
async fn row_of_a_newer_version_is_left_alone() {
    scenario(async |t| {
        world(t).await;
        queue(t, "ana", 2, 0).await;
        t.sql("alter table notification_log drop constraint notification_log_kind_check").await;
        t.sql("update notification_log set kind = 'digest' where delivery_id = (select delivery_id from notification_log limit 1)")
            .await;
        let claimed = take(t, t.clock.now(), 0).await;
        assert_eq!(claimed.len(), 1);
        t.sql("delete from notification_log where kind <> 'digest'").await;
        // The harness holds it to this: what this version cannot send is not due for it.
    })
    .await;
}

#[tokio::test]
async fn late_worker_gives_nothing_back_that_another_has_taken_over() {
    scenario(async |t| {
        world(t).await;
        queue(t, "ana", 1, 0).await;
        let now = t.clock.now();
        let first = take(t, now, 0).await;
        let later = now + Duration::seconds(31);
        assert_eq!(take(t, later, 0).await.len(), 1);
        deliveries::release(&t.app.pool, &first, later).await.unwrap();
        assert_eq!(t.count("notification_log where status = 'sending' and attempts = 2").await, 1);
        clear(t).await;
    })
    .await;
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Streams of 1 to 50,000 servers come and go, workers die, Discord answers 429: within any 10 seconds, each stream
/// that has something due all the while gets its share, give or take a fifth.
#[tokio::test]
async fn each_stream_has_its_share_of_any_ten_seconds() {
    let _loaded = sm_tests::machine().await;
    scenario(async |t| {
        world(t).await;
        let mut dice = Dice(20_261_129);
        let sizes = [50_000, 1, 12_000, 300, 7, 2_500, 40, 1_000, 3, 20_000];
        let mut taken: Vec<BTreeMap<String, usize>> = Vec::new();
        let mut waiting: Vec<BTreeMap<String, i64>> = Vec::new();
        let mut now = t.clock.now();
        for turn in 0..400 {
            if turn % 30 == 0 && turn / 30 < sizes.len() {
                queue(t, &format!("stream_{:02}", turn / 30), sizes[turn / 30], 0).await;
            }
            let left: Vec<(String, i64)> = sqlx::query_as(
                "select s.twitch_user_id, f.waiting::bigint from outbox_flows f join stream_sessions s using (session_id)",
            )
            .fetch_all(&t.app.pool)
            .await
            .unwrap();
            waiting.push(left.into_iter().collect());
            let claimed = take(t, now, 0).await;
            taken.push(by_stream(&claimed).into_iter().map(|(k, v)| (k.to_owned(), v)).collect());
            // One worker in fifty dies with its batch; one answer in ten is a 429 of some seconds.
            if dice.roll(50) > 0 {
                let outcomes: Vec<_> = claimed
                    .iter()
                    .map(|due| {
                        let wait = Duration::seconds(1 + dice.roll(5) as i64);
                        outcome(due, now, (dice.roll(10) == 0).then_some(now + wait))
                    })
                    .collect();
                deliveries::record(&t.app.pool, &outcomes, now).await.unwrap();
            }
            now += TURN;
        }
        clear(t).await;
        share_of_windows(&taken, &waiting);
    })
    .await;
}

/// Looks at every window of 30 turns, which are 10 seconds.
fn share_of_windows(taken: &[BTreeMap<String, usize>], waiting: &[BTreeMap<String, i64>]) {
    let mut compared = 0;
    for begin in 0..taken.len() - 30 {
        let window = &taken[begin..begin + 30];
        let mut sums: BTreeMap<&str, usize> = BTreeMap::new();
        for (stream, count) in window.iter().flatten() {
            *sums.entry(stream).or_default() += count;
        }
        // With that much left at the end of the window, a stream had something due all the while.
        let busy: Vec<&str> = sums
            .keys()
            .copied()
            .filter(|stream| {
                let at = |turn: usize| waiting[turn].get(*stream).copied().unwrap_or(0);
                at(begin) > 15 && at(begin + 30) > 15
            })
            .collect();
        let of_busy: usize = busy.iter().map(|stream| sums[stream]).sum();
        for stream in &busy {
            let fair = of_busy as f64 / busy.len() as f64;
            let share = sums[stream] as f64 / fair;
            assert!(
                (0.8..=1.2).contains(&share),
                "turn {begin}: {stream} had {share:.2} of {fair:.1}, {sums:?}"
            );
            compared += 1;
        }
    }
    assert!(compared > 1_000, "only {compared} shares were compared");
}
