//! Signing in with Discord, and installing the bot.

use super::{
    consent::{Answer, Purpose, Refusal, given},
    discord_tokens, exchange, guild_list,
    session_keys::Audience,
};
use crate::{App, SecurityEvent, audit, guilds};
use serde::{Deserialize, Serialize};
use sm_db::accounts::{sessions, users};
use sm_discord::UserTokens;
use sm_types::{GuildId, Secret, UserId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long a sign-in lasts.
pub const SESSION_LIFETIME: Duration = Duration::hours(24);
/// Sign-ins that one person has at once; the oldest ends for a further one.
const MAX_SESSIONS: i64 = 20;
const MAX_USER_AGENT: usize = 256;

/// What a session cookie says; whether it is valid is for the database to tell.
#[derive(Debug, Serialize, Deserialize)]
struct SessionClaims {
    sub: UserId,
    jti: Uuid,
}

/// What came of a consent on Discord.
#[derive(Debug)]
pub enum SignedIn {
    /// A person has signed in.
    User {
        /// The session cookie's value.
        cookie: Secret,
        /// The page to go on to.
        return_to: String,
    },
    /// The bot was installed in a server.
    Installed { guild: GuildId },
}

/// Takes Discord's answer: exchanges the code, and signs the person in or sets the server up.
pub async fn finish(
    app: &App,
    cookie: Option<&str>,
    answer: Answer,
    user_agent: &str,
) -> Result<SignedIn, Refusal> {
    let given = given(app, cookie, answer)?;
    if matches!(
        given.purpose,
        Purpose::Link { .. }
            | Purpose::Invite { .. }
            | Purpose::Channel { .. }
            | Purpose::ChatBot { .. }
            | Purpose::ChatAccount { .. }
    ) {
        return Err(Refusal::StateMismatch);
    }
    let (tokens, user) = exchange::discord(app, &given).await?;
    let now = app.clock.now();
    let user = users::User {
        user_id: user.id,
        username: user.username,
        global_name: user.global_name,
        avatar: user.avatar,
    };
    match given.purpose {
        Purpose::Install { guild, user: asked } => {
            if user.user_id != asked {
                audit::denied(app, Some(guild), Some(user.user_id), "bot.install", None).await;
                return Err(Refusal::OtherAccount);
            }
            remember(app, &user, &tokens, now).await?;
            // The server in the address is the browser's word; this one is Discord's.
            let guild = tokens.guild.as_ref().map_or(guild, |guild| guild.id);
            guilds::install::confirm(app, guild, user.user_id).await?;
            Ok(SignedIn::Installed { guild })
        }
        Purpose::SignIn { return_to } => {
            remember(app, &user, &tokens, now).await?;
            let cookie = open(app, user.user_id, user_agent, now).await?;
            SecurityEvent::AuthSuccess.record(Some(user.user_id), "signed in");
            Ok(SignedIn::User { cookie, return_to })
        }
        Purpose::Link { .. }
        | Purpose::Invite { .. }
        | Purpose::Channel { .. }
        | Purpose::ChatBot { .. }
        | Purpose::ChatAccount { .. } => Err(Refusal::StateMismatch),
    }
}

async fn remember(
    app: &App,
    user: &users::User,
    tokens: &UserTokens,
    now: OffsetDateTime,
) -> Result<(), Refusal> {
    users::upsert(&app.pool, user).await?;
    discord_tokens::store(app, user.user_id, tokens, now).await?;
    // Without the list the person is signed in all the same: it is fetched when it is looked at.
    if let Err(error) = guild_list::fetch(app, user.user_id, &tokens.access_token, now).await {
        tracing::info!(%error, "the server list of a new session could not be fetched");
    }
    Ok(())
}

/// Opens a session and returns its cookie.
async fn open(
    app: &App,
    user: UserId,
    user_agent: &str,
    now: OffsetDateTime,
) -> Result<Secret, Refusal> {
    let session_id = Uuid::now_v7();
    let expires_at = now + SESSION_LIFETIME;
    let user_agent: String = user_agent.chars().take(MAX_USER_AGENT).collect();
    let new = sessions::NewSession { session_id, user, user_agent: &user_agent, now, expires_at };
    sessions::insert(&app.pool, &new, MAX_SESSIONS).await?;
    let claims = SessionClaims { sub: user, jti: session_id };
    let cookie = app.settings.session_keys.sign(Audience::Session, claims, now, expires_at);
    cookie.map(Secret::new).ok_or(Refusal::Unavailable)
}

/// The session that a cookie names, when one of our keys has signed it and it has not expired.
pub fn session_of(app: &App, cookie: &str) -> Option<Uuid> {
    claims(app, cookie).map(|claims| claims.jti)
}

/// To whom such a cookie was given; whether the session has been ended since, only the database knows.
pub fn holder_of(app: &App, cookie: &str) -> Option<UserId> {
    claims(app, cookie).map(|claims| claims.sub)
}

fn claims(app: &App, cookie: &str) -> Option<SessionClaims> {
    app.settings.session_keys.verify(Audience::Session, cookie, app.clock.now())
}
