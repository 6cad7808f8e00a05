//! EventSub subscriptions over their life, and the reconciler that finds what got lost.

use serde_json::Value;
use sm_services::{
    audit::Actor,
    streamers::{linking, lookup, reconcile},
};
use sm_sim::twitch::{Challenge, Fault};
use sm_tests::{Guild, World, scenario};
use sm_types::TwitchUserId;
use std::time::Duration as StdDuration;
use time::Duration;
use tokio::{net::TcpListener, sync::oneshot};

/// A server without streamers, and somebody on Twitch.
async fn guild_and(t: &World, login: &str) -> (Guild, TwitchUserId) {
    let id = t.discord.add_guild("Guild");
    let channel = t.discord.add_channel(id, "live");
    let pool = &t.app.pool;
    sm_db::guilds::upsert(pool, id, "Guild").await.unwrap();
    sm_db::guilds::configure(pool, id, Some(channel), sm_db::guilds::Mention::None).await.unwrap();
    (Guild { id, channel }, t.twitch.add_user(login, login))
}

fn actor() -> Actor {
    Actor { user: Some(sm_types::UserId(7)), request_id: "r".to_owned() }
}

async fn follow(t: &World, guild: Guild, id: &TwitchUserId) -> linking::Followed {
    let user = lookup::by_id(&t.app, id).await.unwrap().unwrap();
    linking::follow(&t.app, guild.id, &user, "admin", &actor()).await.unwrap()
}

/// Type and state of every target, in order.
async fn targets(t: &World) -> Vec<String> {
    sqlx::query_scalar("select type || ' ' || state from eventsub_targets order by type")
        .fetch_all(&t.app.pool)
        .await
        .unwrap()
}

/// Works until Twitch's challenges have come.
async fn settle(t: &World) {
    t.work().await;
    t.verified().await;
}

/// A server at work beside the test, until the sender is dropped.
async fn server_at_work(t: &World) -> oneshot::Sender<()> {
    let (stop, stopped) = oneshot::channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (app, router) = (t.app.clone(), sm_api::router(t.app.clone()));
    tokio::spawn(sm_cli::run::run(app, listener, router, async {
        let _ = stopped.await;
    }));
    stop
}

/// Waits for what a server does by itself, and less long than for its next sweep.
async fn until(what: &str, done: impl AsyncFn() -> bool) {
    let waiting = async {
        while !done().await {
            tokio::time::sleep(StdDuration::from_millis(10)).await;
        }
    };
    let in_time = tokio::time::timeout(StdDuration::from_secs(20), waiting).await;
    assert!(in_time.is_ok(), "{what} does not come");
}

const ENABLED: [&str; 2] = ["stream.offline enabled", "stream.online enabled"];

#[tokio::test]
async fn challenge_is_answered_in_either_order() {
    for challenge in [Challenge::Before, Challenge::After(StdDuration::from_millis(30))] {
        scenario(async |t| {
            let (guild, ana) = guild_and(t, "ana").await;
            t.twitch.set_challenge(challenge);
            assert_eq!(follow(t, guild, &ana).await, linking::Followed::Added);
            settle(t).await;
            assert_eq!(targets(t).await, ENABLED);
            t.twitch.go_live(&ana).await;
            t.work().await;
            t.message(guild);
            t.after(Duration::minutes(5)).await;
            assert_eq!(t.twitch.eventsub_requests().create, 2, "nothing is created twice");
        })
        .await;
    }
}

#[tokio::test]
async fn challenge_that_never_comes_is_looked_after() {
    scenario(async |t| {
        let (guild, ana) = guild_and(t, "ana").await;
        t.twitch.set_challenge(Challenge::Never);
        follow(t, guild, &ana).await;
        t.work().await;
        assert_eq!(targets(t).await, ["stream.offline pending", "stream.online pending"]);
        t.twitch.set_challenge(Challenge::Before);
        for subscription in t.twitch.subscriptions() {
            t.twitch.remove_subscription(&subscription.id);
        }
        t.after(Duration::minutes(2)).await;
        settle(t).await;
        assert_eq!(targets(t).await, ENABLED);
    })
    .await;
}

