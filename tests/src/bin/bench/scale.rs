//! A large instance after half a year: claims beside a million pending deliveries, lists beside 20 million settled ones.

use crate::figures::{ms, percentile, say};
use sm_db::{
    announce::claim::{Claim, claim},
    jobs::partitions::PARTITIONED,
};
use sm_tests::{Browser, World, scenario_within};
use sm_types::{GuildId, TwitchUserId};
use sqlx::{Connection, PgConnection};
use std::time::{Duration, Instant};

/// Rows of history. `make scale` takes 20 million, which takes 12 GB and fills for a quarter of an hour.
fn history() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "how large a run is")]
    std::env::var("SCALE_ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(200_000)
}

/// Streams with something to deliver, and servers that follow each of them.
const STREAMS: i64 = 500;
const SERVERS: i64 = 2_000;
/// Months of history; a delivery is kept for half a year.
const MONTHS: i32 = 6;
const CLAIMS: usize = 500;
const REQUESTS: usize = 200;
/// What a worker claims at once.
const BATCH: i64 = 32;

pub(crate) async fn run() {
    let rows = history();
    say(&format!(
        "\nBeside {rows} settled deliveries, with {} pending in {STREAMS} streams",
        STREAMS * SERVERS
    ));
    scenario_within(Duration::from_secs(7200), async |t| {
        months_pass(t).await;
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await.id;
        let ada = t.discord.add_user("ada", Some("Ada"));
        t.discord.set_owner(guild, ada);
        let begun = Instant::now();
        fill(t, guild, rows).await;
        say(&format!("  filled in {:.0} s", begun.elapsed().as_secs_f64()));
        claims(t).await;
        let mut db = PgConnection::connect(t.database_url()).await.expect("it connects");
        execute(&mut db, "truncate notification_log, outbox_flows".to_owned()).await;
        let browser = t.signed_in(ada).await;
        lists(t, &browser, guild, &ana).await;
    })
    .await;
}

/// Half a year, in which the job makes a partition for every month.
async fn months_pass(t: &World) {
    for _ in 0..MONTHS {
        for table in PARTITIONED {
            table.maintain(&t.app.pool, t.clock.now()).await.expect("partitions are made");
        }
        t.clock.advance(time::Duration::days(30));
    }
}

/// The servers, their streams and rows; `$1` is how many of history, `$2` a server, `$3` the time now.
const FILL: [&str; 7] = [
    "insert into streamers (twitch_user_id, login, display_name)
     select n::text, 'streamer_' || n, 'Streamer ' || n from generate_series(100001, 110000) n",
    "insert into guilds (guild_id, name) select n, 'Server ' || n from generate_series(1, 2000) n",
    "insert into guild_streamers (guild_id, twitch_user_id)
     select n, '100001' from generate_series(1, 2000) n
     union all select $2, n::text from generate_series(100001, 100500) n",
    "insert into destinations (guild_id, twitch_user_id, channel_id)
     select guild_id, twitch_user_id, guild_id from guild_streamers where guild_id <= 2000 or guild_id = $2
     on conflict do nothing",
    "insert into stream_sessions (twitch_user_id, stream_id, type, started_at)
     select n::text, 's' || n, 'live', $3 from generate_series(100001, 100500) n",
    // Every server was told of about as much; the one that is asked for too.
    "insert into delivery_history (delivery_id, session_id, guild_id, channel_id, kind, action, status, reason,
       streamer_id, due_at, expires_at, received_at, committed_at, sent_at, finished_at, created_at)
     select (substr(uuid_at($3 - make_interval(secs => n * 15120000.0 / $1))::text, 1, 14) || '7000-8000-'
             || substr(md5(n::text), 1, 12))::uuid,
       '01900000-0000-7000-8000-000000000000', case when n % 2000 = 0 then $2 else n % 2000 end, 1, 'online', 'create',
       case when n % 97 = 0 then 'failed' else 'sent' end, case when n % 97 = 0 then 'missing_permission' end,
       (100001 + n * 7 % 500)::text, $3, $3, $3, $3, $3, $3, $3
     from generate_series($1, 1, -1) n",
    "insert into audit_log (at, guild_id, actor_id, action)
     select $3, 1 + n % 2000, 7, 'guild_config.update' from generate_series(1, 100000) n",
];

