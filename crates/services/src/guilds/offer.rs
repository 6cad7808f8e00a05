//! What a server offers to choose from, and what was read of that lately.

use sm_types::{ChannelId, GuildId, RoleId};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use time::{Duration, OffsetDateTime};

/// Short enough that whoever has just granted a permission on Discord sees it here.
const FRESH_FOR: Duration = Duration::seconds(2);

/// A channel and whether the bot can post in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub id: ChannelId,
    pub name: String,
    /// `text`, `announcement`, `voice`, `stage` or `thread`.
    pub kind: &'static str,
    pub category: Option<String>,
    /// Permissions that the bot lacks to post; empty when it can.
    pub missing: Vec<&'static str>,
    /// Whether embeds are shown there.
    pub embeds: bool,
}

/// A role and whether the bot can ping it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PingRole {
    pub id: RoleId,
    pub name: String,
    /// Whether a mention by the bot pings its members.
    pub pingable: bool,
}

/// What a server offers to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Channels, in Discord's order.
    pub channels: Vec<Place>,
    /// Roles, the highest first; `@everyone` and those of integrations are left out.
    pub roles: Vec<PingRole>,
    /// Whether the bot may ping everyone and roles that are not mentionable.
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
    pub(super) fn find(&self, guild: GuildId, now: OffsetDateTime) -> Option<Places> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (read_at, _)| now - *read_at < FRESH_FOR);
        known.get(&guild).map(|(_, places)| places.clone())
    }

    pub(super) fn keep(&self, guild: GuildId, read_at: OffsetDateTime, places: &Places) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(guild, (read_at, places.clone()));
    }
}
