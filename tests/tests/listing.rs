//! Get Streams lags behind EventSub: what is compared with it must not be undone by it.

use sm_services::streamers::reconcile;
use sm_sim::twitch::{Delivery, ListingLag};
use sm_tests::{World, scenario};
use sm_types::TwitchUserId;
use time::Duration;

/// How often the sweep compares, at most.
const BETWEEN: Duration = Duration::minutes(2);

async fn compare(t: &World) -> (usize, usize) {
    let found = reconcile::streams(&t.app).await.unwrap();
    (found.started, found.ended)
}

/// A stream that has been live for an hour.
async fn live_for_an_hour(t: &World, login: &str) -> (sm_tests::Guild, TwitchUserId) {
    let id = t.streamer(login).await;
    let guild = t.guild_following(&id).await;
    t.twitch.go_live(&id).await;
    t.work().await;
    t.after(Duration::hours(1)).await;
    (guild, id)
}

async fn open(t: &World) -> i64 {
    t.count("stream_sessions where ended_at is null").await
}

#[tokio::test]
async fn stream_that_has_just_ended_is_not_resurrected() {
    scenario(async |t| {
        let (guild, ana) = live_for_an_hour(t, "ana").await;
        t.twitch.end_stream(&ana).await;
        t.clock.advance(Duration::seconds(30));
        assert_eq!(compare(t).await, (0, 0), "the list still has it");
        assert_eq!(open(t).await, 0);
        t.after(Duration::minutes(2)).await;
        t.after(Duration::minutes(2)).await;
        assert!(t.message(guild).content.contains("was live"));
        assert_eq!(t.deliveries(guild).await.last().unwrap(), "offline sent");
        let fields = t.message(guild).embeds[0]["fields"].to_string();
        assert!(fields.contains("1 h 00 min"), "{fields}");
    })
    .await;
}

#[tokio::test]
async fn end_card_waits_while_the_list_still_has_the_stream() {
    scenario(async |t| {
        let (guild, ana) = live_for_an_hour(t, "ana").await;
        t.twitch.end_stream(&ana).await;
        // The list is behind by more than the two minutes for which an end has to hold.
        t.after(Duration::seconds(125)).await;
        assert!(t.message(guild).content.contains("is live"));
        assert_eq!(open(t).await, 0, "the end stands");
        t.after(Duration::seconds(125)).await;
        assert!(t.message(guild).content.contains("was live"));
    })
    .await;
}

#[tokio::test]
async fn end_is_taken_back_when_the_list_insists() {
    scenario(async |t| {
        let (guild, ana) = live_for_an_hour(t, "ana").await;
        let listed = ListingLag { end: ListingLag::UNTIL_TOLD, ..ListingLag::AS_AT_TWITCH };
        t.twitch.set_listing_lag(listed);
        // For the list it never ended: this stands for a webhook `stream.online` that got lost.
        t.twitch.end_stream(&ana).await;
        for _ in 0..4 {
            t.after(Duration::minutes(2)).await;
        }
        assert_eq!(open(t).await, 1);
        assert!(t.message(guild).content.contains("is live"));
    })
    .await;
}

#[tokio::test]
async fn webhook_of_the_same_stream_takes_an_end_back_at_any_time() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let (_, event) = t.twitch.start_stream(&ana, "live");
        t.twitch.deliver(&ana, &Delivery::new("stream.online", event.clone())).await;
        t.work().await;
        t.after(Duration::minutes(20)).await;
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(3)).await;
        assert!(t.message(guild).content.contains("was live"));
        t.twitch.deliver(&ana, &Delivery::new("stream.online", event)).await;
        assert_eq!(open(t).await, 1);
        t.after(Duration::minutes(1)).await;
        assert!(t.message(guild).content.contains("is live"), "{}", t.message(guild).content);
        assert_eq!(t.messages(guild).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn comparison_reopens_what_is_listed_twice_in_a_row_long_after_its_end() {
    scenario(async |t| {
        let (guild, ana) = live_for_an_hour(t, "ana").await;
        let until_told = ListingLag { end: ListingLag::UNTIL_TOLD, ..ListingLag::AS_AT_TWITCH };
        t.twitch.set_listing_lag(until_told);
        t.twitch.hide_streams(true);
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(3)).await;
        assert!(t.message(guild).content.contains("was live"));
        t.clock.advance(Duration::minutes(4));
        let seen = async |listed: bool| {
            t.twitch.hide_streams(!listed);
            let found = compare(t).await;
            t.clock.advance(BETWEEN);
            (found, open(t).await)
        };
        assert_eq!(seen(true).await, ((0, 0), 0), "once may be an old page of a cache");
        assert_eq!(seen(false).await, ((0, 0), 0));
        assert_eq!(seen(true).await, ((0, 0), 0), "not in a row");
        assert_eq!(seen(true).await, ((0, 0), 1));
        t.work().await;
        assert!(t.message(guild).content.contains("is live"));
        assert_eq!(t.messages(guild).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn stream_that_the_list_does_not_have_yet_is_not_ended() {
    scenario(async |t| {
        let (guild, ana) = live_for_an_hour(t, "ana").await;
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(1)).await;
        // Back under another id, while the list has the one that ended.
        t.twitch.go_live(&ana).await;
        assert_eq!(compare(t).await, (0, 0));
        t.after(BETWEEN).await;
        assert_eq!(compare(t).await, (0, 0));
        t.after(BETWEEN).await;
        assert_eq!(open(t).await, 1);
        assert!(t.message(guild).content.contains("is live"));
    })
    .await;
}

#[tokio::test]
async fn one_empty_list_ends_nothing() {
    scenario(async |t| {
        let (guild, ana) = live_for_an_hour(t, "ana").await;
        t.twitch.hide_streams(true);
        assert_eq!(compare(t).await, (0, 0), "a list may be empty by mistake");
        t.clock.advance(BETWEEN);
        t.twitch.hide_streams(false);
        assert_eq!(compare(t).await, (0, 0));
        // It does end, and no webhook tells.
        let lag = ListingLag { end: Duration::ZERO, ..ListingLag::AS_AT_TWITCH };
        t.twitch.set_listing_lag(lag);
        t.twitch.stop_stream(&ana);
        for _ in 0..2 {
            assert_eq!(compare(t).await, (0, 0));
            t.clock.advance(BETWEEN);
        }
        assert_eq!(compare(t).await, (0, 1));
        let late: f64 = sqlx::query_scalar(
            "select extract(epoch from $1 - ended_at)::float8 from stream_sessions",
        )
        .bind(t.clock.now())
        .fetch_one(&t.app.pool)
        .await
        .unwrap();
        assert!((239.0..300.0).contains(&late), "it ended when it was first missing: {late}");
        t.after(BETWEEN).await;
        assert!(t.message(guild).content.contains("was live"));
    })
    .await;
}

#[tokio::test]
async fn old_page_of_the_list_announces_no_stream_before_the_present_one() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        // A short try of which no webhook told; the list goes on having it.
        t.twitch.start_stream(&ana, "live");
        t.clock.advance(Duration::minutes(2));
        t.twitch.stop_stream(&ana);
        t.clock.advance(Duration::seconds(30));
        t.twitch.go_live(&ana).await;
        assert_eq!(compare(t).await, (0, 0));
        t.work().await;
        assert_eq!((t.messages(guild).len(), open(t).await), (1, 1));
    })
    .await;
}
