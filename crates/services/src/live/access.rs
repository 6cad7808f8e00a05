//! May this person listen to a topic, and speak in it?

use super::feeds;
use crate::{
    App,
    guilds::access::{self, Access, Known, Unknown},
};
use sm_db::live::connections::{self, Standing};
use sm_types::live::{FeedKinds, Room, Topic};
use uuid::Uuid;

/// What somebody may do with a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listener {
    /// Listen, speak, and moderate.
    Moderator,
    /// Listen and speak.
    Member,
    /// Listen to what happens, of these kinds.
    Watcher(FeedKinds),
    /// Nothing: there is no such topic as far as they are concerned.
    Nobody,
    /// Their session has ended.
    SignedOut,
}

/// What the holder of a session may do with a topic. Discord is asked when what is known is older than five minutes.
pub(super) async fn listener(app: &App, session: Uuid, topic: Topic) -> Result<Listener, Unknown> {
    let now = app.clock.now();
    let standing = connections::standing(&app.pool, session, topic.guild(), now).await;
    let standing = standing.map_err(|error| {
        tracing::warn!(%error, "a session could not be looked up");
        Unknown
    })?;
    let Some(Standing { user_id, member, permissions, checked_at, bot_present }) = standing else {
        return Ok(Listener::SignedOut);
    };
    if let Topic::Feed(feed) = topic {
        let sight = feeds::sight(app, feed, user_id).await?;
        return Ok(match sight.sees {
            FeedKinds::NONE => Listener::Nobody,
            sees => Listener::Watcher(sees),
        });
    }
    let Some(guild) = topic.guild() else {
        let open = topic != Topic::Room(Room::Public) || app.settings.public_room;
        let moderates = app.settings.room_moderators.contains(&user_id);
        return Ok(match (open, moderates) {
            (false, _) => Listener::Nobody,
            (true, true) => Listener::Moderator,
            (true, false) => Listener::Member,
        });
    };
    if !bot_present {
        return Ok(Listener::Nobody);
    }
    let known = member.zip(permissions).zip(checked_at);
    let known = known.map(|((member, permissions), checked_at)| Known {
        member,
        permissions: permissions.cast_unsigned(),
        checked_at,
    });
    let access = access::check(app, guild, user_id, known, false).await?;
    Ok(match (access, topic) {
        (Access::Admin, _) => Listener::Moderator,
        // What changes in a server is for those who manage it.
        (Access::Member, Topic::Server(_)) | (Access::None, _) => Listener::Nobody,
        (Access::Member, _) => Listener::Member,
    })
}
