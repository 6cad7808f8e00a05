//! OAuth2: a streamer proves that a channel is theirs.

use crate::{Client, Error};
use reqwest::Url;
use serde::{Deserialize, Deserializer};
use sm_types::{Secret, TwitchUserId};

/// The scope a streamer is asked for who grants nothing else. Any scope makes their subscriptions free of cost; this one reads
/// nothing that is not public but the number of followers.
pub const LINK_SCOPE: &str = "moderator:read:followers";

/// A user's access token, kept only until the channel is known.
#[derive(Debug, Clone, Deserialize)]
pub struct UserToken {
    #[serde(deserialize_with = "secret")]
    pub access_token: Secret,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

/// Scopes come as a list; the documentation shows a text as well, with spaces between.
fn scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Scopes {
        List(Vec<String>),
        Text(String),
        None(()),
    }
    Ok(match Scopes::deserialize(deserializer)? {
        Scopes::List(scopes) => scopes,
        Scopes::Text(text) => text.split_whitespace().map(str::to_owned).collect(),
        Scopes::None(()) => Vec::new(),
    })
}

/// To whom a token belongs, and what it may do.
#[derive(Debug, Clone, Deserialize)]
pub struct TokenOwner {
    pub user_id: TwitchUserId,
    pub login: String,
    #[serde(default, deserialize_with = "scopes")]
    pub scopes: Vec<String>,
    /// The application it was made for.
    client_id: String,
}

impl Client {
    /// The consent page's address for these scopes; `None` when the configured address is none.
    pub fn consent_url(&self, redirect_uri: &str, state: &str, scopes: &[&str]) -> Option<String> {
        let scopes = scopes.join(" ");
        let query = [
            ("response_type", "code"),
            ("client_id", self.client_id()),
            ("redirect_uri", redirect_uri),
            ("scope", &scopes),
            ("state", state),
            // Else somebody with two channels would never be asked which.
            ("force_verify", "true"),
        ];
        let address = format!("{}/authorize", self.auth_url());
        Some(Url::parse_with_params(&address, query).ok()?.into())
    }

    /// Exchanges a code; it works once.
    pub async fn exchange_code(&self, code: &str, redirect_uri: &str) -> Result<UserToken, Error> {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
        ])
        .await
    }

    /// Tells to whom a token belongs; one of another application is refused.
    pub async fn validate(&self, token: &Secret) -> Result<TokenOwner, Error> {
        let owner: TokenOwner = self.get_auth("validate", token).await?;
        if owner.client_id == self.client_id() { Ok(owner) } else { Err(Error::Unauthorized) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_in_whatever_form() {
        for (sent, read) in [
            (r#","scopes":["bits:read","a:b"]"#, vec!["bits:read", "a:b"]),
            (r#","scopes":"bits:read a:b""#, vec!["bits:read", "a:b"]),
            (r#","scopes":null"#, vec![]),
            ("", vec![]),
        ] {
            let json = format!(r#"{{"user_id":"7","login":"ana","client_id":"c"{sent}}}"#);
            assert_eq!(serde_json::from_str::<TokenOwner>(&json).unwrap().scopes, read, "{sent}");
        }
    }
}