#[tokio::test]
async fn two_links_at_once_make_one_follow_and_no_subscription_twice() {
    scenario(async |t| {
        let (guild, ana) = guild_and(t, "ana").await;
        let (one, two) = tokio::join!(follow(t, guild, &ana), follow(t, guild, &ana));
        let mut results = [one, two];
        results.sort_by_key(|result| *result == linking::Followed::Already);
        assert_eq!(results, [linking::Followed::Added, linking::Followed::Already]);
        let (a, b) = tokio::join!(t.work(), t.work());
        let _ = (a, b);
        settle(t).await;
        assert_eq!(targets(t).await, ENABLED);
        assert_eq!(t.twitch.subscriptions().len(), 2);
        assert_eq!(t.count("destinations").await, 1);
    })
    .await;
}

#[tokio::test]
async fn subscriptions_go_with_the_last_server_that_follows() {
    scenario(async |t| {
        let (one, ana) = guild_and(t, "ana").await;
        let (two, _) = guild_and(t, "bruno").await;
        for guild in [one, two] {
            follow(t, guild, &ana).await;
        }
        settle(t).await;
        assert!(linking::unfollow(&t.app, one.id, &ana, &actor()).await.unwrap());
        t.work().await;
        assert_eq!(t.twitch.subscriptions().len(), 2);
        assert!(linking::unfollow(&t.app, two.id, &ana, &actor()).await.unwrap());
        assert!(!linking::unfollow(&t.app, two.id, &ana, &actor()).await.unwrap());
        t.work().await;
        assert!(t.twitch.subscriptions().is_empty());
        assert!(targets(t).await.is_empty());
        // Followed anew before the deletion was carried out.
        follow(t, one, &ana).await;
        settle(t).await;
        assert_eq!(targets(t).await, ENABLED);
    })
    .await;
}

#[tokio::test]
async fn go_live_asks_nothing_about_subscriptions() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let bruno = t.streamer("bruno").await;
        t.follow(guild.id, &bruno, None).await;
        // Whoever asks from here on has to wait.
        let mut lock = t.app.pool.begin().await.unwrap();
        sqlx::query("lock table eventsub_targets").execute(&mut *lock).await.unwrap();
        let server = server_at_work(t).await;
        for (streamer, count) in [(&ana, 1), (&bruno, 2)] {
            // The worker hears the second ring only when it is done with the first.
            t.twitch.go_live(streamer).await;
            until("the announcement", async || t.messages(guild).len() == count).await;
        }
        drop(server);
        lock.rollback().await.unwrap();
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn server_subscribes_at_once_and_tries_again_when_planned() {
    scenario(async |t| {
        let (guild, ana) = guild_and(t, "ana").await;
        let bruno = t.twitch.add_user("bruno", "bruno");
        follow(t, guild, &ana).await;
        t.sql("update eventsub_targets set next_try_at = now() + interval '1 second'").await;
        let _server = server_at_work(t).await;
        until("the planned try", async || targets(t).await == ENABLED).await;
        // It sleeps by now, with nothing planned for a minute.
        follow(t, guild, &bruno).await;
        let all = [ENABLED[0], ENABLED[0], ENABLED[1], ENABLED[1]];
        until("the subscription", async || targets(t).await == all).await;
    })
    .await;
}

#[tokio::test]
async fn refusals_are_waited_out_and_shown() {
    scenario(async |t| {
        let (guild, ana) = guild_and(t, "ana").await;
        t.twitch.fail_next("POST eventsub/subscriptions", 503, 2);
        follow(t, guild, &ana).await;
        t.work().await;
        assert_eq!(targets(t).await, ["stream.offline wanted", "stream.online wanted"]);
        t.twitch.set_max_total_cost(0);
        t.after(Duration::minutes(2)).await;
        assert_eq!(targets(t).await, ["stream.offline failed", "stream.online failed"]);
        let errors: Vec<String> = sqlx::query_scalar("select error from eventsub_targets")
            .fetch_all(&t.app.pool)
            .await
            .unwrap();
        assert!(errors.iter().all(|error| error.contains("cost")), "{errors:?}");
        t.twitch.set_max_total_cost(10_000);
        t.after(Duration::minutes(5)).await;
        settle(t).await;
        assert_eq!(targets(t).await, ENABLED);
    })
    .await;
}

