//! Who is there, and on which page.

use super::Server;
use serde_json::{Value, json};
use sm_services::live::{keeper, presence};
use sm_tests::{Browser, Socket, World, process::Process, scenario};
use sm_types::UserId;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

/// Lets time pass in the database, whose clock counts; all the while somebody looks.
async fn pass(t: &World, seconds: i64) {
    for statement in [
        "update presences set expires_at = expires_at - make_interval(secs => $1::float8)",
        "update presence_tabs set expires_at = expires_at - make_interval(secs => $1::float8)",
        "insert into presence_watch (watched_since, swept_at)
         values (now() - interval '1 hour' - make_interval(secs => $1::float8), now())
         on conflict on constraint presence_watch_pkey do update
         set watched_since = excluded.watched_since, swept_at = excluded.swept_at",
    ] {
        let passed = sqlx::query(statement).bind(seconds as f64).execute(&t.app.pool).await;
        passed.unwrap();
    }
}

async fn sweep(t: &World) {
    presence::sweep(&t.app).await.unwrap();
}

/// Waits until the sockets' words are stored.
async fn until(t: &World, rows: &str, count: i64) {
    let stored = async {
        while t.count(rows).await != count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), stored).await;
    assert!(in_time.is_ok(), "{rows}: {} instead of {count}", t.count(rows).await);
}

/// Closes a tab as a browser does.
async fn close(t: &World, mut socket: Socket) {
    let tabs = t.count("presence_tabs").await;
    socket.send(Message::Close(None)).await;
    until(t, "presence_tabs", tabs - 1).await;
}

async fn turn(socket: &mut Socket, path: &str, title: &str) {
    socket.say(json!({ "type": "page", "path": path, "title": title })).await;
}

/// A tab without a socket says that it is there.
async fn beat(browser: &Browser<'_>, client_id: Uuid, path: &str) {
    let body = json!({ "client_id": client_id, "path": path, "title": "T" });
    assert_eq!(browser.put("/api/presence", &body).await.ok()["next_in_seconds"], 30);
}

impl Server {
    fn presence(&self) -> String {
        format!("/api/guilds/{}/presence", self.guild.id)
    }

    fn page(&self, rest: &str) -> String {
        format!("/s/{}{rest}", self.guild.id)
    }

    /// Listens to who is there, without being there.
    async fn watcher<'a>(&self, t: &'a World) -> (Browser<'a>, Socket) {
        let browser = t.signed_in(self.ada).await;
        browser.put("/api/presence/visibility", &json!({ "invisible": true })).await.ok();
        let place = browser.get(&self.presence()).await.ok()["place"].clone();
        let mut socket = browser.socket().await;
        let topic = format!("presence:{}", self.guild.id);
        socket.say(json!({ "type": "subscribe", "topic": topic, "after": place })).await;
        socket.expect("subscribed").await;
        until(t, "presence_tabs", 1).await;
        (browser, socket)
    }

    /// Events that were told of somebody: whether they are there.
    async fn told(&self, t: &World, user: UserId) -> Vec<bool> {
        let statement = "select (data ->> 'online')::boolean from topic_events
                         where topic = $1 and subject = $2 and kind = 'presence' order by position";
        let told = sqlx::query_scalar(statement)
            .bind(format!("presence:{}", self.guild.id))
            .bind(user.to_string());
        told.fetch_all(&t.app.pool).await.unwrap()
    }
}

/// The next events in short: name, whether online, path.
async fn next(socket: &mut Socket, count: usize) -> Vec<(String, bool, Option<String>)> {
    let (events, _) = socket.events(count).await;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let short = |event: &Value| {
        assert_eq!(event["kind"], "presence");
        let data = &event["data"];
        let name = text(&data["user"]["name"]).unwrap();
        (name, data["online"] == true, text(&data["page"]["path"]))
    };
    events.iter().map(short).collect()
}