/// What is pending, which has come last; as above.
const QUEUE: [&str; 2] = [
    "insert into notification_log (destination_id, session_id, guild_id, channel_id, kind, action, status,
       streamer_id, due_at, expires_at, received_at, committed_at)
     select d.destination_id, s.session_id, d.guild_id, d.channel_id, 'online', 'create', 'pending',
       s.twitch_user_id, $3, $3 + interval '1 day', $3, $3
     from stream_sessions s, destinations d
     where s.twitch_user_id between '100001' and '100500' and d.twitch_user_id = '100001' and d.guild_id <= 2000",
    "insert into outbox_flows (session_id, lane, waiting)
     select session_id, 0, count(*) from notification_log group by session_id",
];

async fn fill(t: &World, guild: GuildId, rows: i64) {
    // Indexes are made of whole tables much faster than row by row.
    let indexes: Vec<String> = sqlx::query_scalar(
        "select pg_get_indexdef(indexrelid) from pg_index
         where indrelid = 'delivery_history'::regclass and not indisprimary",
    )
    .fetch_all(&t.app.pool)
    .await
    .expect("the table is there");
    let mut db = PgConnection::connect(t.database_url()).await.expect("it connects");
    for index in &indexes {
        let name = index.split(' ').nth(2).expect("an index has a name").to_owned();
        execute(&mut db, format!("drop index {name}")).await;
    }
    let insert = async |db: &mut PgConnection, statements: &[&str]| {
        for statement in statements {
            let given = "with given as (select $1::bigint, $2::bigint, $3::timestamptz)";
            let query = sqlx::query(sqlx::AssertSqlSafe(format!("{given} {statement}")));
            let query = query.bind(rows).bind(guild.to_db()).bind(t.clock.now());
            query.execute(&mut *db).await.expect("the rows are new");
        }
    };
    insert(&mut db, &FILL).await;
    execute(&mut db, "set maintenance_work_mem = '1GB'".to_owned()).await;
    for index in indexes {
        execute(&mut db, index.replace(" ON ONLY ", " ON ")).await;
    }
    execute(&mut db, "vacuum analyze".to_owned()).await;
    insert(&mut db, &QUEUE).await;
    execute(&mut db, "vacuum analyze notification_log, outbox_flows".to_owned()).await;
    // What was written all at once is on the disk before anything is measured: commits would wait for it.
    execute(&mut db, "checkpoint".to_owned()).await;
}

async fn execute(db: &mut PgConnection, statement: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(db)
        .await
        .expect("the statement is right");
}

async fn claims(t: &World) {
    let mut times = Vec::new();
    for _ in 0..CLAIMS {
        let now = t.clock.now();
        let wanted = Claim {
            now,
            lease_until: now + time::Duration::hours(1),
            limit: BATCH,
            edits: BATCH / 5,
            seconds_each: 0.02,
        };
        let begun = Instant::now();
        let claimed = claim(&t.app.pool, &wanted).await.expect("it claims");
        times.push(begun.elapsed());
        assert_eq!(claimed.len(), usize::try_from(BATCH).unwrap_or_default(), "a whole batch");
    }
    figures(&format!("claim of {BATCH}"), times);
}

async fn lists(t: &World, browser: &Browser<'_>, guild: GuildId, ana: &TwitchUserId) {
    let base = format!("/api/guilds/{guild}");
    for path in [
        "/api/guilds".to_owned(),
        "/api/users/me/preferences".to_owned(),
        format!("/api/users/me/preferences/{guild}?limit=100"),
        format!("{base}/overview"),
        format!("{base}/streamers?limit=100"),
        format!("{base}/streamers/{ana}"),
        format!("{base}/deliveries"),
        format!("{base}/deliveries?limit=100"),
        format!("{base}/deliveries?status=failed"),
        format!("{base}/deliveries?status=skipped"),
        format!("{base}/deliveries?streamer_id=100250"),
        format!("{base}/deliveries?streamer_id=100250&status=failed&since=2026-01-01T00:00:00Z"),
        format!("{base}/audit"),
        format!("{base}/templates"),
    ] {
        let mut times = Vec::new();
        for _ in 0..REQUESTS {
            t.sql("delete from rate_buckets").await;
            let begun = Instant::now();
            browser.get(&path).await.ok();
            times.push(begun.elapsed());
        }
        figures(&path.replace(&guild.to_string(), "{server}"), times);
    }
}

fn figures(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| ms(percentile(&times, share)));
    say(&format!("  p50 {p50:6.2}  p95 {p95:6.2}  p99 {p99:6.2} ms  {what}"));
}
