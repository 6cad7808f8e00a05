//! The main path: a streamer goes live, every guild that follows gets its message.

use serde_json::json;
use sm_db::guilds::Mention;
use sm_sim::{twitch::Fault, unkind::Unkind};
use sm_tests::scenario;
use sm_types::{RoleId, UserId};

#[tokio::test]
async fn every_following_guild_gets_one_message() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guilds = [t.guild_following(&ana).await, t.guild_following(&ana).await];
        let other = t.streamer("bob").await;
        let unrelated = t.guild_following(&other).await;
        t.twitch.set_channel(&ana, "Any% runs", "Celeste");
        t.twitch.go_live(&ana).await;
        t.work().await;
        for guild in guilds {
            let message = t.message(guild);
            assert_eq!(message.content, "**ANA** is live: https://www.twitch.tv/ana");
            assert_eq!(message.embeds[0]["title"], json!("Any% runs"));
            assert_eq!(message.embeds[0]["fields"][0]["value"], json!("Celeste"));
            assert_eq!(t.deliveries(guild).await, ["online sent"]);
        }
        assert!(t.messages(unrelated).is_empty());
    })
    .await;
}

#[tokio::test]
async fn token_that_comes_too_late_for_one_is_there_for_the_next() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        // Longer than an announcement waits.
        let slow = Fault::of("token", Unkind::slow(2_300), Some(1));
        t.twitch.fault(slow);
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.message(guild);
        // It comes when the announcement has gone out without it.
        while t.twitch.tokens_issued() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.twitch.tokens_issued(), 1);
    })
    .await;
}

#[tokio::test]
async fn hostile_title_neither_pings_nor_formats() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_mentioning(&ana, Mention::Everyone).await;
        t.discord.set_bot_permissions(guild.id, u64::MAX >> 1);
        t.twitch.set_channel(&ana, "@everyone <@&5> **free** [x](https://evil.example)", "A\nB");
        t.twitch.go_live(&ana).await;
        t.work().await;
        let message = t.message(guild);
        let title = message.embeds[0]["title"].as_str().unwrap();
        assert!(
            !title.contains("@everyone") && !title.contains("<@&") && !title.contains("**"),
            "{title}"
        );
        assert!(message.mention_everyone, "the configured mention pings");
    })
    .await;
}

#[tokio::test]
async fn role_is_pinged_by_its_id_alone() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_mentioning(&ana, Mention::None).await;
        let role = t.discord.add_role(guild.id, "Live pings", true);
        let mention = Mention::Role(RoleId(role.0));
        sm_db::guilds::configure(&t.app.pool, guild.id, Some(guild.channel), mention)
            .await
            .unwrap();
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.message(guild).mention_roles, [role.to_string()]);
    })
    .await;
}

#[tokio::test]
async fn opted_out_members_are_left_out_of_a_mention_by_name() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_mentioning(&ana, Mention::Members).await;
        let pool = &t.app.pool;
        let prefer = async |streamer, user, wants| {
            sm_db::guilds::preferences::set(pool, guild.id, streamer, UserId(user), wants)
                .await
                .unwrap();
        };
        prefer(None, 11, true).await;
        prefer(None, 12, true).await;
        // The wish for this streamer outweighs the one for all.
        prefer(Some(&ana), 12, false).await;
        prefer(Some(&ana), 13, true).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        let mut mentioned = t.message(guild).mentions;
        mentioned.sort();
        assert_eq!(mentioned, ["11", "13"]);
        let opt_outs: i32 = sqlx::query_scalar("select opt_outs from notification_log")
            .fetch_one(pool)
            .await
            .unwrap();
        assert_eq!(opt_outs, 1);
    })
    .await;
}

#[tokio::test]
async fn opt_outs_that_discord_cannot_honour_are_recorded() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_mentioning(&ana, Mention::Here).await;
        let stored =
            sm_db::guilds::preferences::set(&t.app.pool, guild.id, None, UserId(11), false);
        stored.await.unwrap();
        t.twitch.go_live(&ana).await;
        t.work().await;
        let kept: i32 = sqlx::query_scalar("select unhonoured_opt_outs from notification_log")
            .fetch_one(&t.app.pool)
            .await
            .unwrap();
        assert_eq!(kept, 1);
    })
    .await;
}

#[tokio::test]
async fn timings_of_every_hop_are_recorded() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        let in_order: bool = sqlx::query_scalar(
            "select n.received_at <= n.committed_at and n.committed_at <= a.claimed_at + interval '1 second'
               and a.claimed_at <= a.sent_at and a.sent_at <= a.answered_at
               and abs(extract(epoch from a.message_created_at - a.sent_at)) < 1 and a.http_status = 200
             from notification_log n join delivery_attempts a using (delivery_id)",
        )
        .fetch_one(&t.app.pool)
        .await
        .unwrap();
        assert!(in_order);
    })
    .await;
}

#[tokio::test]
async fn app_token_is_fetched_once_and_replaced_when_refused() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.twitch.tokens_issued(), 1);
        t.twitch.expire_tokens();
        let bob = t.streamer("bob").await;
        t.follow(guild.id, &bob, None).await;
        t.twitch.set_channel(&bob, "With a new token", "Art");
        t.twitch.go_live(&bob).await;
        t.work().await;
        assert_eq!(t.twitch.tokens_issued(), 2);
        assert_eq!(t.messages(guild)[1].embeds[0]["title"], json!("With a new token"));
    })
    .await;
}

#[tokio::test]
async fn twitch_that_is_down_does_not_hold_an_announcement_back() {
    scenario(async |t| {
        for (login, status) in [("ana", 503), ("bob", 429)] {
            let streamer = t.streamer(login).await;
            let guild = t.guild_following(&streamer).await;
            t.twitch.fault(Fault::refusing("", status, 10));
            t.twitch.go_live(&streamer).await;
            t.work().await;
            t.twitch.clear_faults();
            let name = login.to_uppercase();
            let expected = format!("**{name}** is live: https://www.twitch.tv/{login}");
            assert_eq!(t.message(guild).content, expected);
        }
        t.after(time::Duration::minutes(2)).await;
    })
    .await;
}
