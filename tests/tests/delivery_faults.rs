//! Discord at its worst: slow, refused, limited, gone, twice.

use sm_db::{announce::events, guilds::Mention};
use sm_sim::{
    discord::{Fault, FaultKind, LimitScope},
    twitch::EdgeCase,
    unkind::Unkind,
};
use sm_tests::{Guild, World, scenario, scenario_at_rate};
use time::Duration;

async fn go_live_with(t: &World, fault: Fault) -> Guild {
    let ana = t.streamer("ana").await;
    let guild = t.guild_following(&ana).await;
    t.discord.fault(fault);
    t.twitch.go_live(&ana).await;
    t.work().await;
    guild
}

#[tokio::test]
async fn message_whose_answer_was_lost_is_not_posted_twice() {
    for kind in [FaultKind::lost_answer(), FaultKind::server_error(502, true)] {
        scenario(async |t| {
            let guild = go_live_with(t, Fault::new(kind.clone(), 1)).await;
            assert_eq!(t.deliveries(guild).await, ["online pending discord_unavailable"]);
            t.after(Duration::seconds(3)).await;
            assert_eq!(t.deliveries(guild).await, ["online sent"]);
            assert_eq!(t.messages(guild).len(), 1);
        })
        .await;
    }
}

#[tokio::test]
async fn message_that_was_posted_is_sent_however_late_that_is_found_out() {
    scenario(async |t| {
        let guild = go_live_with(t, Fault::new(FaultKind::lost_answer(), 1)).await;
        let posted = t.message(guild).id;
        t.after(Duration::hours(1)).await;
        assert_eq!(t.deliveries(guild).await[0], "online sent");
        assert_eq!(t.message(guild).id, posted);
    })
    .await;
}

#[tokio::test]
async fn destination_that_was_removed_meanwhile_gets_nothing() {
    scenario(async |t| {
        let guild = go_live_with(t, Fault::new(FaultKind::server_error(503, false), 1)).await;
        t.sql("delete from destinations").await;
        t.after(Duration::minutes(1)).await;
        assert_eq!(t.deliveries(guild).await, ["online skipped destination_removed"]);
        assert!(t.messages(guild).is_empty());
    })
    .await;
}

#[tokio::test]
async fn message_is_found_again_when_the_nonce_may_be_forgotten() {
    scenario(async |t| {
        let guild = go_live_with(t, Fault::new(FaultKind::lost_answer(), 1)).await;
        let posted = t.message(guild).id;
        t.after(Duration::minutes(5)).await;
        assert_eq!(t.message(guild).id, posted);
        let creates = t.discord.requests().into_iter().filter(|r| r.method == "POST").count();
        assert_eq!(creates, 1, "it was looked for, not sent again");
    })
    .await;
}

#[tokio::test]
async fn server_errors_are_tried_again_with_growing_waits() {
    scenario(async |t| {
        let fault = FaultKind::server_error(503, false);
        let guild = go_live_with(t, Fault::new(fault, 3)).await;
        for seconds in [1.5, 3.0, 5.5] {
            assert!(t.messages(guild).is_empty());
            t.after(Duration::seconds_f64(seconds)).await;
        }
        assert_eq!(t.messages(guild).len(), 1);
        let attempts: i64 = t.count("delivery_attempts").await;
        assert_eq!(attempts, 4);
    })
    .await;
}

