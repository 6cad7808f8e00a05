//! The database is lost and an older copy takes its place, as docs/disaster-recovery.md tells.

use sm_sim::twitch::Delivery;
use sm_tests::{
    Guild, World,
    process::{Process, Ran, streammaxing},
    scenario,
};
use sm_types::TwitchUserId;
use std::time::Duration;
use tokio::time::{Instant, sleep};

type Settings = Vec<(&'static str, String)>;

fn with(settings: &Settings, name: &'static str, value: &str) -> Settings {
    let mut all = settings.clone();
    all.retain(|(known, _)| *known != name);
    all.push((name, value.to_owned()));
    all
}

async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited in vain: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// A streamer whom nobody is subscribed to yet.
async fn streamer(t: &World, login: &str) -> TwitchUserId {
    let id = t.twitch.add_user(login, login);
    let streamer =
        sm_db::streamers::Streamer { id: &id, login, display_name: login, profile_image_url: None };
    sm_db::streamers::upsert(&t.app.pool, &streamer).await.unwrap();
    id
}

async fn reconcile(settings: &Settings) -> Ran {
    streammaxing(&["subscriptions", "reconcile", "--json"], settings).await
}

async fn drift(settings: &Settings) -> serde_json::Value {
    streammaxing(&["subscriptions", "reconcile", "--dry-run", "--json"], settings).await.ok()
}

/// Brings Twitch's subscriptions in line, and waits until their challenges are answered.
async fn bring_in_line(t: &World, settings: &Settings) {
    reconcile(settings).await.ok();
    until("subscriptions are in line", async || {
        let found = drift(settings).await;
        ["missing", "failing", "unwanted", "strays"].iter().all(|name| found[name] == 0)
    })
    .await;
    t.verified().await;
}

/// Lets a stream begin and tells the product; returns what was told.
async fn go_live(t: &World, streamer: &TwitchUserId) -> Delivery {
    let (_, event) = t.twitch.start_stream(streamer, "live");
    let delivery = Delivery::new("stream.online", event);
    assert_eq!(t.twitch.deliver(streamer, &delivery).await, [204]);
    delivery
}

async fn announced(t: &World, guild: Guild, count: usize) {
    until("an announcement", async || t.messages(guild).len() >= count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restored_copy_announces_nothing_twice() {
    let _loaded = sm_tests::machine().await;
    scenario(async |t| {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let before = with(&t.settings, "PUBLIC_BASE_URL", &format!("http://{address}"));
        let [ana, ben, cleo, dora] = [streamer(t, "ana").await, streamer(t, "ben").await, streamer(t, "cleo").await, streamer(t, "dora").await];
        let guild = t.guild_following(&ana).await;
        t.follow(guild.id, &ben, None).await;
        t.follow(guild.id, &cleo, None).await;
        let mut server = Process::serve_at(&address, &before);
        bring_in_line(t, &before).await;

        // Ana's go-live is in the copy; ben's comes after it, as do dora and the end of following cleo.
        let first = go_live(t, &ana).await;
        announced(t, guild, 1).await;
        until("ana is recorded", async || t.count("notification_log where status = 'sent'").await == 1).await;
        let ada = t.discord.add_user("ada", None);
        sqlx::query("insert into users (user_id, username) values ($1, 'ada')").bind(ada.to_db()).execute(&t.app.pool).await.unwrap();
        t.sql("insert into sessions (session_id, user_id, created_at, last_seen_at, expires_at)
               select uuid_v7(), user_id, now(), now(), now() + interval '1 day' from users").await;
        // What changed within two minutes is left for the next reconciliation; a copy is older.
        t.sql("update eventsub_targets set updated_at = updated_at - interval '10 minutes'").await;
        let copy = t.copy_database().await;
        let second = go_live(t, &ben).await;
        announced(t, guild, 2).await;
        t.sql("delete from guild_streamers where twitch_user_id in (select twitch_user_id from streamers where login = 'cleo')").await;
        t.follow(guild.id, &dora, None).await;
        reconcile(&before).await.ok();
        server.kill();
        // It takes longer than a minute to have a copy: by then Get Streams knows who is live.
        t.twitch.catch_up();

        // The database is gone. An hour of the day's work is missing from the copy.
        let after = with(&before, "DATABASE_URL", &copy.url);
        let restored = async |arguments: &[&str]| streammaxing(&[&["restored", "--json"], arguments].concat(), &after).await.ok();
        let plan = restored(&["--dry-run"]).await;
        assert_eq!((&plan["live"], &plan["adopted"], &plan["open"]), (&2.into(), &1.into(), &0.into()), "{plan}");
        let done = restored(&[]).await;
        assert_eq!((&done["adopted"], &done["signed_out"]), (&1.into(), &1.into()), "{done}");
        assert_eq!(restored(&[]).await["adopted"], 0, "a second run does nothing");
        let server = Process::serve_at(&address, &after);
        let found = drift(&after).await;
        assert!(found["missing"].as_i64() > Some(0) && found["strays"].as_i64() > Some(0), "{found}");
        bring_in_line(t, &after).await;

        // Twitch sends both go-lives once more, as it does with what was not answered.
        for (streamer, delivery) in [(&ana, first), (&ben, second)] {
            assert_eq!(t.twitch.deliver(streamer, &delivery).await, [204]);
        }
        // Life goes on, for what the copy knew and for what is new.
        go_live(t, &cleo).await;
        announced(t, guild, 3).await;
        sleep(Duration::from_secs(6)).await;
        assert_eq!(t.messages(guild).len(), 3, "{:?}", t.messages(guild));
        // Ben's message, which the copy had never heard of, is still ours to edit.
        t.twitch.end_stream(&ben).await;
        t.twitch.catch_up();
        let open = copy.pool();
        sqlx::query("update stream_events set due_at = now() where kind = 'offline' and finished_at is null").execute(&open).await.unwrap();
        until("an end card", async || t.messages(guild).iter().any(|m| m.content.contains("ben") && m.edits > 0)).await;
        open.close().await;
        drop(server);
        copy.drop_it().await;
        t.sql("update stream_events set finished_at = now() where finished_at is null").await;
    })
    .await;
}
