//! Between the go-live and the end, and after it: refreshes, end cards, late recordings.

use serde_json::{Value, json};
use sm_services::streamers::reconcile;
use sm_sim::{
    discord::{Fault, FaultKind, SimMessage},
    twitch::Delivery,
};
use sm_tests::{Guild, World, scenario};
use sm_types::{TwitchUserId, announcement::Kind};
use time::Duration;

/// A streamer who has just gone live, and the guild that announces them.
async fn announced(t: &World) -> (TwitchUserId, Guild) {
    let ana = t.streamer("ana").await;
    let guild = t.guild_following(&ana).await;
    t.twitch.set_channel(&ana, "Any%", "Art");
    t.twitch.go_live(&ana).await;
    t.work().await;
    (ana, guild)
}

/// Lets minutes pass with a comparison every two of them, as the sweep makes them.
async fn minutes(t: &World, minutes: i64) {
    for minute in 1..=minutes {
        t.clock.advance(Duration::minutes(1));
        if minute % 2 == 0 {
            reconcile::streams(&t.app).await.unwrap();
        }
        t.work().await;
    }
}

fn field(message: &SimMessage, name: &str) -> Option<String> {
    let fields = message.embeds.first()?["fields"].as_array()?;
    let found = fields.iter().find(|field| field["name"] == name)?;
    // Without what keeps Discord from reading markup into it.
    found["value"].as_str().map(|text| text.replace('\\', ""))
}

fn image(message: &SimMessage) -> Value {
    message.embeds[0]["image"].clone()
}

/// Lets Discord refuse the next edit of a message that is older than an hour.
fn limit_edits(t: &World, guild: Guild, code: u32, times: u32) {
    let body = json!({"message": "slow down", "retry_after": 3.0, "global": false, "code": code});
    let kind = FaultKind::answer(429, &[("retry-after", "3")], &body.to_string());
    t.discord.fault(Fault::new(kind, times).in_channel(guild.channel));
}

#[tokio::test]
async fn viewers_are_refreshed_at_growing_intervals_and_only_when_they_change() {
    scenario(async |t| {
        let (ana, guild) = announced(t).await;
        t.twitch.set_viewers(&ana, 10);
        let mut edits = Vec::new();
        for minute in 1..=95 {
            let before = t.message(guild).edits;
            minutes(t, 1).await;
            t.twitch.set_viewers(&ana, 10 + minute);
            reconcile::streams(&t.app).await.unwrap();
            if t.message(guild).edits > before {
                edits.push(minute);
            }
        }
        assert_eq!(edits, [2, 10, 30, 60, 90], "the second look comes with the first of them");
        assert_eq!(field(&t.message(guild), "Viewers").as_deref(), Some("99"));
        let before = t.message(guild).edits;
        t.twitch.set_viewers(&ana, 99);
        minutes(t, 61).await;
        assert_eq!(t.message(guild).edits, before, "nothing that it shows has changed");
        let open = "stream_events where kind = 'refresh' and finished_at is null";
        assert_eq!(t.count(open).await, 1, "one chain");
    })
    .await;
}

