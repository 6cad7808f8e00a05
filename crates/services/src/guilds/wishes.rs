//! What pings a member, chosen by themselves: at the dashboard, by a command or by a button.

use crate::{
    App,
    audit::{self, Actor},
};
use serde_json::json;
use sm_db::guilds::preferences;
use sm_types::{GuildId, TwitchUserId, UserId};

/// A choice that was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    /// Whether Discord can honour it: only mentions by name leave single members out.
    pub honoured: bool,
}

/// Stores whether announcements of a streamer, or of all (`None`), are to ping a member; without a wish what was
/// chosen is forgotten.
pub async fn choose(
    app: &App,
    guild: GuildId,
    streamer: Option<&TwitchUserId>,
    (user, actor): (UserId, &Actor),
    wants_ping: Option<bool>,
) -> sqlx::Result<Chosen> {
    let mut transaction = app.pool.begin().await?;
    match wants_ping {
        Some(wants) => preferences::set(&mut *transaction, guild, streamer, user, wants).await?,
        None => preferences::clear(&mut *transaction, guild, streamer, user).await?,
    }
    let streamer_id = streamer.map_or("*", TwitchUserId::as_str);
    let after = json!({ "guild_id": guild, "streamer_id": streamer_id, "wants_ping": wants_ping });
    audit::chosen(app, &mut *transaction, actor, ("preference.update", streamer_id), after).await?;
    let honoured = preferences::honoured(&mut *transaction, guild, streamer).await?;
    transaction.commit().await?;
    Ok(Chosen { honoured })
}
