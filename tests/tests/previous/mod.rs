//! The version before goes on for a while beside this one, on the database that this one has migrated.
//!
//! The statements are those of the version whose database ended with migration 0004, as they were: a file each.

use serde_json::json;
use sm_db::announce::history;
use sm_sim::twitch::Delivery;
use sm_tests::{Guild, World, scenario};
use sm_types::TwitchUserId;
use sqlx::Row;
use time::Duration;
use uuid::Uuid;

/// The version before, at work in the same world.
struct Previous<'a>(&'a World);

impl Previous<'_> {
    /// Accepts `stream.online`; whether something was queued.
    async fn accept_online(&self, streamer: &TwitchUserId, stream: &str, message: &str) -> bool {
        let now = self.0.clock.now();
        let (fresh, known, session): (bool, bool, Option<Uuid>) =
            sqlx::query_as(include_str!("accept_online.sql"))
                .bind(message)
                .bind(now)
                .bind(now)
                .bind(streamer.as_str())
                .bind("ana")
                .bind("ANA")
                .bind(stream)
                .bind("live")
                .bind(now)
                .bind("eventsub")
                .fetch_one(&self.0.app.pool)
                .await
                .unwrap();
        assert!(known);
        fresh && session.is_some()
    }

    async fn accept_offline(&self, streamer: &TwitchUserId, message: &str) -> bool {
        let now = self.0.clock.now();
        let (_, _, session): (bool, bool, Option<Uuid>) =
            sqlx::query_as(include_str!("accept_offline.sql"))
                .bind(message)
                .bind(now)
                .bind(now)
                .bind(streamer.as_str())
                .bind(None::<&str>)
                .bind(now + Duration::minutes(2))
                .fetch_one(&self.0.app.pool)
                .await
                .unwrap();
        session.is_some()
    }

    async fn accept_update(&self, streamer: &TwitchUserId, title: &str, message: &str) -> bool {
        let now = self.0.clock.now();
        let (_, _, session): (bool, bool, Option<Uuid>) =
            sqlx::query_as(include_str!("accept_update.sql"))
                .bind(message)
                .bind(now)
                .bind(now)
                .bind(streamer.as_str())
                .bind("ana")
                .bind("ANA")
                .bind(title)
                .bind("1")
                .bind("Art")
                .bind("en")
                .bind(now)
                .fetch_one(&self.0.app.pool)
                .await
                .unwrap();
        session.is_some()
    }

    /// Claims the event that is due and expands it; how many destinations or messages it had.
    async fn expand(&self) -> i64 {
        let now = self.0.clock.now();
        let event = sqlx::query(include_str!("claim_event.sql"))
            .bind(now)
            .bind(now + Duration::seconds(30))
            .fetch_one(&self.0.app.pool)
            .await
            .unwrap();
        let statement = match event.get("kind") {
            "online" => include_str!("expand_online.sql"),
            _ => include_str!("expand_edit.sql"),
        };
        sqlx::query_scalar(statement)
            .bind(event.get::<Uuid, _>("event_id"))
            .bind(now)
            .bind(now + Duration::seconds(30))
            .bind(1_000_i64)
            .bind(900_i64)
            .fetch_one(&self.0.app.pool)
            .await
            .unwrap()
    }

    /// Claims everything that is due; the ids with their attempts.
    async fn claim(&self) -> Vec<(Uuid, i32)> {
        let now = self.0.clock.now();
        let rows = sqlx::query(include_str!("claim.sql"))
            .bind(now)
            .bind(now + Duration::seconds(30))
            .bind(100_i64)
            .fetch_all(&self.0.app.pool)
            .await
            .unwrap();
        rows.iter().map(|row| (row.get("delivery_id"), row.get("attempts"))).collect()
    }

    /// Records a delivery as sent, with the message it has posted.
    async fn record(&self, (delivery, attempt): (Uuid, i32), message: i64) {
        let now = self.0.clock.now();
        sqlx::query(include_str!("record.sql"))
            .bind([delivery])
            .bind([attempt])
            .bind(["sent"])
            .bind([None::<&str>])
            .bind([None::<&str>])
            .bind([None::<time::OffsetDateTime>])
            .bind(["full"])
            .bind(["create"])
            .bind([message])
            .bind([0])
            .bind([0])
            .bind([0])
            .bind([Some(200_i16)])
            .bind([None::<i32>])
            .bind([None::<i64>])
            .bind([now])
            .bind([now])
            .bind([now])
            .bind([now])
            .bind(now)
            .execute(&self.0.app.pool)
            .await
            .unwrap();
    }

    /// What its dashboard lists of a guild, as `kind status`.
    async fn list(&self, guild: Guild) -> Vec<String> {
        let rows = sqlx::query(include_str!("list.sql"))
            .bind(guild.id.to_db())
            .fetch_all(&self.0.app.pool)
            .await
            .unwrap();
        let told = |row: &sqlx::postgres::PgRow| {
            format!("{} {}", row.get::<&str, _>("kind"), row.get::<&str, _>("status"))
        };
        rows.iter().map(told).collect()
    }

    async fn next_due(&self) -> Option<time::OffsetDateTime> {
        sqlx::query_scalar(include_str!("next_due.sql")).fetch_one(&self.0.app.pool).await.unwrap()
    }
}

