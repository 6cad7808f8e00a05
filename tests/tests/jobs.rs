//! Jobs come to their end: with many streamers, after failures, and after a crash in the midst of a page.

use sm_db::jobs::{self, Failure};
use sm_services::jobs::{schedule::JOBS, sweep};
use sm_sim::{twitch::Fault, unkind::Unkind};
use sm_tests::{EVENTSUB_SECRET, Guild, World, scenario, scenario_within};
use std::time::Duration as StdDuration;
use time::Duration;
use tokio::time::Instant;

/// Streamers whom a server follows, known by names that are not theirs any more.
async fn many_streamers(t: &World, count: usize) -> Guild {
    let id = t.discord.add_guild("Guild");
    let channel = t.discord.add_channel(id, "live");
    sm_db::guilds::upsert(&t.app.pool, id, "Guild").await.unwrap();
    let ids: Vec<String> = (0..count)
        .map(|n| t.twitch.add_user(&format!("streamer_{n}"), "Streamer").to_string())
        .collect();
    let known = "insert into streamers (twitch_user_id, login, display_name) select id, 'old', 'Old' from unnest($1::text[]) id";
    sqlx::query(known).bind(&ids).execute(&t.app.pool).await.unwrap();
    let followed =
        "insert into guild_streamers (guild_id, twitch_user_id) select $2, unnest($1::text[])";
    sqlx::query(followed).bind(&ids).bind(id.to_db()).execute(&t.app.pool).await.unwrap();
    Guild { id, channel }
}

/// Subscriptions at Twitch as the product wants them, for who is followed.
async fn subscribe_all(t: &World) {
    let ids: Vec<String> = sqlx::query_scalar("select twitch_user_id from streamers")
        .fetch_all(&t.app.pool)
        .await
        .unwrap();
    let callback = format!("{}/webhooks/twitch", t.url);
    for id in ids {
        for kind in ["stream.online", "stream.offline"] {
            t.twitch.subscribe(&id.as_str().into(), kind, &callback, EVENTSUB_SECRET);
        }
    }
}

/// How often the lists of users were asked for.
fn asked_for_users(t: &World) -> usize {
    t.twitch.requests().iter().filter(|request| *request == "GET /helix/users").count()
}

/// Twitch answers some requests for users, and then not for a while.
fn break_after(t: &World, pages: u32) {
    let path = "GET users";
    t.twitch.fault(Fault::of(path, Unkind::default(), Some(pages)));
    t.twitch.fail_next(path, 503, 1_000);
}

async fn outdated_names(t: &World) -> i64 {
    t.count("streamers where login = 'old'").await
}

#[tokio::test]
async fn failed_job_is_tried_again_in_a_minute_and_not_after_a_day() {
    scenario(async |t| {
        many_streamers(t, 3).await;
        subscribe_all(t).await;
        t.twitch.fail_next("GET users", 503, 1_000);
        t.sweep().await;
        assert_eq!(outdated_names(t).await, 3);
        t.twitch.clear_faults();
        t.clock.advance(Duration::MINUTE);
        t.sweep().await;
        assert_eq!(outdated_names(t).await, 0);
    })
    .await;
}

#[tokio::test]
async fn failed_job_keeps_no_other_from_its_turn_and_is_told() {
    scenario(async |t| {
        many_streamers(t, 3).await;
        subscribe_all(t).await;
        t.twitch.fail_next("GET users", 503, 1_000);
        for failures in 1..=2 {
            assert_eq!(t.sweep().await.failed_jobs, ["names"]);
            let known = jobs::list(&t.app.pool).await.unwrap();
            assert_eq!(known.len(), JOBS.len());
            for job in known {
                if job.name == "names" {
                    assert_eq!((job.failures, job.failed), (failures, i64::from(failures)));
                    assert_eq!(job.error.as_deref(), Some("Twitch: Twitch is not available (503)"));
                    assert_eq!(job.succeeded_at, None);
                } else {
                    assert!(job.failures == 0 && job.succeeded_at.is_some(), "{job:?}");
                }
            }
            t.clock.advance(Duration::MINUTE);
        }
        t.twitch.clear_faults();
        t.clock.advance(Duration::minutes(2));
        t.sweep().await;
        let told = "jobs where name = 'names' and failures = 0 and failed = 2 and succeeded_at is not null";
        assert_eq!(t.count(told).await, 1);
    })
    .await;
}

