//! Whether a database can take what we write: asked by readiness, `migrate` and `doctor`.

use crate::{Pool, Session};
use sqlx::error::DatabaseError;

/// Why a database cannot be used, although it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Its encoding has no room for the names that streams have.
    Encoding(String),
    /// No schema of the search path is there, or may be looked into.
    NoSchema { user: String },
    /// Tables cannot be made.
    MayNotCreate { user: String, schema: String },
    /// A standby, or a database that is set so.
    ReadOnly,
    /// These tables cannot be written.
    MayNotWrite { user: String, tables: Vec<String> },
    /// No room is left for what is written.
    DiskFull,
    /// It takes no more connections.
    TooManyConnections,
    /// A proxy before it refuses a parameter with which a session is to begin.
    Parameter { message: String },
    /// It is being stopped or started.
    Stopping,
    /// It refuses for another reason.
    Refused { code: String, message: String },
}

impl Obstacle {
    /// What an error says of the database; `None` where it is no answer of the database's.
    pub fn of(error: &sqlx::Error) -> Option<Self> {
        let error = error.as_database_error()?;
        let code = error.code().unwrap_or_default();
        Some(match &*code {
            "25006" => Self::ReadOnly,
            "53100" => Self::DiskFull,
            "53300" => Self::TooManyConnections,
            stopping if stopping.starts_with("57P") => Self::Stopping,
            _ if error.message().starts_with("unsupported startup parameter") => {
                Self::Parameter { message: error.message().to_owned() }
            }
            _ => Self::Refused { code: code.into_owned(), message: error.message().to_owned() },
        })
    }

    /// One word for a machine.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Encoding(_) => "encoding",
            Self::NoSchema { .. } | Self::MayNotCreate { .. } | Self::MayNotWrite { .. } => {
                "denied"
            }
            Self::ReadOnly => "read_only",
            Self::DiskFull => "disk_full",
            Self::TooManyConnections => "too_many_connections",
            Self::Parameter { .. } => "parameter",
            Self::Stopping => "stopping",
            Self::Refused { .. } => "refused",
        }
    }

    /// What was found.
    pub fn found(&self) -> String {
        match self {
            Self::Encoding(encoding) => {
                format!(
                    "its encoding is {encoding}, which has no room for most of the world's names"
                )
            }
            Self::NoSchema { user } => format!("no schema is open to the user {user}"),
            Self::MayNotCreate { user, schema } => {
                format!("the user {user} may not make tables in the schema {schema}")
            }
            Self::ReadOnly => "it is read-only: every webhook is refused".to_owned(),
            Self::MayNotWrite { user, tables } => {
                format!("the user {user} may not write {}", tables.join(", "))
            }
            Self::DiskFull => "its disk is full: every webhook is refused".to_owned(),
            Self::TooManyConnections => "it takes no more connections".to_owned(),
            Self::Parameter { message } => format!("the proxy before it says: {message}"),
            Self::Stopping => "it is being stopped or started".to_owned(),
            Self::Refused { code, message } => format!("it refuses to write: {message} ({code})"),
        }
    }

    /// What helps.
    pub fn remedy(&self) -> String {
        match self {
            Self::Encoding(_) => {
                "make a new one: createdb --encoding UTF8 --template template0 NAME".to_owned()
            }
            Self::NoSchema { user } => {
                format!("as its owner: grant usage, create on schema public to {user}")
            }
            Self::MayNotCreate { user, schema } => {
                // From PostgreSQL 15 on, nobody but the owner may by default.
                format!("as its owner: grant create on schema {schema} to {user}")
            }
            Self::ReadOnly => {
                "let DATABASE_URL name the primary, and see `show default_transaction_read_only`, \
                 and whether its disk is full"
                    .to_owned()
            }
            Self::MayNotWrite { user, .. } => format!(
                "run as the user who has migrated, or: \
                 grant select, insert, update, delete on all tables in schema public to {user}"
            ),
            Self::DiskFull => {
                "give the database's disk more room, or free some; what was refused comes again \
                 by itself"
                    .to_owned()
            }
            Self::TooManyConnections => {
                "lower DATABASE_CONNECTIONS, raise the server's max_connections or the \
                 user's limit, or put a pooling proxy between"
                    .to_owned()
            }
            Self::Parameter { .. } => {
                "leave `options` out of DATABASE_URL, and PGOPTIONS unset: a setting \
                 for every session belongs to the user, alter role NAME set …"
                    .to_owned()
            }
            Self::Stopping => {
                "wait until it is up, and see its own log when it does not come".to_owned()
            }
            Self::Refused { .. } => {
                "see the database's own log, its disk and its limits".to_owned()
            }
        }
    }
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the database cannot be used: {}. Remedy: {}", self.found(), self.remedy())
    }
}

