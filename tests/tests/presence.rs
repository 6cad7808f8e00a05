//! Discord says that the bot is not in a server, or that a channel is gone: once is no proof, and whatever shows
//! it there brings it back.

use sm_sim::discord::{Fault, FaultKind};
use sm_tests::{Browser, Guild, World, scenario};
use time::Duration;

async fn active(t: &World) -> i64 {
    t.count("guilds where status = 'active'").await
}

async fn unwanted(t: &World) -> i64 {
    t.count("eventsub_targets where state = 'unwanted'").await
}

fn unknown_guild(times: u32, guild: Guild) -> Fault {
    let kind = FaultKind::Refuse { status: 404, code: 10004 };
    Fault::new(kind, times).under(&format!("GET guilds/{}", guild.id))
}

async fn owner_of(t: &World, guild: Guild) -> Browser<'_> {
    let user = t.discord.add_user("ada", Some("Ada"));
    t.discord.set_owner(guild.id, user);
    t.signed_in(user).await
}

#[tokio::test]
async fn server_that_discord_does_not_know_for_a_moment_stays_its_admins() {
    // The first look and its repetition; then those of some minutes.
    for times in [1, 3, 12] {
        scenario(async |t| {
            let ana = t.streamer("ana").await;
            let guild = t.guild_following(&ana).await;
            let ada = owner_of(t, guild).await;
            let path = format!("/api/guilds/{}/overview", guild.id);
            ada.get(&path).await.ok();
            t.clock.advance(Duration::minutes(6));
            t.discord.fault(unknown_guild(times, guild));
            let overview = ada.get(&path).await.ok();
            assert_ne!(overview["checks"][0]["reason"], "not_in_guild", "{times}");
            assert_eq!((active(t).await, unwanted(t).await), (1, 0), "{times}");
            t.discord.clear_faults();
            t.twitch.go_live(&ana).await;
            t.work().await;
            assert_eq!(t.messages(guild).len(), 1);
            assert_eq!(t.count("doubts").await, 0, "a message posted there ends it");
        })
        .await;
    }
}

#[tokio::test]
async fn list_that_lacks_a_server_or_all_of_them_takes_none_away() {
    for all in [true, false] {
        scenario(async |t| {
            let ana = t.streamer("ana").await;
            let guilds = [t.guild_following(&ana).await, t.guild_following(&ana).await];
            t.sql("update guilds set created_at = now() - interval '1 day'").await;
            let listed = if all {
                "[]".to_owned()
            } else {
                format!(r#"[{{"id": "{}", "name": "Guild"}}]"#, guilds[0].id)
            };
            let list = FaultKind::answer(200, &[("Content-Type", "application/json")], &listed);
            t.discord.fault(Fault::new(list, 1).under("GET users/@me/guilds"));
            t.sweep().await;
            assert_eq!((active(t).await, unwanted(t).await), (2, 0));
            t.clock.advance(Duration::hours(7));
            t.sweep().await;
            assert_eq!(
                (active(t).await, t.count("doubts where kind = 'guild_left'").await),
                (2, 0)
            );
        })
        .await;
    }
}

#[tokio::test]
async fn server_that_was_left_is_noticed_by_the_second_list() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guilds = [t.guild_following(&ana).await, t.guild_following(&ana).await];
        t.sql("update guilds set created_at = now() - interval '1 day'").await;
        t.discord.set_bot_present(guilds[1].id, false);
        t.sweep().await;
        assert_eq!(active(t).await, 2, "once is no proof");
        t.clock.advance(Duration::hours(7));
        t.sweep().await;
        assert_eq!(active(t).await, 1);
    })
    .await;
}

#[tokio::test]
async fn bot_that_was_brought_back_without_a_word_is_seen_by_its_first_message() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.discord.fault(Fault::new(FaultKind::server_error(503, false), 1));
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.sql("update guilds set status = 'left', left_at = now()").await;
        t.after(Duration::seconds(2)).await;
        assert_eq!(t.messages(guild).len(), 1);
        assert_eq!(active(t).await, 1);
    })
    .await;
}

#[tokio::test]
async fn bot_that_was_brought_back_without_a_word_is_seen_when_its_admin_comes() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let ada = owner_of(t, guild).await;
        t.sql("update guilds set status = 'left', left_at = now()").await;
        ada.get(&format!("/api/guilds/{}/overview", guild.id)).await.ok();
        assert_eq!(active(t).await, 1);
    })
    .await;
}

#[tokio::test]
async fn bot_that_was_brought_back_without_a_word_announces_the_next_stream() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.sql("update guilds set status = 'left', left_at = now()").await;
        // Another server is the reason that Twitch tells us at all.
        t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.messages(guild).len(), 1);
        assert_eq!(t.deliveries(guild).await, ["online sent"]);
        assert_eq!(active(t).await, 2);
    })
    .await;
}

#[tokio::test]
async fn look_for_the_bot_that_discord_does_not_answer_is_repeated() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.sql("update guilds set status = 'left', left_at = now()").await;
        let kind = FaultKind::server_error(503, false);
        t.discord.fault(Fault::new(kind, 1).under(&format!("GET guilds/{}", guild.id)));
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.deliveries(guild).await, ["online pending discord_unavailable"]);
        t.after(Duration::seconds(3)).await;
        assert_eq!(t.deliveries(guild).await, ["online sent"]);
    })
    .await;
}

#[tokio::test]
async fn refusal_that_a_look_contradicts_is_tried_again() {
    for (status, code) in [(404, 10003), (403, 50001), (404, 10004)] {
        scenario(async |t| {
            let ana = t.streamer("ana").await;
            let guild = t.guild_following(&ana).await;
            t.discord.fault(Fault::new(FaultKind::Refuse { status, code }, 1));
            t.twitch.go_live(&ana).await;
            t.work().await;
            assert_eq!(t.deliveries(guild).await, ["online pending discord_unavailable"], "{code}");
            t.after(Duration::seconds(2)).await;
            assert_eq!(t.deliveries(guild).await, ["online sent"], "{code}");
            assert_eq!(t.count("destinations where degraded_reason is not null").await, 0);
        })
        .await;
    }
}
