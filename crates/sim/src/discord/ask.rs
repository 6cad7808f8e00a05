//! What an application asks of a user, as its link to `/oauth2/authorize` tells.

use super::{Application, forms::Pairs, grants::Install};
use reqwest::Url;

const KNOWN_SCOPES: &[&str] = &[
    "identify",
    "email",
    "guilds",
    "guilds.members.read",
    "connections",
    "bot",
    "applications.commands",
];

/// What a user is asked for.
pub(super) struct Ask {
    pub(super) scopes: Vec<String>,
    /// The guild that is chosen beforehand.
    pub(super) guild: Option<u64>,
    /// Whether no other can be chosen.
    pub(super) locked: bool,
    pub(super) permissions: u64,
    pub(super) redirect_uri: String,
    back: Url,
    state: Option<String>,
    pub(super) challenge: Option<String>,
}

/// Why nobody is asked.
pub(super) enum Flaw {
    /// Where to go back to is not known.
    Page(&'static str),
    /// The application is told.
    Redirect(Url),
}

impl Ask {
    pub(super) fn read(application: &Application, query: &Pairs) -> Result<Self, Flaw> {
        if query.get("client_id") != Some(&application.client_id) {
            return Err(Flaw::Page("Unknown application."));
        }
        let registered = application.redirect_uris();
        let redirect_uri = query.get("redirect_uri").or(registered.first().map(String::as_str));
        let redirect_uri = redirect_uri.ok_or(Flaw::Page("No redirect_uri."))?.to_owned();
        let back = Url::parse(&redirect_uri).ok().filter(|url| url.scheme().starts_with("http"));
        let is_known = registered.is_empty() || registered.contains(&redirect_uri);
        let back = back.filter(|_| is_known).ok_or(Flaw::Page("Invalid OAuth2 redirect_uri."))?;
        let scopes = query.get("scope").unwrap_or("").split_whitespace().map(str::to_owned);
        let guild = query.number("guild_id");
        let ask = Self {
            scopes: scopes.collect(),
            guild,
            locked: guild.is_some() && query.is_true("disable_guild_select"),
            permissions: query.number("permissions").unwrap_or(0),
            redirect_uri,
            back,
            state: query.get("state").map(str::to_owned),
            challenge: query.get("code_challenge").map(str::to_owned),
        };
        ask.check(query).map_err(Flaw::Redirect)?;
        Ok(ask)
    }

    /// Where to send a user whom the application asks for something that there is not.
    fn check(&self, query: &Pairs) -> Result<(), Url> {
        if query.get("response_type") != Some("code") {
            let why = "The authorization server does not support this response type";
            return Err(self.error("unsupported_response_type", why));
        }
        let unknown = |scope: &String| !KNOWN_SCOPES.contains(&scope.as_str());
        if self.scopes.is_empty() || self.scopes.iter().any(unknown) {
            let why = "The requested scope is invalid, unknown, or malformed.";
            return Err(self.error("invalid_scope", why));
        }
        // Without a method it would be `plain`.
        if self.challenge.is_some() && query.get("code_challenge_method") != Some("S256") {
            return Err(self.error("invalid_request", "The code_challenge_method must be S256"));
        }
        Ok(())
    }

    pub(super) fn has_bot(&self) -> bool {
        self.scopes.iter().any(|scope| scope == "bot")
    }

    pub(super) fn granted(&self, code: &str, install: Option<Install>) -> Url {
        let mut to = self.back_with(&[("code", code)]);
        if let Some(install) = install {
            let mut pairs = to.query_pairs_mut();
            pairs.append_pair("guild_id", &install.guild.to_string());
            pairs.append_pair("permissions", &install.permissions.to_string());
        }
        to
    }

    pub(super) fn error(&self, error: &str, description: &str) -> Url {
        self.back_with(&[("error", error), ("error_description", description)])
    }

    fn back_with(&self, pairs: &[(&str, &str)]) -> Url {
        let state = self.state.as_deref().map(|state| ("state", state));
        let mut to = self.back.clone();
        to.query_pairs_mut().extend_pairs(pairs).extend_pairs(state);
        to
    }
}
