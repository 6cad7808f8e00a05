//! What has outlived its use is deleted in small steps, and nothing else is.

use sm_services::jobs::sweep;
use sm_tests::{World, scenario, scenario_within};
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use tokio::time::Instant;

/// Rows of the largest table. A million take a minute to fill.
fn rows() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "how large a run is")]
    std::env::var("SCALE_ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000)
}

/// Old rows of every table that has a rule, and ids of webhooks that found no partition: `$1` of the largest.
const FILL: &[&str] = &[
    "insert into guilds (guild_id, name, status, left_at) values (1, 'Gone', 'left', now() - interval '31 days'),
       (2, 'Just left', 'left', now() - interval '29 days')",
    "insert into streamers (twitch_user_id, login, display_name) values ('7', 'old', 'Old')",
    "insert into stream_sessions (session_id, twitch_user_id, stream_id, type, started_at, ended_at)
     select (lpad(to_hex((extract(epoch from now() - interval '213 days') * 1000)::bigint), 12, '0') || '7000'
             || '8' || substr(md5(n::text), 1, 15))::uuid, '7', 's' || n, 'live',
       now() - interval '213 days', now() - interval '213 days' from generate_series(1, 100) n",
    "insert into user_preferences (guild_id, twitch_user_id, user_id, wants_ping)
     select 1, '*', n, true from generate_series(1, $1) n",
    "insert into webhook_messages select 'm' || n, now() - interval '4 days', now() - interval '4 days'
     from generate_series(1, $1) n",
    "insert into audit_log (at, action) select now() - interval '366 days', 'x' from generate_series(1, $1) n",
    "insert into users (user_id, username) values (9, 'ana')",
    "insert into sessions (session_id, user_id, created_at, last_seen_at, expires_at)
     select gen_random_uuid(), 9, now(), now(), now() - interval '8 days' from generate_series(1, $1) n",
    "insert into guild_members (guild_id, user_id, member, permissions, checked_at)
     select 2, n, true, 0, now() - interval '25 hours' from generate_series(1, $1) n",
    "insert into eventsub_subscriptions (subscription_id, type, version, status, updated_at)
     values ('s', 'stream.online', '1', 'enabled', now() - interval '31 days')",
    "insert into feed_events (feed_event_id, twitch_user_id, position, event_id, kind, data, occurred_at)
     select (lpad(to_hex((extract(epoch from now() - interval '31 days') * 1000)::bigint), 12, '0') || '7000'
             || '8' || substr(md5(n::text), 1, 15))::uuid, '7', n, 'm' || n, 'raid', '{}', now() - interval '31 days'
     from generate_series(1, 100) n",
    "insert into chat_channels (twitch_user_id, owner_id) values ('7', 9)",
    "insert into chat_sends (send_id, twitch_user_id, cause, text, queued_at, expires_at)
     select (lpad(to_hex((extract(epoch from now() - interval '15 days') * 1000)::bigint), 12, '0') || '7000'
             || '8' || substr(md5(n::text), 1, 15))::uuid, '7', 'line:' || n, 'Hi', now() - interval '15 days', now()
     from generate_series(1, 100) n",
    "insert into chat_deletions (message_id, twitch_user_id, bot_id, filter, state, heard_at)
     select 'm' || n, '7', '9', 'link', 'deleted', now() - interval '15 days' from generate_series(1, 100) n",
    "insert into streamers (twitch_user_id, login, display_name) values ('8', 'left', 'Left')",
    "insert into chat_channels (twitch_user_id, owner_id, state, left_at)
     values ('8', 9, 'left', now() - interval '91 days')",
    "insert into chat_accounts (bot_id, login, display_name, tokens, updated_at)
     values ('901', 'own', 'Own', '\\x00', now() - interval '1 second')",
    "insert into rate_buckets values ('old', now() - interval '1 second')",
    "insert into shouts (room, position, author_id, client_id, text, created_at)
     values ('room:2', 1, 9, gen_random_uuid(), 'Hi', now() - interval '181 days')",
    "insert into room_mutes (room, user_id, until, reason, muted_by)
     values ('room:2', 9, now() - interval '1 second', '', 1)",
    "insert into room_marks (room, user_id, position, updated_at)
     values ('room:2', 9, 1, now() - interval '91 days')",
    "insert into live_tickets values ('\\x00', gen_random_uuid(), now() - interval '1 second')",
    "insert into topics (topic, position, tag) values ('room:2', 1, 'x')",
    "insert into topic_events (topic, position, tag, kind, subject, created_at)
     values ('room:2', 1, 'x', 'shout', 's', now() - interval '25 hours')",
    "insert into live_connections (connection_id, user_id, session_id, at_gateway, connected_at, seen_at)
     values ('silent', 9, gen_random_uuid(), false, now(), now() - interval '12 minutes')",
];

