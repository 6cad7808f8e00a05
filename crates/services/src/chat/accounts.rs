//! As whom the bot speaks: the service's account, and those that channels bring.
//!
//! Lines are said by the app's own token, which an account's grant is enough for. Tokens of an account are kept, encrypted,
//! for what Twitch lets only moderators do: they are read when a line is deleted, and when it is looked whether they are
//! still good.

use crate::{
    App, SecurityEvent,
    accounts::consent::Refusal,
    jobs::step::{Run, Step},
};
use sm_aws::Ring;
use sm_db::{
    chat::{
        accounts::{self, Link},
        channels,
    },
    streamers::subscriptions,
};
use sm_twitch::{ACCOUNT_SCOPES, BOT_SCOPES, Device, Error, MODERATE_SCOPE, TokenOwner, UserToken};
use sm_types::{Secret, TwitchUserId};
use std::time::Duration as StdDuration;
use time::{Duration, OffsetDateTime};

/// An access token is renewed this long before its end.
const MARGIN: Duration = Duration::minutes(1);
/// How long one instance may take to refresh; longer than Twitch is waited for.
const LEASE: Duration = Duration::seconds(15);
const LOOK_EVERY: StdDuration = StdDuration::from_millis(100);
/// Looks at another instance's refresh before giving up: 8 seconds.
const LOOKS: u32 = 80;
/// Twitch's words for a refresh token that is dead. Any other refusal may be about the moment.
const REFUSED: &str = "Invalid refresh token";
/// Between access and refresh token in the plain text; neither contains a line break.
const SEPARATOR: char = '\n';

/// Why an account could not be linked or used.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Somebody else has agreed than was expected: probably the browser was signed in as them.
    #[error("`{login}` has agreed, and not the account that was expected")]
    OtherAccount { login: String },
    /// It has not granted what a bot needs.
    #[error("the account has not granted {0}")]
    NotGranted(String),
    /// It has to be linked again.
    #[error("the account has to be linked again")]
    Unlinked,
    #[error("Twitch: {0}")]
    Twitch(#[from] Error),
    #[error("the tokens cannot be read or stored: {0}")]
    Storage(String),
}

impl From<AccountError> for Refusal {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::OtherAccount { .. } => Self::OtherAccount,
            AccountError::NotGranted(_) => Self::NotGranted,
            error => {
                tracing::warn!(%error, "an account of the chat bot could not be linked");
                Self::Unavailable
            }
        }
    }
}

impl From<sqlx::Error> for AccountError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.to_string())
    }
}

/// Whom a token belongs to, if that is the expected account and it has granted enough.
pub(crate) async fn owner(
    app: &App,
    token: &UserToken,
    expected: Option<&str>,
) -> Result<TokenOwner, AccountError> {
    let owner = app.twitch.validate(&token.access_token).await?;
    let is_it =
        |name: &str| owner.login.eq_ignore_ascii_case(name) || owner.user_id.as_str() == name;
    if expected.is_some_and(|expected| !is_it(expected)) {
        return Err(AccountError::OtherAccount { login: owner.login });
    }
    let lacks = |scope: &&&str| !owner.scopes.iter().any(|granted| granted == **scope);
    match BOT_SCOPES.iter().find(lacks) {
        Some(scope) => Err(AccountError::NotGranted((*scope).to_owned())),
        None => Ok(owner),
    }
}

/// Begins to link the service's account: a person opens the page and agrees as that account.
pub async fn begin_link(app: &App) -> Result<Device, AccountError> {
    Ok(app.twitch.begin_device(&ACCOUNT_SCOPES).await?)
}

