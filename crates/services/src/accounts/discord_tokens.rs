//! The Discord tokens of users: stored encrypted, refreshed by one instance at a time.

use crate::{App, SecurityEvent};
use sm_aws::CipherError;
use sm_discord::UserTokens;
use sm_types::{Secret, UserId};
use std::time::Duration as StdDuration;
use time::{Duration, OffsetDateTime};

/// A token is renewed this long before its end.
const MARGIN: Duration = Duration::minutes(1);
/// How long one instance may take to refresh.
const LEASE: Duration = Duration::seconds(15);
/// How often to look whether another instance has refreshed.
const LOOK_EVERY: StdDuration = StdDuration::from_millis(100);
/// Looks before giving up: 6 seconds, longer than Discord is waited for.
const LOOKS: u32 = 60;
/// Between access and refresh token in the plain text; neither contains a line break.
const SEPARATOR: char = '\n';

/// Why there is no token to use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoToken {
    /// The user has to sign in again.
    #[error("the user has to sign in again")]
    SignInAgain,
    /// Discord does not answer, or asks to wait.
    #[error("Discord: {0}")]
    Discord(sm_discord::Error),
    /// The tokens cannot be decrypted or stored now.
    #[error("the tokens cannot be read or stored: {0}")]
    Storage(String),
}

impl From<sqlx::Error> for NoToken {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.to_string())
    }
}

fn purpose(user: UserId) -> String {
    format!("users/{user}/tokens")
}

/// Encrypts and stores a pair of tokens.
pub(super) async fn store(
    app: &App,
    user: UserId,
    tokens: &UserTokens,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let lifetime = Duration::try_from(tokens.expires_in()).unwrap_or(Duration::HOUR);
    let (access, refresh) = (tokens.access_token.expose(), tokens.refresh_token.expose());
    let plain = Secret::new(format!("{access}{SEPARATOR}{refresh}"));
    match app.cipher.encrypt(&purpose(user), &plain).await {
        Ok(ciphertext) => {
            let stored = Some((ciphertext.as_slice(), now + lifetime));
            sm_db::accounts::users::set_tokens(&app.pool, user, stored).await
        }
        Err(error) => {
            SecurityEvent::CryptoError.count();
            tracing::error!(%error, event = SecurityEvent::CryptoError.as_str(), "a user's tokens could not be encrypted");
            sm_db::accounts::users::set_tokens(&app.pool, user, None).await
        }
    }
}

/// A valid access token of a user. Whoever finds it expired refreshes it, everybody else waits.
pub(crate) async fn access_token(app: &App, user: UserId) -> Result<Secret, NoToken> {
    for _ in 0..LOOKS {
        let now = app.clock.now();
        let stored = read(app, user).await?;
        if stored.expires_at > now + MARGIN {
            return Ok(stored.access);
        }
        if sm_db::accounts::users::lease_tokens(&app.pool, user, now, now + LEASE).await? {
            // In a task of its own: whoever asked may hang up, and between Discord's answer and our commit
            // nobody else has the new pair, while the old one is dead.
            let app = app.clone();
            let refreshed = tokio::spawn(async move { refresh(&app, user, now).await }).await;
            return refreshed.unwrap_or_else(|error| Err(NoToken::Storage(error.to_string())));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(NoToken::Storage("another instance does not finish its refresh".to_owned()))
}

/// Both tokens, when the first expires, and how they are stored.
struct Stored {
    access: Secret,
    refresh: Secret,
    expires_at: OffsetDateTime,
    ciphertext: Vec<u8>,
}

async fn read(app: &App, user: UserId) -> Result<Stored, NoToken> {
    let row = sm_db::accounts::users::tokens(&app.pool, user).await?.ok_or(NoToken::SignInAgain)?;
    let (Some(ciphertext), Some(expires_at)) = (row.tokens, row.tokens_expire_at) else {
        return Err(NoToken::SignInAgain);
    };
    let plain = app.cipher.decrypt(&purpose(user), &ciphertext).await.map_err(unreadable)?;
    let (access, refresh) = plain.expose().split_once(SEPARATOR).ok_or(NoToken::SignInAgain)?;
    let (access, refresh) = (Secret::new(access), Secret::new(refresh));
    Ok(Stored { access, refresh, expires_at, ciphertext })
}

/// What is readable once the key can be used again is not given up.
fn unreadable(error: CipherError) -> NoToken {
    if matches!(error, CipherError::Unavailable { .. } | CipherError::OtherCipher(_)) {
        return NoToken::Storage(error.to_string());
    }
    SecurityEvent::CryptoError.count();
    tracing::error!(%error, event = SecurityEvent::CryptoError.as_str(), "a user's tokens could not be decrypted");
    NoToken::SignInAgain
}

/// Refreshes under the lease; who had it before may have been done in the meantime.
async fn refresh(app: &App, user: UserId, now: OffsetDateTime) -> Result<Secret, NoToken> {
    let stored = read(app, user).await?;
    if stored.expires_at > now + MARGIN {
        sm_db::accounts::users::release_tokens(&app.pool, user).await?;
        return Ok(stored.access);
    }
    match app.discord.refresh_tokens(&stored.refresh).await {
        Ok(tokens) => {
            // The old pair is dead: the new one is stored before it is used.
            store(app, user, &tokens, now).await?;
            Ok(tokens.access_token)
        }
        Err(error) if error.is_invalid_grant() => {
            if sm_db::accounts::users::forget_tokens(&app.pool, user, &stored.ciphertext).await? {
                return Err(NoToken::SignInAgain);
            }
            // A refresh that took longer than its lease, or a new sign-in, has stored others.
            Ok(read(app, user).await?.access)
        }
        Err(error) => {
            sm_db::accounts::users::release_tokens(&app.pool, user).await?;
            Err(NoToken::Discord(error))
        }
    }
}

/// Forgets the tokens that a refused access token belongs to; false when others are stored by now.
pub(super) async fn forget(app: &App, user: UserId, access: &Secret) -> Result<bool, NoToken> {
    let stored = read(app, user).await?;
    if stored.access.expose() != access.expose() {
        return Ok(false);
    }
    Ok(sm_db::accounts::users::forget_tokens(&app.pool, user, &stored.ciphertext).await?)
}

/// Revokes a user's tokens at Discord and forgets them.
///
/// Best effort at Discord: what it does not answer now expires within a week.
pub(super) async fn revoke(app: &App, user: UserId) -> sqlx::Result<()> {
    if let Ok(stored) = read(app, user).await
        && let Err(error) = app.discord.revoke_tokens(&stored.refresh).await
    {
        tracing::warn!(%error, "a user's tokens could not be revoked");
    }
    sm_db::accounts::users::set_tokens(&app.pool, user, None).await
}
