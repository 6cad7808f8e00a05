//! The audit log: what was done, and what was denied.

use crate::{App, SecurityEvent};
use serde_json::Value;
use sm_db::{audit::NewEntry, limits};
use sm_types::{GuildId, InteractionId, TwitchUserId, UserId};

/// What the ids of requests begin with that came by Discord's commands and buttons.
pub const VIA_DISCORD: &str = "discord:";

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

    /// Somebody who has done it on Discord.
    pub fn on_discord(user: UserId, interaction: InteractionId) -> Self {
        Self { user: Some(user), request_id: format!("{VIA_DISCORD}{interaction}") }
    }
}

/// What an admin does.
#[derive(Debug, Clone)]
pub struct Action<'a> {
    /// The server whose log tells of it; `None`: it is about none.
    pub guild: Option<GuildId>,
    /// As in `guild_config.update`.
    pub name: &'a str,
    /// The id of what is changed, when it is not the server itself.
    pub target: Option<&'a str>,
    /// How it was; nothing for what is new.
    pub before: Option<Value>,
    /// How it is now; nothing for what is gone.
    pub after: Option<Value>,
}

/// Writes down what somebody chooses for themselves, in the transaction that stores it. No server's log tells of it.
pub async fn chosen(
    app: &App,
    db: impl sqlx::PgExecutor<'_>,
    actor: &Actor,
    (name, target): (&str, &str),
    after: Value,
) -> sqlx::Result<()> {
    let (guild, target, before, after) = (None, Some(target), None, Some(after));
    let action = Action { guild, name, target, before, after };
    sm_db::audit::insert(db, &entry(app, actor, action)).await
}

fn entry<'a>(app: &App, actor: &'a Actor, action: Action<'a>) -> NewEntry<'a> {
    let Action { guild, name, target, before, after } = action;
    NewEntry {
        at: app.clock.now(),
        guild,
        actor: actor.user,
        action: name,
        target,
        denied: false,
        before,
        after,
        request_id: Some(&actor.request_id),
        changes: changes(name),
    }
}

/// Writes down what an admin does, in the transaction that does it.
pub async fn done(
    app: &App,
    db: impl sqlx::PgExecutor<'_>,
    actor: &Actor,
    action: Action<'_>,
) -> sqlx::Result<()> {
    let Action { guild, name, target, .. } = action;
    let entry = entry(app, actor, action);
    if let Some(guild) = guild.filter(|_| entry.changes.is_some()) {
        app.hub().changes().saved(guild);
    }
    SecurityEvent::AdminAction.count();
    tracing::info!(
        event = SecurityEvent::AdminAction.as_str(),
        action = name,
        guild.id = guild.map(|id| id.to_string()),
        user.id = actor.user.map(|id| id.to_string()),
        target,
        request.id = actor.request_id,
        "an admin did something"
    );
    sm_db::audit::insert(db, &entry).await
}

/// What pages show differently after an action.
fn changes(action: &str) -> Option<&'static str> {
    match action.split_once('.').map_or(action, |(about, _)| about) {
        // They are told in their room.
        "room" | "shout" => None,
        "delivery" => Some("deliveries"),
        _ => Some("settings"),
    }
}

/// Who was denied something of a server's.
#[derive(Debug, Clone, Copy)]
pub enum Denied {
    /// One of its members, which its log tells.
    Member(GuildId),
    /// Somebody from outside: anybody could fill a server's log so.
    Stranger(GuildId),
}

/// A denied person's next denial in the same server is stored after so many seconds.
const STORED_AGAIN_AFTER: u32 = 3_600;

/// A request that was denied. All of them are counted and logged; stored is one an hour for each person and
/// server, a stranger's outside of the server's log.
pub async fn denied_request(app: &App, what: Denied, action: &str, actor: &Actor) {
    let (guild, stranger) = match what {
        Denied::Member(guild) => (guild, false),
        Denied::Stranger(guild) => (guild, true),
    };
    log_denial(Some(guild), actor.user, action, Some(&actor.request_id));
    let target = guild.to_string();
    if was_stored(app, &target, actor).await {
        return;
    }
    let entry = NewEntry {
        guild: (!stranger).then_some(guild),
        target: stranger.then_some(&*target),
        ..denial(app, actor.user, action, Some(&actor.request_id))
    };
    store(app, &entry).await;
}

/// The same for a channel that is somebody else's.
pub async fn denied_channel(app: &App, channel: &TwitchUserId, action: &str, actor: &Actor) {
    log_denial(None, actor.user, action, Some(&actor.request_id));
    let target = format!("channel:{channel}");
    if was_stored(app, &target, actor).await {
        return;
    }
    let denial = denial(app, actor.user, action, Some(&actor.request_id));
    store(app, &NewEntry { target: Some(&target), ..denial }).await;
}

/// Whether a denial of the same person was stored within the hour.
async fn was_stored(app: &App, target: &str, actor: &Actor) -> bool {
    let who = actor.user.map(|user| user.to_string()).unwrap_or_default();
    let key = format!("denied:{target}:{who}");
    match limits::spend(&app.pool, &key, 1, STORED_AGAIN_AFTER).await {
        Ok(fresh) => !fresh,
        Err(error) => {
            tracing::warn!(%error, "whether a denial was stored before is not known");
            false
        }
    }
}

/// Something that was denied. A log that cannot be written must not turn a denial into an error.
pub async fn denied(
    app: &App,
    guild: Option<GuildId>,
    user: Option<UserId>,
    action: &str,
    request_id: Option<&str>,
) {
    log_denial(guild, user, action, request_id);
    store(app, &NewEntry { guild, ..denial(app, user, action, request_id) }).await;
}

fn log_denial(
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
}

fn denial<'a>(
    app: &App,
    actor: Option<UserId>,
    action: &'a str,
    request_id: Option<&'a str>,
) -> NewEntry<'a> {
    let (guild, target, before, after) = (None, None, None, None);
    let at = app.clock.now();
    let (denied, changes) = (true, None);
    NewEntry { at, guild, actor, action, target, denied, before, after, request_id, changes }
}

async fn store(app: &App, entry: &NewEntry<'_>) {
    if let Err(error) = sm_db::audit::insert(&app.pool, entry).await {
        tracing::warn!(%error, "a denial could not be stored");
    }
}