#[tokio::test]
async fn run_goes_on_at_the_page_that_failed() {
    scenario(async |t| {
        many_streamers(t, 250).await;
        subscribe_all(t).await;
        break_after(t, 1);
        t.sweep().await;
        assert_eq!(outdated_names(t).await, 150);
        t.twitch.clear_faults();
        let before = asked_for_users(t);
        t.clock.advance(Duration::MINUTE);
        t.sweep().await;
        assert_eq!((outdated_names(t).await, asked_for_users(t) - before), (0, 2));
    })
    .await;
}

#[tokio::test]
async fn cursor_that_leads_nowhere_is_given_up() {
    scenario(async |t| {
        many_streamers(t, 250).await;
        subscribe_all(t).await;
        break_after(t, 1);
        for _ in 0..5 {
            t.sweep().await;
            t.clock.advance(Duration::minutes(15));
        }
        t.twitch.clear_faults();
        let before = asked_for_users(t);
        t.sweep().await;
        assert_eq!(asked_for_users(t) - before, 3, "from the beginning");
    })
    .await;
}

#[tokio::test]
async fn crash_loses_no_page_and_repeats_only_the_one_under_way() {
    scenario(async |t| {
        many_streamers(t, 250).await;
        subscribe_all(t).await;
        let path = "GET users";
        t.twitch.fault(Fault::of(path, Unkind::default(), Some(1)));
        t.twitch.fault(Fault::of(path, Unkind::slow(3_600_000), Some(1)));
        let crash = async {
            while asked_for_users(t) < 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = t.sweep() => unreachable!("Twitch does not answer"),
            () = crash => {}
        }
        let before = asked_for_users(t);
        t.sweep().await;
        assert_eq!(asked_for_users(t), before, "nobody takes it from a holder that may be alive");
        t.clock.advance(Duration::minutes(3));
        t.sweep().await;
        assert_eq!((outdated_names(t).await, asked_for_users(t) - before), (0, 2));
    })
    .await;
}

#[tokio::test]
async fn holder_that_has_lost_a_job_changes_nothing() {
    scenario(async |t| {
        let pool = &t.app.pool;
        let now = t.clock.now();
        let later = now + Duration::MINUTE;
        let first = jobs::claim(pool, "names", now, later).await.unwrap().unwrap();
        assert_eq!(jobs::claim(pool, "names", now, later).await.unwrap(), None);
        assert!(jobs::advance(pool, "names", first.turn, "7").await.unwrap());
        let second = jobs::claim(pool, "names", later, later + Duration::MINUTE).await.unwrap();
        let second = second.unwrap();
        assert_eq!((second.cursor.as_deref(), second.begun_at), (Some("7"), first.begun_at));
        assert!(!jobs::advance(pool, "names", first.turn, "8").await.unwrap());
        jobs::release(pool, "names", first.turn, now).await.unwrap();
        jobs::finish(pool, "names", first.turn, now, now).await.unwrap();
        let failure = Failure { error: "late", due_at: now, anew: true };
        jobs::fail(pool, "names", first.turn, now, failure).await.unwrap();
        let untouched = format!(
            "jobs where cursor = '7' and failures = 0 and succeeded_at is null and due_at > '{later}'"
        );
        assert_eq!(t.count(&untouched).await, 1);
    })
    .await;
}