/// A message that the version before has posted in a guild's channel.
fn post(t: &World, guild: Guild) -> i64 {
    let bot = t.discord.bot_user();
    let id = t.discord.say(guild.channel, bot, "**ANA** is live", &[]);
    i64::try_from(id.0).unwrap()
}

#[tokio::test]
async fn what_it_has_queued_is_sent_once_after_the_next_sweep() {
    scenario(async |t| {
        let before = Previous(t);
        let ana = t.streamer("ana").await;
        let guilds = [t.guild_following(&ana).await, t.guild_following(&ana).await];
        let (stream, event) = t.twitch.start_stream(&ana, "live");
        assert!(before.accept_online(&ana, &stream.0, "m-1").await);
        assert!(!before.accept_online(&ana, &stream.0, "m-1").await, "twice is once");
        let message_id = Some("m-1".to_owned());
        let again = Delivery { message_id, ..Delivery::new("stream.online", event) };
        assert_eq!(t.twitch.deliver(&ana, &again).await, [204]);
        assert_eq!(t.count("stream_events").await, 1, "whichever version takes it");
        assert_eq!(before.expand().await, 2);
        assert!(before.next_due().await.unwrap() <= t.clock.now());
        assert_eq!(t.count("outbox_flows").await, 0, "it knows of no queue");
        t.sweep().await;
        t.work().await;
        for guild in guilds {
            t.message(guild);
        }
        // Its edit of what this version has posted.
        assert!(before.accept_update(&ana, "New", "m-2").await);
        assert_eq!(before.expand().await, 2);
        t.clock.advance(Duration::minutes(1));
        t.sweep().await;
        t.work().await;
        for guild in guilds {
            assert_eq!(t.message(guild).embeds[0]["title"], json!("New"));
            assert!(before.list(guild).await.contains(&"online sent".to_owned()));
        }
        t.twitch.stop_stream(&ana);
        assert!(before.accept_offline(&ana, "m-3").await);
        t.after(Duration::minutes(3)).await;
        for guild in guilds {
            assert!(t.message(guild).content.contains("was live"));
        }
    })
    .await;
}

#[tokio::test]
async fn what_it_has_sent_is_listed_and_edited() {
    scenario(async |t| {
        let before = Previous(t);
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        assert!(before.accept_online(&ana, "1", "m-1").await);
        before.expand().await;
        let claimed = before.claim().await;
        assert_eq!(claimed.len(), 1);
        // Both look at the same time: what one has claimed the other leaves alone.
        t.sweep().await;
        assert!(t.messages(guild).is_empty());
        let message = post(t, guild);
        before.record(claimed[0], message).await;
        let listed =
            history::list(&t.app.pool, guild.id, &history::Filter::default(), 10).await.unwrap();
        assert_eq!((listed.len(), listed[0].message_id), (1, Some(message)));
        assert_eq!(listed[0].status, "sent");
        assert_eq!(history::attempts(&t.app.pool, listed[0].delivery_id).await.unwrap().len(), 1);
        let event = json!({"broadcaster_user_id": ana, "broadcaster_user_login": "ana",
            "broadcaster_user_name": "ANA", "title": "New", "language": "en", "category_id": "1",
            "category_name": "Chess", "content_classification_labels": []});
        t.twitch.deliver(&ana, &Delivery::new("channel.update", event)).await;
        t.after(Duration::seconds(61)).await;
        assert_eq!(t.message(guild).embeds[0]["title"], json!("New"));
    })
    .await;
}

#[tokio::test]
async fn what_either_has_claimed_and_lost_the_other_takes_up() {
    scenario(async |t| {
        let before = Previous(t);
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        assert!(before.accept_online(&ana, "1", "m-1").await);
        before.expand().await;
        assert_eq!(before.claim().await[0].1, 1);
        // It was stopped, and what it had in hand is due again.
        t.after(Duration::seconds(31)).await;
        t.message(guild);
        // The other way round: what this version has queued, the one before claims like its own.
        t.twitch.update_channel(&ana, "New", "Art").await;
        t.clock.advance(Duration::seconds(61));
        t.discord.set_down(true);
        t.work().await;
        t.discord.set_down(false);
        t.clock.advance(Duration::seconds(5));
        assert_eq!(before.claim().await.len(), 1);
        t.after(Duration::seconds(31)).await;
        assert_eq!(t.message(guild).embeds[0]["title"], json!("New"));
    })
    .await;
}
