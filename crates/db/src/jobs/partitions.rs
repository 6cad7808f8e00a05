//! Tables that only grow, cut by time: partitions made ahead, and dropped whole once all of one has outlived its use.

use crate::{Pool, announce::history::first_uuid_of};
use sqlx::{AssertSqlSafe, PgExecutor};
use time::{Date, Duration, OffsetDateTime};

/// A partitioned table.
#[derive(Debug)]
pub struct Partitioned {
    pub table: &'static str,
    /// How long a row is kept; it goes with the last row of its partition.
    pub keep: Duration,
    span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    /// A month, by the time in an id (UUID version 7).
    MonthOfId,
    /// A day (UTC).
    Day,
}

/// All of them. docs/database.md shows the same to people.
pub const PARTITIONED: &[Partitioned] = &[
    Partitioned { table: "delivery_history", keep: Duration::days(180), span: Span::MonthOfId },
    Partitioned { table: "delivery_attempts", keep: Duration::days(180), span: Span::MonthOfId },
    Partitioned { table: "webhook_messages", keep: Duration::days(2), span: Span::Day },
];

/// Partitions are there at least this long before their time.
const AHEAD: Duration = Duration::days(35);
const DAYS_AHEAD: Duration = Duration::days(2);

impl Partitioned {
    /// Makes the partitions of the time to come, and drops those that have outlived their use; how many of each.
    ///
    /// Waits for locks two seconds at most: a partition that is in use is dropped another time.
    pub async fn maintain(&self, db: &Pool, now: OffsetDateTime) -> sqlx::Result<(usize, usize)> {
        let last: Option<OffsetDateTime> =
            sqlx::query_scalar("select max(until_at) from partitions where parent = $1")
                .bind(self.table)
                .fetch_one(db)
                .await?;
        let mut from = match last {
            Some(until) => until.max(self.start_of(now)),
            None => self.start_of(now),
        };
        let ahead = if self.span == Span::Day { DAYS_AHEAD } else { AHEAD };
        let mut made = 0;
        while from < now + ahead {
            let until = self.start_after(from);
            self.make(db, from, until).await?;
            (from, made) = (until, made + 1);
        }
        let dropped = self.drop_old(db, now - self.keep).await?;
        self.clear_rest(db, now - self.keep).await?;
        Ok((made, dropped))
    }

    /// Makes one; rows of its time that are in the table's default partition move there.
    async fn make(
        &self,
        db: &Pool,
        from: OffsetDateTime,
        until: OffsetDateTime,
    ) -> sqlx::Result<()> {
        let table = self.table;
        let name = format!("{table}_{}", suffix(self.span, from.date()));
        let (key, low, high) = (self.key(), self.bound(from), self.bound(until));
        let statements = format!(
            "set local lock_timeout = '2s';
             -- First of all: what is written there between the move and the end could not be in the right place.
             lock table {table}_rest in access exclusive mode;
             create table {name} (like {table} including all);
             with moved as (delete from {table}_rest where {key} >= '{low}' and {key} < '{high}' returning *)
             insert into {name} select * from moved;
             alter table {table} attach partition {name} for values from ('{low}') to ('{high}')"
        );
        let mut transaction = db.begin().await?;
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut *transaction).await?;
        sqlx::query("insert into partitions (name, parent, until_at) values ($1, $2, $3)")
            .bind(&name)
            .bind(table)
            .bind(until)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// What the table is partitioned by.
    fn key(&self) -> &'static str {
        if self.span == Span::Day { "received_on" } else { "delivery_id" }
    }

    /// The smallest key of a moment.
    fn bound(&self, at: OffsetDateTime) -> String {
        match self.span {
            Span::MonthOfId => first_uuid_of(at).to_string(),
            Span::Day => at.date().to_string(),
        }
    }

    /// Deletes old rows from the default partition, which is never dropped.
    async fn clear_rest(&self, db: &Pool, before: OffsetDateTime) -> sqlx::Result<()> {
        let (table, key, bound) = (self.table, self.key(), self.bound(before));
        let clear = format!("delete from {table}_rest where {key} < '{bound}'");
        sqlx::raw_sql(AssertSqlSafe(clear)).execute(db).await?;
        Ok(())
    }

    async fn drop_old(&self, db: &Pool, before: OffsetDateTime) -> sqlx::Result<usize> {
        let old: Vec<String> = sqlx::query_scalar(
            "select name from partitions where parent = $1 and until_at <= $2 order by until_at",
        )
        .bind(self.table)
        .bind(before)
        .fetch_all(db)
        .await?;
        for name in &old {
            let mut transaction = db.begin().await?;
            let drop = format!("set local lock_timeout = '2s'; drop table if exists {name}");
            sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut *transaction).await?;
            sqlx::query("delete from partitions where name = $1")
                .bind(name)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
        }
        Ok(old.len())
    }

    fn start_of(&self, at: OffsetDateTime) -> OffsetDateTime {
        let day = at.to_offset(time::UtcOffset::UTC).date();
        let start = if self.span == Span::Day { day } else { first_of_month(day) };
        start.midnight().assume_utc()
    }

    fn start_after(&self, start: OffsetDateTime) -> OffsetDateTime {
        match self.span {
            Span::Day => start + Duration::DAY,
            // 31 days after the first of a month lie in the next one.
            Span::MonthOfId => self.start_of(start + Duration::days(31)),
        }
    }
}

