//! The migrations, one by one over sample rows, and the state they end in.

use sm_tests::TestDatabase;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Rows as the version before the next migration would have written them.
const SAMPLE_ROWS: &[(i64, &str)] = &[
    (
        1,
        "insert into guilds (guild_id, name) values (1, 'Guild');
         insert into message_templates (guild_id, name, message) values (1, 'Default', '{\"content\": \"{url}\"}');
         insert into guild_config (guild_id, default_channel_id, mention, mention_role_id) values (1, 2, 'role', 3);
         insert into streamers (twitch_user_id, login, display_name) values ('7', 'ana', 'Ana');
         insert into guild_streamers (guild_id, twitch_user_id) values (1, '7');
         insert into destinations (guild_id, twitch_user_id, channel_id) values (1, '7', null), (1, '7', 5);
         insert into user_preferences (guild_id, twitch_user_id, user_id, wants_ping) values (1, '*', 9, false);",
    ),
    (
        2,
        "insert into eventsub_subscriptions (subscription_id, twitch_user_id, type, version, status)
           values ('s', '7', 'stream.online', '1', 'enabled');
         insert into webhook_messages values ('m', now());
         insert into stream_sessions (twitch_user_id, stream_id, type, started_at) values ('7', '46', 'live', now());
         insert into stream_events (session_id, kind, occurred_at, received_at, due_at)
           select session_id, 'online', now(), now(), now() from stream_sessions;
         insert into notification_log (destination_id, session_id, guild_id, kind, action, status, due_at,
           expires_at, received_at, committed_at)
           select destination_id, session_id, 1, 'online', 'create', 'pending', now(), now(), now(), now()
           from destinations, stream_sessions;
         insert into delivery_attempts (delivery_id, attempt, outcome, claimed_at)
           select delivery_id, 1, 'sent', now() from notification_log;
         insert into discord_gate (key) values ('global');
         insert into discord_invalid_requests values (now(), 1);
         insert into service_tokens values ('twitch_app', 'x', now());",
    ),
    (
        3,
        "insert into users (user_id, username) values (9, 'ana');
         insert into sessions (session_id, user_id, created_at, last_seen_at, expires_at)
           values (uuid_v7(), 9, now(), now(), now());
         insert into user_guilds values (9, 1, 'Guild', null, true, 8);
         insert into guild_members values (1, 9, true, 8, now());
         insert into invite_links (code, guild_id, created_by, created_at, expires_at) values ('c', 1, 9, now(), now());
         insert into audit_log (at, guild_id, actor_id, action) values (now(), 1, 9, 'guild_config.update');
         insert into rate_buckets values ('user:9', now());
         insert into rate_windows values ('api', now(), 1);
         insert into jobs values ('reconcile', now());
         insert into eventsub_targets (twitch_user_id, type, next_try_at) values ('7', 'stream.online', now());
         insert into notification_log (guild_id, kind, action, status, due_at, expires_at, received_at, committed_at)
           values (1, 'test', 'create', 'sent', now(), now(), now(), now());",
    ),
    (4, "insert into audit_log (at, guild_id, action, target) values (now(), 1, 'template.update', 't');"),
    (
        5,
        "insert into jobs (name, due_at, turn, begun_at, cursor) values ('streams', now(), 1, now(), '7');
         update eventsub_subscriptions set listed_at = now(), outdated = true;",
    ),
    (6, "update stream_sessions set contradicted_at = now();"),
    (
        7,
        "update notification_log set reason = 'cooldown', reason_values = '{\"seconds\": 90}' where status = 'pending';",
    ),
    (8, ""),
    (9, ""),
    (
        10,
        "insert into outbox_flows (session_id, lane) values (uuid_v7(), 0);
         insert into delivery_history (guild_id, kind, action, status, due_at, expires_at, received_at, committed_at)
           values (1, 'test', 'create', 'sent', now(), now(), now(), now());",
    ),
];

#[test]
fn every_file_is_compiled_in() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let names = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<i64> = names
        .map(|entry| entry.unwrap().file_name().to_str().unwrap()[..4].parse().unwrap())
        .collect();
    files.sort_unstable();
    let compiled: Vec<i64> = sm_db::MIGRATOR.iter().map(|m| m.version).collect();
    assert_eq!(compiled, files);
}

#[tokio::test]
async fn migrations_apply_in_order_over_sample_rows() {
    let database = TestDatabase::empty().await;
    let mut db = PgConnection::connect(&database.url).await.unwrap();
    let versions: Vec<i64> = sm_db::MIGRATOR.iter().map(|m| m.version).collect();
    let sampled: Vec<i64> = SAMPLE_ROWS.iter().map(|(version, _)| *version).collect();
    assert_eq!(versions, sampled, "every migration has sample rows");
    for (migration, (_, rows)) in sm_db::MIGRATOR.iter().zip(SAMPLE_ROWS) {
        let statement = AssertSqlSafe(migration.sql.as_str().to_owned());
        sqlx::raw_sql(statement).execute(&mut db).await.unwrap();
        sqlx::raw_sql(*rows).execute(&mut db).await.unwrap();
    }
    db.close().await.unwrap();
    database.drop_it().await;
}

#[tokio::test]
async fn migrating_twice_and_at_once_changes_nothing() {
    let database = TestDatabase::empty().await;
    let pool = database.pool();
    let (one, two) = tokio::join!(sm_db::migrate(&pool), sm_db::migrate(&pool));
    one.and(two).unwrap();
    sm_db::migrate(&pool).await.unwrap();
    pool.close().await;
    database.drop_it().await;
}

#[tokio::test]
async fn own_uuids_are_of_version_7_and_in_order() {
    let database = TestDatabase::empty().await;
    let pool = database.pool();
    sm_db::migrate(&pool).await.unwrap();
    let ids: Vec<uuid::Uuid> =
        sqlx::query_scalar("select uuid_v7() from generate_series(1, 3), pg_sleep(0.002)")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert!(ids.iter().all(|id| id.get_version_num() == 7));
    assert!(ids.windows(2).all(|pair| pair[0].as_bytes()[..6] <= pair[1].as_bytes()[..6]));
    pool.close().await;
    database.drop_it().await;
}

#[tokio::test]
async fn unknown_timezone_is_refused_at_the_save() {
    let database = TestDatabase::empty().await;
    let pool = database.pool();
    sm_db::migrate(&pool).await.unwrap();
    sm_db::guilds::upsert(&pool, sm_types::GuildId(1), "Guild").await.unwrap();
    let saved =
        sqlx::query("insert into guild_config (guild_id, timezone) values (1, 'Mars/Olympus')")
            .execute(&pool)
            .await;
    assert!(saved.is_err());
    pool.close().await;
    database.drop_it().await;
}
