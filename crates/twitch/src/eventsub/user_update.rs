//! `user.update`, version 1: how renames are learned.

use super::fields::{Broadcaster, set};
use serde::Deserialize;
use sm_types::TwitchUserId;

/// A user's login, name or description changed.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Fields")]
pub struct UserUpdate {
    /// The user, with the new names.
    pub user: Broadcaster,
}

#[derive(Deserialize)]
struct Fields {
    user_id: TwitchUserId,
    #[serde(default, deserialize_with = "set")]
    user_login: Option<String>,
    #[serde(default, deserialize_with = "set")]
    user_name: Option<String>,
}

impl From<Fields> for UserUpdate {
    fn from(fields: Fields) -> Self {
        let login = fields.user_login.unwrap_or_default();
        let name = fields.user_name.unwrap_or_default();
        Self { user: Broadcaster { id: fields.user_id, login, name } }
    }
}

#[cfg(test)]
mod tests {
    use crate::eventsub::{Event, payload::tests::event};

    #[test]
    fn names_are_those_of_now() {
        let json =
            r#"{"user_id":"7","user_login":"new","user_name":"New","email":"","description":""}"#;
        let Event::UserUpdate(update) = event("user.update", json).unwrap() else { panic!() };
        assert_eq!((update.user.login.as_str(), update.user.name.as_str()), ("new", "New"));
    }
}
