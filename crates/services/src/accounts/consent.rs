//! Consent pages of Discord and Twitch: where they begin, and what came back.
//!
//! What was asked for, and the secrets that tie the answer to the browser that asked, travel in a
//! signed cookie of ten minutes. Nothing is stored for those who never come back.

use super::session_keys::Audience;
use crate::App;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sm_types::{GuildId, Secret, TwitchUserId, UserId, live::FeedGrant};
use time::Duration;

/// How long a person may take on the consent page.
pub const LIFETIME: Duration = Duration::minutes(10);
/// Where a person goes who did not come from anywhere.
pub const HOME: &str = "/servers";

/// What a person is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "purpose", rename_all = "snake_case")]
pub enum Purpose {
    /// Discord: who are you?
    SignIn {
        /// The page to go on to.
        return_to: String,
    },
    /// Discord: may the bot join this server?
    Install {
        guild: GuildId,
        /// Who asks.
        user: UserId,
    },
    /// Twitch: which channel is yours? For an admin's own.
    Link {
        /// The server that is to announce it.
        guild: GuildId,
        /// Who asks.
        user: UserId,
        /// What their feed may show from now on; `None`: what it may already.
        #[serde(default)]
        feed: Option<Vec<FeedGrant>>,
    },
    /// The same, for somebody who was sent an invite link.
    Invite {
        code: String,
        #[serde(default)]
        feed: Option<Vec<FeedGrant>>,
    },
    /// The same, for somebody's own feed and no server.
    Channel { user: UserId, feed: Vec<FeedGrant> },
    /// Twitch: which channel is yours, and may the bot be in its chat?
    ChatBot { user: UserId },
    /// Twitch: may the bot speak as this account? For a channel that brings its own.
    ChatAccount {
        user: UserId,
        channel: TwitchUserId,
        /// The account that has to agree: the browser may be signed in as another.
        login: String,
    },
}

impl Purpose {
    /// What a feed may show from now on, if that is a question.
    pub(crate) fn feed(&self) -> Option<&[FeedGrant]> {
        match self {
            Self::Link { feed, .. } | Self::Invite { feed, .. } => feed.as_deref(),
            Self::Channel { feed, .. } => Some(feed),
            Self::SignIn { .. }
            | Self::Install { .. }
            | Self::ChatBot { .. }
            | Self::ChatAccount { .. } => None,
        }
    }
}

/// What has to be remembered until the answer comes.
#[derive(Serialize, Deserialize)]
struct Pending {
    state: String,
    verifier: String,
    #[serde(flatten)]
    purpose: Purpose,
}

/// Where to send the browser, and the cookie that it has to bring back.
#[derive(Debug)]
pub struct Begun {
    /// The consent page.
    pub url: String,
    /// The cookie's value.
    pub cookie: Secret,
}

/// What the consent page sent back, as the query of our callback.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Answer {
    /// Present when the person agreed.
    #[serde(default)]
    pub code: Option<String>,
    /// What we sent along.
    #[serde(default)]
    pub state: Option<String>,
    /// Present when the person did not agree, or something is set up wrongly.
    #[serde(default)]
    pub error: Option<String>,
}

/// Why nothing came of a consent; [`Refusal::code`] is stable.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The person pressed Cancel.
    #[error("the person did not agree")]
    Denied,
    /// Discord or Twitch ended it with another error, or without a code.
    #[error("the consent page answered with an error")]
    Failed,
    /// The answer does not belong to what this browser asked for, or came too late.
    #[error("the answer does not fit the question")]
    StateMismatch,
    /// The code was refused.
    #[error("the code was refused")]
    CodeRefused,
    /// Somebody else than the one who asked has agreed.
    #[error("another account has answered")]
    OtherAccount,
    /// The person may not do this in the server.
    #[error("the person may not manage this server")]
    NotAdmin,
    /// The bot did not join the server.
    #[error("the bot is not in the server")]
    NotInstalled,
    /// The invite link does not work any more.
    #[error("the invite link does not work")]
    InviteInvalid,
    /// The server follows as many streamers as it can.
    #[error("the server follows as many streamers as it can")]
    TooManyStreamers,
    /// The chat bot is in as many of their channels as it can be.
    #[error("the chat bot is in as many of their channels as it can be")]
    TooManyChannels,
    /// What was asked for was not granted.
    #[error("what was asked for was not granted")]
    NotGranted,
    /// There are too many at once, or the remote has asked us to wait; the same answer may do later.
    #[error("too many sign-ins at once")]
    Busy { wait: std::time::Duration },
    /// Discord, Twitch or the database does not answer.
    #[error("something does not answer")]
    Unavailable,
}

impl Refusal {
    /// The code that the dashboard explains.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Denied => "access_denied",
            Self::Failed => "consent_failed",
            Self::StateMismatch => "state_mismatch",
            Self::CodeRefused => "code_refused",
            Self::OtherAccount => "other_account",
            Self::NotAdmin => "not_an_admin",
            Self::NotInstalled => "not_installed",
            Self::InviteInvalid => "invite_invalid",
            Self::TooManyStreamers => "too_many_streamers",
            Self::TooManyChannels => "too_many_channels",
            Self::NotGranted => "not_granted",
            Self::Busy { .. } => "rate_limited",
            Self::Unavailable => "unavailable",
        }
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        tracing::warn!(%error, "a consent could not be stored");
        Self::Unavailable
    }
}

