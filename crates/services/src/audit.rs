//! The audit log: what was done, and what was denied.

use crate::{App, SecurityEvent};
use serde::Serialize;
use sm_db::audit::NewEntry;
use sm_types::{GuildId, UserId};

/// Who does something, for the log.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Who; `None`: an operator, by the command line.
    pub user: Option<UserId>,
    /// The request.
    pub request_id: String,
}

impl Actor {
    /// An operator.
    pub fn operator() -> Self {
        Self { user: None, request_id: "operator".to_owned() }
    }
}

/// An admin's action, with what was before and what is now.
pub async fn done(
    app: &App,
    db: impl sqlx::PgExecutor<'_>,
    actor: &Actor,
    (guild, action, target): (GuildId, &str, Option<&str>),
    (before, after): (Option<&impl Serialize>, Option<&impl Serialize>),
) -> sqlx::Result<()> {
    let json = |value: Option<serde_json::Result<serde_json::Value>>| value.and_then(Result::ok);
    let entry = NewEntry {
        at: app.clock.now(),
        guild: Some(guild),
        actor: actor.user,
        action,
        target,
        denied: false,
        before: json(before.map(serde_json::to_value)),
        after: json(after.map(serde_json::to_value)),
        request_id: Some(&actor.request_id),
    };
    SecurityEvent::AdminAction.count();
    tracing::info!(
        event = SecurityEvent::AdminAction.as_str(), action, guild.id = %guild,
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
