//! A database that answers and yet cannot be used: who notices, and what they say.

use serde_json::Value;
use sm_db::{Pool, PoolLimits};
use sm_sim::postgres::{Options, Postgres};
use sm_tests::{
    TestDatabase, World,
    process::{Process, streammaxing},
    scenario,
};
use time::Duration;
use tokio::net::TcpListener;

/// The app's probes and metrics at an address of their own.
async fn monitor(t: &World) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = sm_cli::monitoring::router(t.app.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn get(url: String) -> (u16, String) {
    let answer = sm_aws::lazy_http().get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn readiness(monitor: &str) -> (u16, String) {
    let (status, text) = get(format!("{monitor}/readyz")).await;
    let json: Value = serde_json::from_str(&text).unwrap();
    (status, json["database"].as_str().unwrap().to_owned())
}

/// Makes sessions read-only, or new ones writable again.
async fn set_read_only(t: &World, on: bool) {
    let name: String =
        sqlx::query_scalar("select current_database()").fetch_one(&t.app.pool).await.unwrap();
    let value = if on { "on" } else { "off" };
    let alter = format!(
        "set transaction read write; alter database {name} set default_transaction_read_only = {value}"
    );
    let url: sqlx::postgres::PgConnectOptions = t.database_url().parse().unwrap();
    let mut db = sqlx::ConnectOptions::connect(&url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(alter)).execute(&mut db).await.unwrap();
    if on {
        // As after a failover: whoever was connected has to connect anew.
        let cut = "select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid()";
        sqlx::query(cut).execute(&mut db).await.unwrap();
    }
}

fn sample<'a>(metrics: &'a str, name: &str) -> &'a str {
    let line = metrics.lines().find(|line| line.starts_with(&format!("{name} ")));
    line.and_then(|line| line.split(' ').next_back()).unwrap_or_default()
}