#[tokio::test]
async fn longest_of_the_waits_that_a_429_tells_is_kept() {
    scenario(async |t| {
        let fault =
            FaultKind::RateLimit { scope: LimitScope::User, retry_after: 40.0, header: Some(1) };
        let guild = go_live_with(t, Fault::new(fault, 1)).await;
        t.after(Duration::seconds(30)).await;
        assert!(t.messages(guild).is_empty());
        // The channel's wait stands on the database's own clock.
        t.sql("update discord_gate set blocked_until = now() - interval '1 second'").await;
        t.after(Duration::seconds(11)).await;
        assert_eq!(t.messages(guild).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn global_429_holds_everything_back() {
    scenario(async |t| {
        let fault =
            FaultKind::RateLimit { scope: LimitScope::Global, retry_after: 30.0, header: None };
        let guild = go_live_with(t, Fault::new(fault, 1)).await;
        let bob = t.streamer("bob").await;
        let other = t.guild_following(&bob).await;
        let before = t.discord.request_count();
        t.twitch.go_live(&bob).await;
        t.work().await;
        assert_eq!(t.discord.request_count(), before, "nothing is sent meanwhile");
        t.sql("update discord_gate set blocked_until = now() - interval '1 second'").await;
        t.after(Duration::seconds(40)).await;
        assert_eq!((t.messages(guild).len(), t.messages(other).len()), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn edit_that_is_limited_for_ever_waits_longer_and_ends() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        let limit = r#"{"message": "Maximum number of edits reached.", "code": 30046}"#;
        let limit = FaultKind::answer(429, &[("Via", "1.1 google")], limit);
        t.discord.fault(Fault::new(limit, u32::MAX).under("PATCH channels"));
        t.twitch.end_stream(&ana).await;
        let edits = || t.discord.requests().iter().filter(|r| r.method == "PATCH").count();
        for _ in 0..10 {
            if edits() == 0 {
                t.after(Duration::MINUTE).await;
            }
        }
        assert_eq!(edits(), 1);
        for _ in 0..60 {
            t.after(Duration::SECOND).await;
        }
        assert!((4..=7).contains(&edits()), "{} in a minute", edits());
        let invalid = "select sum(count)::bigint from discord_invalid_requests";
        let invalid: i64 = sqlx::query_scalar(invalid).fetch_one(&t.app.pool).await.unwrap();
        assert_eq!(invalid, 1, "its repetitions do not count against everybody");
        for _ in 0..60 {
            t.after(Duration::minutes(2)).await;
        }
        assert_eq!(edits(), 12);
        let ended =
            t.count("notification_log where status = 'failed' and reason = 'given_up'").await;
        assert_eq!(ended, 1, "{:?}", t.deliveries(guild).await);
        assert_eq!(t.count("discord_gate where key like 'channel:%'").await, 0);
    })
    .await;
}

#[tokio::test]
async fn wait_beyond_reason_holds_others_back_for_minutes_only() {
    for scope in [LimitScope::Global, LimitScope::User] {
        scenario(async |t| {
            let fault = FaultKind::RateLimit { scope, retry_after: 86_400.0, header: None };
            let guild = go_live_with(t, Fault::new(fault, 1)).await;
            let held =
                "discord_gate where blocked_until > clock_timestamp() + interval '5 minutes'";
            assert_eq!(t.count(held).await, 0, "{scope:?}");
            t.sql("update discord_gate set blocked_until = now() - interval '1 second'").await;
            t.after(Duration::seconds(301)).await;
            assert_eq!(t.messages(guild).len(), 1, "{scope:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn refused_token_opens_the_circuit_and_a_probe_closes_it() {
    scenario(async |t| {
        t.expect_errors();
        let guild =
            go_live_with(t, Fault::new(FaultKind::Any(Unkind::status(401)), 2).under("")).await;
        assert_eq!(t.deliveries(guild).await, ["online pending circuit_open"]);
        let before = t.discord.request_count();
        t.after(Duration::minutes(2)).await;
        assert_eq!(t.discord.request_count(), before, "the circuit is open");
        t.sql("update discord_gate set blocked_until = now() - interval '1 second'").await;
        t.after(Duration::minutes(2)).await;
        assert_eq!(t.messages(guild).len(), 1);
        let open: i64 =
            sqlx::query_scalar("select count(*) from discord_gate where reason is not null")
                .fetch_one(&t.app.pool)
                .await
                .unwrap();
        assert_eq!(open, 0);
    })
    .await;
}

#[tokio::test]
async fn cloudflare_page_stops_all_workers_after_one_request_each() {
    scenario(async |t| {
        t.expect_errors();
        let ana = t.streamer("ana").await;
        for _ in 0..100 {
            t.guild_following(&ana).await;
        }
        t.discord.fault(Fault::new(FaultKind::Cloudflare, 1000).under(""));
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.after(Duration::minutes(3)).await;
        let most = 64 + 1;
        assert!(t.discord.request_count() <= most, "as many as were under way, and a probe");
        t.discord.clear_faults();
        t.sql("update discord_gate set blocked_until = now() - interval '1 second'").await;
        t.after(Duration::minutes(7)).await;
        assert_eq!(t.discord.message_count(), 100);
    })
    .await;
}

#[tokio::test]
async fn missing_permission_fails_with_its_name_and_heals_by_itself() {
    const SEND_MESSAGES: u64 = 1 << 11;
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let (broken, healthy) = (t.guild_following(&ana).await, t.guild_following(&ana).await);
        t.discord.set_everyone_overwrite(broken.channel, 0, SEND_MESSAGES);
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.deliveries(broken).await, ["online failed missing_permission"]);
        let detail: String =
            sqlx::query_scalar("select detail from notification_log where status = 'failed'")
                .fetch_one(&t.app.pool)
                .await
                .unwrap();
        assert!(detail.contains("SEND_MESSAGES"), "{detail}");
        assert_eq!(t.messages(healthy).len(), 1, "nobody else suffers");
        t.discord.set_everyone_overwrite(broken.channel, 0, 0);
        t.clock.advance(Duration::minutes(6));
        assert_eq!(t.sweep().await.healed, 1);
        t.twitch.trigger(&ana, EdgeCase::Online).await;
        t.work().await;
        assert_eq!(t.messages(broken).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn degraded_destination_is_looked_at_again_when_the_next_stream_begins() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.discord.set_bot_overwrite(guild.channel, 0, 1 << 10);
        for _ in 0..2 {
            t.twitch.trigger(&ana, EdgeCase::Online).await;
            t.work().await;
        }
        let failed = ["online failed missing_access", "online failed missing_access"];
        assert_eq!(t.deliveries(guild).await, failed);
        let posts = t.discord.requests().into_iter().filter(|r| r.method == "POST").count();
        assert_eq!(posts, 1, "the second time it was checked before sending");
        t.discord.set_bot_overwrite(guild.channel, 0, 0);
        t.twitch.trigger(&ana, EdgeCase::Online).await;
        t.work().await;
        assert_eq!(t.messages(guild).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn left_guild_and_deleted_channel_keep_their_configuration() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let (left, deleted) = (t.guild_following(&ana).await, t.guild_following(&ana).await);
        t.discord.set_bot_present(left.id, false);
        t.discord.delete_channel(deleted.channel);
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.deliveries(left).await, ["online pending missing_access"], "in doubt");
        assert_eq!(t.deliveries(deleted).await, ["online failed channel_deleted"]);
        t.after(Duration::minutes(6)).await;
        assert_eq!(t.deliveries(left).await, ["online failed not_in_guild"]);
        assert_eq!(t.count("destinations").await, 2);
        t.discord.set_bot_present(left.id, true);
        t.clock.advance(Duration::minutes(6));
        t.sweep().await;
        let active: i64 = sqlx::query_scalar("select count(*) from guilds where status = 'active'")
            .fetch_one(&t.app.pool)
            .await
            .unwrap();
        assert_eq!(active, 2);
    })
    .await;
}

#[tokio::test]
async fn missing_embed_links_is_told_beside_the_sent_message() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.discord.set_everyone_overwrite(guild.channel, 0, 1 << 14);
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert!(t.message(guild).embeds.is_empty());
        let detail: String = sqlx::query_scalar("select detail from notification_log")
            .fetch_one(&t.app.pool)
            .await
            .unwrap();
        assert!(detail.contains("Embed Links"), "{detail}");
    })
    .await;
}

#[tokio::test]
async fn refused_template_is_replaced_by_the_products_own() {
    scenario(async |t| {
        let refuse = FaultKind::Refuse { status: 400, code: 50035 };
        let guild = go_live_with(t, Fault::new(refuse, 1)).await;
        assert_eq!(t.message(guild).content, "**ANA** is live: https://www.twitch.tv/ana");
        assert!(t.message(guild).embeds.is_empty());
    })
    .await;
}

#[tokio::test]
async fn part_that_discord_refuses_is_left_out_alone() {
    scenario(async |t| {
        let refuse = FaultKind::RefusePart { path: "embeds.0.image.url".to_owned() };
        let guild = go_live_with(t, Fault::new(refuse, 1)).await;
        let posted = t.message(guild);
        assert!(posted.embeds[0]["image"].is_null(), "{:?}", posted.embeds);
        assert_eq!(posted.embeds[0]["author"]["name"], "ANA", "the rest is as it was");
        assert_eq!(t.deliveries(guild).await, ["online sent parts_left_out"]);
        let (parts, detail): (serde_json::Value, String) =
            sqlx::query_as("select reason_values, detail from notification_log")
                .fetch_one(&t.app.pool)
                .await
                .unwrap();
        assert_eq!(parts, serde_json::json!({ "parts": ["embed.image_url"] }));
        assert!(detail.contains("embed.image_url"), "{detail}");
    })
    .await;
}

#[tokio::test]
async fn part_that_discord_refuses_is_refused_once_for_all_until_the_template_is_corrected() {
    // At a pace: what leaves at the same moment cannot learn from each other.
    scenario_at_rate(40, async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        for n in 0..19 {
            let channel = t.discord.add_channel(guild.id, &format!("live-{n}"));
            t.follow(guild.id, &ana, Some(channel)).await;
        }
        t.sql("with made as (insert into message_templates (guild_id, name, message)
                 select guild_id, 'own', '{\"content\": \"live\", \"embed\": {\"title\": \"{title}\",
                   \"thumbnail_url\": \"https://example.com/logo.png\"}}' from guilds returning *)
               update guild_config c set template_id = m.template_id from made m where m.guild_id = c.guild_id")
            .await;
        let path = "embeds.0.thumbnail.url".to_owned();
        t.discord.fault(Fault::new(FaultKind::RefusePart { path }, 1_000));
        let go_live = async || {
            let before = t.discord.request_count();
            t.twitch.go_live(&ana).await;
            t.work().await;
            t.discord.request_count() - before
        };
        // One is refused, and perhaps a few that were under way.
        let first = go_live().await;
        assert!((21..=28).contains(&first), "{first}");
        assert_eq!(t.deliveries(guild).await, ["online sent parts_left_out"; 20]);
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(30)).await;
        assert_eq!(go_live().await, 20, "it is known by now");
        let told = "notification_log where kind = 'online' and reason = 'parts_left_out'";
        assert_eq!(t.count(told).await, 40);
        t.discord.clear_faults();
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(15)).await;
        let correct = "update message_templates set message = replace(message::text, 'logo', 'new')::jsonb";
        t.sql(correct).await;
        go_live().await;
        let newest = t.messages(guild).pop().unwrap();
        assert_eq!(newest.embeds[0]["thumbnail"]["url"], "https://example.com/new.png");
    })
    .await;
}

#[tokio::test]
async fn late_go_live_expires_rather_than_pings() {
    scenario(async |t| {
        let fault =
            FaultKind::RateLimit { scope: LimitScope::User, retry_after: 60.0, header: None };
        let guild = go_live_with(t, Fault::new(fault, 1)).await;
        t.sql("update discord_gate set blocked_until = now() - interval '1 second'").await;
        t.after(Duration::minutes(16)).await;
        assert_eq!(t.deliveries(guild).await, ["online expired too_late"]);
        assert!(t.messages(guild).is_empty());
    })
    .await;
}

#[tokio::test]
async fn stream_that_is_over_is_not_announced() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.discord.fault(Fault::new(FaultKind::server_error(502, false), 1));
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(3)).await;
        assert_eq!(t.deliveries(guild).await, ["online skipped stream_ended"]);
        t.after(Duration::minutes(3)).await;
    })
    .await;
}

