//! What we keep of a person: handing it over, and deleting it.

use super::discord_tokens;
use crate::{App, SecurityEvent, chat, live::presence};
use serde_json::{Value, json};
use sm_aws::Ring;
use sm_types::UserId;
use time::format_description::well_known::Rfc3339;

/// How many audit entries an export holds.
const MAX_ENTRIES: i64 = 10_000;

/// Everything that is stored about a person, as JSON. Tokens are not in it.
pub async fn export(app: &App, user: &sm_db::accounts::users::User) -> sqlx::Result<Value> {
    let (id, now) = (user.user_id, app.clock.now());
    let text = |at: time::OffsetDateTime| at.format(&Rfc3339).unwrap_or_default();
    let (sessions, guilds, choices, entries, said, there, channels, favorites) = tokio::try_join!(
        sm_db::accounts::sessions::list(&app.pool, id, now),
        sm_db::accounts::users::guilds(&app.pool, id),
        sm_db::guilds::preferences::export(&app.pool, id),
        sm_db::audit::of_actor(&app.pool, id, MAX_ENTRIES),
        sm_db::live::shouts::of_author(&app.pool, id),
        sm_db::live::presence::of_user(&app.pool, id),
        sm_db::live::feeds::own_channels(&app.pool, id),
        sm_db::accounts::favorites::list(&app.pool, id),
    )?;
    Ok(json!({
        "exported_at": text(now),
        "user": {
            "id": id, "username": user.username, "global_name": user.global_name, "avatar": user.avatar,
        },
        "sessions": sessions.iter().map(|s| json!({
            "id": s.session_id, "user_agent": s.user_agent, "created_at": text(s.created_at),
            "last_seen_at": text(s.last_seen_at), "expires_at": text(s.expires_at),
        })).collect::<Vec<_>>(),
        "guilds": guilds.iter().map(|g| json!({
            "id": g.guild_id, "name": g.name, "owner": g.owner, "permissions": g.permissions.to_string(),
        })).collect::<Vec<_>>(),
        "preferences": choices.iter().map(|c| json!({
            "guild_id": c.guild_id, "streamer_id": c.twitch_user_id, "wants_ping": c.wants_ping,
            "updated_at": text(c.updated_at),
        })).collect::<Vec<_>>(),
        "room_messages": said.iter().map(|s| json!({
            "room": s.room, "text": s.text, "at": text(s.created_at),
        })).collect::<Vec<_>>(),
        "presence": there.map(|p| json!({
            "invisible": p.invisible, "online": p.online, "path": p.path, "title": p.title,
            "came_or_went_at": p.changed_at.map(text),
        })),
        "channels": channels.iter().map(|c| json!({
            "id": c.twitch_user_id, "login": c.login, "granted": c.granted, "grant_again": c.lost,
        })).collect::<Vec<_>>(),
        "favorites": favorites.iter().map(|f| json!({
            "id": f.twitch_user_id, "login": f.login,
        })).collect::<Vec<_>>(),
        "actions": entries.iter().map(|e| json!({
            "at": text(e.at), "guild_id": e.guild_id.map(|id| id.to_string()), "action": e.action,
            "target": e.target, "outcome": e.outcome,
        })).collect::<Vec<_>>(),
    }))
}

/// Deletes a person: tokens are revoked, sessions end, preferences and server list go.
///
/// What they set up in servers stays, since it belongs to the servers; the log keeps what was done and
/// forgets by whom.
pub async fn delete(app: &App, user: UserId) -> sqlx::Result<()> {
    discord_tokens::revoke(app, user).await?;
    let mut transaction = app.pool.begin().await?;
    let servers = sm_db::live::presence::erase(&mut transaction, user).await?;
    sm_db::guilds::preferences::forget(&mut *transaction, user).await?;
    sm_db::interactions::forget(&mut *transaction, user).await?;
    sm_db::audit::forget_actor(&mut *transaction, user).await?;
    sm_db::guilds::members::forget(&mut *transaction, user).await?;
    let mut channels = sm_db::live::feeds::forget_owner(&mut *transaction, user).await?;
    let now = app.clock.now();
    channels.extend(chat::channels::forget_owner(&mut transaction, user, now).await?);
    // What was wanted for their sake alone is not any more.
    sm_db::streamers::subscriptions::plan(&mut *transaction, &channels, now).await?;
    let rooms = sm_db::live::shouts::forget(&mut transaction, user, now).await?;
    sm_db::accounts::users::delete(&mut *transaction, user).await?;
    transaction.commit().await?;
    if !channels.is_empty() {
        app.doorbell.ring(Ring::Subscribe).await;
    }
    app.hub().sessions_ended();
    rooms.into_iter().chain(servers).for_each(|room| app.hub().told(room));
    SecurityEvent::AccountDeleted.record(None, "an account was deleted");
    Ok(())
}

/// A person has removed our access on Discord's side: their sessions and tokens end, the rest stays.
pub async fn deauthorized(app: &App, user: UserId) -> sqlx::Result<()> {
    let now = app.clock.now();
    sm_db::accounts::users::set_tokens(&app.pool, user, None).await?;
    let ended = sm_db::accounts::sessions::revoke(
        &app.pool,
        user,
        sm_db::accounts::sessions::Which::All,
        now,
    )
    .await?;
    app.hub().sessions_ended();
    presence::signed_out(app, user).await;
    tracing::info!(user.id = %user, sessions = ended, "a user has removed our access");
    Ok(())
}