/// Reads on until this is told. What is told of a change is how things are by then, so that it may be told twice.
async fn hears(socket: &mut Socket, told: &[(String, bool, Option<String>)]) {
    while next(socket, 1).await != told {}
}

fn ben(online: bool, path: Option<&str>) -> Vec<(String, bool, Option<String>)> {
    vec![("Ben".to_owned(), online, path.map(str::to_owned))]
}

#[tokio::test]
async fn several_tabs_are_one_presence() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (watcher, mut events) = server.watcher(t).await;
        let browser = t.signed_in(server.ben).await;
        let mut first = browser.socket().await;
        assert_eq!(next(&mut events, 1).await, ben(true, None));
        let mut second = browser.socket().await;
        let (overview, deliveries) = (server.page(""), server.page("/deliveries"));
        turn(&mut second, &overview, "Overview").await;
        assert_eq!(next(&mut events, 1).await, ben(true, Some(&overview)));
        turn(&mut first, &deliveries, "Deliveries").await;
        assert_eq!(next(&mut events, 1).await, ben(true, Some(&deliveries)));
        let list = watcher.get(&server.presence()).await.ok();
        let expected = json!({
            "user": { "user_id": server.ben.to_string(), "name": "Ben", "avatar": null },
            "page": { "path": deliveries, "title": "Deliveries" },
        });
        assert_eq!((&list["people"], &list["online"]), (&json!([expected]), &json!(1)));
        // The tab that was looked at last is closed: the other is what is left.
        close(t, first).await;
        assert_eq!(next(&mut events, 1).await, ben(true, Some(&overview)));
        pass(t, 20).await;
        sweep(t).await;
        close(t, second).await;
        pass(t, 10).await;
        sweep(t).await;
        assert_eq!(server.told(t, server.ben).await, [true; 4], "not yet");
        pass(t, 10).await;
        sweep(t).await;
        sweep(t).await;
        assert_eq!(next(&mut events, 1).await, ben(false, None));
        assert_eq!(server.told(t, server.ben).await, [true, true, true, true, false]);
        assert_eq!(watcher.get(&server.presence()).await.ok()["people"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn page_that_is_loaded_anew_is_no_leave() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (_watcher, mut events) = server.watcher(t).await;
        let browser = t.signed_in(server.ben).await;
        let mut socket = browser.socket().await;
        turn(&mut socket, &server.page("/streamers"), "Streamers").await;
        hears(&mut events, &ben(true, Some(&server.page("/streamers")))).await;
        close(t, socket).await;
        pass(t, 10).await;
        sweep(t).await;
        let mut socket = browser.socket().await;
        turn(&mut socket, &server.page("/streamers"), "Streamers").await;
        until(t, "presence_tabs where path is not null", 1).await;
        pass(t, 10).await;
        sweep(t).await;
        // Nothing was told between.
        turn(&mut socket, &server.page("/templates"), "Templates").await;
        assert_eq!(next(&mut events, 1).await, ben(true, Some(&server.page("/templates"))));
        assert!(!server.told(t, server.ben).await.contains(&false));
    })
    .await;
}

#[tokio::test]
async fn process_that_is_killed_ends_presences_once() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (_watcher, mut events) = server.watcher(t).await;
        let browser = t.signed_in(server.ben).await;
        let (address, mut process) = Process::serve(&t.settings);
        let cookie = format!("__Host-session={}", browser.cookie("__Host-session").unwrap());
        let mut sockets = Vec::new();
        for _ in 0..2 {
            let headers = [("cookie", cookie.as_str()), ("origin", t.url.as_str())];
            let mut socket = Socket::open(&address, &headers).await.unwrap();
            socket.say(json!({ "type": "hello", "version": 1 })).await;
            sockets.push(socket);
        }
        until(t, "presence_tabs", 3).await;
        assert_eq!(next(&mut events, 1).await, ben(true, None));
        process.kill();
        for socket in &mut sockets {
            socket.ended().await;
        }
        pass(t, 60).await;
        sweep(t).await;
        assert_eq!(server.told(t, server.ben).await, [true]);
        pass(t, 20).await;
        tokio::join!(sweep(t), sweep(t), sweep(t));
        sweep(t).await;
        assert_eq!(next(&mut events, 1).await, ben(false, None));
        assert_eq!(server.told(t, server.ben).await, [true, false]);
    })
    .await;
}

