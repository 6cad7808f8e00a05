//! News out of order, and rows that are odd: each costs itself only.

use serde_json::{Value, json};
use sm_services::streamers::{lookup, reconcile};
use sm_sim::twitch::{Delivery, Fault};
use sm_tests::{World, scenario};
use sm_types::TwitchUserId;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

async fn text(t: &World, sql: &'static str) -> String {
    sqlx::query_scalar(sql).fetch_one(&t.app.pool).await.unwrap()
}

fn named(id: &TwitchUserId, name: &str) -> Value {
    json!({ "broadcaster_user_id": id, "broadcaster_user_login": name.to_lowercase(), "broadcaster_user_name": name })
}

fn sent(kind: &str, event: Value, seconds_ago: i64) -> Delivery {
    Delivery { age: Duration::seconds(seconds_ago), ..Delivery::new(kind, event) }
}

fn update(id: &TwitchUserId, name: &str, title: &str, seconds_ago: i64) -> Delivery {
    let mut event = named(id, name);
    event["title"] = json!(title);
    event["category_id"] = json!("1");
    event["category_name"] = json!(title);
    sent("channel.update", event, seconds_ago)
}

fn online(t: &World, id: &TwitchUserId, stream: &str, began_seconds_ago: i64) -> Delivery {
    let mut event = named(id, "ANA");
    let at: OffsetDateTime = t.clock.now() - Duration::seconds(began_seconds_ago);
    event["id"] = json!(stream);
    event["type"] = json!("live");
    event["started_at"] = json!(at.replace_nanosecond(0).unwrap().format(&Rfc3339).unwrap());
    Delivery::new("stream.online", event)
}

async fn deliver(t: &World, id: &TwitchUserId, delivery: &Delivery) {
    assert_eq!(t.twitch.deliver(id, delivery).await, [204]);
}

#[tokio::test]
async fn older_title_and_names_that_come_late_change_nothing() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        deliver(t, &ana, &update(&ana, "NEW", "New title", 1)).await;
        deliver(t, &ana, &update(&ana, "OLD", "Old title", 30)).await;
        let renamed = |name: &str, ago| {
            let event = json!({ "user_id": ana, "user_login": name.to_lowercase(), "user_name": name });
            sent("user.update", event, ago)
        };
        deliver(t, &ana, &renamed("OLDER", 40)).await;
        let mut late = online(t, &ana, "1", 3600);
        late.age = Duration::seconds(50);
        late.event["broadcaster_user_name"] = json!("OLDEST");
        deliver(t, &ana, &late).await;
        let known = text(t, "select login || ' ' || display_name || ' ' || title || ' ' || game_name from streamers").await;
        assert_eq!(known, "new NEW New title New title");
        let session = text(t, "select title from stream_sessions where ended_at is null").await;
        assert_eq!(session, "New title");
        deliver(t, &ana, &update(&ana, "NEWEST", "Newest title", 0)).await;
        assert_eq!(text(t, "select title || display_name from streamers").await, "Newest titleNEWEST");
        t.after(Duration::minutes(2)).await;
        let message = t.message(guild);
        assert!(message.embeds[0].to_string().contains("Newest title"), "{message:?}");
    })
    .await;
}

#[tokio::test]
async fn late_start_of_an_older_stream_is_over_and_silent() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        deliver(t, &ana, &online(t, &ana, "B", 20)).await;
        t.work().await;
        for _ in 0..2 {
            deliver(t, &ana, &online(t, &ana, "A", 300)).await;
            t.work().await;
            assert_eq!(t.messages(guild).len(), 1);
            assert_eq!(
                t.count("stream_sessions where stream_id = 'A' and ended_at is not null").await,
                1
            );
            assert_eq!(
                t.count("stream_sessions where stream_id = 'B' and ended_at is null").await,
                1
            );
        }
        assert_eq!(t.deliveries(guild).await, ["online sent"]);
        // The next one is announced as ever.
        deliver(t, &ana, &online(t, &ana, "C", 0)).await;
        t.work().await;
        assert_eq!(t.count("stream_sessions where ended_at is null").await, 1);
        t.after(Duration::minutes(5)).await;
    })
    .await;
}

