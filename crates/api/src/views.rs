//! Shapes that several resources share.

use crate::ApiError;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sm_db::guilds;
use sm_types::RoleId;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

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

/// The default and largest size of a page.
const PAGE: (i64, i64) = (50, 100);

/// How many rows a page has, out of what was asked for.
pub(crate) fn page_size(limit: Option<i64>) -> Result<i64, ApiError> {
    let limit = limit.unwrap_or(PAGE.0);
    if (1..=PAGE.1).contains(&limit) {
        Ok(limit)
    } else {
        let message = format!("Choose from 1 to {}.", PAGE.1);
        Err(ApiError::Malformed { field: "limit".to_owned(), message })
    }
}

/// A page's cursor, opaque to clients.
pub(crate) fn cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// The key in a cursor.
pub(crate) fn key_of(cursor: Option<&str>) -> Result<Option<String>, ApiError> {
    let Some(cursor) = cursor else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let key = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let wrong = || ApiError::Malformed {
        field: "after".to_owned(),
        message: "This is no cursor of ours. Leave it out to begin anew.".to_owned(),
    };
    key.filter(|key| !key.contains('\0')).map(Some).ok_or_else(wrong)
}
