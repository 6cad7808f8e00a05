//! For whom something is done after the first answer.

use super::language::Language;
use crate::{App, audit::Actor};
use sm_types::GuildId;

/// Where, for whom and in which language something is done.
pub(super) struct Doing<'a> {
    pub(super) app: &'a App,
    pub(super) guild: GuildId,
    pub(super) actor: Actor,
    pub(super) language: Language,
}
