//! The app access token: one for all instances, fetched once, kept in memory and in the database.

use crate::App;
use sm_aws::metrics::Counter;
use sm_twitch::AppToken;
use sm_types::Secret;
use std::future::Future;
use time::{Duration, OffsetDateTime};
use tokio::time::timeout;

const NAME: &str = "twitch_app";
const PURPOSE: &str = "service_tokens/twitch_app";
/// A token is renewed this long before its end.
const MARGIN: Duration = Duration::minutes(10);
/// A key that takes longer is not waited for: fetching a token of our own is as fast.
const CIPHER_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(1);

/// Calls Twitch with the app token; a refused token is replaced once.
pub(crate) async fn with_token<T, F, Fut>(app: &App, call: F) -> Result<T, sm_twitch::Error>
where
    F: Fn(Secret) -> Fut,
    Fut: Future<Output = Result<T, sm_twitch::Error>>,
{
    let token = current(app, None).await?;
    let answer = match call(token.clone()).await {
        Err(sm_twitch::Error::Unauthorized) => call(current(app, Some(&token)).await?).await,
        answer => answer,
    };
    for (kind, rows) in app.twitch.take_skipped() {
        Counter::RowSkipped.add(u64::try_from(rows).unwrap_or(0));
        tracing::warn!(
            row.kind = kind,
            rows,
            event = "row_skipped",
            "Twitch listed what cannot be read"
        );
    }
    answer
}

/// Whether Twitch gives us a token, or has.
pub async fn twitch_answers(app: &App) -> Result<(), sm_twitch::Error> {
    with_token(app, |_| std::future::ready(Ok(()))).await
}

/// The token to use: from memory, else from the database, else a new one.
///
/// `refused` is a token that Twitch no longer takes.
async fn current(app: &App, refused: Option<&Secret>) -> Result<Secret, sm_twitch::Error> {
    if let Ok(cached) = app.inner().twitch_token.try_lock()
        && let Some(token) = usable(app, cached.as_ref(), refused)
    {
        return Ok(token);
    }
    // In a task of its own: those who wait have little patience, and a token that comes after it is as
    // good for the next one. Otherwise a Twitch that is slow to give one would be asked for ever.
    let (app, refused) = (app.clone(), refused.cloned());
    let fetched = tokio::spawn(async move { fetch(&app, refused.as_ref()).await }).await;
    fetched.unwrap_or(Err(sm_twitch::Error::Unavailable { status: None }))
}

fn usable(
    app: &App,
    known: Option<&(Secret, OffsetDateTime)>,
    refused: Option<&Secret>,
) -> Option<Secret> {
    let (token, expires_at) = known?;
    let usable = *expires_at > app.clock.now() + MARGIN && Some(token) != refused;
    usable.then(|| token.clone())
}

/// The lock makes one fetch serve all who wait.
async fn fetch(app: &App, refused: Option<&Secret>) -> Result<Secret, sm_twitch::Error> {
    let mut cached = app.inner().twitch_token.lock().await;
    if let Some(token) = usable(app, cached.as_ref(), refused) {
        return Ok(token);
    }
    let now = app.clock.now();
    if let Some((token, expires_at)) = stored(app, now).await
        && Some(&token) != refused
    {
        *cached = Some((token.clone(), expires_at));
        return Ok(token);
    }
    let AppToken { secret, expires_in } = app.twitch.app_token().await?;
    let lifetime = Duration::try_from(expires_in).unwrap_or(Duration::HOUR);
    let expires_at = now + lifetime;
    *cached = Some((secret.clone(), expires_at));
    share(app, &secret, expires_at).await;
    Ok(secret)
}

async fn stored(app: &App, now: OffsetDateTime) -> Option<(Secret, OffsetDateTime)> {
    let found = sm_db::accounts::tokens::find(&app.pool, NAME, now + MARGIN).await;
    let (ciphertext, expires_at) = found.ok().flatten()?;
    // A token under another key is as good as none: a new one is fetched.
    let decrypted = timeout(CIPHER_TIMEOUT, app.cipher.decrypt(PURPOSE, &ciphertext)).await;
    Some((decrypted.ok()?.ok()?, expires_at))
}

/// Stores the token for other instances; without it they fetch their own.
async fn share(app: &App, token: &Secret, expires_at: OffsetDateTime) {
    let encrypted = timeout(CIPHER_TIMEOUT, app.cipher.encrypt(PURPOSE, token)).await;
    let ciphertext = match encrypted {
        Ok(Ok(ciphertext)) => ciphertext,
        Ok(Err(error)) => {
            tracing::warn!(%error, "the Twitch app token could not be encrypted for others");
            return;
        }
        Err(_) => return,
    };
    if let Err(error) =
        sm_db::accounts::tokens::upsert(&app.pool, NAME, &ciphertext, expires_at).await
    {
        tracing::warn!(%error, "the Twitch app token could not be shared");
    }
}
