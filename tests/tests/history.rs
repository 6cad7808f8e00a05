//! From the outbox to the history, and the history's own partitions.

use crate::setup::admin;
use sm_db::jobs::partitions::{PARTITIONED, Partitioned};
use sm_tests::{Browser, scenario};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

fn deliveries_table() -> &'static Partitioned {
    PARTITIONED.iter().find(|table| table.table == "delivery_history").unwrap()
}

/// A settled delivery of a server, made at a moment.
async fn settled(db: impl PgExecutor<'_>, at: OffsetDateTime) {
    let made = "insert into delivery_history (delivery_id, guild_id, kind, action, status, due_at, expires_at,
                  received_at, committed_at)
                values (uuid_at($1), 1, 'test', 'create', 'sent', $1, $1, $1, $1)";
    sqlx::query(made).bind(at).execute(db).await.unwrap();
}

#[tokio::test]
async fn a_day_after_its_end_a_stream_moves_to_the_history_and_is_listed_as_before() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.after(Duration::minutes(10)).await;
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(3)).await;
        let ben = t.streamer("ben").await;
        t.follow(ada.guild.id, &ben, None).await;
        let list = async |browser: &Browser<'_>| browser.get(&ada.path("deliveries")).await.ok();
        let before = list(&ada.browser).await;
        assert_eq!(before["items"].as_array().unwrap().len(), 3);
        let path = ada.path(&format!("deliveries/{}", before["items"][2]["id"].as_str().unwrap()));
        let detail = ada.browser.get(&path).await.ok();
        assert_eq!(detail["attempts"].as_array().unwrap().len(), 1);
        t.clock.advance(Duration::hours(25));
        t.sweep().await;
        assert_eq!(t.count("notification_log").await, 3, "a merge window may be a day");
        // This one goes on.
        t.twitch.go_live(&ben).await;
        t.work().await;
        // A sign-in that nobody has used for a day is over.
        let browser = t.signed_in(ada.user).await;
        let before = list(&browser).await;
        t.clock.advance(Duration::hours(2));
        t.sweep().await;
        let outbox = ["notification_log where streamer_id", "delivery_history where streamer_id"];
        for (table, (of_ana, of_ben)) in outbox.into_iter().zip([(0, 2), (3, 0)]) {
            let count = async |id: &str| t.count(&format!("{table} = '{id}'")).await;
            assert_eq!((count(ana.as_str()).await, count(ben.as_str()).await), (of_ana, of_ben));
        }
        let mut after = list(&browser).await;
        // The sweep has brought the viewers of the other stream.
        let enriched = after["items"].as_array_mut().unwrap().remove(0);
        assert_eq!(enriched["kind"], "enrich");
        assert_eq!(after, before);
        assert_eq!(browser.get(&path).await.ok(), detail);
    })
    .await;
}

#[tokio::test]
async fn partitions_are_there_before_their_time_and_go_with_their_last_row() {
    scenario(async |t| {
        t.sweep().await;
        let now = t.clock.now();
        for (table, ahead) in [
            ("delivery_history", Duration::days(35)),
            ("delivery_attempts", Duration::days(35)),
            ("webhook_messages", Duration::days(2)),
        ] {
            let made =
                format!("partitions where parent = '{table}' and until_at >= '{}'", now + ahead);
            assert!(t.count(&made).await > 0, "{table}");
        }
        settled(&t.app.pool, now).await;
        let first = "pg_class where relname = 'delivery_history_before'";
        let (pool, table) = (&t.app.pool, deliveries_table());
        // Not before the youngest row that it may hold is too old.
        table.maintain(pool, now + Duration::days(180)).await.unwrap();
        assert_eq!((t.count(first).await, t.count("deliveries").await), (1, 1));
        table.maintain(pool, now + Duration::days(180 + 62)).await.unwrap();
        assert_eq!((t.count(first).await, t.count("deliveries").await), (0, 0));
        assert_eq!(table.maintain(pool, now + Duration::days(180 + 62)).await.unwrap(), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn partition_waits_for_rows_of_its_time_that_are_under_way() {
    scenario(async |t| {
        t.sweep().await;
        let now = t.clock.now();
        let (pool, table) = (&t.app.pool, deliveries_table());
        let mut writer = pool.begin().await.unwrap();
        settled(&mut *writer, now + Duration::days(89)).await;
        let maintained = table.maintain(pool, now + Duration::days(60));
        let committed = async {
            let waits = "pg_locks where not granted and mode = 'AccessExclusiveLock'
                         and database = (select oid from pg_database where datname = current_database())";
            while t.count(waits).await == 0 {
                tokio::task::yield_now().await;
            }
            writer.commit().await.unwrap();
        };
        let (maintained, ()) = tokio::join!(maintained, committed);
        maintained.unwrap();
        assert_eq!(t.count("delivery_history_rest").await, 0);
        assert_eq!(t.count("deliveries where kind = 'test'").await, 1);
    })
    .await;
}

#[tokio::test]
async fn rows_that_found_no_partition_move_into_theirs() {
    scenario(async |t| {
        t.sweep().await;
        let now = t.clock.now();
        let at = now + Duration::days(89);
        settled(&t.app.pool, at).await;
        assert_eq!(t.count("delivery_history_rest").await, 1);
        let (pool, table) = (&t.app.pool, deliveries_table());
        table.maintain(pool, now + Duration::days(60)).await.unwrap();
        assert_eq!(t.count("delivery_history_rest").await, 0);
        assert_eq!(t.count("deliveries where kind = 'test'").await, 1);
        // One that never gets a partition, since nobody looked for months, goes by itself.
        settled(&t.app.pool, now + Duration::days(400)).await;
        table.maintain(pool, now + Duration::days(400 + 170)).await.unwrap();
        assert_eq!(t.count("delivery_history_rest").await, 1);
        table.maintain(pool, now + Duration::days(400 + 190)).await.unwrap();
        assert_eq!(t.count("delivery_history_rest").await, 0);
    })
    .await;
}

#[tokio::test]
async fn webhook_ids_of_three_days_ago_go_with_their_day() {
    scenario(async |t| {
        t.sweep().await;
        let ana = t.streamer("ana").await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.count("webhook_messages").await, 1);
        assert_eq!(t.count("webhook_messages_rest").await, 0);
        let days = PARTITIONED.iter().find(|table| table.table == "webhook_messages").unwrap();
        for (later, left) in [(2, 1), (3, 0)] {
            days.maintain(&t.app.pool, t.clock.now() + Duration::days(later)).await.unwrap();
            assert_eq!(t.count("webhook_messages").await, left, "after {later} days");
        }
    })
    .await;
}
