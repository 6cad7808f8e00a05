//! A database per test, copied from a migrated one.

use futures_util::StreamExt;
use sm_db::{Pool, PoolLimits};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;
use uuid::Uuid;

#[derive(Debug)]
pub struct TestDatabase {
    /// Its address.
    pub url: String,
    name: String,
}

static TEMPLATE: OnceCell<String> = OnceCell::const_new();

impl TestDatabase {
    /// Creates one with all migrations applied.
    pub async fn create() -> Self {
        let template = TEMPLATE.get_or_init(template).await;
        Self::create_from(template).await
    }

    /// Creates one without any table.
    pub async fn empty() -> Self {
        Self::create_from("template0").await
    }

    /// The same in another encoding than UTF-8.
    pub async fn encoded(encoding: &str) -> Self {
        Self::create_from(&format!("template0 encoding '{encoding}' lc_collate 'C' lc_ctype 'C'"))
            .await
    }

    /// The address for another user of the server.
    pub fn url_as(&self, user: &str, password: &str) -> String {
        let (_, host) = self.url.rsplit_once('@').expect("DATABASE_URL names a user");
        format!("postgres://{user}:{password}@{host}")
    }

    /// Connections to it.
    pub fn pool(&self) -> Pool {
        pool(&self.url)
    }

    async fn create_from(template: &str) -> Self {
        let name = format!("sm_test_{}", Uuid::new_v4().simple());
        execute(&format!("create database {name} template {template}")).await;
        Self { url: address(&name), name }
    }

    /// Copies every table into a new database, as of one moment: what `pg_dump` would have kept.
    pub async fn copy(&self) -> Self {
        let mut from = PgConnection::connect(&self.url).await.expect("it answers");
        let copy = Self::create().await;
        let mut to = PgConnection::connect(&copy.url).await.expect("it answers");
        let begin = "begin isolation level repeatable read";
        sqlx::query(begin).execute(&mut from).await.expect("a transaction");
        // Tables come in any order.
        let trusting = "set session_replication_role = replica";
        sqlx::query(trusting).execute(&mut to).await.expect("the tests' user may do anything");
        // A partitioned table as a whole: the copy has partitions of its own.
        let tables = "select relname::text from pg_class
            where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
              and relname not in ('_sqlx_migrations', 'partitions')";
        let tables: Vec<String> =
            sqlx::query_scalar(tables).fetch_all(&mut from).await.expect("a list of tables");
        // These have rows from their migration on.
        let seeded = "truncate outbox_lanes, outbox_progress cascade";
        sqlx::query(seeded).execute(&mut to).await.expect("the tables exist");
        for table in tables {
            let mut rows = Vec::new();
            let mut stream = from
                .copy_out_raw(&format!("copy (select * from {table}) to stdout"))
                .await
                .expect("the table can be read");
            while let Some(chunk) = stream.next().await {
                rows.extend_from_slice(&chunk.expect("it is read to its end"));
            }
            drop(stream);
            let mut copying = to
                .copy_in_raw(&format!("copy {table} from stdin"))
                .await
                .expect("the table can be written");
            copying.send(rows).await.expect("rows fit");
            copying.finish().await.expect("rows fit");
        }
        copy
    }

    /// Drops it; connections that are left are cut.
    pub async fn drop_it(self) {
        execute(&format!("drop database if exists {} with (force)", self.name)).await;
    }
}

/// Copying needs a template that nobody is connected to.
async fn template() -> String {
    let name = format!("sm_template_{}", Uuid::new_v4().simple());
    execute(&format!("create database {name}")).await;
    let pool = pool(&address(&name));
    sm_db::migrate(&pool).await.expect("the migrations apply");
    pool.close().await;
    name
}

fn pool(url: &str) -> Pool {
    Pool::new(url.parse().expect("a URL of Postgres"), PoolLimits::with_connections(5))
}

fn server() -> String {
    crate::environment("DATABASE_URL").expect(
        "set DATABASE_URL to a Postgres whose user may create databases, or run `make test`",
    )
}

/// The address of another database on the same server.
fn address(name: &str) -> String {
    let server = server();
    let (base, query) = server.split_once('?').map_or((server.as_str(), ""), |(b, q)| (b, q));
    let (host, _) = base.rsplit_once('/').expect("DATABASE_URL names a database");
    if query.is_empty() { format!("{host}/{name}") } else { format!("{host}/{name}?{query}") }
}

async fn execute(statement: &str) {
    let mut connection = PgConnection::connect(&server()).await.expect("Postgres answers");
    let statement = AssertSqlSafe(statement.to_owned());
    sqlx::query(statement).execute(&mut connection).await.expect("the statement is valid");
    connection.close().await.expect("it closes");
}
