//! Shapes that several resources share.

use crate::ApiError;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sm_db::guilds;
use sm_types::RoleId;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;
use uuid::Uuid;

/// A time as clients read it: RFC 3339, in UTC.
pub(crate) fn rfc3339(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).format(&Rfc3339).unwrap_or_default()
}

/// Whom an announcement mentions.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Mention {
    /// Nobody.
    None,
    /// A role.
    Role {
        /// The role.
        #[schema(value_type = String, example = "900000000000000003")]
        role_id: RoleId,
    },
    /// `@everyone`.
    Everyone,
    /// `@here`.
    Here,
    /// The members who asked for it, by name; 80 at most.
    Members,
}

impl From<guilds::Mention> for Mention {
    fn from(mention: guilds::Mention) -> Self {
        match mention {
            guilds::Mention::None => Self::None,
            guilds::Mention::Role(role_id) => Self::Role { role_id },
            guilds::Mention::Everyone => Self::Everyone,
            guilds::Mention::Here => Self::Here,
            guilds::Mention::Members => Self::Members,
        }
    }
}

impl From<Mention> for guilds::Mention {
    fn from(mention: Mention) -> Self {
        match mention {
            Mention::None => Self::None,
            Mention::Role { role_id } => Self::Role(role_id),
            Mention::Everyone => Self::Everyone,
            Mention::Here => Self::Here,
            Mention::Members => Self::Members,
        }
    }
}

/// The size of a page, when nothing is said.
const PAGE_DEFAULT: i64 = 50;
const PAGE_LIMIT: i64 = 100;

/// How many rows a page has, out of what was asked for.
pub(crate) fn page_size(limit: Option<i64>) -> Result<i64, ApiError> {
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    if (1..=PAGE_LIMIT).contains(&limit) {
        Ok(limit)
    } else {
        let message = format!("Choose from 1 to {PAGE_LIMIT}.");
        Err(ApiError::Malformed { field: "limit".to_owned(), message })
    }
}

/// The longest text to search a list for.
const MAX_SEARCH: usize = 100;

/// What a list is searched for, without the spaces around it.
pub(crate) fn searched(q: Option<&str>) -> Result<Option<&str>, ApiError> {
    let q = q.map(str::trim);
    if q.is_some_and(|q| q.chars().count() > MAX_SEARCH) {
        let message = format!("Search for {MAX_SEARCH} characters at most.");
        return Err(ApiError::Malformed { field: "q".to_owned(), message });
    }
    Ok(q)
}

/// The rows of a page out of a query for one row more, and the cursor of the next page if there is one.
pub(crate) fn page<T>(
    mut rows: Vec<T>,
    size: i64,
    key: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let size = usize::try_from(size).unwrap_or(0);
    let more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().filter(|_| more).map(|row| URL_SAFE_NO_PAD.encode(key(row)));
    (rows, next)
}

fn foreign_cursor() -> ApiError {
    ApiError::Malformed {
        field: "after".to_owned(),
        message: "This cursor is not one that this API gave out. Leave it out to start from the beginning.".to_owned(),
    }
}

/// The key in a cursor; cursors are opaque to clients.
pub(crate) fn key_of(cursor: Option<&str>) -> Result<Option<String>, ApiError> {
    let Some(cursor) = cursor else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let key = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    key.filter(|key| !key.contains('\0')).map(Some).ok_or_else(foreign_cursor)
}

/// The id in a cursor.
pub(crate) fn id_of(cursor: Option<&str>) -> Result<Option<Uuid>, ApiError> {
    let id = key_of(cursor)?.map(|key| key.parse());
    id.transpose().map_err(|_| foreign_cursor())
}
