//! Authorization codes and tokens: who holds which, and until when.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const CODE_LIFETIME: Duration = Duration::minutes(10);
const USER_TOKEN_LIFETIME: Duration = Duration::seconds(14_346);
const APP_TOKEN_LIFETIME: Duration = Duration::seconds(5_011_271);

/// What a user has allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) user: String,
    pub(super) scopes: Vec<String>,
}

impl Grant {
    pub(super) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}

/// Whom a valid token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bearer {
    App,
    User(Grant),
}

/// An access token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) bearer: Bearer,
    expires_at: OffsetDateTime,
}

impl Token {
    fn new(bearer: Bearer, lifetime: Duration, now: OffsetDateTime) -> Self {
        Self { text: random(), bearer, expires_at: now + lifetime }
    }

    /// How many seconds it is still good for.
    pub(super) fn expires_in(&self, now: OffsetDateTime) -> i64 {
        (self.expires_at - now).whole_seconds()
    }
}

#[derive(Debug)]
struct Code {
    text: String,
    grant: Grant,
    redirect_uri: String,
    expires_at: OffsetDateTime,
}

#[derive(Debug)]
struct Refresh {
    text: String,
    grant: Grant,
}

/// Why a code gives no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeError {
    Unknown,
    OtherRedirect,
}

/// All codes and tokens that have been handed out and are not gone yet.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    codes: Vec<Code>,
    access: Vec<Token>,
    refresh: Vec<Refresh>,
    /// How many app tokens there have been, dead ones too.
    pub(super) app_tokens_issued: usize,
    /// How often a code was to be exchanged, refused ones too.
    pub(super) exchanges: usize,
}

impl Tokens {
    pub(super) fn add_code(
        &mut self,
        grant: Grant,
        redirect_uri: &str,
        now: OffsetDateTime,
    ) -> String {
        let (text, redirect_uri) = (random(), redirect_uri.to_owned());
        let expires_at = now + CODE_LIFETIME;
        self.codes.push(Code { text: text.clone(), grant, redirect_uri, expires_at });
        text
    }

    /// Uses a code up.
    pub(super) fn take_code(
        &mut self,
        code: &str,
        redirect_uri: &str,
        now: OffsetDateTime,
    ) -> Result<Grant, CodeError> {
        let is_it = |known: &Code| known.text == code && now < known.expires_at;
        let at = self.codes.iter().position(is_it).ok_or(CodeError::Unknown)?;
        if self.codes[at].redirect_uri != redirect_uri {
            return Err(CodeError::OtherRedirect);
        }
        Ok(self.codes.remove(at).grant)
    }

    pub(super) fn add_app_token(&mut self, now: OffsetDateTime) -> Token {
        self.app_tokens_issued += 1;
        self.add(Token::new(Bearer::App, APP_TOKEN_LIFETIME, now))
    }

    pub(super) fn add_user_token(&mut self, grant: Grant, now: OffsetDateTime) -> Token {
        self.add(Token::new(Bearer::User(grant), USER_TOKEN_LIFETIME, now))
    }

    fn add(&mut self, token: Token) -> Token {
        self.access.push(token.clone());
        token
    }

    pub(super) fn add_refresh_token(&mut self, grant: Grant) -> String {
        // Twitch's may have such characters: a form that does not escape them breaks.
        let text = format!("{}%2F/+={}", random(), random());
        self.refresh.push(Refresh { text: text.clone(), grant });
        text
    }

    /// What a refresh token stands for, and the one that takes its place.
    pub(super) fn refresh(&mut self, text: &str, rotate: bool) -> Option<(Grant, String)> {
        let at = self.refresh.iter().position(|known| known.text == text)?;
        let grant = self.refresh[at].grant.clone();
        if !rotate {
            return Some((grant, text.to_owned()));
        }
        self.refresh.remove(at);
        let next = self.add_refresh_token(grant.clone());
        Some((grant, next))
    }

    /// An access token that is still good.
    pub(super) fn find(&self, text: &str, now: OffsetDateTime) -> Option<&Token> {
        self.access.iter().find(|token| token.text == text && now < token.expires_at)
    }

    /// Ends an access token; false when it was not good any more.
    pub(super) fn revoke(&mut self, text: &str, now: OffsetDateTime) -> bool {
        let found = self.find(text, now).is_some();
        self.access.retain(|token| token.text != text);
        found
    }

    pub(super) fn expire_app_tokens(&mut self) {
        self.access.retain(|token| token.bearer != Bearer::App);
    }

    /// Ends the access tokens of users; refresh tokens stay.
    pub(super) fn expire_user_tokens(&mut self) {
        self.access.retain(|token| token.bearer == Bearer::App);
    }

    /// Ends whatever a user has allowed.
    pub(super) fn forget(&mut self, user: &str) {
        self.codes.retain(|code| code.grant.user != user);
        self.refresh.retain(|refresh| refresh.grant.user != user);
        let is_theirs = |t: &Token| matches!(&t.bearer, Bearer::User(grant) if grant.user == user);
        self.access.retain(|token| !is_theirs(token));
    }
}

fn random() -> String {
    Uuid::new_v4().simple().to_string()
}
