//! What follows an announcement: viewers, changes, the end, a short break.

use serde_json::json;
use sm_sim::twitch::EdgeCase;
use sm_tests::scenario;
use time::Duration;

#[tokio::test]
async fn viewers_and_a_fresh_preview_come_by_a_silent_edit() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        let before = t.message(guild);
        t.twitch.set_viewers(&ana, 1234);
        t.after(Duration::seconds(80)).await;
        let after = t.message(guild);
        assert_eq!((after.edits, after.id), (1, before.id));
        assert_eq!(
            after.embeds[0]["fields"][1],
            json!({"name": "Viewers", "value": "1234", "inline": true})
        );
        assert_ne!(
            after.embeds[0]["image"], before.embeds[0]["image"],
            "another address, another picture"
        );
        assert_eq!(t.deliveries(guild).await, ["online sent", "enrich sent"]);
    })
    .await;
}

#[tokio::test]
async fn stream_that_twitch_does_not_list_yet_is_asked_for_again() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.hide_streams(true);
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.after(Duration::seconds(80)).await;
        assert_eq!(t.message(guild).edits, 0);
        t.twitch.hide_streams(false);
        t.after(Duration::seconds(80)).await;
        assert_eq!(t.message(guild).edits, 1);
    })
    .await;
}

#[tokio::test]
async fn burst_of_changes_becomes_one_edit() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.after(Duration::minutes(3)).await;
        let edits = t.message(guild).edits;
        for title in ["One", "Two", "Three"] {
            t.twitch.update_channel(&ana, title, "Art").await;
        }
        t.after(Duration::seconds(61)).await;
        let message = t.message(guild);
        assert_eq!((message.edits, &message.embeds[0]["title"]), (edits + 1, &json!("Three")));
        t.twitch.update_channel(&ana, "Four", "Art").await;
        t.after(Duration::seconds(61)).await;
        assert_eq!(t.message(guild).embeds[0]["title"], json!("Four"));
    })
    .await;
}

#[tokio::test]
async fn end_card_says_was_live_and_links_the_recording() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.after(Duration::minutes(65)).await;
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(1)).await;
        assert!(t.message(guild).content.contains("is live"), "the end has to hold for a while");
        t.after(Duration::minutes(2)).await;
        let message = t.message(guild);
        assert!(message.content.contains("was live"), "{}", message.content);
        let fields = message.embeds[0]["fields"].to_string();
        assert!(
            fields.contains("1 h 05 min") && fields.contains("https://www.twitch.tv/videos/"),
            "{fields}"
        );
        assert!(message.embeds[0].get("image").is_none(), "the preview would turn grey");
    })
    .await;
}

#[tokio::test]
async fn end_action_decides_what_becomes_of_the_message() {
    for (action, expected) in [("leave", 1), ("delete", 0)] {
        scenario(async |t| {
            let ana = t.streamer("ana").await;
            let guild = t.guild_following(&ana).await;
            match action {
                "leave" => t.sql("update guild_config set end_action = 'leave'").await,
                _ => t.sql("update guild_config set end_action = 'delete'").await,
            }
            t.twitch.go_live(&ana).await;
            t.work().await;
            t.twitch.end_stream(&ana).await;
            t.after(Duration::minutes(3)).await;
            assert_eq!(t.messages(guild).len(), expected, "{action}");
        })
        .await;
    }
}

#[tokio::test]
async fn short_break_reopens_the_message_without_a_ping() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_mentioning(&ana, sm_db::guilds::Mention::Here).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        let first = t.message(guild);
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(4)).await;
        assert!(t.message(guild).content.contains("was live"));
        t.twitch.go_live(&ana).await;
        t.work().await;
        let again = t.message(guild);
        assert_eq!(again.id, first.id);
        assert!(again.content.contains("is live"), "{}", again.content);
        t.after(Duration::minutes(5)).await;
    })
    .await;
}

#[tokio::test]
async fn without_a_merge_window_every_stream_is_announced() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.sql("update guild_config set merge_window_seconds = 0").await;
        for _ in 0..3 {
            // The one before ends where the next begins.
            t.twitch.go_live(&ana).await;
            t.work().await;
        }
        assert_eq!(t.messages(guild).len(), 3);
    })
    .await;
}

#[tokio::test]
async fn break_beyond_the_merge_window_is_a_new_announcement() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(15)).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.messages(guild).len(), 2);
    })
    .await;
}

#[tokio::test]
async fn end_of_the_old_stream_after_the_start_of_the_new_changes_nothing() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let (_, first) = t.twitch.start_stream(&ana, "live");
        let mut offline = first.clone();
        offline.as_object_mut().unwrap().remove("type");
        t.twitch.deliver(&ana, &sm_sim::twitch::Delivery::new("stream.online", first)).await;
        t.work().await;
        t.clock.advance(Duration::minutes(1));
        t.twitch.go_live(&ana).await;
        t.twitch.deliver(&ana, &sm_sim::twitch::Delivery::new("stream.offline", offline)).await;
        t.after(Duration::minutes(5)).await;
        assert!(t.message(guild).content.contains("is live"));
    })
    .await;
}

#[tokio::test]
async fn message_that_was_deleted_on_discord_is_let_go() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        let id = t.message(guild).id.parse().unwrap();
        t.discord.delete_message(guild.channel, id);
        t.twitch.trigger(&ana, EdgeCase::OfflineWithoutId).await;
        t.after(Duration::minutes(3)).await;
        assert_eq!(t.deliveries(guild).await.last().unwrap(), "offline skipped message_deleted");
    })
    .await;
}