#[tokio::test]
async fn limit_of_twitch_lets_a_job_wait_and_is_no_failure() {
    scenario(async |t| {
        many_streamers(t, 3).await;
        subscribe_all(t).await;
        t.twitch.fail_next("GET users", 429, 1_000);
        assert_eq!(t.sweep().await.failed_jobs, Vec::<&str>::new());
        t.twitch.clear_faults();
        t.clock.advance(Duration::MINUTE);
        t.sweep().await;
        assert_eq!(outdated_names(t).await, 0);
    })
    .await;
}

#[tokio::test]
async fn full_budget_at_twitch_does_not_keep_strays_from_being_deleted() {
    scenario(async |t| {
        many_streamers(t, 1).await;
        subscribe_all(t).await;
        subscribe_all(t).await;
        t.twitch.set_max_total_cost(4);
        t.sweep().await;
        assert_eq!(t.twitch.eventsub_requests().delete, 2, "what is there twice");
        t.clock.advance(Duration::minutes(10));
        t.sweep().await;
        let kinds = t.twitch.subscriptions().into_iter().map(|s| s.kind);
        assert!(kinds.into_iter().any(|kind| kind == "user.authorization.revoke"));
    })
    .await;
}

/// Streamers of the largest run. `make scale` takes 100,000.
fn streamers() -> usize {
    #[expect(clippy::disallowed_methods, reason = "how large a run is")]
    std::env::var("SCALE_STREAMERS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_500)
}

#[tokio::test]
async fn jobs_of_scale_come_to_their_end_in_turns_of_a_lambda() {
    let _loaded = sm_tests::machine().await;
    scenario_within(StdDuration::from_secs(3_600), async |t| {
        many_streamers(t, streamers()).await;
        subscribe_all(t).await;
        t.twitch.set_max_total_cost(1_000_000);
        // One in a hundred is live, and no webhook has told of it.
        let live: Vec<String> = sqlx::query_scalar(
            "select twitch_user_id from streamers where twitch_user_id like '%00'",
        )
        .fetch_all(&t.app.pool)
        .await
        .unwrap();
        live.iter().for_each(|id| drop(t.twitch.start_stream(&id.as_str().into(), "live")));
        // The table of jobs forgets an error once its job has succeeded.
        t.sql("create table job_errors (name text, error text)").await;
        t.sql(
            "create function keep_error() returns trigger language plpgsql as
             'begin insert into job_errors values (new.name, new.error); return null; end'",
        )
        .await;
        t.sql(
            "create trigger keep_error after update on jobs for each row
             when (new.error is not null) execute function keep_error()",
        )
        .await;
        let begun = Instant::now();
        let mut sweeps = 0;
        t.twitch.catch_up();
        let all = i64::try_from(JOBS.len()).unwrap();
        while t.count("jobs where succeeded_at is not null").await < all {
            // The Lambda's 30 seconds.
            let deadline = Instant::now() + StdDuration::from_secs(30);
            sweep::run(&t.app, deadline).await.unwrap();
            sweeps += 1;
            t.clock.advance(Duration::MINUTE);
            // The database's clock, which fills this bucket, does not know that a minute has passed.
            t.sql("delete from rate_buckets where key = 'jobs:twitch'").await;
        }
        let count = i64::try_from(streamers()).unwrap();
        let enabled = t.count("eventsub_targets where state = 'enabled'").await;
        assert_eq!((enabled, outdated_names(t).await), (2 * count, 0));
        let found = t.count("stream_sessions where source = 'reconciler'").await;
        assert_eq!(found, i64::try_from(live.len()).unwrap());
        // A table that is in use for seconds, as on a busy machine, gets its partition another time.
        let failed: Vec<String> = sqlx::query_scalar(
            "select name || ': ' || error from job_errors where error not like '%lock timeout%'",
        )
        .fetch_all(&t.app.pool)
        .await
        .unwrap();
        assert_eq!(failed, [""; 0]);
        assert_eq!(t.twitch.eventsub_requests().delete, 0, "nothing is a stray");
        if streamers() > 1_500 {
            eprintln!("{} streamers: {sweeps} sweeps, {:?}", streamers(), begun.elapsed());
        }
        t.after(Duration::minutes(20)).await;
    })
    .await;
}
