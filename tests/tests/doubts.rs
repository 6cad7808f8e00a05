//! What Twitch does not list is doubted before it is believed, and comes back with all that belonged to it.

use serde_json::{Value, json};
use sm_services::streamers::reconcile;
use sm_sim::twitch::Fault;
use sm_tests::{Guild, World, scenario};
use sm_types::TwitchUserId;
use time::Duration;

/// So many streamers, whom one server follows.
async fn followed(t: &World, count: usize) -> (Guild, Vec<TwitchUserId>) {
    let first = t.streamer("s0").await;
    let guild = t.guild_following(&first).await;
    let mut all = vec![first];
    for number in 1..count {
        let next = t.streamer(&format!("s{number}")).await;
        t.follow(guild.id, &next, None).await;
        all.push(next);
    }
    t.sweep().await;
    t.work().await;
    (guild, all)
}

fn nothing(path: &str) -> Fault {
    Fault::answering(path, 200, r#"{"data":[],"pagination":{}}"#)
}

/// The daily look at all streamers, which lists none of them; the other jobs, which may see them, come later.
async fn look_in_vain(t: &World) {
    t.clock.advance(Duration::days(1));
    t.twitch.fault(nothing("GET users"));
    t.sql("update jobs set due_at = due_at + interval '9 days' where name <> 'names'").await;
    t.sweep().await;
    t.sql("update jobs set due_at = due_at - interval '9 days' where name <> 'names'").await;
}

async fn removed(t: &World) -> i64 {
    t.count("streamers where status = 'removed'").await
}

/// Lets time pass, and jobs run.
async fn later(t: &World, minutes: i64) {
    t.clock.advance(Duration::minutes(minutes));
    t.sweep().await;
    t.work().await;
}

async fn pass(t: &World, minutes: i64) {
    for _ in 0..minutes / 10 {
        later(t, 10).await;
    }
}

#[tokio::test]
async fn list_without_anybody_removes_nobody() {
    scenario(async |t| {
        followed(t, 8).await;
        let subscriptions = t.twitch.subscriptions().len();
        for _ in 0..3 {
            t.clock.advance(Duration::days(1));
            t.twitch.fault(nothing("GET users"));
            t.sweep().await;
            t.work().await;
            pass(t, 20).await;
        }
        assert_eq!((removed(t).await, t.count("doubts").await), (0, 0));
        assert_eq!(t.twitch.subscriptions().len(), subscriptions);
        assert_eq!(t.twitch.eventsub_requests().delete, 0);
    })
    .await;
}

#[tokio::test]
async fn only_streamer_that_is_not_listed_once_stays() {
    scenario(async |t| {
        followed(t, 1).await;
        look_in_vain(t).await;
        assert_eq!((removed(t).await, t.count("doubts").await), (0, 1));
        later(t, 11).await;
        assert_eq!((removed(t).await, t.count("doubts").await), (0, 0), "the second look has them");
    })
    .await;
}

#[tokio::test]
async fn streamer_that_is_gone_goes_after_an_hour_and_comes_back_with_all_subscriptions() {
    scenario(async |t| {
        let (guild, all) = followed(t, 5).await;
        let about = |id: &TwitchUserId| {
            let about =
                |s: &Value| s.as_object().is_some_and(|c| c.values().any(|v| *v == json!(id)));
            t.twitch.subscriptions().into_iter().filter(|s| about(&s.condition)).count()
        };
        let before = about(&all[2]);
        t.twitch.hide_user(&all[2]);
        t.clock.advance(Duration::days(1));
        t.sweep().await;
        pass(t, 40).await;
        assert_eq!((removed(t).await, about(&all[2])), (0, before), "nothing is done in doubt");
        pass(t, 40).await;
        assert_eq!((removed(t).await, about(&all[2])), (1, 0));
        t.twitch.restore_user(&all[2]);
        pass(t, 20).await;
        t.work().await;
        assert_eq!((removed(t).await, about(&all[2])), (0, before));
        t.twitch.go_live(&all[2]).await;
        t.work().await;
        t.message(guild);
    })
    .await;
}

#[tokio::test]
async fn webhook_ends_the_doubt_about_a_streamer() {
    scenario(async |t| {
        let (_, all) = followed(t, 1).await;
        look_in_vain(t).await;
        assert_eq!(t.count("doubts where kind = 'streamer_gone'").await, 1);
        t.twitch.update_channel(&all[0], "New", "Art").await;
        assert_eq!(t.count("doubts").await, 0);
    })
    .await;
}

#[tokio::test]
async fn stream_that_is_back_is_live_again_however_often() {
    scenario(async |t| {
        let (guild, all) = followed(t, 1).await;
        t.twitch.go_live(&all[0]).await;
        t.work().await;
        for round in 0..3 {
            later(t, 20).await;
            assert!(t.message(guild).content.contains("is live"), "round {round}");
            t.twitch.hide_streams(true);
            for _ in 0..5 {
                later(t, 2).await;
            }
            assert!(t.message(guild).content.contains("was live"), "round {round}");
            t.twitch.hide_streams(false);
            later(t, 2).await;
            later(t, 2).await;
            assert!(t.message(guild).content.contains("is live"), "round {round}");
            assert_eq!(t.count("stream_sessions where ended_at is null").await, 1);
        }
        assert_eq!(t.messages(guild).len(), 1);
        // A webhook's word is not doubted: what the list still has is not live again.
        t.twitch.end_stream(&all[0]).await;
        assert_eq!(t.count("doubts").await, 0);
        for _ in 0..3 {
            later(t, 2).await;
        }
        assert!(t.message(guild).content.contains("was live"));
        assert_eq!(t.count("stream_sessions where ended_at is null").await, 0);
    })
    .await;
}

#[tokio::test]
async fn list_that_lacks_most_streams_ends_them_after_half_an_hour_only() {
    scenario(async |t| {
        let (_, all) = followed(t, 5).await;
        for streamer in &all {
            t.twitch.go_live(streamer).await;
        }
        t.work().await;
        later(t, 20).await;
        // The last goes on.
        for streamer in &all[..4] {
            t.twitch.stop_stream(streamer);
        }
        t.twitch.catch_up();
        pass(t, 20).await;
        assert_eq!(t.count("stream_sessions where ended_at is null").await, 5);
        pass(t, 20).await;
        assert_eq!(t.count("stream_sessions where ended_at is null").await, 1);
        pass(t, 10).await;
    })
    .await;
}

#[tokio::test]
async fn list_without_subscriptions_has_none_created() {
    scenario(async |t| {
        let (_, all) = followed(t, 5).await;
        let created = t.twitch.eventsub_requests().create;
        t.clock.advance(Duration::minutes(10));
        t.twitch.fault(nothing("GET eventsub/subscriptions"));
        t.sweep().await;
        t.work().await;
        assert_eq!(t.count("eventsub_targets where state <> 'enabled'").await, 0);
        later(t, 11).await;
        assert_eq!(t.count("doubts").await, 0);
        // The application-wide one is created again when a list lacks it, which Twitch refuses.
        assert!(t.twitch.eventsub_requests().create <= created + 1);
        // Really lost.
        for subscription in t.twitch.subscriptions() {
            t.twitch.remove_subscription(&subscription.id);
        }
        later(t, 11).await;
        assert_eq!(t.count("doubts where kind = 'subscription_missing'").await, 20);
        later(t, 11).await;
        t.work().await;
        assert!(t.twitch.subscriptions().len() >= 4 * all.len());
    })
    .await;
}

#[tokio::test]
async fn subscription_that_the_list_lacks_is_asked_for_by_its_id() {
    scenario(async |t| {
        followed(t, 2).await;
        let created = t.twitch.eventsub_requests().create;
        let row = |s: sm_sim::twitch::SeenSubscription| {
            json!({ "id": s.id, "status": s.status, "type": s.kind, "version": s.version, "cost": s.cost,
                    "condition": s.condition, "transport": { "method": "webhook", "callback": s.callback } })
        };
        let mut rows: Vec<_> = t.twitch.subscriptions().into_iter().map(row).collect();
        rows.retain(|row| row["type"] != "stream.online");
        let list = json!({ "data": rows, "pagination": {} }).to_string();
        t.clock.advance(Duration::minutes(10));
        t.twitch.fault(Fault::answering("GET eventsub/subscriptions", 200, list));
        reconcile::subscriptions(&t.app).await.unwrap();
        assert_eq!(t.count("doubts").await, 0);
        assert_eq!(t.count("eventsub_targets where state <> 'enabled'").await, 0);
        assert_eq!(t.twitch.eventsub_requests().create, created);
    })
    .await;
}