/// A page of ours to go on to; everything else becomes the start page.
///
/// A path beginning with two slashes, or one slash and a backslash, is another host to a browser.
pub fn local_path(path: &str) -> &str {
    let plain = path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let local = path.starts_with('/') && !path.starts_with("//");
    if plain && local && path.len() <= 512 { path } else { HOME }
}

/// The address that Discord sends people back to.
pub fn discord_callback(app: &App) -> String {
    format!("{}/api/auth/discord/callback", app.settings.public_base_url)
}

/// The address that Twitch sends people back to.
pub fn twitch_callback(app: &App) -> String {
    format!("{}/api/auth/twitch/callback", app.settings.public_base_url)
}

/// A text that nobody can guess: 32 random bytes in base64url.
pub(crate) fn random_text() -> Option<String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// The code of an invite link: a bearer of it can link a channel, so nobody may guess one.
pub fn invite_code() -> Option<String> {
    random_text().map(|text| text.chars().take(22).collect())
}

/// Begins a consent.
pub fn begin(app: &App, purpose: Purpose) -> Result<Begun, Refusal> {
    let random = || random_text().ok_or(Refusal::Unavailable);
    let (state, verifier) = (random()?, random()?);
    let url = match &purpose {
        Purpose::SignIn { .. } | Purpose::Install { .. } => {
            let install_in = match &purpose {
                Purpose::Install { guild, .. } => Some(*guild),
                _ => None,
            };
            app.discord.consent_url(&sm_discord::Consent {
                redirect_uri: &discord_callback(app),
                state: &state,
                code_challenge: &URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier)),
                install_in,
            })
        }
        Purpose::ChatBot { .. } => {
            app.twitch.consent_url(&twitch_callback(app), &state, &[sm_twitch::INVITE_SCOPE])
        }
        Purpose::ChatAccount { .. } => {
            app.twitch.consent_url(&twitch_callback(app), &state, &sm_twitch::ACCOUNT_SCOPES)
        }
        Purpose::Link { .. } | Purpose::Invite { .. } | Purpose::Channel { .. } => {
            let wanted = purpose.feed().unwrap_or_default();
            let mut scopes: Vec<_> = wanted.iter().map(|grant| grant.scope()).collect();
            if scopes.is_empty() {
                scopes.push(sm_twitch::LINK_SCOPE);
            }
            app.twitch.consent_url(&twitch_callback(app), &state, &scopes)
        }
    };
    let now = app.clock.now();
    let pending = Pending { state, verifier, purpose };
    let keys = &app.settings.session_keys;
    let cookie = keys.sign(Audience::Consent, pending, now, now + LIFETIME);
    let (url, cookie) = url.zip(cookie).ok_or(Refusal::Unavailable)?;
    Ok(Begun { url, cookie: Secret::new(cookie) })
}

/// A consent that was given.
#[derive(Debug)]
pub(crate) struct Given {
    /// The same for each answer to this question, and for no other.
    pub(crate) id: String,
    pub(crate) purpose: Purpose,
    pub(crate) code: String,
    pub(crate) verifier: Secret,
}

/// What the browser wanted, when its cookie tells; also where the answer is a refusal.
pub fn purpose(app: &App, cookie: Option<&str>) -> Option<Purpose> {
    pending(app, cookie).map(|pending| pending.purpose)
}

/// Ties an answer to the question of this browser.
pub(crate) fn given(app: &App, cookie: Option<&str>, answer: Answer) -> Result<Given, Refusal> {
    match answer.error.as_deref() {
        Some("access_denied") => return Err(Refusal::Denied),
        Some(_) => return Err(Refusal::Failed),
        None => {}
    }
    let pending = pending(app, cookie).ok_or(Refusal::StateMismatch)?;
    // Both are random and used once: how long the comparison takes tells nothing.
    if answer.state.as_deref() != Some(&pending.state) {
        return Err(Refusal::StateMismatch);
    }
    let code = answer.code.filter(|code| !code.is_empty()).ok_or(Refusal::Failed)?;
    let id = hex::encode(&Sha256::digest(&pending.state)[..16]);
    Ok(Given { id, purpose: pending.purpose, code, verifier: Secret::new(pending.verifier) })
}

fn pending(app: &App, cookie: Option<&str>) -> Option<Pending> {
    app.settings.session_keys.verify(Audience::Consent, cookie?, app.clock.now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_gone_on_to() {
        for good in ["/servers", "/s/1/streamers?add=1#top", "/"] {
            assert_eq!(local_path(good), good);
        }
        let long = format!("/{}", "x".repeat(600));
        for bad in [
            "",
            "servers",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a b",
            "/\n/evil.example",
            "/ü",
            "javascript:alert(1)",
            &long,
        ] {
            assert_eq!(local_path(bad), HOME, "{bad}");
        }
    }
}