#[tokio::test]
async fn laptop_that_wakes_up_is_there_again() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (_watcher, mut events) = server.watcher(t).await;
        let browser = t.signed_in(server.ben).await;
        let (_socket, tab) = (browser.socket().await, Uuid::new_v4());
        assert_eq!(next(&mut events, 1).await, ben(true, None));
        pass(t, 80).await;
        sweep(t).await;
        assert_eq!(next(&mut events, 1).await, ben(false, None));
        // The socket is open still, and noted as that; the watcher's too.
        keeper::note(&t.app).await.unwrap();
        assert_eq!(next(&mut events, 1).await, ben(true, None));
        pass(t, 80).await;
        sweep(t).await;
        assert_eq!(next(&mut events, 1).await, ben(false, None));
        beat(&browser, tab, &server.page("")).await;
        assert_eq!(next(&mut events, 1).await, ben(true, Some(&server.page(""))));
        // A tab is its person's alone, whatever its name.
        let ada = t.signed_in(server.ada).await;
        ada.put("/api/presence/visibility", &json!({ "invisible": false })).await.ok();
        beat(&ada, tab, &server.page("/audit")).await;
        let (name, page) = ("Ada".to_owned(), Some(server.page("/audit")));
        assert_eq!(next(&mut events, 1).await, [(name, true, page)]);
        assert_eq!(t.count("presence_tabs where path is not null").await, 2);
    })
    .await;
}

#[tokio::test]
async fn whoever_is_invisible_is_like_absent() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (watcher, mut events) = server.watcher(t).await;
        let list = async || {
            let answer = watcher.get(&server.presence()).await.ok();
            json!([answer["people"], answer["online"]]).to_string()
        };
        let absent = list().await;
        let browser = t.signed_in(server.ben).await;
        let hide = async |invisible: bool| {
            let body = json!({ "invisible": invisible });
            browser.put("/api/presence/visibility", &body).await.ok();
            assert_eq!(browser.get("/api/presence/visibility").await.ok(), body);
        };
        hide(true).await;
        let mut socket = browser.socket().await;
        turn(&mut socket, &server.page("/secret"), "Secret").await;
        until(t, "presence_tabs where path is not null", 1).await;
        assert_eq!(list().await, absent);
        assert_eq!(t.count("topic_events").await, 0, "nothing is told");
        hide(false).await;
        assert_eq!(next(&mut events, 1).await, ben(true, Some(&server.page("/secret"))));
        assert_ne!(list().await, absent);
        hide(true).await;
        let (gone, _) = events.events(1).await;
        assert_eq!(list().await, absent);
        hide(true).await;
        pass(t, 80).await;
        sweep(t).await;
        assert_eq!(server.told(t, server.ben).await, [true, false], "who is absent does not leave");
        // It looks like a leave, word for word.
        hide(false).await;
        beat(&browser, Uuid::new_v4(), "/me").await;
        events.events(1).await;
        pass(t, 80).await;
        sweep(t).await;
        let (left, _) = events.events(1).await;
        assert_eq!(left[0]["data"].to_string(), gone[0]["data"].to_string());
        // Who comes back later learns nothing of the time between.
        let mut later = watcher.socket().await;
        let topic = format!("presence:{}", server.guild.id);
        let start = json!({ "position": 0, "tag": "" });
        later.say(json!({ "type": "subscribe", "topic": topic, "after": start })).await;
        let (all, _) = later.events(1).await;
        assert!(!all.iter().any(|event| event.to_string().contains("ecret")), "{all:?}");
    })
    .await;
}