/// What keeps us from writing. It changes nothing and takes no lock that others would wait for.
pub async fn obstacle_to_writing(pool: &Pool) -> sqlx::Result<Option<Obstacle>> {
    let mut db = pool.acquire().await?;
    if is_read_only(&mut db).await? {
        return Ok(Some(Obstacle::ReadOnly));
    }
    let (user, tables): (String, Vec<String>) = sqlx::query_as(
        "select current_user::text, array(
           select c.relname::text from pg_class c
           where c.relnamespace = to_regnamespace(current_schema()) and c.relkind in ('r', 'p')
             -- A partition is written by way of its table.
             and not c.relispartition and c.relname <> '_sqlx_migrations'
             and not (has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert')
                      and has_table_privilege(c.oid, 'update') and has_table_privilege(c.oid, 'delete'))
           order by 1)",
    )
    .fetch_one(&mut db)
    .await?;
    Ok((!tables.is_empty()).then_some(Obstacle::MayNotWrite { user, tables }))
}

/// What becomes of the row that a [trial](obstacle_to_a_row) writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    Kept,
    TakenBack,
}

/// What keeps a row from being written at this moment: writes one, and something larger beside it.
pub async fn obstacle_to_a_row(pool: &Pool, trial: Trial) -> sqlx::Result<Option<Obstacle>> {
    match write(pool, trial).await {
        Ok(()) => Ok(None),
        Err(error) => Obstacle::of(&error).map(Some).ok_or(error),
    }
}

async fn write(pool: &Pool, trial: Trial) -> sqlx::Result<()> {
    let mut transaction = pool.begin().await?;
    sqlx::raw_sql("set local work_mem = '64kB'; set local temp_tablespaces = ''")
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "with filler as materialized (
           -- A row alone may find room in its page when the disk is full. A megabyte that is more than a statement
           -- may hold in memory goes to the database's own disk, and leaves nothing behind.
           select repeat(md5(g::text), 32) as text from generate_series(1, 1024) g
         )
         insert into jobs (name, due_at, succeeded_at)
         select 'trial', now(), now() from (select sum(length(text)) as size from filler) room where size > 0
         on conflict on constraint jobs_pkey do update set succeeded_at = now()",
    )
    .execute(&mut *transaction)
    .await?;
    match trial {
        Trial::Kept => transaction.commit().await,
        Trial::TakenBack => transaction.rollback().await,
    }
}

/// What keeps us from migrating, or would turn up after it. Where nothing is `pending`, a user who may not make
/// tables is good enough.
pub async fn obstacle_to_migrating(
    db: &mut Session,
    pending: bool,
) -> sqlx::Result<Option<Obstacle>> {
    let (encoding, user, schema, may_create): (String, String, Option<String>, bool) =
        sqlx::query_as(
            "select current_setting('server_encoding'), current_user::text, current_schema()::text,
                    coalesce(has_schema_privilege(current_schema(), 'create'), false)",
        )
        .fetch_one(&mut *db)
        .await?;
    if encoding != "UTF8" {
        return Ok(Some(Obstacle::Encoding(encoding)));
    }
    if !pending {
        return Ok(None);
    }
    let Some(schema) = schema else { return Ok(Some(Obstacle::NoSchema { user })) };
    if !may_create {
        return Ok(Some(Obstacle::MayNotCreate { user, schema }));
    }
    let read_only = "select current_setting('transaction_read_only') = 'on'";
    let read_only: bool = sqlx::query_scalar(read_only).fetch_one(db).await?;
    Ok(read_only.then_some(Obstacle::ReadOnly))
}

/// Asks by a write that no row fits: the refusal takes the connection out of the pool.
async fn is_read_only(db: &mut Session) -> sqlx::Result<bool> {
    match sqlx::query("update jobs set name = name where false").execute(db).await {
        Ok(_) => Ok(false),
        Err(error) => match error.as_database_error().and_then(DatabaseError::code).as_deref() {
            // read_only_sql_transaction
            Some("25006") => Ok(true),
            // insufficient_privilege, which is told with the other tables.
            Some("42501") => Ok(false),
            _ => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_that_is_no_answer_says_nothing_of_the_database() {
        assert_eq!(Obstacle::of(&sqlx::Error::PoolTimedOut), None);
        assert_eq!(Obstacle::of(&sqlx::Error::RowNotFound), None);
    }
}