/// Looks whether the person has agreed; then the account that did is the service's from now on.
///
/// `expected`: the login or id that it has to be. Tokens are kept if they may delete lines.
pub async fn finish_link(
    app: &App,
    device: &Device,
    expected: &str,
) -> Result<Option<TokenOwner>, AccountError> {
    let Some(token) = app.twitch.device_token(device).await? else { return Ok(None) };
    let owner = owner(app, &token, Some(expected)).await?;
    let moderates = owner.scopes.iter().any(|scope| scope == MODERATE_SCOPE);
    let ciphertext = match &token.refresh_token {
        Some(refresh) if moderates => {
            Some(encrypted(app, &owner.user_id, &token.access_token, refresh).await?)
        }
        _ => None,
    };
    let expires_at = app.clock.now() + lifetime(&token);
    let link = Link {
        bot: &owner.user_id,
        login: &owner.login,
        display_name: &owner.login,
        scopes: &owner.scopes,
        tokens: ciphertext.as_deref().map(|ciphertext| (ciphertext, expires_at)),
    };
    let mut transaction = app.pool.begin().await?;
    accounts::link_service(&mut transaction, &link).await?;
    transaction.commit().await?;
    plan(app, &owner.user_id).await?;
    Ok(Some(owner))
}

/// Stores an account that a channel brings, with its tokens.
pub(crate) async fn store_own(
    app: &App,
    db: &mut sm_db::Session,
    owner: &TokenOwner,
    token: &UserToken,
    now: OffsetDateTime,
) -> Result<(), AccountError> {
    let refresh = token.refresh_token.as_ref().ok_or(AccountError::Unlinked)?;
    let ciphertext = encrypted(app, &owner.user_id, &token.access_token, refresh).await?;
    let link = Link {
        bot: &owner.user_id,
        login: &owner.login,
        display_name: &owner.login,
        scopes: &owner.scopes,
        tokens: Some((&ciphertext, now + lifetime(token))),
    };
    Ok(accounts::link_own(db, &link).await?)
}

/// An account has withdrawn what it had granted: it says nothing any more, and is told so where it did.
pub(crate) async fn withdrawn(app: &App, bot: &TwitchUserId) -> sqlx::Result<()> {
    if accounts::unlink(&app.pool, bot).await? {
        tracing::error!(bot.id = %bot, event = "chat_account_lost", "an account of the chat bot has withdrawn its grant: link it again");
    }
    Ok(())
}

fn purpose(bot: &TwitchUserId) -> String {
    format!("chat_accounts/{bot}/tokens")
}

fn lifetime(token: &UserToken) -> Duration {
    Duration::seconds(i64::try_from(token.expires_in).unwrap_or(0).max(60))
}

async fn encrypted(
    app: &App,
    bot: &TwitchUserId,
    access: &Secret,
    refresh: &Secret,
) -> Result<Vec<u8>, AccountError> {
    let plain = Secret::new(format!("{}{SEPARATOR}{}", access.expose(), refresh.expose()));
    app.cipher.encrypt(&purpose(bot), &plain).await.map_err(|error| {
        SecurityEvent::CryptoError.count();
        AccountError::Storage(error.to_string())
    })
}

/// Calls Twitch with an account's own token. One that is refused is replaced once.
pub async fn with_account_token<T, F, Fut>(
    app: &App,
    bot: &TwitchUserId,
    call: F,
) -> Result<T, AccountError>
where
    F: Fn(Secret) -> Fut,
    Fut: Future<Output = Result<T, Error>>,
{
    let token = access_token(app, bot, None).await?;
    match call(token.clone()).await {
        Err(Error::Unauthorized) => {
            let token = access_token(app, bot, Some(&token)).await?;
            Ok(call(token).await?)
        }
        answer => Ok(answer?),
    }
}

struct Stored {
    access: Secret,
    refresh: Secret,
    expires_at: OffsetDateTime,
}

