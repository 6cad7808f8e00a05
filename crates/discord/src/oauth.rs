//! OAuth2: signing users in, installing the bot, and what a user's token can read.

use crate::{
    Client, Error, Reply,
    client::{Body, Identity, Outgoing},
    model::{Guild, GuildSummary, User},
    permissions::Permissions,
};
use reqwest::{Method, Url};
use serde::{Deserialize, Deserializer};
use sm_types::{GuildId, Secret};
use std::time::Duration;

/// Permissions asked for at an install: what posting takes, and nothing else.
///
/// Mention Everyone is not among them: few servers want it, and the dashboard tells those that do.
pub const INSTALL_PERMISSIONS: Permissions = Permissions(
    Permissions::VIEW_CHANNEL.0
        | Permissions::SEND_MESSAGES.0
        | Permissions::SEND_MESSAGES_IN_THREADS.0
        | Permissions::EMBED_LINKS.0
        // For looking whether a message whose answer was lost is there.
        | Permissions::READ_MESSAGE_HISTORY.0,
);

/// What a person is asked for on Discord's consent page.
#[derive(Debug, Clone)]
pub struct Consent<'a> {
    /// Where Discord sends the person back to; the same at the exchange, byte for byte.
    pub redirect_uri: &'a str,
    /// Comes back unchanged.
    pub state: &'a str,
    /// The hash of the PKCE verifier.
    pub code_challenge: &'a str,
    /// The guild to install the bot in; `None` only signs the person in.
    pub install_in: Option<GuildId>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct UserTokens {
    /// For requests; lives 7 days.
    #[serde(deserialize_with = "secret")]
    pub access_token: Secret,
    /// For the next pair; dead once used.
    #[serde(deserialize_with = "secret")]
    pub refresh_token: Secret,
    /// Seconds.
    #[serde(default)]
    expires_in: u64,
    /// The guild that the bot was installed in. Only this one is to be believed.
    #[serde(default)]
    pub guild: Option<Guild>,
}

impl UserTokens {
    /// How long the access token lives.
    pub fn expires_in(&self) -> Duration {
        Duration::from_secs(self.expires_in)
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

impl Client {
    /// The consent page's address; `None` when the configured address is none.
    pub fn consent_url(&self, consent: &Consent<'_>) -> Option<String> {
        let origin = self.config.api_url.split("/api/").next().unwrap_or_default();
        let guild = consent.install_in.map(|guild| guild.to_string());
        let permissions = INSTALL_PERMISSIONS.0.to_string();
        let mut query = vec![
            ("response_type", "code"),
            ("client_id", &self.config.client_id),
            ("redirect_uri", consent.redirect_uri),
            ("state", consent.state),
            ("code_challenge", consent.code_challenge),
            ("code_challenge_method", "S256"),
        ];
        match &guild {
            None => query.extend([("scope", "identify guilds"), ("prompt", "none")]),
            Some(guild) => query.extend([
                ("scope", "identify guilds bot applications.commands"),
                ("permissions", permissions.as_str()),
                ("guild_id", guild),
                ("disable_guild_select", "true"),
            ]),
        }
        let url = Url::parse_with_params(&format!("{origin}/oauth2/authorize"), query).ok()?;
        Some(url.into())
    }

    /// Exchanges a code; it works once.
    pub async fn exchange_code(
        &self,
        code: &str,
        redirect_uri: &str,
        code_verifier: &Secret,
    ) -> Result<UserTokens, Error> {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", code_verifier.expose()),
        ])
        .await
    }

    /// Exchanges a refresh token for a new pair; the old one is dead from then on.
    pub async fn refresh_tokens(&self, refresh_token: &Secret) -> Result<UserTokens, Error> {
        let token = refresh_token.expose();
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Revokes all tokens of the user to whom this one belongs.
    pub async fn revoke_tokens(&self, token: &Secret) -> Result<(), Error> {
        let form = [("token", token.expose()), ("token_type_hint", "refresh_token")];
        let request = Outgoing {
            identity: Identity::Application,
            body: Body::Form(&form),
            ..Outgoing::new(Method::POST, "oauth2/token/revoke".to_owned())
        };
        self.send(request).await.map(|_| ())
    }

    /// The user to whom a token belongs.
    pub async fn user(&self, token: &Secret) -> Result<Reply<User>, Error> {
        self.as_user(token, "users/@me").await
    }

    /// The guilds of the user to whom a token belongs. About one request per second and token.
    pub async fn user_guilds(&self, token: &Secret) -> Result<Reply<Vec<GuildSummary>>, Error> {
        self.as_user(token, "users/@me/guilds").await
    }

    async fn token(&self, form: &[(&str, &str)]) -> Result<UserTokens, Error> {
        let request = Outgoing {
            identity: Identity::Application,
            body: Body::Form(form),
            ..Outgoing::new(Method::POST, "oauth2/token".to_owned())
        };
        Ok(self.read(request).await?.body)
    }

    async fn as_user<T: serde::de::DeserializeOwned>(
        &self,
        token: &Secret,
        path: &str,
    ) -> Result<Reply<T>, Error> {
        let identity = Identity::User(token);
        self.read(Outgoing { identity, ..Outgoing::new(Method::GET, path.to_owned()) }).await
    }
}