const TABLES: [&str; 20] = [
    "guilds",
    "stream_sessions",
    "user_preferences",
    "webhook_messages",
    "audit_log",
    "sessions",
    "guild_members",
    "feed_events",
    "chat_sends",
    "chat_deletions",
    "chat_channels where state = 'left'",
    "chat_accounts",
    // The sweep has listed those that there are.
    "eventsub_subscriptions where subscription_id = 's'",
    "rate_buckets where key = 'old'",
    "shouts",
    "room_mutes",
    "room_marks",
    "live_tickets",
    "topic_events",
    "live_connections",
];

/// Beside the pool, whose statements are given up after ten seconds: a million rows may take longer.
async fn fill(t: &World) {
    let mut db = PgConnection::connect(t.database_url()).await.unwrap();
    for statement in FILL {
        let filled = sqlx::query(*statement);
        let filled = if statement.contains("$1") { filled.bind(rows()) } else { filled };
        filled.execute(&mut db).await.unwrap_or_else(|error| panic!("{error} in {statement}"));
    }
}

async fn counts(t: &World) -> Vec<(&'static str, i64)> {
    let mut counts = Vec::new();
    for table in TABLES {
        counts.push((table, t.count(table).await));
    }
    counts
}

/// Sweeps minute after minute until the clean-up has come to its end.
async fn clean_up(t: &World) {
    loop {
        t.sweep().await;
        t.clock.advance(time::Duration::MINUTE);
        // What has come to its end is due in an hour.
        let due = format!(
            "jobs where name in ('forget', 'left_guilds', 'partitions') and due_at <= '{}'",
            t.clock.now()
        );
        if t.count(&due).await == 0 {
            return;
        }
    }
}

#[tokio::test]
async fn old_rows_go_and_young_ones_stay() {
    let _loaded = sm_tests::machine().await;
    scenario_within(Duration::from_secs(1_200), async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let ben = t.discord.add_user("ben", None);
        let browser = t.signed_in(ben).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        // The edit with the viewers is another row, which would come in the midst of a long run.
        t.after(time::Duration::minutes(2)).await;
        let young = counts(t).await;
        fill(t).await;
        let begun = Instant::now();
        let mut answered = 0;
        let requests = async {
            loop {
                // The limit per user is another test's business.
                t.sql("delete from rate_buckets where key like 'user:%'").await;
                browser.get("/api/auth/me").await.ok();
                answered += 1;
            }
        };
        tokio::select! {
            () = clean_up(t) => {}
            () = requests => unreachable!("they never end"),
        }
        let took = begun.elapsed();
        let mut left = counts(t).await;
        // The server that was left 29 days ago can still come back as it was.
        left.iter_mut().filter(|(table, _)| *table == "guilds").for_each(|(_, count)| *count -= 1);
        assert_eq!(left, young);
        assert_eq!(t.deliveries(guild).await, ["online sent", "enrich sent"]);
        assert!(answered > 0, "requests are answered meanwhile");
        if rows() > 20_000 {
            eprintln!("{} rows in each of five tables took {took:?}; {answered} requests", rows());
        }
    })
    .await;
}

#[tokio::test]
async fn clean_up_ends_with_its_time_and_goes_on_in_a_minute() {
    let _loaded = sm_tests::machine().await;
    scenario(async |t| {
        fill(t).await;
        let before = counts(t).await;
        // Five seconds before the end nothing more is deleted.
        let deadline = Instant::now() + Duration::from_millis(5_150);
        sweep::run(&t.app, deadline).await.unwrap();
        let after = counts(t).await;
        assert!(after != before, "it has begun");
        let many = ["user_preferences", "audit_log", "guild_members"];
        assert!(after.iter().any(|(table, count)| many.contains(table) && *count > 0), "{after:?}");
        t.clock.advance(time::Duration::minutes(1));
        t.sweep().await;
        assert_eq!((t.count("audit_log").await, t.count("user_preferences").await), (0, 0));
    })
    .await;
}