#[tokio::test]
async fn refresh_of_a_message_that_does_not_show_viewers_sends_nothing() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.sql(
            r#"with own as (
                 insert into message_templates (guild_id, name, message)
                 select guild_id, 'short', '{"content": "{streamer} {#if ended}was{:else}is{/if} live {preview_url}"}'
                 from guilds returning template_id)
               update guild_config set template_id = own.template_id from own"#,
        )
        .await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        minutes(t, 3).await;
        let edits = t.message(guild).edits;
        t.twitch.set_viewers(&ana, 500);
        minutes(t, 30).await;
        assert_eq!(t.message(guild).edits, edits);
        assert!(t.deliveries(guild).await.contains(&"refresh skipped unchanged".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn message_at_discords_edit_limit_is_refreshed_no_more_and_gets_its_end_card() {
    for code in [30046, 20022] {
        scenario(async |t| {
            let (ana, guild) = announced(t).await;
            minutes(t, 9).await;
            let edits = t.message(guild).edits;
            limit_edits(t, guild, code, 1);
            for viewers in [20, 30, 40] {
                t.twitch.set_viewers(&ana, viewers);
                minutes(t, 22).await;
            }
            assert_eq!(t.message(guild).edits, edits, "{code}");
            assert!(t.deliveries(guild).await.contains(&"refresh skipped edit_limit".to_owned()));
            limit_edits(t, guild, code, 2);
            t.twitch.end_stream(&ana).await;
            minutes(t, 6).await;
            assert!(t.message(guild).content.contains("was live"), "{code}");
        })
        .await;
    }
}

#[tokio::test]
async fn message_in_an_announcement_channel_is_edited_once_at_the_end() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let news = t.discord.add_channel_of_kind(guild.id, "news", 5);
        t.follow(guild.id, &ana, Some(news)).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.twitch.set_viewers(&ana, 20);
        minutes(t, 5).await;
        t.twitch.set_viewers(&ana, 30);
        t.twitch.update_channel(&ana, "New title", "Art").await;
        minutes(t, 30).await;
        let message = || t.discord.messages(news).remove(0);
        assert_eq!(message().edits, 0);
        assert!(t.message(guild).edits >= 2, "others go on");
        let asked = t.discord.requests();
        let asked =
            asked.iter().filter(|r| r.method == "GET" && r.path.ends_with(&news.to_string()));
        assert_eq!(asked.count(), 1, "its type is asked for once");
        t.twitch.end_stream(&ana).await;
        minutes(t, 5).await;
        assert_eq!(message().edits, 1);
        assert!(message().content.contains("was live"));
    })
    .await;
}

#[tokio::test]
async fn end_card_tells_viewers_and_categories_and_keeps_the_last_picture() {
    scenario(async |t| {
        let (ana, guild) = announced(t).await;
        for (viewers, title) in [(10, "One"), (60, "Two"), (20, "Three")] {
            t.twitch.set_viewers(&ana, viewers);
            t.twitch.update_channel(&ana, title, "Art").await;
            minutes(t, 10).await;
        }
        t.twitch.update_channel(&ana, "Four", "Chess").await;
        minutes(t, 12).await;
        let picture = image(&t.message(guild));
        assert!(!picture.is_null());
        t.twitch.end_stream(&ana).await;
        minutes(t, 5).await;
        let message = t.message(guild);
        let shown = |name: &str| field(&message, name);
        assert_eq!(shown("Most viewers").as_deref(), Some("60"));
        let average: i64 = shown("Average viewers").unwrap().parse().unwrap();
        assert!((25..=32).contains(&average), "{average}");
        assert_eq!(shown("Categories").as_deref(), Some("Art (30 min), Chess (12 min)"));
        assert_eq!((shown("Duration").as_deref(), shown("Game")), (Some("42 min"), None));
        assert_eq!(image(&message), picture, "the same address, which Discord has in its cache");
    })
    .await;
}

#[tokio::test]
async fn message_without_a_fresh_picture_has_none_at_the_end() {
    scenario(async |t| {
        let (ana, guild) = announced(t).await;
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(3)).await;
        assert!(t.message(guild).embeds[0].get("image").is_none());
    })
    .await;
}

#[tokio::test]
async fn late_recording_is_linked_by_a_silent_edit() {
    // After so many minutes the archive appears: before the second look, before the third, never.
    for (late, expected) in [(4, true), (14, true), (17, false)] {
        scenario(async |t| {
            let (ana, guild) = announced(t).await;
            minutes(t, 5).await;
            t.twitch.hide_recordings(true);
            t.twitch.end_stream(&ana).await;
            t.after(Duration::seconds(121)).await;
            minutes(t, late).await;
            let before = t.message(guild);
            assert!(before.content.contains("was live"));
            assert_eq!(field(&before, "Recording"), None);
            t.twitch.hide_recordings(false);
            minutes(t, 20).await;
            let after = t.message(guild);
            assert_eq!(field(&after, "Recording").is_some(), expected, "{late}");
            assert_eq!(after.edits, before.edits + u32::from(expected));
            assert_eq!(t.count("stream_events where finished_at is null").await, 0);
        })
        .await;
    }
}