#[tokio::test]
async fn page_of_another_server_is_not_told() {
    scenario(async |t| {
        let (server, other) = (Server::of(t).await, Server::of(t).await);
        t.discord.add_member(other.guild.id, server.ben);
        let (watcher, mut events) = server.watcher(t).await;
        let browser = t.signed_in(server.ben).await;
        let mut socket = browser.socket().await;
        let own = server.page("");
        let not_ours = [
            other.page("/templates"),
            format!("{own}0"),
            "/me/privacy".to_owned(),
            "/lively".to_owned(),
        ];
        turn(&mut socket, &own, "Own").await;
        hears(&mut events, &ben(true, Some(&own))).await;
        for path in &not_ours {
            turn(&mut socket, path, "Not yours").await;
            assert_eq!(next(&mut events, 1).await, ben(true, None), "{path}");
            let list = watcher.get(&server.presence()).await.ok().to_string();
            assert!(!list.contains("Not yours") && list.contains("Ben"), "{list}");
            turn(&mut socket, "/live/ana", "Ana").await;
            assert_eq!(next(&mut events, 1).await, ben(true, Some("/live/ana")));
        }
        turn(&mut socket, "//evil.example", "x").await;
        assert_eq!(socket.expect("refused").await["code"], "invalid_page");
        let body = json!({ "client_id": Uuid::new_v4(), "path": "evil", "title": "x" });
        browser.put("/api/presence", &body).await.refused(422, "invalid");
    })
    .await;
}

#[tokio::test]
async fn who_signs_out_is_gone_at_once() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (_watcher, mut events) = server.watcher(t).await;
        let (laptop, phone) = (t.signed_in(server.ben).await, t.signed_in(server.ben).await);
        let (mut one, mut two) = (laptop.socket().await, laptop.socket().await);
        beat(&laptop, Uuid::new_v4(), &server.page("/laptop")).await;
        beat(&phone, Uuid::new_v4(), &server.page("/phone")).await;
        hears(&mut events, &ben(true, Some(&server.page("/phone")))).await;
        beat(&laptop, Uuid::new_v4(), &server.page("/laptop")).await;
        hears(&mut events, &ben(true, Some(&server.page("/laptop")))).await;
        // What was open there is gone; the phone is not.
        laptop.post("/api/auth/logout", &json!({})).await.ok();
        assert_eq!(next(&mut events, 1).await, ben(true, Some(&server.page("/phone"))));
        assert_eq!((one.ended().await.code, two.ended().await.code), (4401, 4401));
        phone.delete("/api/auth/sessions").await.ok();
        phone.post("/api/auth/logout", &json!({})).await.ok();
        assert_eq!(next(&mut events, 1).await, ben(false, None));
        let again = t.signed_in(server.ben).await;
        beat(&again, Uuid::new_v4(), "/me").await;
        assert_eq!(next(&mut events, 1).await, ben(true, None));
        let export = again.get("/api/users/me/export").await.ok();
        assert_eq!(
            (&export["presence"]["online"], &export["presence"]["path"]),
            (&json!(true), &json!("/me"))
        );
        again.delete("/api/users/me").await.ok();
        let (gone, _) = events.events(1).await;
        let user = json!({ "user_id": server.ben.to_string(), "name": "", "avatar": null });
        assert_eq!(gone[0]["data"], json!({ "user": user, "online": false, "page": null }));
        assert_eq!(t.count("presences").await, 1, "the watcher's");
        let told = server.told(t, server.ben).await;
        assert_eq!(told.iter().filter(|online| !**online).count(), 2, "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn nobody_is_declared_gone_by_who_has_not_listened() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (_watcher, mut events) = server.watcher(t).await;
        let browser = t.signed_in(server.ben).await;
        beat(&browser, Uuid::new_v4(), "/me").await;
        events.events(1).await;
        pass(t, 200).await;
        // The machine was asleep, or the database has forgotten since when somebody looks.
        for stalled in [
            "update presence_watch set swept_at = now() - interval '91 seconds'",
            "truncate presence_watch",
        ] {
            t.sql("update presence_watch set swept_at = now(), watched_since = now() - interval '1 hour'").await;
            t.sql(stalled).await;
            sweep(t).await;
            t.sql("update presence_watch set watched_since = watched_since - interval '70 seconds'").await;
            sweep(t).await;
            assert_eq!(server.told(t, server.ben).await, [true]);
        }
        t.sql("update presence_watch set watched_since = watched_since - interval '6 seconds'").await;
        sweep(t).await;
        assert_eq!(next(&mut events, 1).await, ben(false, None));
    })
    .await;
}