#[tokio::test]
async fn limit_that_is_over_by_its_own_word_is_asked_ever_more_seldom() {
    scenario(async |t| {
        let (guild, ana) = guild_and(t, "ana").await;
        // Without a time, which is as good as one in the past: a second.
        let busy = Fault::answering("POST eventsub/subscriptions", 429, r#"{"message":"busy"}"#);
        t.twitch.fault(Fault { times: Some(1_000), ..busy });
        follow(t, guild, &ana).await;
        t.work().await;
        for _ in 0..60 {
            t.after(Duration::seconds(1)).await;
        }
        let asked = t.twitch.eventsub_requests().create;
        assert!((6..=12).contains(&asked), "{asked} requests for two subscriptions in a minute");
        for _ in 0..20 {
            t.after(Duration::minutes(10)).await;
        }
        assert_eq!(targets(t).await, ["stream.offline failed", "stream.online failed"]);
        t.twitch.clear_faults();
        t.after(Duration::hours(8)).await;
        settle(t).await;
        assert_eq!(targets(t).await, ENABLED);
    })
    .await;
}

#[tokio::test]
async fn existing_subscription_is_taken_over() {
    scenario(async |t| {
        let (guild, ana) = guild_and(t, "ana").await;
        let callback = format!("{}/webhooks/twitch", t.url);
        t.twitch.subscribe(&ana, "stream.online", &callback, sm_tests::EVENTSUB_SECRET);
        follow(t, guild, &ana).await;
        settle(t).await;
        assert_eq!(targets(t).await, ENABLED);
        assert_eq!(t.twitch.subscriptions().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn revoked_subscription_comes_back() {
    scenario(async |t| {
        let (guild, ana) = guild_and(t, "ana").await;
        follow(t, guild, &ana).await;
        settle(t).await;
        t.twitch.revoke(&ana, "notification_failures_exceeded").await;
        assert_eq!(targets(t).await, ["stream.offline failed", "stream.online failed"]);
        t.after(Duration::minutes(2)).await;
        settle(t).await;
        assert_eq!(targets(t).await, ENABLED);
    })
    .await;
}

#[tokio::test]
async fn reconciler_restores_what_is_lost_and_removes_what_nobody_needs() {
    scenario(async |t| {
        let (guild, ana) = guild_and(t, "ana").await;
        follow(t, guild, &ana).await;
        settle(t).await;
        let callback = format!("{}/webhooks/twitch", t.url);
        let bruno = t.twitch.add_user("bruno", "Bruno");
        t.twitch.subscribe(&bruno, "stream.online", &callback, sm_tests::EVENTSUB_SECRET);
        t.twitch.subscribe(&bruno, "stream.online", "https://other.example/hook", "0123456789");
        let lost =
            t.twitch.subscriptions().into_iter().find(|s| s.kind == "stream.online").unwrap();
        t.twitch.remove_subscription(&lost.id);
        t.clock.advance(Duration::minutes(5));
        let done = reconcile::subscriptions(&t.app).await.unwrap();
        assert_eq!(done.deleted, 1);
        settle(t).await;
        assert_eq!(targets(t).await, ENABLED);
        let mut left: Vec<_> =
            t.twitch.subscriptions().into_iter().map(|s| (s.kind, s.callback)).collect();
        left.sort();
        let ours = |kind: &str| (kind.to_owned(), callback.clone());
        let foreign = ("stream.online".to_owned(), "https://other.example/hook".to_owned());
        let mut expected = vec![
            ours("stream.offline"),
            ours("stream.online"),
            ours("user.authorization.revoke"),
            foreign,
        ];
        expected.sort();
        assert_eq!(left, expected);
        let again = reconcile::subscriptions(&t.app).await.unwrap();
        assert_eq!(again.deleted, 0);
    })
    .await;
}

#[tokio::test]
async fn stream_that_no_webhook_told_of_is_announced_once() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let (_, event) = t.twitch.start_stream(&ana, "live");
        t.clock.advance(Duration::minutes(2));
        let found = reconcile::streams(&t.app).await.unwrap();
        assert_eq!((found.started, found.ended), (1, 0));
        t.work().await;
        t.message(guild);
        // The webhook comes after all.
        t.twitch.deliver(&ana, &sm_sim::twitch::Delivery::new("stream.online", event)).await;
        reconcile::streams(&t.app).await.unwrap();
        t.work().await;
        t.message(guild);
        let source: String = sqlx::query_scalar("select source from stream_sessions")
            .fetch_one(&t.app.pool)
            .await
            .unwrap();
        assert_eq!(source, "reconciler");
        t.after(Duration::minutes(5)).await;
    })
    .await;
}

#[tokio::test]
async fn stream_found_hours_late_expires_and_its_end_is_found_too() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.start_stream(&ana, "live");
        t.clock.advance(Duration::hours(2));
        reconcile::streams(&t.app).await.unwrap();
        t.work().await;
        assert!(t.messages(guild).is_empty());
        assert_eq!(t.deliveries(guild).await, ["online expired too_late"]);
        // It ends, and no webhook tells.
        t.twitch.stop_stream(&ana);
        t.clock.advance(Duration::minutes(3));
        let missing = reconcile::streams(&t.app).await.unwrap();
        t.clock.advance(Duration::minutes(4));
        let missing_again = reconcile::streams(&t.app).await.unwrap();
        assert_eq!((missing.ended, missing_again.ended), (0, 1));
        let open: i64 =
            sqlx::query_scalar("select count(*) from stream_sessions where ended_at is null")
                .fetch_one(&t.app.pool)
                .await
                .unwrap();
        assert_eq!(open, 0);
        t.after(Duration::minutes(5)).await;
    })
    .await;
}