#[tokio::test]
async fn refreshes_wait_for_new_messages_and_edits() {
    scenario(async |t| {
        let (_, guild) = announced(t).await;
        minutes(t, 3).await;
        // Forty destinations of each lane in the queue.
        for (kind, lane) in [("online", 0), ("update", 1), ("refresh", 2)] {
            sqlx::query(
                "insert into notification_log (destination_id, session_id, guild_id, channel_id, kind, action, status,
                   priority, due_at, expires_at, received_at, committed_at)
                 select uuid_v7(), (select session_id from stream_sessions), $1, $2, $3, 'create', 'pending', $4, $5,
                   $5, $5, $5 from generate_series(1, 40)",
            )
            .bind(guild.id.to_db())
            .bind(guild.channel.to_db())
            .bind(kind)
            .bind(lane)
            .bind(t.clock.now())
            .execute(&t.app.pool)
            .await
            .unwrap();
        }
        sm_db::announce::claim::rejoin_queue(&t.app.pool).await.unwrap();
        let now = t.clock.now();
        let claim = sm_db::announce::claim::Claim {
            now,
            lease_until: now + Duration::minutes(1),
            limit: 20,
            edits: 4,
            seconds_each: 0.0,
        };
        let mut taken = Vec::new();
        for _ in 0..6 {
            let claimed = sm_db::announce::claim::claim(&t.app.pool, &claim).await.unwrap();
            let count = |kind| claimed.iter().filter(|d| d.kind == kind).count();
            taken.push([count(Kind::Online), count(Kind::Update), count(Kind::Refresh)]);
        }
        let expected = [[16, 4, 0], [16, 4, 0], [8, 12, 0], [0, 20, 0], [0, 0, 20], [0, 0, 20]];
        assert_eq!(taken, expected);
        t.sql("delete from notification_log where status = 'sending'").await;
    })
    .await;
}

#[tokio::test]
async fn chain_of_refreshes_outlives_workers_and_ends_that_are_taken_back() {
    scenario(async |t| {
        let (ana, guild) = announced(t).await;
        minutes(t, 3).await;
        let open = "stream_events where kind = 'refresh' and finished_at is null";
        // A worker has begun the refresh, and dies; the next takes it over after its lease.
        t.twitch.set_viewers(&ana, 20);
        reconcile::streams(&t.app).await.unwrap();
        t.clock.advance(Duration::minutes(8));
        let now = t.clock.now();
        let lease = now + Duration::seconds(30);
        let event = loop {
            let event = sm_db::announce::events::claim(&t.app.pool, now, lease).await.unwrap();
            let event = event.expect("a refresh is due");
            if event.kind == Kind::Refresh {
                break event;
            }
        };
        assert!(sm_db::announce::events::begin_refresh(&t.app.pool, &event, now).await.unwrap());
        let edits = t.message(guild).edits;
        t.work().await;
        assert_eq!(t.message(guild).edits, edits);
        t.after(Duration::seconds(31)).await;
        assert_eq!((t.message(guild).edits, t.count(open).await), (edits + 1, 1));
        // The end is taken back before its card, then after it.
        for wait in [60, 300] {
            t.twitch.end_stream(&ana).await;
            t.after(Duration::seconds(wait)).await;
            let event = t.twitch.resume_stream(&ana).unwrap();
            t.twitch.deliver(&ana, &Delivery::new("stream.online", event)).await;
            minutes(t, 4).await;
            assert!(t.message(guild).content.contains("is live"), "after {wait} s");
            assert_eq!(t.count(open).await, 1, "after {wait} s");
        }
    })
    .await;
}

