//! Values that a server, a streamer or a member can store and that mean no good: they cost their own server's
//! announcement at most, and every other server gets its own.

use sm_tests::{Guild, World, scenario};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;
use time::Duration;

/// Texts, as SQL.
const TEXTS: &[&str] = &[
    "''",
    "' '",
    "repeat('a', 100000)",
    "repeat('🎉', 5000)",
    "U&'\\202E\\200B\\FEFF\\2066'",
    "'{title'",
    "'{{#if title}}{{/each}}'",
    "'%s $1 \\ '' \" ; drop table guilds; --'",
    "'@everyone <@&0> <#1> <t:99999999999999:R> https://[::1'",
    "E'\\x01\\x1b[31m\\r\\n\\t'",
];
const SNOWFLAKES: &[&str] = &["0", "-1", "1", "9223372036854775807", "-9223372036854775808"];
const MENTIONS: &[&str] = &["'everyone'", "'here'", "'members'", "'none'"];
const LISTS: &[&str] = &[
    "'{}'",
    "'{\"\"}'",
    "array[null]::text[]",
    "array['live','live',null,'LIVE','rerun']",
    "array_fill('x'::text, array[10000])",
    "'{{a,b},{c,d}}'",
];
/// Sets of rules that no version of ours would have saved.
const RULES: &[&str] = &[
    "'null'",
    "'[]'",
    "'7'",
    "'{}'",
    "'{\"invented\": true}'",
    "'{\"title\": {\"pattern\": \"(a+)+$\"}}'",
    "'{\"title\": {\"pattern\": \"[\"}}'",
    "'{\"title\": {\"pattern\": \"((a{0,1000}){0,1000}){0,1000}\"}}'",
    "'{\"least_viewers\": -1}'",
    "'{\"categories\": {\"only\": [7, null, {}]}}'",
    "('{\"title\": ' || repeat('[', 500) || repeat(']', 500) || '}')::jsonb",
];
const SWITCH: &[&str] = &["true", "false"];

/// What can be filled, with what. Strings that were let through a version ago are among them.
const POISONS: &[(&str, &[&str])] = &[
    ("guild_config.enabled", SWITCH),
    ("guild_config.default_channel_id", SNOWFLAKES),
    ("guild_config.mention", MENTIONS),
    ("guild_config.mention_role_id", SNOWFLAKES),
    ("guild_config.merge_window_seconds", &["0", "86400"]),
    ("guild_config.end_action", &["'leave'", "'delete'"]),
    ("guild_config.announce_types", LISTS),
    ("guild_config.feed_kinds", LISTS),
    (
        "guild_config.quiet_from",
        &["'00:00', quiet_until = '24:00'", "'23:59:59.999', quiet_until = '00:00'"],
    ),
    ("guild_config.quiet_until", &["'00:00', quiet_from = '00:00'"]),
    (
        "guild_config.timezone",
        &[
            "'Mars/Olympus'",
            "'UTC+2'",
            "'Asia/Calcutta'",
            "'<+99>-99:99'",
            "'../../etc/passwd'",
            "'posixrules'",
        ],
    ),
    ("guild_config.timezone", TEXTS),
    ("destinations.channel_id", SNOWFLAKES),
    ("destinations.enabled", SWITCH),
    ("destinations.mention", MENTIONS),
    ("destinations.mention_role_id", SNOWFLAKES),
    ("destinations.game_filter", LISTS),
    ("destinations.title_filter", TEXTS),
    ("destinations.title_filter", &["'(a+)+$'", "'['", "'(?R)'", "'\\'"]),
    ("destinations.cooldown_seconds", &["0", "604800"]),
    ("destinations.buttons", SWITCH),
    ("destinations.rules", RULES),
    ("guild_config.rules", RULES),
    ("guild_streamers.enabled", SWITCH),
    ("message_templates.name", TEXTS),
    (
        "message_templates.message",
        &[
            "'null'",
            "'[]'",
            "'{}'",
            "'\"text\"'",
            "'{\"content\": 7}'",
            "'{\"content\": null, \"embed\": []}'",
            "jsonb_build_object('content', repeat('{title}', 5000))",
            "jsonb_build_object('content', repeat('{#if title}', 5000))",
            "jsonb_build_object('content', '', 'embed', jsonb_build_object('title', repeat('🎉', 5000)))",
            "jsonb_build_object('embed', jsonb_build_object('image_url', 'https://cdn_1.example.com/{login}.png'))",
            "jsonb_build_object('embed', jsonb_build_object('color', -1, 'url', 'javascript:alert(1)'))",
            "('{\"embed\": ' || repeat('{\"embed\": ', 500) || '{}' || repeat('}', 501))::jsonb",
        ],
    ),
    ("user_preferences.wants_ping", SWITCH),
    ("user_preferences.user_id", SNOWFLAKES),
];

