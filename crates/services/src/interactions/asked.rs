//! Who asks, where, and in which language.

use super::language::Language;
use crate::{App, audit::Actor};
use sm_discord::{interaction::Reply, permissions::Permissions};
use sm_types::{GuildId, InteractionId, Secret, UserId};

/// An interaction of somebody in a server that has the bot.
pub(super) struct Asked<'a> {
    pub(super) app: &'a App,
    pub(super) id: InteractionId,
    pub(super) token: Secret,
    pub(super) guild: GuildId,
    pub(super) user: UserId,
    pub(super) permissions: Permissions,
    pub(super) language: Language,
}

impl Asked<'_> {
    /// Whoever asks, for the log.
    pub(super) fn actor(&self) -> Actor {
        Actor::on_discord(self.user, self.id)
    }

    /// Whether they may set the server up, as at the dashboard. What Discord hides from others it may send all the same.
    pub(super) fn manages(&self) -> bool {
        self.permissions.contains(Permissions::ADMINISTRATOR)
            || self.permissions.contains(Permissions::MANAGE_GUILD)
    }

    /// To a command or button that this version does not know.
    pub(super) fn unknown(&self) -> Reply {
        Reply::text(self.language.pick(
            "This is not known here any more. Reload Discord (Ctrl+R) and try again.",
            "Das gibt es hier nicht mehr. Lade Discord neu (Strg+R) und versuche es noch einmal.",
        ))
    }

    /// A page of the dashboard.
    pub(super) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.app.settings.public_base_url)
    }
}
