//! A database that answers and yet cannot be used: who notices, and what they say.

use serde_json::Value;
use sm_tests::{TestDatabase, World, process::streammaxing, scenario};
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
