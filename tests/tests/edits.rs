//! What follows an announcement: viewers, changes, the end, a short break.

use serde_json::json;
use sm_sim::{
    discord::{Fault, FaultKind},
    twitch::{Delivery, EdgeCase},
};
use sm_tests::{Guild, World, scenario};
use sm_types::TwitchUserId;
use time::Duration;

/// A streamer who has just gone live, and the guild that announces them.
async fn announced(t: &World) -> (TwitchUserId, Guild) {
    let ana = t.streamer("ana").await;
    let guild = t.guild_following(&ana).await;
    t.twitch.go_live(&ana).await;
    t.work().await;
    (ana, guild)
}

#[tokio::test]
async fn viewers_and_a_fresh_preview_come_by_a_silent_edit() {
    scenario(async |t| {
        let (ana, guild) = announced(t).await;
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
        let (ana, guild) = announced(t).await;
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
        let (ana, guild) = announced(t).await;
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
        t.after(Duration::seconds(130)).await;
        let shown: Vec<bool> =
            t.messages(guild).iter().map(|m| m.content.contains("was live")).collect();
        assert_eq!(shown, [true, true, false], "only the last one goes on");
    })
    .await;
}

#[tokio::test]
async fn each_guilds_merge_window_decides_about_its_own_message() {
    // The end of the first stream has been expanded by then, or has not.
    for minutes in [4, 1] {
        scenario(async |t| {
            let ana = t.streamer("ana").await;
            let apart = t.guild_following(&ana).await;
            t.sql("update guild_config set merge_window_seconds = 0").await;
            let merging = t.guild_following(&ana).await;
            t.twitch.go_live(&ana).await;
            t.work().await;
            t.twitch.end_stream(&ana).await;
            t.after(Duration::minutes(minutes)).await;
            t.twitch.go_live(&ana).await;
            t.work().await;
            t.after(Duration::seconds(130)).await;
            let shown: Vec<bool> =
                t.messages(apart).iter().map(|m| m.content.contains("was live")).collect();
            assert_eq!(shown, [true, false], "after {minutes} min");
            assert!(t.message(merging).content.contains("is live"), "after {minutes} min");
        })
        .await;
    }
}

#[tokio::test]
async fn message_whose_next_stream_is_filtered_out_gets_its_end_card() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.sql("update destinations set game_filter = '{Celeste}'").await;
        t.twitch.set_channel(&ana, "Any%", "Celeste");
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(1)).await;
        t.twitch.set_channel(&ana, "Blocks", "Tetris");
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.after(Duration::seconds(130)).await;
        assert!(t.message(guild).content.contains("was live"), "{}", t.message(guild).content);
        assert!(t.deliveries(guild).await.contains(&"online skipped game_filter".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn fall_to_the_plain_message_holds_for_one_edit_only() {
    scenario(async |t| {
        let (ana, guild) = announced(t).await;
        t.after(Duration::minutes(3)).await;
        t.discord.fault(Fault::new(FaultKind::Refuse { status: 400, code: 50035 }, 1));
        t.twitch.update_channel(&ana, "One", "Art").await;
        t.after(Duration::seconds(61)).await;
        assert!(t.message(guild).embeds.is_empty(), "Discord took the plain one");
        t.twitch.update_channel(&ana, "Two", "Art").await;
        t.after(Duration::seconds(61)).await;
        assert_eq!(t.message(guild).embeds[0]["title"], json!("Two"));
    })
    .await;
}

#[tokio::test]
async fn lagging_list_of_streams_does_not_overwrite_a_newer_title() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.set_channel(&ana, "Old", "Art");
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.after(Duration::minutes(3)).await;
        // Get Streams goes on telling the old one.
        let event = json!({"broadcaster_user_id": ana, "broadcaster_user_login": "ana",
            "broadcaster_user_name": "ANA", "title": "New", "language": "en", "category_id": "1",
            "category_name": "Chess", "content_classification_labels": []});
        t.twitch.deliver(&ana, &Delivery::new("channel.update", event)).await;
        t.twitch.set_viewers(&ana, 77);
        t.after(Duration::seconds(61)).await;
        let embed = t.message(guild).embeds[0].clone();
        assert_eq!(embed["title"], json!("New"));
        let fields = embed["fields"].to_string();
        assert!(fields.contains("Chess") && fields.contains("77"), "{fields}");
    })
    .await;
}

#[tokio::test]
async fn waiting_for_messages_on_their_way_is_no_look_at_the_list_of_streams() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.hide_streams(true);
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.sql("update notification_log set status = 'sending', due_at = now() + interval '1 day'")
            .await;
        t.after(Duration::seconds(76)).await;
        for _ in 0..5 {
            t.after(Duration::seconds(6)).await;
        }
        assert_eq!(
            t.count("stream_events where kind = 'enrich' and looks = 0 and attempts = 6").await,
            1
        );
        t.sql("update notification_log set status = 'sent'").await;
        for _ in 0..2 {
            t.after(Duration::seconds(80)).await;
        }
        assert_eq!(t.message(guild).edits, 0);
        t.twitch.hide_streams(false);
        t.after(Duration::seconds(80)).await;
        assert_eq!(t.message(guild).edits, 1, "the third look has found it");
    })
    .await;
}

#[tokio::test]
async fn change_amid_a_fan_out_of_edits_brings_one_more_round() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let (first, second) = (t.guild_following(&ana).await, t.guild_following(&ana).await);
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.after(Duration::minutes(3)).await;
        t.twitch.update_channel(&ana, "One", "Art").await;
        // As a first chunk leaves it, here one of a single message.
        t.sql(
            "update stream_events e set prepared = true,
               cursor = (select destination_id from destinations order by destination_id limit 1)
             where kind = 'update'",
        )
        .await;
        for title in ["Two", "Three"] {
            t.twitch.update_channel(&ana, title, "Art").await;
        }
        t.after(Duration::seconds(61)).await;
        // The round after waits for messages that are on their way.
        t.after(Duration::seconds(6)).await;
        for guild in [first, second] {
            assert_eq!(t.message(guild).embeds[0]["title"], json!("Three"));
        }
        assert_eq!(t.count("stream_events where kind = 'update'").await, 2, "one round, not two");
    })
    .await;
}

#[tokio::test]
async fn break_beyond_the_merge_window_is_a_new_announcement() {
    scenario(async |t| {
        let (ana, guild) = announced(t).await;
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
        t.twitch.deliver(&ana, &Delivery::new("stream.online", first)).await;
        t.work().await;
        t.clock.advance(Duration::minutes(1));
        t.twitch.go_live(&ana).await;
        t.twitch.deliver(&ana, &Delivery::new("stream.offline", offline)).await;
        t.after(Duration::minutes(5)).await;
        assert!(t.message(guild).content.contains("is live"));
    })
    .await;
}

#[tokio::test]
async fn message_that_was_deleted_on_discord_is_let_go() {
    scenario(async |t| {
        let (ana, guild) = announced(t).await;
        let id = t.message(guild).id.parse().unwrap();
        t.discord.delete_message(guild.channel, id);
        t.twitch.trigger(&ana, EdgeCase::OfflineWithoutId).await;
        t.after(Duration::minutes(3)).await;
        assert_eq!(t.deliveries(guild).await.last().unwrap(), "offline skipped message_deleted");
    })
    .await;
}
