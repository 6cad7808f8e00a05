//! Codes become tokens at Discord and Twitch: one exchange per consent, and few at a time over all instances.
//!
//! Anybody can call our callbacks. What they make us ask Discord counts towards the limit at which it bans our
//! address, and with it every announcement.

use super::consent::{self, Given, Refusal};
use crate::{
    App,
    announce::gate::{self, Admission},
};
use sm_aws::metrics::Counter;
use sm_db::{
    accounts::exchanges::{self, Pass, Shared},
    announce::gate::{Pass as Gate, circuit},
};
use sm_discord::{Error, User, UserTokens};
use sm_twitch::UserToken;
use std::time::Duration;

/// A consent ends after 10 minutes by the app's clock; this is counted by the database's.
const USED_FOR: Duration = Duration::from_secs(15 * 60);
/// The longest that a remote can hold sign-ins back by one answer, which may be an odd one; and what is waited
/// where it does not say how long.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const DISCORD: &str = "exchanges:discord";
const TWITCH: &str = "exchanges:twitch";

/// Exchanges a code at Discord, and asks whose it is.
pub(crate) async fn discord(app: &App, given: &Given) -> Result<(UserTokens, User), Refusal> {
    let stopped = match circuit(&app.pool).await? {
        Some(Gate::CircuitOpen { wait, .. }) => Some(wait),
        // Its time is over: where little happens, nobody else may come to try.
        Some(Gate::Probe { .. }) => match gate::admit(app, 1).await? {
            Admission::Later(wait) => Some(wait),
            Admission::Go { .. } => None,
        },
        _ => None,
    };
    if let Some(wait) = stopped {
        return Err(Refusal::Busy { wait: wait.unsigned_abs() });
    }
    enter(app, DISCORD, given).await?;
    let callback = consent::discord_callback(app);
    let exchanged = app.discord.exchange_code(&given.code, &callback, &given.verifier).await;
    let tokens = counted(app, exchanged).await?;
    let user = counted(app, app.discord.user(&tokens.access_token).await).await?.body;
    Ok((tokens, user))
}

/// Exchanges a code at Twitch.
pub(crate) async fn twitch(app: &App, given: &Given) -> Result<UserToken, Refusal> {
    enter(app, TWITCH, given).await?;
    let exchanged = app.twitch.exchange_code(&given.code, &consent::twitch_callback(app)).await;
    if let Err(sm_twitch::Error::RateLimited { retry_after }) = &exchanged {
        exchanges::hold(&app.pool, TWITCH, (*retry_after).min(LONGEST_WAIT)).await?;
    }
    exchanged.map_err(|error| twitch_refused(&error))
}

pub(crate) fn twitch_refused(error: &sm_twitch::Error) -> Refusal {
    match error {
        sm_twitch::Error::Rejected { .. } | sm_twitch::Error::Unauthorized => Refusal::CodeRefused,
        sm_twitch::Error::RateLimited { retry_after } => Refusal::Busy { wait: *retry_after },
        error => {
            tracing::warn!(%error, "Twitch could not be asked about a link");
            Refusal::Unavailable
        }
    }
}

/// Uses the consent up, where there is room for another exchange.
async fn enter(app: &App, remote: &str, given: &Given) -> Result<(), Refusal> {
    let shared = Shared { key: remote, per_second: app.settings.sign_ins_per_second };
    let consent = format!("consent:{}", given.id);
    match exchanges::take(&app.pool, &consent, USED_FOR, shared).await? {
        Pass::Granted => Ok(()),
        Pass::Used => Err(Refusal::CodeRefused),
        Pass::Busy { wait } => Err(Refusal::Busy { wait }),
    }
}

/// Counts a refusal as Discord does, and asks nothing more for as long as Discord wants to be left alone.
async fn counted<T>(app: &App, answer: Result<T, Error>) -> Result<T, Refusal> {
    let error = match answer {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if error.counts_as_invalid() {
        Counter::DiscordInvalid.count();
        gate::count_invalid(app, 1).await?;
    }
    let wait = match &error {
        Error::RateLimited { retry_after, .. } => Some(*retry_after),
        Error::Blocked { retry_after } => Some(retry_after.unwrap_or(LONGEST_WAIT)),
        Error::Unavailable { status: Some(401 | 403 | 429), .. } => Some(LONGEST_WAIT),
        _ => None,
    };
    if let Some(wait) = wait {
        let wait = wait.min(LONGEST_WAIT);
        exchanges::hold(&app.pool, DISCORD, wait).await?;
        tracing::warn!(%error, wait_s = wait.as_secs(), "Discord asks us to wait: sign-ins are refused meanwhile");
        return Err(Refusal::Busy { wait });
    }
    Err(discord_refused(&error))
}

fn discord_refused(error: &Error) -> Refusal {
    match error {
        Error::Rejected { .. } => Refusal::CodeRefused,
        Error::Unauthorized { .. } => {
            tracing::error!(%error, "Discord refused a sign-in: check DISCORD_CLIENT_SECRET");
            Refusal::Unavailable
        }
        _ => {
            tracing::warn!(%error, "Discord could not be asked about a sign-in");
            Refusal::Unavailable
        }
    }
}
