//! Fields that events share. Unknown ones and values are accepted; absent, `null` and `""` are one.

use serde::{Deserialize, Deserializer};
use sm_types::TwitchUserId;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A broadcaster, or another user, as named in an event.
#[derive(Debug, Clone)]
pub struct Broadcaster {
    /// The id; never changes.
    pub id: TwitchUserId,
    /// The login at this time.
    pub login: String,
    /// The display name at this time.
    pub name: String,
}

/// Reads a text that may be absent, `null` or empty, all meaning "not set".
pub(crate) fn set<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// Reads what may be `null`, which is as good as absent. `#[serde(default)]` alone does not cover it.
pub(crate) fn given<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a time; one that cannot be read is "not set".
pub(crate) fn moment<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<OffsetDateTime>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok()))
}

/// Reads a list of texts; what is no list is "not set", and what is no text in it is left out.
pub(crate) fn texts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    let serde_json::Value::Array(list) = Deserialize::deserialize(deserializer)? else {
        return Ok(None);
    };
    let text = |item: serde_json::Value| item.as_str().map(str::to_owned);
    Ok(Some(list.into_iter().filter_map(text).collect()))
}

/// Reads a count; `null` and what lies below 0 are none.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(Option::<i64>::deserialize(deserializer)?.unwrap_or_default().max(0))
}

/// The fields with which an event names somebody beside the broadcaster; all `null`: somebody without a name.
#[derive(Deserialize)]
pub(super) struct UserFields {
    #[serde(default, deserialize_with = "set")]
    user_id: Option<String>,
    #[serde(default, deserialize_with = "set")]
    user_login: Option<String>,
    #[serde(default, deserialize_with = "set")]
    user_name: Option<String>,
}

impl UserFields {
    pub(super) fn named(self) -> Option<Broadcaster> {
        Some(Broadcaster {
            id: TwitchUserId(self.user_id?),
            login: self.user_login.unwrap_or_default(),
            name: self.user_name.unwrap_or_default(),
        })
    }
}

/// The three fields with which most events name the broadcaster.
#[derive(Deserialize)]
pub(super) struct BroadcasterFields {
    broadcaster_user_id: TwitchUserId,
    #[serde(default, deserialize_with = "set")]
    broadcaster_user_login: Option<String>,
    #[serde(default, deserialize_with = "set")]
    broadcaster_user_name: Option<String>,
}

impl From<BroadcasterFields> for Broadcaster {
    fn from(fields: BroadcasterFields) -> Self {
        Self {
            id: fields.broadcaster_user_id,
            login: fields.broadcaster_user_login.unwrap_or_default(),
            name: fields.broadcaster_user_name.unwrap_or_default(),
        }
    }
}
