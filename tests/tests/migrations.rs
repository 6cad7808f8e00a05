//! The migrations, one by one over sample rows, and the state they end in.

use sm_db::announce::{
    claim::{self, Claim},
    history::{self, Filter},
};
use sm_tests::TestDatabase;
use sm_types::GuildId;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use time::Duration;

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
    (11, "insert into doubts (kind, subject, since, sources, looked_at) values ('guild_left', '1', now(), '{lookup}', now());"),
    (14, "update streamers set channel_told_at = now(), names_told_at = now();
         update guild_config set timezone = 'Mars/Olympus';"),
    (15, "update notification_log set destination_id = uuid_v7();"),
    (16, "update guild_streamers set source = 'admin', added_by = 1;"),
    (
        17,
        "insert into topics (topic, position, tag) values ('room:1', 1, 'x');
         insert into topic_events (topic, position, tag, kind, subject) values ('room:1', 1, 'x', 'shout', 's');
         insert into live_connections (connection_id, user_id, session_id, at_gateway) values ('c', 9, uuid_v7(), true);
         insert into live_subscriptions values ('room:1', 'c');
         insert into live_tickets values ('\\x00', uuid_v7(), now());
         insert into shouts (room, position, author_id, client_id, text) values ('room:1', 1, 9, uuid_v7(), 'Hi');
         insert into room_mutes (room, user_id, until, reason, muted_by) values ('room:1', 9, now(), '', 1);
         insert into room_marks (room, user_id, position) values ('room:1', 9, 1);",
    ),
    (
        18,
        "insert into presences (user_id) select user_id from users limit 1;
         insert into presence_tabs (tab_id, user_id, session_id, expires_at)
         select 't', user_id, uuid_v7(), now() from presences;
         insert into presence_guilds (guild_id, user_id) select guild_id, user_id from guilds, presences limit 1;
         insert into presence_watch (watched_since, swept_at) values (now(), now());",
    ),
    (
        19,
        "update live_connections set next_frame_at = now(), refused = 1;
         insert into live_pushes (topic, position, looked_to, joined_at) values ('room:1', 1, 1, now());",
    ),
    (
        20,
        "insert into streamer_feeds (twitch_user_id, owner_id, granted) values ('7', 9, '{follows}');
         insert into feed_events (twitch_user_id, position, event_id, kind, data, occurred_at)
           values ('7', 1, 'm', 'online', '{}', now());
         update guild_config set feed_kinds = '{online}';
         insert into user_favorites (user_id, twitch_user_id, rank, login, display_name) values (9, '7', 0, 'ana', 'Ana');",
    ),
    (
        21,
        "insert into chat_accounts (bot_id, login, display_name, is_service) values ('900', 'maxbot', 'MaxBot', true);
         insert into chat_channels (twitch_user_id, owner_id) values ('7', 9);
         insert into chat_paces (twitch_user_id) values ('7');
         insert into chat_sends (twitch_user_id, cause, text, expires_at) values ('7', 'line:m', 'Hi', now());
         insert into eventsub_targets (twitch_user_id, type, with_user, next_try_at)
           values ('7', 'channel.chat.message', '900', now());",
    ),
    (
        22,
        "insert into chat_books (twitch_user_id) values ('7');
         insert into chat_commands (command_id, twitch_user_id, name, responses)
           values ('00000000-0000-7000-8000-000000000001', '7', 'hi', '{Hi}');
         insert into chat_command_names values ('7', 'hi', 'hi', '00000000-0000-7000-8000-000000000001', 0);
         insert into chat_uses (twitch_user_id, command_id) values ('7', uuid_v7());
         insert into chat_user_cooldowns values ('7', uuid_v7(), '8', now());
         insert into chat_quotes (twitch_user_id, number, text) values ('7', 1, 'Well said');
         insert into chat_secrets (twitch_user_id, name, value) values ('7', 'key', '\\x00');
         insert into chat_tokens (twitch_user_id, name, hash, scopes) values ('7', 'Deck', '\\x00', '{run}');",
    ),
    (
        23,
        "insert into chat_timers (twitch_user_id, name, responses, every_minutes) values ('7', 'Hi', '{Hi}', 30);
         insert into chat_deletions (message_id, twitch_user_id, bot_id, filter) values ('m', '7', '900', 'link');",
    ),
    (
        24,
        "insert into chat_occasions (twitch_user_id, kind, cause, expires_at) values ('7', 'live', 'live:1', now());",
    ),
    (
        25,
        "update guild_config set rules = '{\"least_viewers\": 5}';
         update destinations set rules = '{\"categories\": {\"only\": [{\"id\": \"1\"}]}}';
         update stream_sessions set seen = '{\"title\": \"Any%\"}';",
    ),
    (
        26,
        "insert into interactions (interaction_id) values (1);
         insert into interactions (interaction_id, state, guild_id, user_id, language, task, token, due_at)
           values (2, 'queued', 1, 9, 'en', '{}', '\\x00', now());
         update destinations set buttons = true;",
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

/// Deliveries of a stream of 40 days ago, of one that has ended an hour ago, of one that goes on, and a test; with
/// an attempt at all that were tried.
const BEFORE_THE_HISTORY: &str = "
insert into guilds (guild_id, name) values (1, 'Guild');
insert into streamers (twitch_user_id, login, display_name) values ('7', 'ana', 'Ana');
insert into guild_streamers (guild_id, twitch_user_id) values (1, '7');
insert into destinations (guild_id, twitch_user_id, channel_id) values (1, '7', 5), (1, '7', 6), (1, '7', 7);
insert into stream_sessions (twitch_user_id, stream_id, type, started_at, ended_at) values
  ('7', 'old', 'live', now() - interval '41 days', now() - interval '40 days'),
  ('7', 'ended', 'live', now() - interval '2 hours', now() - interval '1 hour'),
  ('7', 'live', 'live', now() - interval '5 minutes', null);
insert into notification_log (destination_id, session_id, guild_id, channel_id, streamer_id, kind, action, status,
  attempts, due_at, expires_at, received_at, committed_at, message_id)
select d.destination_id, s.session_id, 1, d.channel_id, '7', 'online', 'create',
  case when s.stream_id = 'live' and d.channel_id = 6 then 'pending'
       when s.stream_id = 'live' and d.channel_id = 7 then 'sending' else 'sent' end,
  case when s.stream_id = 'live' and d.channel_id = 6 then 0 else 1 end,
  s.started_at, now() + interval '10 minutes', s.started_at, s.started_at, 9
from destinations d, stream_sessions s;
insert into notification_log (guild_id, kind, action, status, attempts, due_at, expires_at, received_at, committed_at)
values (1, 'test', 'create', 'sent', 1, now(), now(), now(), now());
insert into delivery_attempts (delivery_id, attempt, outcome, claimed_at)
select delivery_id, 1, 'sent', now() from notification_log where attempts > 0;
insert into webhook_messages values ('fresh', now()), ('old', now() - interval '2 days');
";

#[tokio::test]
async fn deliveries_from_before_the_history_are_where_they_belong() {
    let database = TestDatabase::empty().await;
    let pool = database.pool();
    for migration in sm_db::MIGRATOR.iter() {
        if migration.version == 8 {
            sqlx::raw_sql(BEFORE_THE_HISTORY).execute(&pool).await.unwrap();
        }
        let statement = AssertSqlSafe(migration.sql.as_str().to_owned());
        sqlx::raw_sql(statement).execute(&pool).await.unwrap();
    }
    let told = |table: &'static str| {
        let statement = format!(
            "select concat_ws(' ', s.stream_id, n.kind, n.status, count(*)) from {table} n
             left join stream_sessions s using (session_id) group by s.stream_id, n.kind, n.status order by 1"
        );
        sqlx::query_scalar::<_, String>(AssertSqlSafe(statement)).fetch_all(&pool)
    };
    let outbox = [
        "ended online sent 3",
        "live online pending 1",
        "live online sending 1",
        "live online sent 1",
    ];
    assert_eq!(told("notification_log").await.unwrap(), outbox);
    assert_eq!(told("delivery_history").await.unwrap(), ["old online sent 3", "test sent 1"]);

    let listed = history::list(&pool, GuildId(1), &Filter::default(), 50).await.unwrap();
    assert_eq!(listed.len(), 10);
    for delivery in listed {
        let attempts = history::attempts(&pool, delivery.delivery_id).await.unwrap();
        assert_eq!(attempts.len(), usize::try_from(delivery.attempts).unwrap());
    }
    // What had been queued is taken up: the pending one, and the one whose worker has not come back.
    let now = sm_types::Clock::shiftable().now();
    let claim = Claim {
        now,
        lease_until: now + Duration::seconds(30),
        limit: 10,
        edits: 0,
        seconds_each: 0.0,
    };
    let claimed = claim::claim(&pool, &claim).await.unwrap();
    assert_eq!(claimed.len(), 2);
    let known: Vec<String> = sqlx::query_scalar("select message_id from webhook_messages")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(known, ["fresh"], "Twitch sends nothing again after 10 minutes");
    pool.close().await;
    database.drop_it().await;
}
