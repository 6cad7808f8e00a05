//! Behind a transaction-pooling proxy, which gives each transaction any of its own connections: `make poolers`.

mod pgbouncer;

use crate::silence::{send, send_until_taken, until};
use futures_util::future::join_all;
use pgbouncer::{PgBouncer, Pooling, SERVERS, TRACKED};
use serde_json::json;
use sm_db::{
    Pool, PoolLimits,
    route::{Belief, Route},
};
use sm_lambda::{
    Config,
    dispatch::{Dispatcher, Reply},
    lazy_app,
};
use sm_tests::{TestDatabase, World, process::streammaxing, scenario, scenario_within};
use sqlx::{Connection, PgConnection};
use std::time::{Duration, Instant};

const STREAMERS: usize = 20;
/// As many at once.
const SENDERS: usize = 10;

fn pool(belief: Belief, url: &str) -> Pool {
    Pool::believing(belief, url.parse().unwrap(), PoolLimits::with_connections(8))
}

async fn route(belief: Belief, url: &str) -> Option<Route> {
    let pool = pool(belief, url);
    drop(pool.acquire().await.unwrap());
    let route = pool.route();
    pool.close().await;
    route
}

#[expect(clippy::print_stdout, reason = "what `make poolers` shows")]
fn show(took: Duration) {
    println!("{} webhooks of {SENDERS} senders in {took:?}", SENDERS * STREAMERS);
}

/// Two servers at this address take 200 webhooks at once and announce each stream once.
async fn announce_all(t: &World, database_url: &str) {
    let mut events = Vec::new();
    for n in 0..STREAMERS {
        let streamer = t.streamer(&format!("streamer{n}")).await;
        t.guild_following(&streamer).await;
        events.push(t.twitch.start_stream(&streamer, "live").1);
    }
    let two = t.two_servers(&[("DATABASE_URL", database_url)]);
    let url = |n: usize| format!("http://{}", two.addresses[n % 2]);
    let begun = Instant::now();
    let senders = (0..SENDERS).map(async |sender| {
        for (n, event) in events.iter().enumerate() {
            // Twitch tells of each stream several times, under ids of their own.
            let status = send(t, &url(n + sender), &format!("{sender}-{n}"), event).await;
            assert_eq!(status, 204, "sender {sender}, stream {n}");
        }
    });
    join_all(senders).await;
    show(begun.elapsed());
    until("the last message", async || t.discord.message_count() >= STREAMERS).await;
    until("the last record", async || {
        let open = "select count(*) from notification_log where status in ('pending', 'sending')";
        sqlx::query_scalar::<_, i64>(open).fetch_one(&t.app.pool).await.unwrap() == 0
    })
    .await;
    assert_eq!(t.discord.message_count(), STREAMERS);
    assert!(t.discord.channels_with_several().is_empty());
    let ready = sm_aws::lazy_http().get(format!("{}/readyz", url(0))).send().await.unwrap();
    assert_eq!(ready.status().as_u16(), 200);
}

/// What `doctor` finds of the way to the database.
async fn doctor(t: &World, database_url: &str) -> String {
    let ran = t.operate_with(&[("DATABASE_URL", database_url)], &["doctor"]).await;
    let line = ran.stdout.lines().find(|line| line.get(4..).is_some_and(|l| l.starts_with("way ")));
    line.unwrap_or_else(|| panic!("no line about the way: {}", ran.stdout)).to_owned()
}

#[tokio::test]
async fn statements_without_names_do_the_same() {
    scenario(async |t| {
        let url = format!("{}?pgbouncer=true", t.database_url());
        announce_all(t, &url).await;
        assert!(doctor(t, &url).await.contains("tracks no prepared statements"));
        assert!(doctor(t, t.database_url()).await.contains("a server process of its own"));
    })
    .await;
}

#[tokio::test]
async fn statements_with_names_do_it_straight() {
    scenario(async |t| announce_all(t, t.database_url()).await).await;
}

#[tokio::test]
async fn way_without_a_proxy_is_straight() {
    let database = TestDatabase::create().await;
    assert_eq!(route(Belief::Open, &database.url).await, Some(Route::Direct));
    assert_eq!(route(Belief::Pooled, &database.url).await, Some(Route::Untracked));
    database.drop_it().await;
}

/// What any PgBouncer can do.
mod untracked {
    use super::*;

    #[tokio::test]
    #[ignore = "needs PgBouncer: make poolers"]
    async fn everything_works_where_no_statements_are_tracked() {
        for pooling in [Pooling::Untracked, Pooling::UntrackedInTurns] {
            scenario(async |t| {
                let pooler = PgBouncer::start(t.database_url(), pooling);
                assert_eq!(route(Belief::Open, pooler.url()).await, Some(Route::Untracked));
                announce_all(t, pooler.url()).await;
                let found = doctor(t, pooler.url()).await;
                assert!(found.contains("tracks no prepared statements"), "{found}");
            })
            .await;
        }
    }

