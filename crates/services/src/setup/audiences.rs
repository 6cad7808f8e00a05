//! The remedy where members' wishes cannot be honoured: announcements ping a role of the bot's, which members choose.

use crate::{
    App,
    audit::{self, Action, Actor},
};
use serde_json::json;
use sm_aws::Ring;
use sm_db::{
    guilds::audiences::{self, Converted},
    roles::{shown, wishes},
};
use sm_types::{GuildId, TwitchUserId};

/// Converts the audience of one streamer's announcements, or of all; what was changed, and how many members are enrolled.
pub async fn convert(
    app: &App,
    guild: GuildId,
    streamer: Option<&TwitchUserId>,
    actor: &Actor,
) -> sqlx::Result<(Converted, i64)> {
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    let converted = audiences::convert(&mut transaction, guild, streamer).await?;
    if converted != Converted::default() {
        let after = json!({ "server": converted.server, "channels": converted.channels });
        let action = Action {
            guild: Some(guild),
            name: "pings.convert",
            target: streamer.map(TwitchUserId::as_str),
            before: None,
            after: Some(after),
        };
        audit::done(app, &mut *transaction, actor, action).await?;
    }
    let scope = wishes::Scope { streamer, user: None };
    wishes::compare(&mut transaction, guild, scope, now).await?;
    let roles = shown::list(&mut *transaction, guild, streamer).await?;
    let enrolled = roles.iter().filter(|role| role.purpose == "ping").map(|role| role.wanted).sum();
    transaction.commit().await?;
    app.doorbell.ring(Ring::Roles).await;
    Ok((converted, enrolled))
}