#[tokio::test]
async fn members_are_told_of_members() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let (watcher, mut events) = server.watcher(t).await;
        let cleo = t.discord.add_user("cleo", Some("Cleo"));
        let browser = t.signed_in(cleo).await;
        beat(&browser, Uuid::new_v4(), "/servers").await;
        // She joins, and opens the server's page.
        browser.get(&server.presence()).await.refused(404, "unknown_guild");
        t.discord.add_member(server.guild.id, cleo);
        t.clock.advance(time::Duration::minutes(6));
        let list = browser.get(&server.presence()).await.ok();
        assert_eq!(list["people"][0]["user"]["name"], "Cleo");
        assert_eq!(next(&mut events, 1).await, [("Cleo".to_owned(), true, None)]);
        // She leaves the server, which is found out when she asks.
        t.discord.remove_member(server.guild.id, cleo);
        t.clock.advance(time::Duration::minutes(6));
        browser.get(&server.presence()).await.refused(404, "unknown_guild");
        pass(t, 0).await;
        sweep(t).await;
        assert_eq!(next(&mut events, 1).await, [("Cleo".to_owned(), false, None)]);
        assert_eq!(watcher.get(&server.presence()).await.ok()["online"], 0);
        assert_eq!(server.told(t, cleo).await, [true, false]);
        // Nothing is kept for long.
        pass(t, 80).await;
        sweep(t).await;
        t.sql("update presences set changed_at = changed_at - interval '25 hours'").await;
        t.sweep().await;
        assert_eq!(t.count("presences").await + t.count("presence_tabs").await, 0);
    })
    .await;
}

#[tokio::test]
async fn much_at_once_ends_in_order() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let other = Server::of(t).await;
        let mut people = Vec::new();
        for n in 0..8 {
            let user = t.discord.add_user(&format!("user{n}"), None);
            t.discord.add_member(server.guild.id, user);
            t.discord.add_member(other.guild.id, user);
            people.push((user, t.signed_in(user).await));
        }
        t.sql("insert into topics (topic) select 'presence:' || guild_id from guilds").await;
        // They come, turn pages and vanish side by side, while several look after them.
        for round in 0..6 {
            let come = people.iter().map(async |(user, browser)| {
                t.sql("delete from rate_buckets").await;
                beat(browser, Uuid::new_v4(), &format!("/live/{round}")).await;
                let hide = json!({ "invisible": (user.0 + round) % 5 == 0 });
                browser.put("/api/presence/visibility", &hide).await.ok();
            });
            let come = futures_util::future::join_all(come);
            tokio::join!(come, sweep(t), sweep(t), sweep(t));
            pass(t, 80).await;
            tokio::join!(sweep(t), sweep(t), sweep(t));
        }
        pass(t, 80).await;
        sweep(t).await;
        for server in [server, other] {
            for (user, _) in &people {
                let told = server.told(t, *user).await;
                let (online, offline): (Vec<bool>, Vec<bool>) = told.iter().partition(|one| **one);
                assert!(online.len() >= offline.len(), "{told:?}");
                assert!(!told.windows(2).any(|two| two == [false, false]), "{told:?}");
                assert_eq!(told.last(), Some(&false));
            }
        }
        let odd = "topics t where position <> (select count(*) from topic_events e where e.topic = t.topic)";
        assert_eq!(t.count(odd).await, 0, "no position is given twice or left out");
    })
    .await;
}
