//! A database per test, copied from a migrated one.

use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// A database of one test.
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

    async fn create_from(template: &str) -> Self {
        let name = format!("sm_test_{}", Uuid::new_v4().simple());
        execute(&format!("create database {name} template {template}")).await;
        Self { url: address(&name), name }
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
    let pool = PgPool::connect(&address(&name)).await.expect("the new database answers");
    sm_db::migrate(&pool).await.expect("the migrations apply");
    pool.close().await;
    name
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