#[tokio::test]
async fn of_two_starts_at_once_only_the_newer_one_is_announced() {
    for older_first in [true, false] {
        scenario(async |t| {
            let ana = t.streamer("ana").await;
            let guild = t.guild_following(&ana).await;
            let mut starts = [online(t, &ana, "A", 300), online(t, &ana, "B", 20)];
            if !older_first {
                starts.reverse();
            }
            // Both are under way before either is done.
            let mut held = t.app.pool.begin().await.unwrap();
            let hold = "select from streamers for update";
            sqlx::query(hold).execute(&mut *held).await.unwrap();
            let release = async {
                until_they_wait(t, 2).await;
                held.rollback().await.unwrap();
            };
            let (one, two) = (deliver(t, &ana, &starts[0]), deliver(t, &ana, &starts[1]));
            tokio::join!(one, two, release);
            t.work().await;
            assert_eq!(t.messages(guild).len(), 1, "{older_first}");
            let sent = "notification_log n join stream_sessions s using (session_id)
                        where n.status = 'sent' and s.stream_id = 'B'";
            assert_eq!(t.count(sent).await, 1);
            let open = text(
                t,
                "select string_agg(stream_id, ' ') from stream_sessions where ended_at is null",
            )
            .await;
            assert_eq!(open, "B");
            t.after(Duration::minutes(5)).await;
            assert_eq!(t.messages(guild).len(), 1);
        })
        .await;
    }
}

/// Waits until so many statements of this database wait for a lock.
async fn until_they_wait(t: &World, statements: i64) {
    let waiting =
        "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    while t.count(waiting).await < statements {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn names_that_an_event_told_after_twitch_was_asked_stay() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        t.guild_following(&ana).await;
        // Told by the time that Twitch's answer comes: the request is older.
        let renamed = json!({ "user_id": ana, "user_login": "anna", "user_name": "Anna" });
        deliver(t, &ana, &sent("user.update", renamed, -60)).await;
        t.sweep().await;
        assert_eq!(text(t, "select login || display_name from streamers").await, "annaAnna");
        // What is asked later counts.
        t.clock.advance(Duration::hours(25));
        t.sweep().await;
        assert_eq!(text(t, "select login || display_name from streamers").await, "anaANA");
    })
    .await;
}

#[tokio::test]
async fn row_that_cannot_be_read_costs_its_streamer_only_and_ends_nothing() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let bruno = t.streamer("bruno").await;
        t.follow(guild.id, &bruno, None).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.after(Duration::minutes(30)).await;
        let began = (t.clock.now() - Duration::minutes(2)).format(&Rfc3339).unwrap();
        let list = json!({ "data": [
            { "id": 5, "user_id": ana },
            { "id": "77", "user_id": bruno, "type": "live", "viewer_count": null, "title": null, "started_at": began },
            { "id": "77", "user_id": bruno, "type": "live" },
        ]});
        for _ in 0..4 {
            t.twitch.fault(Fault::answering("GET streams", 200, list.to_string()));
            reconcile::streams(&t.app).await.unwrap();
            t.clock.advance(Duration::minutes(2));
        }
        assert_eq!(t.count("stream_sessions where ended_at is null").await, 2);
        assert_eq!(t.count("doubts").await, 0);
        t.after(Duration::minutes(5)).await;
    })
    .await;
}

#[tokio::test]
async fn webhook_with_nulls_and_a_byte_order_mark_is_taken() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let body = format!(
            "\u{feff}{}",
            json!({ "subscription": { "id": "s", "type": "stream.online", "version": null, "status": null, "cost": null,
                                      "condition": null, "transport": null },
                    "event": { "id": "5", "broadcaster_user_id": ana, "broadcaster_user_login": null, "type": null } })
        );
        let odd = Delivery { body: Some(body.into_bytes()), ..Delivery::new("stream.online", json!({})) };
        deliver(t, &ana, &odd).await;
        t.work().await;
        assert_eq!(t.messages(guild).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn subscriptions_that_come_twice_and_cursors_in_circles_end() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        t.guild_following(&ana).await;
        reconcile::subscriptions(&t.app).await.unwrap();
        let callback = format!("{}/webhooks/twitch", t.url);
        let row = |s: sm_sim::twitch::SeenSubscription| {
            json!({ "id": s.id, "status": s.status, "type": s.kind, "version": s.version, "cost": null,
                    "condition": s.condition, "transport": { "method": "webhook", "callback": callback } })
        };
        let rows: Vec<_> = t.twitch.subscriptions().into_iter().map(row).collect();
        let twice = [rows.clone(), rows.clone()].concat();
        let page = |cursor: &str| json!({ "data": twice, "pagination": { "cursor": cursor } }).to_string();
        let path = "GET eventsub/subscriptions";
        t.twitch.fault(Fault::answering(path, 200, page("a")));
        t.twitch.fault(Fault::answering(path, 200, page("")));
        let found = reconcile::subscriptions(&t.app).await.unwrap();
        assert_eq!(found.deleted, 0);
        let before = t.twitch.eventsub_requests().list;
        for _ in 0..4 {
            t.twitch.fault(Fault::answering(path, 200, page("a")));
        }
        assert!(reconcile::subscriptions(&t.app).await.is_err());
        assert_eq!(t.twitch.eventsub_requests().list - before, 2);
        t.twitch.clear_faults();
        for cursor in ["a", "b", "a", "b"] {
            t.twitch.fault(Fault::answering(path, 200, page(cursor)));
        }
        assert!(reconcile::at_twitch(&t.app).await.is_err());
        t.twitch.clear_faults();
        assert_eq!(t.count("eventsub_targets where state <> 'enabled'").await, 0);
    })
    .await;
}