#[tokio::test]
async fn database_error_costs_the_delivery_it_happens_to() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let asking = t.guild_mentioning(&ana, Mention::Here).await;
        let mut others = Vec::new();
        for _ in 0..40 {
            others.push(t.guild_following(&ana).await);
        }
        // Whose wishes a mention honours is looked up here.
        t.sql("alter table user_preferences rename to away").await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.deliveries(asking).await, ["online sending"], "left to its lease");
        for guild in others {
            assert_eq!(t.deliveries(guild).await, ["online sent"]);
        }
        t.sql("alter table away rename to user_preferences").await;
        t.after(Duration::seconds(31)).await;
        assert_eq!(t.deliveries(asking).await, ["online sent not_pinged"]);
    })
    .await;
}

#[tokio::test]
async fn delivery_to_a_spared_channel_is_not_due_before_the_channel_is() {
    scenario(async |t| {
        let fault =
            FaultKind::RateLimit { scope: LimitScope::User, retry_after: 40.0, header: None };
        let guild = go_live_with(t, Fault::new(fault, 1)).await;
        t.sql("update notification_log set due_at = now() - interval '1 minute'").await;
        let now = t.clock.now();
        let next = events::next_due(&t.app.pool, now).await.unwrap().unwrap();
        // Whoever waits until then does not spin meanwhile.
        let wait = next - now;
        assert!((Duration::seconds(30)..Duration::seconds(42)).contains(&wait), "{wait}");
        assert_eq!(t.work().await.attempts, 0);
        t.sql("update discord_gate set blocked_until = now() - interval '1 second'").await;
        t.work().await;
        assert_eq!(t.messages(guild).len(), 1);
    })
    .await;
}

/// A go-live that waits for 20 minutes, while so many other deliveries come to their end.
async fn waits_for_20_minutes(meanwhile: &'static str) -> Vec<String> {
    let mut outcome = Vec::new();
    scenario_at_rate(45, async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.sql("insert into discord_gate (key, blocked_until) values ('global', now() + interval '1 hour')")
            .await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert!(t.messages(guild).is_empty());
        t.sql(meanwhile).await;
        t.sql("delete from discord_gate").await;
        t.sql("update notification_log set due_at = now()").await;
        t.sql("update stream_events set finished_at = now() where kind = 'enrich'").await;
        t.after(Duration::minutes(20)).await;
        outcome = t.deliveries(guild).await;
    })
    .await;
    outcome
}

#[tokio::test]
async fn delivery_that_only_our_own_pace_made_late_is_sent() {
    // 20 minutes at 45 a second.
    let busy = "update outbox_progress set settled = settled + 54000";
    assert_eq!(waits_for_20_minutes(busy).await, ["online sent"]);
    // A few minutes of work in 20: something else has held it up.
    let idle = "update outbox_progress set settled = settled + 9000";
    assert_eq!(waits_for_20_minutes(idle).await, ["online expired too_late"]);
}
