//! What a server offers to choose from, and what was read of that lately.

use sm_discord::permissions::Level;
use sm_types::{ChannelId, GuildId, RoleId};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use time::{Duration, OffsetDateTime};

/// Short enough that whoever has just granted a permission on Discord sees it here.
pub(super) const FRESH_FOR: Duration = Duration::seconds(2);
/// While Discord cannot be asked, it is shown up to this age.
pub(super) const USABLE_FOR: Duration = Duration::minutes(1);

/// A channel and whether the bot can post in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub id: ChannelId,
    pub name: String,
    /// `text`, `announcement`, `voice`, `stage` or `thread`.
    pub kind: &'static str,
    pub category: Option<String>,
    /// Permissions that the bot lacks to post.
    pub missing: Vec<&'static str>,
    /// Whose permissions are to be changed, where some are missing.
    pub at: Option<Level>,
    /// Until when the bot is timed out.
    pub timed_out_until: Option<OffsetDateTime>,
    /// Whether embeds are shown there.
    pub embeds: bool,
    /// Whether the bot may ping everyone there, and roles that are not mentionable.
    pub may_mention_everyone: bool,
}

impl Place {
    /// Whether the bot can post there.
    pub fn can_post(&self) -> bool {
        self.missing.is_empty() && self.timed_out_until.is_none()
    }

    /// Whether a mention of a role by the bot pings its members there.
    pub fn may_ping(&self, role: &PingRole) -> bool {
        role.mentionable || self.may_mention_everyone
    }
}

/// A role to ping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PingRole {
    pub id: RoleId,
    pub name: String,
    /// Everybody may mention it.
    pub mentionable: bool,
    /// It belongs to an integration, as Twitch's subscribers and a server's boosters do.
    pub managed: bool,
}

/// What a server offers to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Channels, in Discord's order.
    pub channels: Vec<Place>,
    /// Roles, the highest first; `@everyone` and those of bots, which have no other members, are left out.
    pub roles: Vec<PingRole>,
    /// Whether the bot may ping everyone and roles that are not mentionable, channels aside.
    pub may_mention_everyone: bool,
    /// Whether the bot is in the server.
    pub bot_present: bool,
}

impl Places {
    pub(super) fn absent() -> Self {
        let (channels, roles) = (Vec::new(), Vec::new());
        Self { channels, roles, may_mention_everyone: false, bot_present: false }
    }
}

/// What was read lately, so that pages which ask at once or in a row do not take the slots of announcements.
#[derive(Debug, Default)]
pub(crate) struct PlacesCache(Mutex<HashMap<GuildId, (OffsetDateTime, Places)>>);

impl PlacesCache {
    /// What was read of a server, if it is younger than `age`.
    pub(super) fn find(
        &self,
        guild: GuildId,
        now: OffsetDateTime,
        age: Duration,
    ) -> Option<Places> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (read_at, _)| now - *read_at < USABLE_FOR);
        let (read_at, places) = known.get(&guild)?;
        (now - *read_at < age).then(|| places.clone())
    }

    pub(super) fn keep(&self, guild: GuildId, read_at: OffsetDateTime, places: &Places) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(guild, (read_at, places.clone()));
    }
}
