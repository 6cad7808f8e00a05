//! What users have granted the application: codes, and the tokens that they are exchanged for.

use std::{collections::HashMap, time::Duration};
use uuid::Uuid;

/// Discord does not say; observers saw about a minute.
const CODE_LIFE_MS: u64 = 60_000;
/// How long an access token lives.
pub(super) const TOKEN_LIFE_S: u64 = 604_800;

/// A user's consent, until its code is exchanged.
#[derive(Debug, Clone)]
pub(super) struct Consent {
    pub(super) user: u64,
    pub(super) scopes: Vec<String>,
    pub(super) redirect_uri: String,
    /// PKCE's challenge, made with S256.
    pub(super) challenge: Option<String>,
    pub(super) install: Option<Install>,
}

/// Where the bot goes, and with which permissions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Install {
    pub(super) guild: u64,
    pub(super) permissions: u64,
}

/// A pair of tokens.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) access: String,
    /// Gone once it was used.
    pub(super) refresh: Option<String>,
    pub(super) user: u64,
    pub(super) scopes: Vec<String>,
    pub(super) expires_ms: u64,
}

impl Token {
    pub(super) fn allows(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }
}

/// All codes and tokens, and how often they were asked for.
#[derive(Debug, Default)]
pub(super) struct Grants {
    codes: HashMap<String, (Consent, u64)>,
    tokens: Vec<Token>,
    pub(super) exchanges: u64,
    pub(super) refreshes: u64,
    pub(super) guild_lists: u64,
    /// How long the answers to requests for tokens take.
    pub(super) delay: Option<Duration>,
}

impl Grants {
    pub(super) fn issue_code(&mut self, consent: Consent, now_ms: u64) -> String {
        let code = secret();
        self.codes.insert(code.clone(), (consent, now_ms + CODE_LIFE_MS));
        code
    }

    /// The consent of a code that has not expired; whoever tries a code uses it up.
    pub(super) fn take_code(&mut self, code: &str, now_ms: u64) -> Option<Consent> {
        let (consent, expires_ms) = self.codes.remove(code)?;
        (now_ms < expires_ms).then_some(consent)
    }

    pub(super) fn issue_token(&mut self, user: u64, scopes: Vec<String>, now_ms: u64) -> Token {
        let expires_ms = now_ms + TOKEN_LIFE_S * 1000;
        let token = Token { access: secret(), refresh: Some(secret()), user, scopes, expires_ms };
        self.tokens.push(token.clone());
        token
    }

    /// A new pair for a refresh token, which is dead then.
    pub(super) fn rotate(&mut self, refresh: &str, now_ms: u64) -> Option<Token> {
        let old = self.tokens.iter_mut().find(|t| t.refresh.as_deref() == Some(refresh))?;
        old.refresh = None;
        let (user, scopes) = (old.user, old.scopes.clone());
        Some(self.issue_token(user, scopes, now_ms))
    }

    /// The pair of an access token that has not expired.
    pub(super) fn find(&self, access: &str, now_ms: u64) -> Option<&Token> {
        self.tokens.iter().find(|token| token.access == access && now_ms < token.expires_ms)
    }

    /// Kills everything that the user of either token has granted; tells who that is.
    pub(super) fn revoke(&mut self, token: &str) -> Option<u64> {
        let named = |t: &&Token| t.access == token || t.refresh.as_deref() == Some(token);
        let user = self.tokens.iter().find(named)?.user;
        self.revoke_user(user);
        Some(user)
    }

    pub(super) fn revoke_user(&mut self, user: u64) {
        self.tokens.retain(|token| token.user != user);
        self.codes.retain(|_, (consent, _)| consent.user != user);
    }

    pub(super) fn expire(&mut self) {
        self.tokens.iter_mut().for_each(|token| token.expires_ms = 0);
    }

    pub(super) fn reset_figures(&mut self) {
        (self.exchanges, self.refreshes, self.guild_lists) = (0, 0, 0);
    }
}

fn secret() -> String {
    Uuid::new_v4().simple().to_string()
}