/// What the product itself writes beside: no value of anybody's.
const OUR_OWN: &[&str] = &[
    "guild_id",
    "twitch_user_id",
    "template_id",
    "destination_id",
    "created_at",
    "updated_at",
    "revision",
    "added_by",
    "source",
    "degraded_reason",
    "degraded_at",
    "next_check_at",
    "failed_checks",
];

#[tokio::test]
async fn hostile_value_costs_its_own_server_at_most() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let healthy = [t.guild_following(&ana).await, t.guild_following(&ana).await];
        let mut poisoned = Vec::new();
        for (column, values) in POISONS {
            for value in *values {
                let guild = t.guild_following(&ana).await;
                poison(t, guild, column, value).await;
                poisoned.push((format!("{column} = {value}"), guild));
            }
        }
        let last = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.twitch.update_channel(&ana, "Another", "Art").await;
        t.after(Duration::seconds(90)).await;
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(3)).await;
        for guild in healthy.into_iter().chain([last]) {
            assert!(t.message(guild).content.contains("was live"), "{:?}", t.message(guild));
        }
        for (what, guild) in poisoned {
            let open = "notification_log where status in ('pending', 'sending') and guild_id = ";
            assert_eq!(t.count(&format!("{open}{}", guild.id)).await, 0, "{what}");
        }
    })
    .await;
}

/// A column that is new has to be named above, with what may stand in it.
#[tokio::test]
async fn every_column_that_somebody_can_fill_is_poisoned() {
    scenario(async |t| {
        let columns: Vec<String> = sqlx::query_scalar(
            "select table_name || '.' || column_name from information_schema.columns
             where table_schema = 'public' and column_name <> all($1)
               and table_name in ('guild_config', 'destinations', 'guild_streamers', 'message_templates',
                                  'user_preferences')",
        )
        .bind(OUR_OWN)
        .fetch_all(&t.app.pool)
        .await
        .unwrap();
        let poisoned: BTreeSet<_> = POISONS.iter().map(|(column, _)| (*column).to_owned()).collect();
        assert_eq!(columns.into_iter().collect::<BTreeSet<_>>(), poisoned);
    })
    .await;
}

async fn poison(t: &World, guild: Guild, column: &str, value: &str) {
    let (table, name) = column.split_once('.').unwrap();
    let statement = match table {
        "message_templates" => "with made as (
               insert into message_templates (guild_id, name, message) values ($1, 'own', '{}')
               returning template_id, guild_id),
             used as (update guild_config c set template_id = made.template_id from made
                      where c.guild_id = made.guild_id)
             select from made"
            .to_owned(),
        "user_preferences" => {
            "insert into user_preferences (guild_id, twitch_user_id, user_id, wants_ping)
             select guild_id, twitch_user_id, 7, false from guild_streamers where guild_id = $1"
                .to_owned()
        }
        _ => "select $1::bigint".to_owned(),
    };
    // A role that is to be pinged, whatever it is.
    let and = if name == "mention_role_id" { ", mention = 'role'" } else { "" };
    let fill = format!("update {table} set {name} = {value}{and} where guild_id = $1");
    for statement in [statement, fill] {
        let done =
            sqlx::query(AssertSqlSafe(statement)).bind(guild.id.to_db()).execute(&t.app.pool);
        if let Err(error) = done.await {
            panic!("{column} = {value}: {error}");
        }
    }
}