/// The token in use. Whoever finds it at its end, or refused, refreshes it; everybody else waits.
async fn access_token(
    app: &App,
    bot: &TwitchUserId,
    refused: Option<&Secret>,
) -> Result<Secret, AccountError> {
    for _ in 0..LOOKS {
        let now = app.clock.now();
        let stored = read(app, bot).await?;
        if stored.expires_at > now + MARGIN && Some(&stored.access) != refused {
            return Ok(stored.access);
        }
        if accounts::lease_tokens(&app.pool, bot, now, now + LEASE).await? {
            let (app, bot, refused) = (app.clone(), bot.clone(), refused.cloned());
            // In a task of its own: whoever asked may hang up, and the old pair may be dead by then.
            let refreshed = async move { refresh(&app, &bot, refused.as_ref(), now).await };
            let refreshed = tokio::spawn(refreshed).await;
            return refreshed.unwrap_or_else(|error| Err(AccountError::Storage(error.to_string())));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(AccountError::Storage("another instance does not finish its refresh".to_owned()))
}

async fn read(app: &App, bot: &TwitchUserId) -> Result<Stored, AccountError> {
    let account = accounts::find(&app.pool, bot).await?.ok_or(AccountError::Unlinked)?;
    let (Some(ciphertext), Some(expires_at)) = (account.tokens, account.tokens_expire_at) else {
        return Err(AccountError::Unlinked);
    };
    let plain = app.cipher.decrypt(&purpose(bot), &ciphertext).await.map_err(|error| {
        SecurityEvent::CryptoError.count();
        AccountError::Storage(error.to_string())
    })?;
    let (access, refresh) = plain.expose().split_once(SEPARATOR).ok_or(AccountError::Unlinked)?;
    Ok(Stored { access: Secret::new(access), refresh: Secret::new(refresh), expires_at })
}

/// Under the lease; who had it before may have been done in the meantime.
async fn refresh(
    app: &App,
    bot: &TwitchUserId,
    refused: Option<&Secret>,
    now: OffsetDateTime,
) -> Result<Secret, AccountError> {
    let stored = read(app, bot).await?;
    if stored.expires_at > now + MARGIN && Some(&stored.access) != refused {
        accounts::set_tokens(&app.pool, bot, None).await?;
        return Ok(stored.access);
    }
    match app.twitch.refresh_user_token(&stored.refresh).await {
        Ok(token) => {
            let refresh = token.refresh_token.as_ref().unwrap_or(&stored.refresh);
            let ciphertext = encrypted(app, bot, &token.access_token, refresh).await?;
            let tokens = Some((ciphertext.as_slice(), now + lifetime(&token)));
            accounts::set_tokens(&app.pool, bot, tokens).await?;
            Ok(token.access_token)
        }
        Err(Error::Rejected { message, .. }) if message.eq_ignore_ascii_case(REFUSED) => {
            withdrawn(app, bot).await?;
            Err(AccountError::Unlinked)
        }
        Err(error) => {
            accounts::set_tokens(&app.pool, bot, None).await?;
            Err(error.into())
        }
    }
}

/// Accounts whose tokens a step looks at.
const PAGE: i64 = 50;

/// Looks whether tokens that are kept are still good, as Twitch wants it once an hour; those that are not are replaced.
pub(crate) async fn step(app: &App, run: Run<'_>) -> Step {
    let page = accounts::with_tokens(&app.pool, run.cursor.unwrap_or_default(), PAGE).await?;
    for bot in &page {
        let looked =
            with_account_token(app, bot, |token| async move { app.twitch.validate(&token).await });
        if let Err(error) = looked.await {
            tracing::warn!(%error, bot.id = %bot, "the tokens of an account of the chat bot could not be looked at");
        }
    }
    let full = i64::try_from(page.len()).is_ok_and(|len| len == PAGE);
    Ok(page.last().filter(|_| full).map(|bot| bot.as_str().to_owned()))
}

/// The service's account, for people: its login, and whether it has to be linked again.
pub async fn service(app: &App) -> sqlx::Result<Option<(TwitchUserId, String, bool)>> {
    let account = accounts::service(&app.pool).await?;
    Ok(account.map(|account| {
        let ready = account.state == "ready";
        (account.bot_id, account.login, ready)
    }))
}

/// Plans what is heard in all channels of an account that was linked.
async fn plan(app: &App, bot: &TwitchUserId) -> sqlx::Result<()> {
    let mut after = String::new();
    loop {
        let page = channels::with_account(&app.pool, bot, &after, 200).await?;
        let Some(last) = page.last() else { break };
        last.as_str().clone_into(&mut after);
        subscriptions::plan(&app.pool, &page, app.clock.now()).await?;
    }
    app.doorbell.ring(Ring::Subscribe).await;
    Ok(())
}
