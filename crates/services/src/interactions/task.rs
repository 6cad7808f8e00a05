//! What is done after the first answer, since it asks Discord or Twitch.

use serde::{Deserialize, Serialize};
use sm_types::{ChannelId, RoleId, TwitchUserId};

/// What is to be done, as it stands in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum Task {
    /// Announce streamers, by names or addresses as they were typed.
    Add { names: Vec<String>, channel: Option<ChannelId>, buttons: Option<bool> },
    /// Announce in this channel and mention so, unless a streamer says otherwise.
    SetUp { channel: Option<ChannelId>, mention: Option<String>, role: Option<RoleId> },
    /// Post a test message.
    Test { streamer: Option<TwitchUserId>, channel: Option<ChannelId> },
    /// Look why a streamer is not announced.
    Why { streamer: TwitchUserId },
}