    #[tokio::test]
    #[ignore = "needs PgBouncer: make poolers"]
    async fn session_pooling_is_as_good_as_none() {
        scenario(async |t| {
            let pooler = PgBouncer::start(t.database_url(), Pooling::Session);
            assert_eq!(route(Belief::Open, pooler.url()).await, Some(Route::Direct));
        })
        .await;
    }

    #[tokio::test]
    #[ignore = "needs PgBouncer: make poolers"]
    async fn way_is_found_among_others_at_work() {
        scenario(async |t| {
            let pooler = PgBouncer::start(t.database_url(), Pooling::UntrackedInTurns);
            let busy = pool(Belief::Pooled, pooler.url());
            let work = async {
                let count = async |_| {
                    loop {
                        sqlx::query("select count(*) from guilds").execute(&busy).await.unwrap();
                    }
                };
                join_all((0..4).map(count)).await
            };
            let looks = async {
                for _ in 0..20 {
                    assert_eq!(route(Belief::Open, pooler.url()).await, Some(Route::Untracked));
                }
            };
            tokio::select! {
                _ = work => unreachable!("it has no end"),
                () = looks => {}
            }
        })
        .await;
    }

    /// Whoever takes a way for straight by mistake learns better by the first name that is another's.
    #[tokio::test]
    #[ignore = "needs PgBouncer: make poolers"]
    async fn mistake_is_noticed_and_mended() {
        scenario(async |t| {
            let pooler = PgBouncer::start(t.database_url(), Pooling::UntrackedInTurns);
            let pool = pool(Belief::Direct, pooler.url());
            let ask = async || {
                sqlx::query_scalar::<_, i64>("select count(*) from guilds where guild_id > $1")
                    .bind(0_i64)
                    .fetch_one(&pool)
                    .await
            };
            let mut failed = 0;
            while pool.route() == Some(Route::Direct) {
                let asked = join_all((0..4).map(|_| ask())).await;
                failed += asked.iter().filter(|asked| asked.is_err()).count();
                assert!(failed < 20);
            }
            assert!(failed > 0);
            for asked in join_all((0..100).map(|_| ask())).await {
                asked.unwrap();
            }
            pool.close().await;
            t.expect_errors();
        })
        .await;
    }

    #[tokio::test]
    #[ignore = "needs PgBouncer: make poolers"]
    async fn migrations_pass_and_leave_no_lock() {
        migrate_through(Pooling::UntrackedInTurns).await;
    }

    #[tokio::test]
    #[ignore = "needs PgBouncer: make poolers"]
    async fn start_up_option_that_a_proxy_refuses_is_named() {
        scenario(async |t| {
            let pooler = PgBouncer::start(t.database_url(), Pooling::Untracked);
            let url = format!("{}?options=-c%20statement_timeout%3D5s", pooler.url());
            let ran = t.operate_with(&[("DATABASE_URL", &url)], &["doctor"]).await;
            assert!(ran.stdout.contains("leave `options` out"), "{}", ran.stdout);
        })
        .await;
    }

    /// In Lambda there is no time to try: the smoke test does, before a release gets traffic.
    #[tokio::test]
    #[ignore = "needs PgBouncer: make poolers"]
    async fn smoke_test_refuses_a_proxy_that_is_not_known() {
        scenario(async |t| {
            // The other questions go by the names that are refused.
            t.expect_errors();
            let pooler = PgBouncer::start(t.database_url(), Pooling::UntrackedInTurns);
            let smoke = async |url: String| {
                let find = |name: &str| match name {
                    "DATABASE_URL" => Some(url.clone()),
                    "AWS_LAMBDA_RUNTIME_API" => Some("127.0.0.1:9001".to_owned()),
                    _ => t.settings.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone()),
                };
                let config = Config::from_lookup(find).unwrap();
                let function =
                    Dispatcher::new(sm_api::Edge::default(), lazy_app(config, t.clock.clone()));
                let event = crate::aws::event(t, &json!({ "task": "smoke" }), 60);
                match function.handle(event).await.unwrap() {
                    Reply::Json(found) => found["database"].as_str().unwrap().to_owned(),
                    Reply::Http(answer) => panic!("a task is no request: {answer}"),
                }
            };
            let found = smoke(pooler.url().to_owned()).await;
            assert!(found.contains("?pgbouncer=true"), "{found}");
            assert_eq!(smoke(format!("{}?pgbouncer=true", pooler.url())).await, "ok");
        })
        .await;
    }

    #[tokio::test]
    #[ignore = "needs PgBouncer: make poolers"]
    async fn failing_over_in_a_fan_out_loses_and_doubles_nothing() {
        fail_over(Pooling::UntrackedInTurns).await;
    }
}

/// What needs PgBouncer 1.21.
mod tracked {
    use super::*;

