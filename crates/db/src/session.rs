//! A connection in use, and a transaction: every statement is answered within the pool's limit or given up.

use crate::{
    pool::{Live, Permit, Pool, Shared},
    route::is_foreign_statement,
    statement::{Step, Way, carry_out},
};
use futures_util::{
    StreamExt, TryFutureExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Either, Error, Execute, Executor, PgConnection, Postgres, SqlStr,
    postgres::{PgRow, PgStatement, PgTypeInfo},
};
use std::{
    fmt, io,
    ops::{Deref, DerefMut},
    sync::Arc,
};
use tokio::time::{error::Elapsed, timeout};

/// A connection of the pool, for several statements one after the other.
pub struct Session {
    /// There until it is dropped.
    live: Option<Live>,
    /// Whether every statement so far was answered to its end.
    answered: bool,
    in_transaction: bool,
    _permit: Permit,
    shared: Arc<Shared>,
}

impl Pool {
    /// A connection for several statements. It goes back when it is dropped, and is closed instead when a
    /// statement was broken off.
    pub async fn acquire(&self) -> sqlx::Result<Session> {
        let (live, permit) = self.0.take().await?;
        Ok(Session::new(live, permit, self.0.clone()))
    }

    /// Begins a transaction; one that is dropped is rolled back.
    pub async fn begin(&self) -> sqlx::Result<Transaction> {
        Transaction::begin(self.acquire().await?).await
    }
}

impl Session {
    pub(crate) fn new(live: Live, permit: Permit, shared: Arc<Shared>) -> Self {
        let (answered, in_transaction) = (true, false);
        Self { live: Some(live), answered, in_transaction, _permit: permit, shared }
    }

    /// Carries a script out without a limit of time, for migrations, which take as long as they take.
    pub(crate) async fn run_unlimited(&mut self, script: &'static str) -> sqlx::Result<()> {
        let answer = self.ask()?.execute(sqlx::raw_sql(script)).await;
        self.settle(Ok(answer)).map(drop)
    }

    fn way(&self) -> Way {
        match (self.shared.route.keeps_names(), self.in_transaction) {
            (true, _) => Way::Named,
            (false, true) => Way::Unnamed,
            (false, false) => Way::Alone,
        }
    }

    /// Begins a statement. Until [`Session::settle`] the connection counts as broken off.
    fn ask(&mut self) -> sqlx::Result<&mut PgConnection> {
        if !self.answered {
            return Err(given_up());
        }
        self.answered = false;
        self.live.as_mut().map(|live| &mut live.connection).ok_or(Error::PoolClosed)
    }

    /// Ends a statement: decides whether the connection can be used again.
    fn settle<T>(&mut self, answer: Result<sqlx::Result<T>, Elapsed>) -> sqlx::Result<T> {
        let answer = answer.unwrap_or_else(|_| Err(given_up()));
        if answer.as_ref().is_err_and(is_foreign_statement) {
            self.shared.route.disprove();
        }
        self.answered = !answer.as_ref().is_err_and(is_fatal);
        if !self.answered {
            self.shared.distrust();
        }
        answer
    }
}

/// Whether a connection is of no more use after an error.
fn is_fatal(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => true,
        error if is_foreign_statement(error) => true,
        // Class 08: the connection; class 57P: the server stops or has cut it; 25006: it takes no writes, since
        // it was demoted, or was set so when the session began and the session keeps to it.
        Error::Database(error) => error.code().is_some_and(|code| {
            code.starts_with("08") || code.starts_with("57P") || code == "25006"
        }),
        _ => false,
    }
}

fn given_up() -> Error {
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database did not answer in time"))
}

/// Whether a statement was given up because the database did not answer in time.
pub fn is_given_up(error: &Error) -> bool {
    match error {
        Error::Io(error) => error.kind() == io::ErrorKind::TimedOut,
        Error::PoolTimedOut => true,
        _ => false,
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(live) = self.live.take()
            && self.answered
        {
            self.shared.put(live);
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("answered", &self.answered).finish_non_exhaustive()
    }
}

impl<'c> Executor<'c> for &'c mut Session {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Step>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let all = async move {
            let (limit, way) = (self.shared.limits.statement, self.way());
            let answer = timeout(limit, carry_out(self.ask()?, query, way)).await;
            self.settle(answer)
        };
        all.map_ok(|all| stream::iter(all.into_iter().map(Ok))).try_flatten_stream().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move {
            let (limit, way) = (self.shared.limits.statement, self.way());
            let answer = timeout(limit, carry_out(self.ask()?, query, way)).await;
            Ok(self.settle(answer)?.into_iter().find_map(Either::right))
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let limit = self.shared.limits.statement;
            let answer = timeout(limit, self.ask()?.prepare_with(sql, parameters)).await;
            self.settle(answer)
        })
    }
}

impl<'p> Executor<'p> for &Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Step>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let pool = self.clone();
        let all = async move {
            let mut session = pool.acquire().await?;
            session.fetch_many(query).try_collect::<Vec<_>>().await
        };
        all.map_ok(|all| stream::iter(all.into_iter().map(Ok))).try_flatten_stream().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let pool = self.clone();
        Box::pin(async move { pool.acquire().await?.fetch_optional(query).await })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'p: 'e,
    {
        let pool = self.clone();
        Box::pin(async move { pool.acquire().await?.prepare_with(sql, parameters).await })
    }
}

/// A transaction; dropped before it is committed, it is rolled back.
#[derive(Debug)]
pub struct Transaction {
    /// There until it has ended.
    session: Option<Session>,
}

impl Transaction {
    pub(crate) async fn begin(mut session: Session) -> sqlx::Result<Self> {
        sqlx::raw_sql("begin").execute(&mut session).await?;
        session.in_transaction = true;
        Ok(Self { session: Some(session) })
    }

    /// Keeps what was done.
    pub async fn commit(self) -> sqlx::Result<()> {
        self.end("commit").await
    }

    /// Takes back what was done.
    pub async fn rollback(self) -> sqlx::Result<()> {
        self.end("rollback").await
    }

    async fn end(mut self, how: &'static str) -> sqlx::Result<()> {
        let Some(mut session) = self.session.take() else { return Ok(()) };
        sqlx::raw_sql(how).execute(&mut session).await.map(drop)
    }
}

impl Deref for Transaction {
    type Target = Session;

    #[expect(clippy::expect_used, reason = "it is taken only by what ends the transaction")]
    fn deref(&self) -> &Session {
        self.session.as_ref().expect("it has not ended")
    }
}

impl DerefMut for Transaction {
    #[expect(clippy::expect_used, reason = "it is taken only by what ends the transaction")]
    fn deref_mut(&mut self) -> &mut Session {
        self.session.as_mut().expect("it has not ended")
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(mut session) = self.session.take() else { return };
        if !session.answered {
            return;
        }
        match tokio::runtime::Handle::try_current() {
            // One that is not answered is closed, and the server rolls back too.
            Ok(runtime) => drop(runtime.spawn(async move {
                let _ = sqlx::raw_sql("rollback").execute(&mut session).await;
            })),
            Err(_) => session.answered = false,
        }
    }
}