fn first_of_month(day: Date) -> Date {
    day.replace_day(1).unwrap_or(day)
}

fn suffix(span: Span, day: Date) -> String {
    let (year, month) = (day.year(), u8::from(day.month()));
    match span {
        Span::MonthOfId => format!("{year}_{month:02}"),
        Span::Day => format!("{year}_{month:02}_{:02}", day.day()),
    }
}

/// How long a stream's deliveries stay in the outbox after its end: a stream within the longest merge window, a day,
/// still looks for its messages there.
const IN_OUTBOX: Duration = Duration::hours(26);

/// Moves up to `limit` settled deliveries of streams that ended long ago from the outbox to the history, from a
/// cursor on; the new cursor, or `None` when there were fewer.
pub async fn archive(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
    after: Option<uuid::Uuid>,
    limit: i64,
) -> sqlx::Result<Option<uuid::Uuid>> {
    sqlx::query_scalar(
        "with seen as materialized (
           select n.delivery_id, n.status not in ('pending', 'sending')
             and (n.session_id is null or s.ended_at < $1) as settled
           from notification_log n left join stream_sessions s using (session_id)
           where n.delivery_id > $2 order by n.delivery_id limit $3
         ), moved as (
           delete from notification_log n using seen
           where n.delivery_id = seen.delivery_id and seen.settled and n.status not in ('pending', 'sending')
           returning n.*
         ), kept as (
           insert into delivery_history select * from moved
           on conflict on constraint delivery_history_pkey do nothing
         )
         select delivery_id from seen where (select count(*) from seen) = $3 order by delivery_id desc limit 1",
    )
    .bind(now - IN_OUTBOX)
    .bind(after.unwrap_or_default())
    .bind(limit)
    .fetch_optional(db)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Month;

    #[test]
    fn months_and_days_follow_each_other() {
        let at = OffsetDateTime::from_unix_timestamp(1_798_675_200).unwrap(); // 2026-12-31
        let [months, _, days] = PARTITIONED else { panic!("three tables") };
        let next = months.start_after(months.start_of(at));
        assert_eq!((next.year(), next.month(), next.day()), (2027, Month::January, 1));
        let next = months.start_after(next);
        assert_eq!((next.month(), next.day()), (Month::February, 1));
        let next = days.start_after(days.start_of(at));
        assert_eq!(suffix(Span::Day, next.date()), "2027_01_01");
    }
}
