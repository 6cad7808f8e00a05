//! The audit log: what was done, and what was denied.

use crate::{App, SecurityEvent};
use serde_json::Value;
use sm_db::audit::NewEntry;
use sm_types::{GuildId, UserId};

/// Who does something, for the log.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Who; `None`: an operator, by the command line.
    pub user: Option<UserId>,
    pub request_id: String,
}

impl Actor {
    pub fn operator() -> Self {
        Self { user: None, request_id: "operator".to_owned() }
    }
}

/// What an admin does.
#[derive(Debug, Clone)]
pub struct Action<'a> {
    /// The server whose log tells of it.
    pub guild: GuildId,
    /// As in `guild_config.update`.
    pub name: &'a str,
    /// The id of what is changed, when it is not the server itself.
    pub target: Option<&'a str>,
    /// How it was; nothing for what is new.
    pub before: Option<Value>,
    /// How it is now; nothing for what is gone.
    pub after: Option<Value>,
}

/// Writes down what an admin does, in the transaction that does it.
pub async fn done(
    app: &App,
    db: impl sqlx::PgExecutor<'_>,
    actor: &Actor,
    action: Action<'_>,
) -> sqlx::Result<()> {
    let Action { guild, name, target, before, after } = action;
    let entry = NewEntry {
        at: app.clock.now(),
        guild: Some(guild),
        actor: actor.user,
        action: name,
        target,
        denied: false,
        before,
        after,
        request_id: Some(&actor.request_id),
    };
    SecurityEvent::AdminAction.count();
    tracing::info!(
        event = SecurityEvent::AdminAction.as_str(), action = name, guild.id = %guild,
        user.id = actor.user.map(|id| id.to_string()), target, request.id = actor.request_id,
        "an admin did something"
    );
    sm_db::audit::insert(db, &entry).await
}

/// Something that was denied. A log that cannot be written must not turn a denial into an error.
pub async fn denied(
    app: &App,
    guild: Option<GuildId>,
    user: Option<UserId>,
    action: &str,
    request_id: Option<&str>,
) {
    SecurityEvent::Denied.count();
    tracing::warn!(
        event = SecurityEvent::Denied.as_str(),
        action,
        guild.id = guild.map(|id| id.to_string()),
        user.id = user.map(|id| id.to_string()),
        request.id = request_id,
        "something was denied"
    );
    let entry = NewEntry {
        at: app.clock.now(),
        guild,
        actor: user,
        action,
        target: None,
        denied: true,
        before: None,
        after: None,
        request_id,
    };
    if let Err(error) = sm_db::audit::insert(&app.pool, &entry).await {
        tracing::warn!(%error, "a denial could not be stored");
    }
}
