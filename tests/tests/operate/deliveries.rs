//! `deliveries`: seeing what became of announcements, and sending them again once it makes sense.

use sm_tests::{Guild, World, scenario};
use sm_types::TwitchUserId;
use time::Duration;

/// Send Messages.
const SEND_MESSAGES: u64 = 1 << 11;

/// A guild that announces the streamer with a ping, and whose channel is closed to the bot.
async fn closed_guild(t: &World, streamer: &TwitchUserId) -> Guild {
    let guild = t.guild_mentioning(streamer, sm_db::guilds::Mention::Everyone).await;
    t.discord.set_everyone_overwrite(guild.channel, 0, SEND_MESSAGES);
    guild
}

/// Whether a guild's only message is meant to ping.
fn pings(t: &World, guild: Guild) -> bool {
    t.message(guild).content.contains("@everyone")
}

async fn recover(t: &World, more: &[&str]) -> serde_json::Value {
    let arguments = [&["deliveries", "recover", "--since", "1d", "--json"], more].concat();
    t.operate(&arguments).await.ok()
}

#[tokio::test]
async fn recover_sends_what_can_be_sent_by_now_and_only_once() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let [healed, moved, closed] =
            [closed_guild(t, &ana).await, closed_guild(t, &ana).await, closed_guild(t, &ana).await];
        let fine = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.discord.message_count(), 1);
        t.discord.set_everyone_overwrite(healed.channel, 0, 0);
        let other = t.discord.add_channel(moved.id, "other");
        sm_db::guilds::configure(&t.app.pool, moved.id, Some(other), sm_db::guilds::Mention::None)
            .await
            .unwrap();

        let plan = recover(t, &["--dry-run"]).await;
        assert_eq!(plan["outcomes"], serde_json::json!({ "ping": 2, "still_broken": 1 }), "{plan}");
        t.work().await;
        assert_eq!(t.discord.message_count(), 1, "a dry run sends nothing");

        let done = recover(t, &[]).await;
        assert_eq!(done["outcomes"], plan["outcomes"], "{done}");
        let why = |outcome: &str| {
            done["deliveries"].as_array().unwrap().iter().find(|d| d["outcome"] == outcome).unwrap()
                ["why"]
                .clone()
        };
        assert!(why("still_broken").as_str().unwrap().contains("SEND_MESSAGES"));
        t.work().await;
        let again = recover(t, &[]).await;
        assert_eq!(again["outcomes"], serde_json::json!({ "still_broken": 1 }), "{again}");
        t.work().await;
        assert!(pings(t, healed));
        assert_eq!(
            t.discord.messages(other).len(),
            1,
            "it goes where the destination leads by now"
        );
        assert!(t.messages(moved).is_empty() && t.messages(closed).is_empty());
        t.message(fine);
    })
    .await;
}

#[tokio::test]
async fn late_recovery_does_not_ping_unless_asked_to() {
    scenario(async |t| {
        let [ana, ben] = [t.streamer("ana").await, t.streamer("ben").await];
        let [quiet, loud] = [closed_guild(t, &ana).await, closed_guild(t, &ben).await];
        for streamer in [&ana, &ben] {
            t.twitch.go_live(streamer).await;
        }
        t.work().await;
        t.sql("update stream_sessions set started_at = started_at - interval '11 minutes'").await;
        for guild in [quiet, loud] {
            t.discord.set_everyone_overwrite(guild.channel, 0, 0);
        }
        let list = t.operate(&["deliveries", "list", "--status", "failed", "--json"]).await.ok();
        let of = |guild: Guild| {
            let all = list.as_array().unwrap();
            let found = all.iter().find(|d| d["guild_id"] == guild.id.to_string()).unwrap();
            found["delivery_id"].as_str().unwrap().to_owned()
        };
        let dry = t.operate(&["deliveries", "resend", &of(loud), "--dry-run", "--json"]).await.ok();
        assert_eq!(dry["ping"], false);
        assert_eq!(
            t.operate(&["deliveries", "resend", &of(loud), "--ping", "--json"]).await.ok()["ping"],
            true
        );
        assert_eq!(recover(t, &[]).await["outcomes"], serde_json::json!({ "silent": 1 }));
        t.work().await;
        assert!(pings(t, loud));
        assert!(!pings(t, quiet));
        let show = t.operate(&["deliveries", "show", &of(quiet)]).await.stdout;
        assert!(
            show.contains("online") && show.contains("missing_permission") && show.contains("sent"),
            "{show}"
        );
        let actions: Vec<(String, Option<i64>)> =
            sqlx::query_as("select action, actor_id from audit_log")
                .fetch_all(&t.app.pool)
                .await
                .unwrap();
        assert_eq!(actions, vec![("delivery.resend".to_owned(), None); 2]);
    })
    .await;
}

#[tokio::test]
async fn what_nobody_wants_any_more_is_not_recovered() {
    scenario(async |t| {
        let [ana, ben] = [t.streamer("ana").await, t.streamer("ben").await];
        let paused = closed_guild(t, &ana).await;
        let over = closed_guild(t, &ben).await;
        for streamer in [&ana, &ben] {
            t.twitch.go_live(streamer).await;
        }
        t.work().await;
        for guild in [paused, over] {
            t.discord.set_everyone_overwrite(guild.channel, 0, 0);
        }
        t.sql("update guild_config set enabled = false where guild_id = (select min(guild_id) from guild_config)").await;
        t.sql("update stream_sessions set ended_at = now() where twitch_user_id = (select max(twitch_user_id) from stream_sessions)").await;
        assert_eq!(recover(t, &[]).await["found"], 0);
        let unknown = t.operate(&["deliveries", "show", &uuid::Uuid::nil().to_string()]).await;
        assert!(unknown.code == 1 && unknown.stderr.contains("there is no delivery"));
    })
    .await;
}

#[tokio::test]
async fn expired_ones_are_recovered_on_request() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.sql("update stream_events set received_at = received_at - interval '20 minutes'").await;
        t.work().await;
        assert_eq!(t.deliveries(guild).await, ["online expired too_late"]);
        assert_eq!(recover(t, &[]).await["found"], 0);
        assert_eq!(recover(t, &["--expired"]).await["outcomes"], serde_json::json!({ "ping": 1 }));
        t.work().await;
        t.message(guild);
        t.after(Duration::minutes(1)).await;
    })
    .await;
}
