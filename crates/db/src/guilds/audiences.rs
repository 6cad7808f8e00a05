//! From audiences that ping a crowd to one that members choose.

use crate::Session;
use sm_types::{GuildId, TwitchUserId};

/// What was changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Converted {
    /// Whether the server's own mention was.
    pub server: bool,
    /// Channels whose mention was.
    pub channels: i64,
}

/// Has announcements that ping a role, everyone or here ping a role of the bot's instead: of one streamer, or of all.
///
/// A streamer who goes by the server's mention gets one of their own.
pub async fn convert(
    db: &mut Session,
    guild: GuildId,
    streamer: Option<&TwitchUserId>,
) -> sqlx::Result<Converted> {
    let (server, channels): (bool, i64) = sqlx::query_as(
        "with server as (
           update guild_config set mention = 'managed', mention_role_id = null, revision = revision + 1, updated_at = now()
           where guild_id = $1 and $2::text is null and mention in ('role', 'everyone', 'here') returning guild_id
         ), channels as (
           update destinations d set mention = 'managed', mention_role_id = null
           where d.guild_id = $1 and ($2::text is null or d.twitch_user_id = $2)
             and coalesce(d.mention, case when $2::text is not null then
               (select c.mention from guild_config c where c.guild_id = d.guild_id) end) in ('role', 'everyone', 'here')
           returning d.twitch_user_id
         ), follows as (
           update guild_streamers set revision = revision + 1
           where guild_id = $1 and twitch_user_id in (select twitch_user_id from channels)
         )
         select exists (select from server), (select count(*) from channels)",
    )
    .bind(guild.to_db())
    .bind(streamer.map(TwitchUserId::as_str))
    .fetch_one(db)
    .await?;
    Ok(Converted { server, channels })
}