    #[tokio::test]
    #[ignore = "needs PgBouncer: make poolers"]
    async fn everything_works_where_statements_are_tracked() {
        scenario(async |t| {
            let pooler = PgBouncer::start(t.database_url(), Pooling::Tracked);
            assert_eq!(route(Belief::Open, pooler.url()).await, Some(Route::Tracked));
            assert_eq!(route(Belief::Pooled, pooler.url()).await, Some(Route::Tracked));
            announce_all(t, pooler.url()).await;
            let found = doctor(t, pooler.url()).await;
            assert!(found.contains("tracks prepared statements"), "{found}");
        })
        .await;
    }

    #[tokio::test]
    #[ignore = "needs PgBouncer: make poolers"]
    async fn migrations_pass_and_leave_no_lock() {
        migrate_through(Pooling::Tracked).await;
    }

    #[tokio::test]
    #[ignore = "needs PgBouncer: make poolers"]
    async fn failing_over_in_a_fan_out_loses_and_doubles_nothing() {
        fail_over(Pooling::Tracked).await;
    }

    /// Statements beyond what a connection keeps are closed at the proxy too.
    #[tokio::test]
    #[ignore = "needs PgBouncer: make poolers"]
    async fn statements_do_not_pile_up_at_the_proxy() {
        scenario(async |t| {
            let pooler = PgBouncer::start(t.database_url(), Pooling::Tracked);
            let pool = pool(Belief::Open, pooler.url());
            let different = async |from: usize, count: usize| {
                let statements = (from..from + count).map(async |n| {
                    let text = sqlx::AssertSqlSafe(format!("select count(*) + {n} from guilds"));
                    sqlx::query(text).execute(&pool).await.unwrap();
                });
                join_all(statements).await;
            };
            for round in 0..10 {
                different(round * 200, 200).await;
            }
            let before = pooler.memory();
            for round in 10..100 {
                different(round * 200, 200).await;
            }
            let after = pooler.memory();
            println!("18,000 more statements: {before} kB, then {after} kB");
            assert!(after < before + 2_000, "{before} kB grew to {after} kB");
            let mut kept = 0;
            for _ in 0..SERVERS * 2 {
                let count = sqlx::raw_sql("select count(*) from pg_prepared_statements");
                let row = count.fetch_one(&pool).await.unwrap();
                let count: String = sqlx::Row::try_get_unchecked(&row, 0).unwrap();
                kept = kept.max(count.parse::<u32>().unwrap());
            }
            println!("at most {kept} on a connection of the proxy's");
            assert!(kept <= TRACKED);
            pool.close().await;
        })
        .await;
    }
}

/// A fan-out while PgBouncer is killed three times.
async fn fail_over(pooling: Pooling) {
    const GUILDS: usize = 400;
    let _loaded = sm_tests::machine().await;
    scenario_within(Duration::from_secs(400), async |t| {
        let mut pooler = PgBouncer::start(t.database_url(), pooling);
        let ana = t.streamer("ana").await;
        for _ in 0..GUILDS {
            t.guild_following(&ana).await;
        }
        let settings = [("DATABASE_URL", pooler.url()), ("DISCORD_RATE_PER_SECOND", "100")];
        let two = t.two_servers(&settings);
        let (_, event) = t.twitch.start_stream(&ana, "live");
        send_until_taken(t, &format!("http://{}", two.addresses[0]), "one", &event).await;
        for quarter in 1..4 {
            let goal = GUILDS * quarter / 4;
            until("progress", async || t.discord.message_count() >= goal).await;
            pooler.fail_over();
        }
        let open = async || {
            let open =
                "select count(*) from notification_log where status in ('pending', 'sending')";
            sqlx::query_scalar::<_, i64>(open).fetch_one(&t.app.pool).await.unwrap()
        };
        // What was under way when the connections broke comes again when its lease of 30 seconds has run out.
        until("the end", async || open().await == 0).await;
        assert_eq!(t.discord.message_count(), GUILDS, "none is missing, none came twice");
        assert!(t.discord.channels_with_several().is_empty());
    })
    .await;
}

/// Twice at once, from nothing.
async fn migrate_through(pooling: Pooling) {
    let database = TestDatabase::empty().await;
    let pooler = PgBouncer::start(&database.url, pooling);
    let settings = [("DATABASE_URL", pooler.url().to_owned())];
    let (one, two) =
        tokio::join!(streammaxing(&["migrate"], &settings), streammaxing(&["migrate"], &settings));
    assert_eq!((one.code, two.code), (0, 0), "{} {}", one.stderr, two.stderr);
    let mut db = PgConnection::connect(&database.url).await.unwrap();
    // PgBouncer's connections are still there, and would hold a lock of their session's.
    let locks: Vec<String> = sqlx::query_scalar(
        "select concat_ws(' ', l.mode, a.state, a.query)
         from pg_locks l join pg_stat_activity a using (pid)
         where l.locktype = 'advisory' and a.datname = current_database()",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert_eq!(locks, Vec::<String>::new());
    let again = streammaxing(&["migrate"], &settings).await;
    assert_eq!(again.code, 0, "{}", again.stderr);
    db.close().await.unwrap();
    drop(pooler);
    database.drop_it().await;
}
