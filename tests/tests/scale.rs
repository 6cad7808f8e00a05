//! A database as large as a large instance's: no request reads a big table from end to end.

use crate::setup::{Admin, admin};
use sm_tests::{World, scenario};
use sqlx::{Connection, PgConnection};
use std::{collections::BTreeMap, time::Instant};

/// Rows of the largest tables. `make scale` takes a million, which fills for a minute.
fn rows() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "how large a run is")]
    std::env::var("SCALE_ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(60_000)
}

const BIG: [&str; 7] = [
    "delivery_history_before",
    "user_preferences",
    "delivery_attempts",
    "streamers",
    "stream_sessions",
    "audit_log",
    "eventsub_targets",
];

/// 10,000 streamers, 1,000 of them followed by the guild; preferences and history as many as asked for.
const FILL: [&str; 9] = [
    "insert into streamers (twitch_user_id, login, display_name)
     select n::text, 'streamer_' || lpad(n::text, 6, '0'), 'Streamer ' || n from generate_series(100001, 110000) n",
    "insert into eventsub_targets (twitch_user_id, type, state, next_try_at)
     select twitch_user_id, 'stream.online', 'enabled', now() from streamers where login like 'streamer%'",
    "insert into guild_streamers (guild_id, twitch_user_id)
     select $2, twitch_user_id from streamers where login like 'streamer%' order by login limit 999",
    "insert into destinations (guild_id, twitch_user_id)
     select guild_id, twitch_user_id from guild_streamers where guild_id = $2 on conflict do nothing",
    "insert into stream_sessions (twitch_user_id, stream_id, type, started_at, ended_at)
     select twitch_user_id, 's' || n, 'live', now() - interval '1 day', now() - interval '20 hours'
     from streamers, generate_series(1, 3) n where login like 'streamer%'",
    "insert into user_preferences (guild_id, twitch_user_id, user_id, wants_ping)
     select $2, (100001 + n % 10000)::text, n / 10000, n % 2 = 0 from generate_series(0, $1 - 1) n",
    // The one who asks has turned off every second of them.
    "insert into user_preferences (guild_id, twitch_user_id, user_id, wants_ping)
     select guild_id, twitch_user_id, user_id, twitch_user_id::bigint % 2 = 0 from guild_streamers, users
     where guild_id = $2 on conflict do nothing",
    "insert into delivery_history (delivery_id, session_id, guild_id, channel_id, kind, action, status, reason, streamer_id,
       due_at, expires_at, received_at, committed_at, sent_at, finished_at, created_at)
     select (lpad(to_hex((extract(epoch from now()) * 1000)::bigint - n * 2592000000 / $1), 12, '0') || '7000'
             || '8' || substr(md5(n::text), 1, 15))::uuid,
       s.session_id, $2, 1, 'update', 'edit', case when n % 100 = 0 then 'failed' else 'sent' end,
       case when n % 100 = 0 then 'missing_permission' end, s.twitch_user_id, now(), now(), now(), now(), now(), now(), now()
     from generate_series(1, $1) n
     join (select session_id, twitch_user_id, row_number() over () - 1 as row from stream_sessions) s
       on s.row = n % 30000",
    "insert into audit_log (at, guild_id, actor_id, action)
     select now(), $2, 7, 'guild_config.update' from generate_series(1, $1 / 10) where $2 is not null",
];

async fn fill(t: &World, guild: i64) {
    let mut db = PgConnection::connect(t.database_url()).await.unwrap();
    for statement in FILL {
        // Every statement has both parameters, used or not.
        let statement = format!("with given as (select $1::bigint, $2::bigint) {statement}");
        let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(rows()).bind(guild);
        query.execute(&mut db).await.unwrap();
    }
    sqlx::raw_sql("vacuum analyze").execute(&mut db).await.unwrap();
    db.close().await.unwrap();
}

/// How often each big table was read from end to end so far.
async fn scans(url: &str) -> BTreeMap<String, i64> {
    let mut db = PgConnection::connect(url).await.unwrap();
    let all: Vec<(String, i64)> = sqlx::query_as(
        "select relname::text, seq_scan from pg_stat_user_tables where relname = any($1)",
    )
    .bind(BIG.as_slice())
    .fetch_all(&mut db)
    .await
    .unwrap();
    db.close().await.unwrap();
    all.into_iter().collect()
}

#[tokio::test]
async fn no_request_reads_a_big_table_from_end_to_end() {
    let _loaded = sm_tests::machine().await;
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let Admin { browser, guild, .. } = admin(t, &ana).await;
        fill(t, guild.id.to_db()).await;
        let before = scans(t.database_url()).await;
        let base = format!("/api/guilds/{}", guild.id);
        let mut times = Vec::new();
        for path in [
            "/api/guilds".to_owned(),
            "/api/users/me/preferences".to_owned(),
            format!("/api/users/me/preferences/{}", guild.id),
            format!("/api/users/me/preferences/{}?limit=100", guild.id),
            format!("/api/users/me/preferences/{}?q=R_100500", guild.id),
            format!("{base}/streamers"),
            format!("{base}/streamers?limit=100"),
            format!("{base}/streamers/{ana}"),
            format!("{base}/deliveries"),
            format!("{base}/deliveries?limit=100"),
            format!("{base}/deliveries?status=failed"),
            format!("{base}/deliveries?status=skipped"),
            format!("{base}/deliveries?streamer_id=100500"),
            format!(
                "{base}/deliveries?streamer_id=100500&status=failed&since=2026-01-01T00:00:00Z"
            ),
            format!("{base}/audit"),
            format!("{base}/overview"),
            format!("{base}/templates"),
        ] {
            t.sql("delete from rate_buckets").await;
            browser.get(&path).await.ok();
            let begun = Instant::now();
            browser.get(&path).await.ok();
            times.push((path, begun.elapsed()));
        }
        // The main path beside all this.
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.message(guild);
        // What a connection has counted is written down at the latest when it ends.
        let url = t.database_url().to_owned();
        t.app.pool.close().await;
        let after = scans(&url).await;
        for (path, took) in times {
            if rows() >= 1_000_000 {
                eprintln!("{:7.1} ms  {path}", took.as_secs_f64() * 1000.0);
            }
        }
        let read: Vec<_> =
            after.iter().filter(|(table, count)| before.get(*table) != Some(count)).collect();
        assert!(read.is_empty(), "read from end to end: {read:?}, before: {before:?}");
    })
    .await;
}
