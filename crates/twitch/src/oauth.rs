//! OAuth2: a streamer proves that a channel is theirs.

use crate::{
    Client, Error,
    eventsub::fields::{given, set},
};
use reqwest::Url;
use serde::{Deserialize, Deserializer};
use sm_types::{Secret, TwitchUserId};

/// The scope a streamer is asked for who grants nothing else. Any scope makes their subscriptions free of cost; this one reads
/// nothing that is not public but the number of followers.
pub const LINK_SCOPE: &str = "moderator:read:followers";

/// What whoever asks for the bot grants.
pub const INVITE_SCOPE: &str = "channel:bot";
/// What an account grants that the bot speaks with: it is seen as a bot, reads and writes.
pub const BOT_SCOPES: [&str; 3] = ["user:bot", "user:read:chat", "user:write:chat"];
/// What an account grants besides that deletes what channels filter.
pub const MODERATE_SCOPE: &str = "moderator:manage:chat_messages";
/// What an account that the bot speaks with is asked for.
pub const ACCOUNT_SCOPES: [&str; 4] =
    ["user:bot", "user:read:chat", "user:write:chat", MODERATE_SCOPE];
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A user's tokens; mostly kept only until it is known whose they are.
#[derive(Debug, Clone, Deserialize)]
pub struct UserToken {
    #[serde(deserialize_with = "secret")]
    pub access_token: Secret,
    /// Gets the next access token; may change each time.
    #[serde(default, deserialize_with = "set_secret")]
    pub refresh_token: Option<Secret>,
    /// How long the access token lives, in seconds; about 4 hours.
    #[serde(default, deserialize_with = "given")]
    pub expires_in: u64,
}

/// A person is asked for something on a page of Twitch's, while a program without one waits.
#[derive(Debug, Clone, Deserialize)]
pub struct Device {
    #[serde(deserialize_with = "secret")]
    pub device_code: Secret,
    /// What the person types there, unless the page's address has it already.
    pub user_code: String,
    /// The page.
    pub verification_uri: String,
    /// Seconds until it is too late.
    #[serde(default, deserialize_with = "given")]
    pub expires_in: u64,
    /// Seconds between two looks.
    #[serde(default, deserialize_with = "given")]
    pub interval: u64,
}

fn set_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(set(deserializer)?.map(Secret::new))
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

    /// Begins to ask a person for scopes on a page of Twitch's.
    pub async fn begin_device(&self, scopes: &[&str]) -> Result<Device, Error> {
        let scopes = scopes.join(" ");
        self.post_auth("device", &[("client_id", self.client_id()), ("scopes", &scopes)]).await
    }

    /// The tokens once the person has agreed; `None` before that.
    pub async fn device_token(&self, device: &Device) -> Result<Option<UserToken>, Error> {
        let code = device.device_code.expose();
        match self.token(&[("grant_type", DEVICE_GRANT), ("device_code", code)]).await {
            Ok(token) => Ok(Some(token)),
            Err(Error::Rejected { message, .. }) if message == "authorization_pending" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gets the next tokens of a user. A refusal is final: they have disconnected the app, or changed the password.
    pub async fn refresh_user_token(&self, refresh: &Secret) -> Result<UserToken, Error> {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh.expose())]).await
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
