//! One statement: under a name that is kept, or without one, where no proxy may take it for another's.

use futures_util::TryStreamExt;
use sqlx::{
    Either, Execute, Executor, PgConnection, Postgres, SqlStr,
    error::BoxDynError,
    postgres::{PgArguments, PgQueryResult, PgRow, PgStatement},
};

/// A row, or the end of a statement.
pub(crate) type Step = Either<PgQueryResult, PgRow>;

/// How a statement is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Prepared once, under a name.
    Named,
    /// Without a name. What prepares and what carries out are one round trip each, so that they must be in one
    /// transaction, as they are here.
    Unnamed,
    /// The same in a transaction of its own.
    Alone,
}

/// Carries a statement out.
pub(crate) async fn carry_out<'q, E>(
    db: &mut PgConnection,
    mut query: E,
    way: Way,
) -> sqlx::Result<Vec<Step>>
where
    E: Execute<'q, Postgres> + 'q,
{
    if way == Way::Named {
        return db.fetch_many(query).try_collect().await;
    }
    let arguments = query.take_arguments().map_err(sqlx::Error::Encode)?;
    // Without arguments it is a script, which is not prepared, and a transaction as it is.
    let alone = way == Way::Alone && arguments.is_some();
    let query = Unnamed { query, arguments };
    if !alone {
        return db.fetch_many(query).try_collect().await;
    }
    db.execute(sqlx::raw_sql("begin")).await?;
    let answer = db.fetch_many(query).try_collect().await;
    let end = if answer.is_ok() { "commit" } else { "rollback" };
    // The connection is of no more use if its transaction could not be ended.
    db.execute(sqlx::raw_sql(end)).await?;
    answer
}

/// A statement that is prepared without a name.
struct Unnamed<E> {
    query: E,
    arguments: Option<PgArguments>,
}

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Unnamed<E> {
    fn sql(self) -> SqlStr {
        self.query.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        None
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        Ok(self.arguments.take())
    }

    fn persistent(&self) -> bool {
        false
    }
}
