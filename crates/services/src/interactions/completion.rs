//! What an option can be completed to while somebody types.

use super::{asked::Asked, streamers::label};
use crate::streamers::lookup::{self, MIN_SEARCH};
use sm_db::streamers::follows;
use sm_discord::interaction::{Choice, Invocation};
use std::time::Duration;

/// Twitch is waited for so long: whoever types does not wait, and Discord takes no answer after 3 seconds.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// What is longer is no name.
const MAX_TYPED: usize = 100;

/// The choices for the option that is being typed; none rather than late.
pub(super) async fn complete(asked: &Asked<'_>, typed: &Invocation) -> sqlx::Result<Vec<Choice>> {
    let Some(focused) = typed.focused().filter(|given| given.name == "streamer") else {
        return Ok(Vec::new());
    };
    let text: String = focused.value.trim().chars().take(MAX_TYPED).collect();
    let is_admins = typed.name == "streammaxing";
    if is_admins && !asked.manages() {
        return Ok(Vec::new());
    }
    if is_admins && typed.subcommand.as_deref() == Some("add") {
        return Ok(of_twitch(asked, &text).await);
    }
    let (pool, guild) = (&asked.app.pool, asked.guild);
    let found = follows::completed(pool, guild, &text, !is_admins).await?;
    let choice = |named: follows::Named| Choice {
        name: label(&named.display_name, &named.login),
        value: named.id.0,
    };
    Ok(found.into_iter().map(choice).collect())
}

/// Channels of Twitch; their logins come back, since a name that is typed to its end does so too.
async fn of_twitch(asked: &Asked<'_>, text: &str) -> Vec<Choice> {
    if text.chars().count() < MIN_SEARCH {
        return Vec::new();
    }
    let found = match tokio::time::timeout(PATIENCE, lookup::search(asked.app, text)).await {
        Ok(Ok(found)) => found,
        // Whoever types on, or sends what they have typed, misses nothing.
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    let choice = |found: lookup::Found| Choice {
        name: label(&found.display_name, &found.login),
        value: found.login,
    };
    found.into_iter().map(choice).collect()
}
