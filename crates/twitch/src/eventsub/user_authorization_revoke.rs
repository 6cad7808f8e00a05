//! `user.authorization.revoke`, version 1. Login and name are `null` when the account is gone.

use serde::Deserialize;
use sm_types::TwitchUserId;

/// A user disconnected the app, or changed the password, or is gone.
#[derive(Debug, Clone, Deserialize)]
pub struct AuthorizationRevoke {
    pub user_id: TwitchUserId,
}

#[cfg(test)]
mod tests {
    use crate::eventsub::{Event, payload::tests::event};

    #[test]
    fn account_may_be_gone() {
        let json = r#"{"client_id":"c","user_id":"7","user_login":null,"user_name":null}"#;
        let Event::AuthorizationRevoke(revoke) = event("user.authorization.revoke", json).unwrap()
        else {
            panic!()
        };
        assert_eq!(revoke.user_id.as_str(), "7");
    }
}