#[tokio::test]
async fn read_only_database_is_not_ready_and_its_sessions_are_not_kept() {
    scenario(async |t| {
        let monitor = monitor(t).await;
        assert_eq!(readiness(&monitor).await, (200, "ok".to_owned()));
        set_read_only(t, true).await;
        // The first may be told by a connection that was cut.
        let _ = readiness(&monitor).await;
        assert_eq!(readiness(&monitor).await, (503, "read_only".to_owned()));
        let metrics = get(format!("{monitor}/metrics")).await.1;
        assert_eq!(sample(&metrics, "streammaxing_database_up"), "1");
        assert_eq!(sample(&metrics, "streammaxing_database_writable"), "0");
        let doctor = t.operate(&["doctor"]).await;
        assert_ne!(doctor.code, 0);
        assert!(
            doctor.stdout.contains("read-only") && doctor.stdout.contains("primary"),
            "{}",
            doctor.stdout
        );
        set_read_only(t, false).await;
        // A session that began meanwhile stays read-only, and goes with the first statement that tells.
        assert!(sm_db::guilds::upsert(&t.app.pool, sm_types::GuildId(7), "x").await.is_err());
        sm_db::guilds::upsert(&t.app.pool, sm_types::GuildId(7), "x").await.unwrap();
        assert_eq!(readiness(&monitor).await, (200, "ok".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn full_disk_is_noticed_by_readiness_metrics_and_doctor() {
    scenario(async |t| {
        let monitor = monitor(t).await;
        assert_eq!(readiness(&monitor).await, (200, "ok".to_owned()));
        t.fill_disk().await;
        t.expect_errors();
        assert_eq!(readiness(&monitor).await.0, 200, "no row is written for each question");
        t.clock.advance(Duration::seconds(10));
        assert_eq!(readiness(&monitor).await, (503, "disk_full".to_owned()));
        let metrics = get(format!("{monitor}/metrics")).await.1;
        assert_eq!(sample(&metrics, "streammaxing_database_up"), "1");
        assert_eq!(sample(&metrics, "streammaxing_database_writable"), "0");
        let doctor = t.operate(&["doctor"]).await;
        assert_ne!(doctor.code, 0);
        assert!(doctor.stdout.contains("its disk is full"), "{}", doctor.stdout);
        t.sql("drop trigger no_room on jobs").await;
        assert_eq!(readiness(&monitor).await.0, 503);
        t.clock.advance(Duration::seconds(2));
        assert_eq!(readiness(&monitor).await, (200, "ok".to_owned()));
    })
    .await;
}

/// Lets processes of a server, and what they start from now on, write no file beyond a size.
#[cfg(target_os = "linux")]
fn limit_files(processes: &[i32], bytes: &str) {
    use std::os::unix::{fs::MetadataExt, process::CommandExt};
    for process in processes {
        // Whoever they run as may do so; root alone might not.
        let place = format!("/proc/{process}");
        let Ok(owner) = std::fs::metadata(&place) else { continue };
        let arguments = [format!("--pid={process}"), format!("--fsize={bytes}:")];
        let mut command = std::process::Command::new("prlimit");
        let ran = command.args(arguments).uid(owner.uid()).gid(owner.gid()).output().unwrap();
        // A connection may have ended meanwhile.
        let is_there = std::fs::exists(&place).unwrap();
        assert!(ran.status.success() || !is_there, "{}", String::from_utf8_lossy(&ran.stderr));
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn write_that_the_system_refuses_to_the_database_is_noticed() {
    // A server of its own: the limit is the process's. A row finds room, and yet nothing larger could be written.
    let start = || Postgres::start(&Options { cache_dir: sm_tests::cache_dir(), durable: false });
    let postgres = tokio::task::spawn_blocking(start).await.unwrap().unwrap();
    let url = postgres.url("postgres");
    scenario(async |t| {
        let pool = Pool::new(url.parse().unwrap(), PoolLimits::with_connections(1));
        sm_db::migrate(&pool).await.unwrap();
        let folder: String =
            sqlx::query_scalar("show data_directory").fetch_one(&pool).await.unwrap();
        let lock = std::fs::read_to_string(format!("{folder}/postmaster.pid")).unwrap();
        let server: i32 = lock.lines().next().unwrap().parse().unwrap();
        let mut settings = t.settings.clone();
        settings.push(("DATABASE_URL", url.clone()));
        limit_files(&[server], "600000");
        let (address, _server) = Process::serve(&settings);
        let address = format!("http://{address}");
        assert_eq!(readiness(&address).await, (503, "refused".to_owned()));
        let doctor = t.operate_with(&[("DATABASE_URL", &url)], &["doctor"]).await;
        assert!(
            doctor.stdout.contains("it refuses to write: could not write"),
            "{}",
            doctor.stdout
        );
        let clients = "select pid from pg_stat_activity where backend_type = 'client backend'";
        let clients: Vec<i32> = sqlx::query_scalar(clients).fetch_all(&pool).await.unwrap();
        limit_files(&[&[server], &clients[..]].concat(), "unlimited");
        while readiness(&address).await.0 != 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn database_without_a_connection_to_spare_is_told_from_one_that_is_away() {
    scenario(async |t| {
        let user = format!("sm_crowded_{}", uuid::Uuid::new_v4().simple());
        let make = format!("create role {user} login password 'crowd' connection limit 0");
        let mut db = t.app.pool.acquire().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(make)).execute(&mut db).await.unwrap();
        let url = t.database_url_as(&user, "crowd");
        let mut settings = t.settings.clone();
        settings.push(("DATABASE_URL", url.clone()));
        let (address, _server) = Process::serve(&settings);
        let address = format!("http://{address}");
        assert_eq!(readiness(&address).await, (503, "too_many_connections".to_owned()));
        let doctor = t.operate_with(&[("DATABASE_URL", &url)], &["doctor"]).await;
        assert!(doctor.stdout.contains("DATABASE_CONNECTIONS"), "{}", doctor.stdout);
        let drop_it = format!("drop role {user}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(drop_it)).execute(&mut db).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn user_who_may_only_read_is_told_what_is_missing() {
    scenario(async |t| {
        let user = format!("sm_reader_{}", uuid::Uuid::new_v4().simple());
        let grant = format!(
            "create role {user} login password 'reader';
             grant usage on schema public to {user}; grant select on all tables in schema public to {user}"
        );
        let mut db = t.app.pool.acquire().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(grant)).execute(&mut db).await.unwrap();
        drop(db);
        let url = t.database_url_as(&user, "reader");
        let doctor = t.operate_with(&[("DATABASE_URL", &url)], &["doctor"]).await;
        assert_ne!(doctor.code, 0);
        for word in ["may not write", "guilds", "grant select, insert"] {
            assert!(doctor.stdout.contains(word), "{}", doctor.stdout);
        }
        let drop_it = format!("drop owned by {user}; drop role {user}");
        let mut db = t.app.pool.acquire().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(drop_it)).execute(&mut db).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn database_of_another_encoding_is_refused_before_it_is_migrated() {
    let database = TestDatabase::encoded("LATIN1").await;
    let settings = [("DATABASE_URL", database.url.clone())];
    let ran = streammaxing(&["migrate"], &settings).await;
    assert_ne!(ran.code, 0);
    for word in ["LATIN1", "createdb --encoding UTF8"] {
        assert!(ran.stderr.contains(word), "{}", ran.stderr);
    }
    let tables: i64 =
        sqlx::query_scalar("select count(*) from pg_tables where schemaname = 'public'")
            .fetch_one(&database.pool())
            .await
            .unwrap();
    assert_eq!(tables, 0);
    database.drop_it().await;
}

#[tokio::test]
async fn schema_that_is_closed_is_named_with_the_grant() {
    let database = TestDatabase::empty().await;
    let user = format!("sm_guest_{}", uuid::Uuid::new_v4().simple());
    let run = async |statement: String| {
        let mut db = database.pool().acquire().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut db).await.unwrap();
    };
    run(format!(
        "create role {user} login password 'guest'; revoke create on schema public from public"
    ))
    .await;
    let settings = [("DATABASE_URL", database.url_as(&user, "guest"))];
    let ran = streammaxing(&["migrate"], &settings).await;
    assert_ne!(ran.code, 0);
    let remedy = format!("grant create on schema public to {user}");
    assert!(ran.stderr.contains(&remedy), "{}", ran.stderr);
    run(remedy).await;
    assert_eq!(streammaxing(&["migrate"], &settings).await.code, 0);
    run(format!("drop owned by {user}; drop role {user}")).await;
    database.drop_it().await;
}