#[tokio::test]
async fn names_follow_twitch_and_removed_accounts_are_marked() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.sql("update streamers set login = 'old_name', display_name = 'Old'").await;
        t.sweep().await;
        let login: String =
            sqlx::query_scalar("select login from streamers").fetch_one(&t.app.pool).await.unwrap();
        assert_eq!(login, "ana");
        t.twitch.remove_user(&ana).await;
        t.clock.advance(Duration::days(1));
        t.sweep().await;
        let ada = t.discord.add_user("ada", None);
        t.discord.set_owner(guild.id, ada);
        let browser = t.signed_in(ada).await;
        let page = browser.get(&format!("/api/guilds/{}/streamers", guild.id)).await.ok();
        assert_eq!(page["items"][0]["exists"], Value::Bool(false));
        t.after(Duration::minutes(5)).await;
    })
    .await;
}

#[tokio::test]
async fn server_that_lost_the_bot_keeps_its_set_up_for_thirty_days() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.discord.set_bot_present(guild.id, false);
        for hours in [1, 7] {
            t.clock.advance(Duration::hours(hours));
            t.sweep().await;
        }
        let left: i64 = sqlx::query_scalar("select count(*) from guilds where status = 'left'")
            .fetch_one(&t.app.pool)
            .await
            .unwrap();
        assert_eq!(left, 1);
        t.discord.set_bot_present(guild.id, true);
        t.clock.advance(Duration::hours(7));
        t.sweep().await;
        settle(t).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.message(guild);
        t.discord.set_bot_present(guild.id, false);
        t.after(Duration::minutes(5)).await;
        for _ in 0..2 {
            t.clock.advance(Duration::hours(7));
            t.sweep().await;
        }
        t.clock.advance(Duration::days(31));
        t.sweep().await;
        assert_eq!(t.count("guilds").await, 0);
    })
    .await;
}

/// An app with two webhook secrets, as after a rotation, and where it is served.
async fn rotated(t: &World) -> (sm_services::App, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let both = format!("second-secret-0123456789,{}", sm_tests::EVENTSUB_SECRET);
    let find = |name: &str| match name {
        "PUBLIC_BASE_URL" => Some(url.clone()),
        "TWITCH_EVENTSUB_SECRET" => Some(both.clone()),
        _ => t.settings.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone()),
    };
    let config = sm_lambda::Config::from_lookup(find).unwrap();
    let app = sm_lambda::build_app(&config, t.clock.clone()).unwrap();
    let router = sm_api::router(app.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (app, format!("{url}/webhooks/twitch"))
}

#[tokio::test]
async fn rotation_moves_subscriptions_and_none_is_ever_missing() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let (app, callback) = rotated(t).await;
        for old in t.twitch.subscriptions() {
            t.twitch.remove_subscription(&old.id);
        }
        for kind in ["stream.online", "stream.offline"] {
            t.twitch.subscribe(&ana, kind, &callback, sm_tests::EVENTSUB_SECRET);
        }
        reconcile::subscriptions(&app).await.unwrap();
        settle(t).await;
        let about_ana = || {
            let all = t.twitch.subscriptions().into_iter();
            let about = all.filter(|s| s.kind.starts_with("stream."));
            about.map(|s| (s.kind, s.callback.contains("?key="), s.status)).collect::<Vec<_>>()
        };
        assert_eq!(about_ana().len(), 4, "old and new: {:?}", about_ana());
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.message(guild);

        t.clock.advance(Duration::minutes(10));
        let done = reconcile::subscriptions(&app).await.unwrap();
        assert_eq!(done.deleted, 2);
        let left = about_ana();
        assert!(
            left.len() == 2 && left.iter().all(|(_, keyed, s)| *keyed && s == "enabled"),
            "{left:?}"
        );
        assert_eq!(reconcile::subscriptions(&app).await.unwrap().deleted, 0);
        t.work().await;
    })
    .await;
}
