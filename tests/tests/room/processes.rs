//! Several processes on one database reach each other's sockets.

use super::{Server, shout, texts};
use serde_json::json;
use sm_tests::{SilentProxy, World, scenario};

/// How many sessions listen to this database's notifications.
async fn listening(t: &World) -> i64 {
    t.count(
        "pg_stat_activity where datname = current_database()
           and (query ilike 'listen%' or query like '%pg_notification_queue_usage%')
           and pid <> pg_backend_pid()",
    )
    .await
}

async fn both_ways(t: &World, addresses: &[String; 2]) {
    let server = Server::of(t).await;
    let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
    let room = server.room();
    let mut one = ada.socket_at(&addresses[0]).await;
    let mut two = ben.socket_at(&addresses[1]).await;
    for socket in [&mut one, &mut two] {
        socket.subscribe(&room).await;
    }
    for n in 0..4 {
        let (speaker, listener) =
            if n % 2 == 0 { (&mut one, &mut two) } else { (&mut two, &mut one) };
        let text = n.to_string();
        speaker.say(shout(&room, &text)).await;
        assert_eq!(speaker.expect("shouted").await["outcome"], "stored");
        for socket in [listener, speaker] {
            assert_eq!(texts(&socket.events(1).await.0), [text.as_str()]);
        }
    }
    // Signed out at the third, the app itself.
    ben.post("/api/auth/logout", &json!({})).await.ok();
    assert_eq!(two.ended().await.code, 4401);
    one.say(json!({ "type": "ping" })).await;
    one.expect("pong").await;
}

#[tokio::test]
async fn what_is_said_at_one_process_reaches_sockets_of_another() {
    scenario(async |t| {
        let servers = t.two_servers(&[]);
        both_ways(t, &servers.addresses).await;
        assert_eq!(listening(t).await, 3);
    })
    .await;
}

#[tokio::test]
async fn without_notifications_they_look_by_themselves() {
    scenario(async |t| {
        // As behind a proxy that pools transactions, where whoever listens hears nothing.
        let pooled = format!("{}?pgbouncer=true", t.database_url());
        let servers = t.two_servers(&[("DATABASE_URL", pooled.as_str())]);
        both_ways(t, &servers.addresses).await;
        assert_eq!(listening(t).await, 1, "only the app itself");
    })
    .await;
}

#[tokio::test]
async fn where_notifications_are_swallowed_they_look_by_themselves() {
    scenario(async |t| {
        // Something between keeps them back and says nothing: only the trial at the start can find it out.
        let proxy = SilentProxy::start(t.database_url()).await;
        proxy.keep_notifications();
        let servers = t.two_servers(&[("DATABASE_URL", proxy.url())]);
        while listening(t).await == 1 {
            tokio::task::yield_now().await;
        }
        both_ways(t, &servers.addresses).await;
        // It fails, and they listen no more.
        while listening(t).await > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn process_whose_session_is_cut_listens_again() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let servers = t.two_servers(&[]);
        let ada = t.signed_in(server.ada).await;
        let mut socket = ada.socket_at(&servers.addresses[0]).await;
        socket.subscribe(&server.room()).await;
        while listening(t).await < 3 {
            tokio::task::yield_now().await;
        }
        t.sql(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and query ilike 'listen%'",
        )
        .await;
        // Said before anybody listens again, perhaps: it comes all the same.
        super::say(&ada, &server, "one").await;
        assert_eq!(texts(&socket.events(1).await.0), ["one"]);
        while listening(t).await < 3 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
