//! What an announcement tells, wherever it comes from: a delivery of the outbox, or a sample for the editor.

use sm_db::{announce::deliveries::DueDelivery, guilds::Mention};
use sm_types::{
    ChannelId, SessionId, TwitchUserId, announcement::Variant, template::MessageTemplate,
};
use std::borrow::Cow;
use time::OffsetDateTime;

/// All that a message is made of.
#[derive(Debug, Clone)]
pub(crate) struct Announcement<'a> {
    pub(crate) streamer: Streamer<'a>,
    pub(crate) stream: Stream<'a>,
    pub(crate) guild_name: &'a str,
    pub(crate) channel: Option<ChannelId>,
    pub(crate) mention: Mention,
    /// The guild's template; the product's own where it has none, or one that does not parse any more.
    pub(crate) template: Option<Cow<'a, MessageTemplate>>,
    pub(crate) variant: Variant,
}

/// Who streams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Streamer<'a> {
    pub(crate) id: &'a TwitchUserId,
    pub(crate) login: &'a str,
    pub(crate) display_name: &'a str,
    pub(crate) avatar_url: Option<&'a str>,
}

/// What is known of the stream; `None` and empty texts are left out of the message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream<'a> {
    pub(crate) session: SessionId,
    pub(crate) started_at: OffsetDateTime,
    pub(crate) ended_at: Option<OffsetDateTime>,
    pub(crate) title: Option<&'a str>,
    pub(crate) game: Option<&'a str>,
    pub(crate) language: Option<&'a str>,
    pub(crate) viewers: Option<i32>,
    /// Since when the preview picture is fresh.
    pub(crate) preview_at: Option<OffsetDateTime>,
    pub(crate) vod_url: Option<&'a str>,
}

impl<'a> From<&'a DueDelivery> for Announcement<'a> {
    fn from(due: &'a DueDelivery) -> Self {
        let template = due.template.as_deref().and_then(|stored| {
            serde_json::from_str(stored)
                .inspect_err(|error| {
                    tracing::warn!(%error, guild.id = %due.guild_id, "a stored template cannot be read; the default is sent");
                })
                .ok()
        });
        Self {
            streamer: Streamer {
                id: &due.twitch_user_id,
                login: &due.login,
                display_name: &due.display_name,
                avatar_url: due.profile_image_url.as_deref(),
            },
            stream: Stream {
                session: due.session_id,
                started_at: due.started_at,
                ended_at: due.ended_at,
                title: due.title.as_deref(),
                game: due.game_name.as_deref(),
                language: due.language.as_deref(),
                viewers: due.viewers,
                preview_at: due.preview_at,
                vod_url: due.vod_url.as_deref(),
            },
            guild_name: &due.guild_name,
            channel: due.channel(),
            mention: Mention::from_db(&due.mention, due.mention_role_id),
            template: template.map(Cow::Owned),
            variant: due.variant,
        }
    }
}
