//! A user's tokens at Discord: refreshed by one of those who need them, and never lost on the way.

use serde_json::Value;
use sm_tests::{World, scenario};
use sm_types::UserId;
use time::Duration;
use tokio::task::JoinHandle;

const SESSION: &str = "__Host-session";
const EXPIRE: &str =
    "update users set tokens_expire_at = now() - interval '1 day', guilds_fetched_at = null";

fn ada(t: &World) -> UserId {
    t.discord.add_user("ada", Some("Ada"))
}

/// Waits until so many processes wait to write the tokens down in this test's database; their jobs may wait as well.
async fn until_waiting(t: &World, count: i64) {
    let waiting = "select count(*) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'
                     and query like 'update users set tokens%'";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&t.app.pool).await.unwrap() < count {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// Asks a process for the person's servers, which takes their tokens at Discord.
async fn ask(t: &World, address: &str, cookie: &str) -> JoinHandle<Value> {
    t.sql("delete from rate_buckets").await;
    let request = sm_aws::lazy_http().get(format!("http://{address}/api/guilds"));
    let request = request.header("cookie", format!("{SESSION}={cookie}"));
    tokio::spawn(async move {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    })
}

#[tokio::test]
async fn expired_tokens_are_refreshed_once_for_all_who_wait() {
    scenario(async |t| {
        let ada = ada(t);
        let browser = t.signed_in(ada).await;
        t.clock.advance(Duration::days(8));
        t.sql("update sessions set expires_at = expires_at + interval '30 days'").await;
        // The cookie is as old as the session.
        browser.get("/api/guilds").await.refused(401, "unauthenticated");
        let one = t.signed_in(ada).await;
        t.discord.reset_figures();
        t.sql(EXPIRE).await;
        let requests = (0..5).map(|_| async {
            t.sql("delete from rate_buckets where key like 'guild_list%'").await;
            one.get("/api/guilds").await.ok()
        });
        let lists = futures_util::future::join_all(requests).await;
        assert_eq!(t.discord.token_refreshes(), 1);
        assert!(lists.iter().all(|list| list["problem"].is_null()), "{lists:?}");
    })
    .await;
}

#[tokio::test]
async fn two_processes_refresh_expired_tokens_once() {
    scenario(async |t| {
        let browser = t.signed_in(ada(t)).await;
        let cookie = browser.cookie(SESSION).unwrap();
        let two = t.two_servers(&[]);
        t.discord.reset_figures();
        // The second round needs what the first one has stored.
        for (round, order) in [(1, [0, 1]), (2, [1, 0])] {
            t.sql(EXPIRE).await;
            // Both find the tokens expired before either can take the lease.
            let mut lock = t.app.pool.begin().await.unwrap();
            sqlx::query("select from users for no key update").execute(&mut *lock).await.unwrap();
            let mut asked = Vec::new();
            for (server, waiting) in order.into_iter().zip(1..) {
                asked.push(ask(t, &two.addresses[server], &cookie).await);
                until_waiting(t, waiting).await;
            }
            lock.rollback().await.unwrap();
            for answer in asked {
                let list = answer.await.unwrap();
                assert!(list["problem"].is_null() && list["fetched_at"].is_string(), "{list}");
            }
            assert_eq!(t.discord.token_refreshes(), round);
        }
        browser.get("/api/auth/me").await.ok();
    })
    .await;
}

#[tokio::test]
async fn tokens_of_a_slow_process_outlive_the_refusal_of_another() {
    scenario(async |t| {
        let browser = t.signed_in(ada(t)).await;
        let cookie = browser.cookie(SESSION).unwrap();
        let two = t.two_servers(&[]);
        t.sql(EXPIRE).await;
        t.discord.reset_figures();
        // Whoever has an answer from Discord is held back from recording it.
        t.sql("create function hold() returns trigger language plpgsql
               as $$ begin perform pg_advisory_xact_lock(1); return null; end $$")
            .await;
        t.sql("create trigger hold before update of tokens on users for each statement execute function hold()")
            .await;
        let mut lock = t.app.pool.begin().await.unwrap();
        sqlx::query("select pg_advisory_xact_lock(1)").execute(&mut *lock).await.unwrap();
        let slow = ask(t, &two.addresses[0], &cookie).await;
        until_waiting(t, 1).await;
        // Its lease runs out; the other refreshes with the old tokens and is refused.
        t.sql("update users set tokens_leased_until = now() - interval '1 second'").await;
        let refused = ask(t, &two.addresses[1], &cookie).await;
        until_waiting(t, 2).await;
        lock.rollback().await.unwrap();
        for answer in [slow, refused] {
            let list = answer.await.unwrap();
            assert!(list["problem"].is_null(), "{list}");
        }
        assert_eq!(t.discord.token_refreshes(), 2);
    })
    .await;
}

#[tokio::test]
async fn refreshed_tokens_are_stored_though_whoever_asked_hangs_up() {
    scenario(async |t| {
        let ada = ada(t);
        let browser = t.signed_in(ada).await;
        let cookie = browser.cookie(SESSION).unwrap();
        t.sql(EXPIRE).await;
        t.discord.reset_figures();
        t.discord.delay_tokens(Some(std::time::Duration::from_millis(500)));
        let address = t.url.trim_start_matches("http://");
        let asked = ask(t, address, &cookie).await;
        while t.discord.token_refreshes() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        // The old pair is dead, and the answer with the new one is on its way.
        asked.abort();
        t.discord.delay_tokens(None);
        let list = ask(t, address, &cookie).await.await.unwrap();
        assert!(list["problem"].is_null(), "{list}");
        assert_eq!(t.discord.token_refreshes(), 1);
    })
    .await;
}

#[tokio::test]
async fn revoked_access_asks_for_a_new_sign_in_and_keeps_the_session() {
    scenario(async |t| {
        let ada = ada(t);
        let browser = t.signed_in(ada).await;
        t.discord.revoke_user(ada);
        t.clock.advance(Duration::minutes(6));
        t.sql("delete from rate_buckets").await;
        let list = browser.get("/api/guilds").await.ok();
        assert_eq!(list["problem"], "sign_in_again");
        browser.get("/api/auth/me").await.ok();
    })
    .await;
}