#[tokio::test]
async fn cursors_that_twitch_does_not_know_cost_a_minute() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        t.guild_following(&ana).await;
        let page = json!({ "data": [], "pagination": { "cursor": "of another list" } }).to_string();
        for _ in 0..2 {
            let path = "GET eventsub/subscriptions";
            t.twitch.fault(Fault::answering(path, 200, page.clone()));
        }
        t.sweep().await;
        assert_eq!(t.count("jobs where name = 'subscriptions' and failures = 1").await, 1);
        t.clock.advance(Duration::MINUTE);
        t.sweep().await;
        let done =
            "jobs where name = 'subscriptions' and failures = 0 and succeeded_at is not null";
        assert_eq!(t.count(done).await, 1);
    })
    .await;
}

#[tokio::test]
async fn search_that_fails_leaves_the_exact_name() {
    scenario(async |t| {
        t.twitch.add_user("ana", "ANA");
        t.twitch.fault(Fault::refusing("search", 500, 1));
        let found = lookup::search(&t.app, "ana").await.unwrap();
        assert_eq!(found.iter().map(|f| f.login.as_str()).collect::<Vec<_>>(), ["ana"]);
        // Without one there is nothing to show.
        t.twitch.fault(Fault::refusing("search", 500, 1));
        assert!(lookup::search(&t.app, "nobody").await.is_err());
        let rows = json!({ "data": [
            { "id": "1", "broadcaster_login": "", "is_live": null },
            { "id": "2", "broadcaster_login": "true" },
            { "id": "3", "broadcaster_login": null },
            { "id": "4", "broadcaster_login": "anabel", "is_live": null },
        ]});
        t.twitch.fault(Fault::answering("search", 200, rows.to_string()));
        let found = lookup::search(&t.app, "ana").await.unwrap();
        assert_eq!(found.iter().map(|f| f.login.as_str()).collect::<Vec<_>>(), ["ana", "anabel"]);
    })
    .await;
}

#[tokio::test]
async fn text_that_postgres_refuses_is_cleaned_at_the_door() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let bruno = t.streamer("bruno").await;
        t.follow(guild.id, &bruno, None).await;
        let nul = "a\0b";
        for path in ["channels", "users", "streams"] {
            let list = json!({ "data": [
                { "id": ana, "user_id": ana, "broadcaster_id": ana, "login": "ana", "display_name": nul, "title": nul,
                  "game_id": nul, "game_name": nul, "type": "live", "profile_image_url": nul },
                { "id": bruno, "user_id": bruno, "broadcaster_id": bruno, "login": "bruno", "display_name": "Br\u{fc}no" },
            ]});
            t.twitch.fault(Fault::answering(&format!("GET {path}"), 200, list.to_string()));
        }
        let mut event = named(&ana, "A\0na");
        event["title"] = json!(nul);
        deliver(t, &ana, &Delivery::new("channel.update", event)).await;
        t.sweep().await;
        assert_eq!(text(t, "select display_name from streamers where login = 'bruno'").await, "Br\u{fc}no");
        t.work().await;
        assert_eq!(t.messages(guild).len(), 1);
        // Discord's texts pass the same door.
        let odd = t.discord.add_guild(nul);
        let ada = t.discord.add_user("ada", None);
        t.discord.set_owner(odd, ada);
        let page = t.signed_in(ada).await.get("/api/guilds").await.ok();
        assert!(page.to_string().contains("a\u{fffd}b"), "{page}");
    })
    .await;
}

#[tokio::test]
async fn comparison_announces_a_rerun_as_what_it_is() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.start_stream(&ana, "rerun");
        t.clock.advance(Duration::minutes(2));
        // Twitch's word when it cannot say.
        let unsure = json!({ "data": [{ "id": "5", "user_id": ana, "type": "" }] }).to_string();
        t.twitch.fault(Fault::answering("GET streams", 200, unsure));
        reconcile::streams(&t.app).await.unwrap();
        assert_eq!(t.count("stream_sessions").await, 0);
        reconcile::streams(&t.app).await.unwrap();
        t.work().await;
        assert!(t.messages(guild).is_empty());
        assert_eq!(t.deliveries(guild).await, ["online skipped stream_type"]);
        t.after(Duration::minutes(5)).await;
    })
    .await;
}
