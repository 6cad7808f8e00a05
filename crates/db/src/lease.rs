//! Rows of work: claimed under a lease, fenced by their attempt, given back, tried again later.
//!
//! Each outbox has a column that says when a row is due and doubles as the lease while a worker has it, and a
//! column `attempts` that counts claims. A worker that comes back after its lease has run out finds another
//! attempt there and changes nothing.

use time::Duration;

/// A table of work.
pub(crate) struct Outbox {
    pub(crate) table: &'static str,
    /// Its primary key, with the types of the columns.
    pub(crate) key: &'static [(&'static str, &'static str)],
    /// When a row is due, and the lease.
    pub(crate) due: &'static str,
    /// Which rows are work that may be claimed.
    pub(crate) open: &'static str,
}

impl Outbox {
    /// The head of a statement that claims up to `$3` rows due at `$1` until `$2`, the longest overdue first;
    /// what was claimed is in `claimed`. `set` is what changes besides.
    pub(crate) fn claim(&self, set: &str) -> String {
        let Self { table, due, open, .. } = self;
        let (key, same) = (self.columns(), self.same("x", "due"));
        format!(
            "with due as (
               select {key} from {table} where {open} and {due} <= $1
               order by {due} limit $3 for update skip locked
             ), claimed as (
               update {table} x set {due} = $2, attempts = x.attempts + 1{set} from due where {same} returning x.*
             ) "
        )
    }

    /// A statement that gives claimed rows back unsent, due at `$1`: the claim does not count. `$2` has the
    /// attempts, further parameters the keys, column by column; `held` is what a claimed row looks like, and
    /// `set` what changes besides.
    pub(crate) fn release(&self, set: &str, held: &str) -> String {
        let Self { table, due, .. } = self;
        let arrays: String =
            (3..).zip(self.key).map(|(n, (_, kind))| format!(", ${n}::{kind}[]")).collect();
        let (columns, same) = (self.columns(), self.same("x", "c"));
        format!(
            "update {table} x set {due} = $1, attempts = greatest(0, x.attempts - 1){set}
             from unnest($2::int[]{arrays}) as c (attempt, {columns})
             where {same} and x.attempts = c.attempt and {held}"
        )
    }

    /// A statement that says when the next row is due.
    pub(crate) fn next_due(&self) -> String {
        let Self { table, due, open, .. } = self;
        format!("select min({due}) from {table} where {open}")
    }

    fn columns(&self) -> String {
        let named: Vec<_> = self.key.iter().map(|(name, _)| *name).collect();
        named.join(", ")
    }

    fn same(&self, one: &str, other: &str) -> String {
        let pairs: Vec<_> =
            self.key.iter().map(|(name, _)| format!("{one}.{name} = {other}.{name}")).collect();
        pairs.join(" and ")
    }
}

/// How long to wait after the `attempts`-th try has failed: `first`, doubled each time, at most `longest`.
///
/// `seed` adds up to a quarter, so that what failed together does not come back in step.
pub fn backoff(attempts: i32, first: Duration, longest: Duration, seed: u8) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or(0);
    let wait = (first * 2_i32.pow(doublings)).min(longest);
    wait + wait * (f64::from(seed) / 255.0 / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_its_longest() {
        let wait = |attempts| backoff(attempts, Duration::SECOND, Duration::MINUTE, 0);
        assert_eq!([0, 1, 2, 4, 9].map(wait).map(Duration::whole_seconds), [1, 1, 2, 8, 60]);
        assert_eq!(
            backoff(1, Duration::SECOND, Duration::MINUTE, 255),
            Duration::milliseconds(1250)
        );
        assert_eq!(wait(i32::MAX), Duration::MINUTE);
    }
}
