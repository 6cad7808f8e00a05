//! Lists of Helix, read row by row: one that cannot be read costs itself and nothing beside it.

use crate::Error;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::{collections::HashSet, ops::Deref};

/// What a list is made of.
pub trait Row: DeserializeOwned {
    /// For logs.
    const KIND: &str;
    /// What it has in common with no other row; a list that moves while it is read may show one twice.
    fn key(&self) -> &str;
}

/// Rows of Helix, none of them twice.
#[derive(Debug, Clone)]
pub struct List<T> {
    pub rows: Vec<T>,
    /// Whether every row could be read. Nothing follows from what another list lacks.
    pub whole: bool,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), whole: true }
    }
}

impl<T: Row> List<T> {
    /// Adds another page.
    pub(crate) fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.whole &= other.whole;
    }

    /// The same without what is there twice.
    pub(crate) fn once(mut self) -> Self {
        let mut seen = HashSet::new();
        let first: Vec<_> = self.rows.iter().map(|row| seen.insert(row.key().to_owned())).collect();
        let mut first = first.into_iter();
        self.rows.retain(|_| first.next().unwrap_or(true));
        self
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.rows
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

/// A page of a list.
pub(crate) struct Page<T> {
    pub(crate) list: List<T>,
    /// The next page's cursor; `{}`, an empty string or none means that this is the last.
    pub(crate) cursor: Option<String>,
    /// How many rows could not be read.
    pub(crate) skipped: usize,
}

/// Reads a page. `data` is always there: without it, or with `null`, it is no list, and not an empty one.
pub(crate) fn read<T: Row>(json: &[u8]) -> Result<Page<T>, Error> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow)]
        data: Vec<&'a RawValue>,
        #[serde(default)]
        pagination: serde_json::Value,
    }
    let Raw { data, pagination } = serde_json::from_slice(json).map_err(|_| Error::Decode)?;
    let rows: Vec<T> = data.iter().filter_map(|row| serde_json::from_str(row.get()).ok()).collect();
    let skipped = data.len() - rows.len();
    let cursor = pagination.get("cursor").and_then(|cursor| cursor.as_str());
    let cursor = cursor.filter(|cursor| !cursor.is_empty()).map(ToOwned::to_owned);
    let list = List { rows, whole: skipped == 0 };
    Ok(Page { list: list.once(), cursor, skipped })
}