#[tokio::test]
async fn channel_has_its_own_end_and_its_servers_otherwise() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let actions = ["leave", "edit", "delete", "delete_after", "new_message"];
        let mut channels = Vec::new();
        for action in actions {
            let channel = t.discord.add_channel(guild.id, action);
            t.follow(guild.id, &ana, Some(channel)).await;
            sqlx::query("update destinations set end_action = $1, end_delete_minutes = 7 where channel_id = $2")
                .bind(action)
                .bind(channel.to_db())
                .execute(&t.app.pool)
                .await
                .unwrap();
            channels.push(channel);
        }
        t.sql("update guild_config set end_action = 'delete_after', end_delete_minutes = 20").await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        minutes(t, 10).await;
        t.twitch.end_stream(&ana).await;
        let shown = |channel| -> Vec<&'static str> {
            let messages = t.discord.messages(channel);
            let word = |m: &SimMessage| if m.content.contains("was live") { "was" } else { "is" };
            messages.iter().map(word).collect()
        };
        let all = || -> Vec<Vec<&'static str>> {
            channels.iter().copied().chain([guild.channel]).map(shown).collect()
        };
        minutes(t, 5).await;
        let expected = [vec!["is"], vec!["was"], vec![], vec!["was"], vec!["is", "was"], vec!["was"]];
        assert_eq!(all(), expected);
        minutes(t, 4).await;
        let expected = [vec!["is"], vec!["was"], vec![], vec![], vec!["is", "was"], vec!["was"]];
        assert_eq!(all(), expected);
        minutes(t, 15).await;
        assert_eq!(all()[5], Vec::<&str>::new());
        assert_eq!(t.count("stream_events where finished_at is null").await, 0);
    })
    .await;
}

#[tokio::test]
async fn end_that_is_taken_back_removes_nothing_and_tells_its_end_once() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_mentioning(&ana, sm_db::guilds::Mention::Here).await;
        let news = t.discord.add_channel(guild.id, "news");
        t.follow(guild.id, &ana, Some(news)).await;
        t.sql("update guild_config set end_action = 'delete_after', end_delete_minutes = 20").await;
        t.sql("update destinations set end_action = 'new_message' where channel_id is not null")
            .await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        minutes(t, 10).await;
        t.twitch.end_stream(&ana).await;
        minutes(t, 5).await;
        let event = t.twitch.resume_stream(&ana).unwrap();
        t.twitch.deliver(&ana, &Delivery::new("stream.online", event)).await;
        minutes(t, 60).await;
        assert!(t.message(guild).content.contains("is live"), "its removal was called off");
        t.twitch.end_stream(&ana).await;
        minutes(t, 5).await;
        let messages = t.discord.messages(news);
        let told: Vec<_> = messages.iter().map(|m| m.content.contains("was live")).collect();
        assert_eq!(told, [false, true], "the message about the first end tells the second");
        assert!(!messages[1].mention_everyone, "nobody is pinged by an end");
        minutes(t, 20).await;
        assert_eq!(t.messages(guild).len(), 0);
    })
    .await;
}

#[tokio::test]
async fn end_has_a_template_of_its_own() {
    scenario(async |t| {
        let (ana, guild) = announced(t).await;
        t.sql(
            r#"with own as (
                 insert into message_templates (guild_id, name, message)
                 select guild_id, 'end', '{"content": "Over after {duration}, {viewers_peak} at most"}'
                 from guilds returning template_id)
               update guild_config set end_template_id = own.template_id from own"#,
        )
        .await;
        t.twitch.set_viewers(&ana, 20);
        minutes(t, 9).await;
        assert!(t.message(guild).content.contains("is live"));
        t.twitch.end_stream(&ana).await;
        minutes(t, 5).await;
        assert_eq!(t.message(guild).content, "Over after 9 min, 20 at most");
    })
    .await;
}
