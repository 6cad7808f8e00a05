//! What an announcement is and what becomes of it, as stored: closed sets that a newer version may extend.
//!
//! A value that this version does not know is an error, never a default: whoever reads rows leaves such a row
//! alone, so that an older binary posts nothing by mistake while a newer one is being deployed.

use std::fmt;

/// A stored value that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is no {set} that this version knows")]
pub struct UnknownValue {
    /// What was expected.
    pub set: &'static str,
    /// What was found.
    pub value: String,
}

macro_rules! stored {
    ($($(#[$doc:meta])* $name:ident, $set:literal: { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every value that this version knows, as stored; a query that claims rows takes only these.
            pub const KNOWN: &'static [&'static str] = &[$($text),*];

            /// The value as stored.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl TryFrom<String> for $name {
            type Error = UnknownValue;

            fn try_from(value: String) -> Result<Self, UnknownValue> {
                match value.as_str() {
                    $($text => Ok(Self::$variant),)*
                    _ => Err(UnknownValue { set: $set, value }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}

stored! {
    /// What about a stream is told.
    Kind, "kind of announcement": {
        /// It began.
        Online = "online",
        /// Viewers and a fresh preview are there.
        Enrich = "enrich",
        /// Title or category changed.
        Update = "update",
        /// It ended.
        Offline = "offline",
        /// Nothing: an admin tries a template.
        Test = "test",
    }

    /// What is asked of Discord.
    Action, "action": {
        /// A new message.
        Create = "create",
        /// Another text for a message.
        Edit = "edit",
        /// A message is removed.
        Delete = "delete",
    }

    /// How much of a message Discord has accepted so far.
    Variant, "variant": {
        /// All of it.
        Full = "full",
        /// The guild's template without its embeds.
        Text = "text",
        /// The product's own template without embeds.
        Plain = "plain",
    }

    /// What has become of a delivery.
    Status, "status": {
        /// To be sent, or sent again.
        Pending = "pending",
        /// A worker has it.
        Sending = "sending",
        /// Done.
        Sent = "sent",
        /// Left out by a rule.
        Skipped = "skipped",
        /// Refused for good.
        Failed = "failed",
        /// Too late to be of use.
        Expired = "expired",
    }

    /// How far a subscription that should exist at Twitch is.
    TargetState, "state of a subscription": {
        /// It is to be created.
        Wanted = "wanted",
        /// Twitch was asked and has not confirmed it yet.
        Pending = "pending",
        /// Twitch sends its events.
        Enabled = "enabled",
        /// Twitch refused it; it is tried again.
        Failed = "failed",
        /// It is to be deleted.
        Unwanted = "unwanted",
    }
}

/// Why a delivery was skipped, failed, expired or waits. Its values stand beside it as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// One with a name of its own.
    Named(NamedReason),
    /// Discord's error code, for which we have no name.
    Discord(u32),
    /// An HTTP status without a code of Discord's.
    Http(u16),
}

stored! {
    /// A reason with a name of its own. The values of a rule are `rule` (its field), `wanted`, `seen`, and `of` where the
    /// rule stands (`server` or `channel`).
    NamedReason, "reason": {
        /// All announcements of the guild are switched off.
        GuildPaused = "guild_paused",
        /// The streamer is switched off.
        StreamerPaused = "streamer_paused",
        /// The destination is switched off.
        DestinationPaused = "destination_paused",
        /// Neither the destination nor the guild names a channel.
        NoChannel = "no_channel",
        /// The bot has left the guild.
        BotLeft = "bot_left",
        /// The guild does not announce this type of stream. Values: of a rule, and `type`.
        StreamType = "stream_type",
        /// The stream's category is not among the wanted ones. Values: of a rule, and `game`.
        GameFilter = "game_filter",
        /// The stream's category is never announced. Values: of a rule.
        CategoryDenied = "category_denied",
        /// The title lacks what is wanted. Values: of a rule, and `title`.
        TitleFilter = "title_filter",
        /// The title contains what is never announced. Values: of a rule.
        TitleDenied = "title_denied",
        /// The title does not fit the pattern. Values: of a rule.
        TitlePattern = "title_pattern",
        /// The stream is in another language. Values: of a rule.
        Language = "language",
        /// The stream's tags are not wanted, or lack a wanted one. Values: of a rule.
        Tags = "tags",
        /// It waits for the second look, to count viewers. Values: of a rule, without `seen`.
        AwaitingViewers = "awaiting_viewers",
        /// Too few watched at the second look. Values: of a rule.
        TooFewViewers = "too_few_viewers",
        /// The guild was pinged a short time ago. Values: of a rule, in seconds.
        RecentPing = "recent_ping",
        /// The guild was pinged as often within 24 hours as it may be. Values: of a rule.
        DailyPings = "daily_pings",
        /// The rules are those of a newer version. Values: of a rule, as far as it is known.
        UnreadableRules = "unreadable_rules",
        /// It is quiet in the guild. Values: of a rule, `until` (`HH:MM`), `timezone`.
        QuietHours = "quiet_hours",
        /// There are quiet hours, in a time zone that nobody knows. Values: `timezone`.
        UnknownTimezone = "unknown_timezone",
        /// The last announcement is too recent. Values: of a rule, in seconds, and `seconds`.
        Cooldown = "cooldown",
        /// The guild leaves messages as they are when a stream ends.
        EndActionLeave = "end_action_leave",
        /// The destination was removed in the meantime.
        DestinationRemoved = "destination_removed",
        /// The stream ended in the meantime.
        StreamEnded = "stream_ended",
        /// It would have come too late, and not because of our own pace.
        TooLate = "too_late",
        /// The message was deleted on Discord.
        MessageDeleted = "message_deleted",
        /// It was sent, but the message was deleted since.
        DeletedSince = "deleted_since",
        /// It was sent, but Discord left the embed out. Values: `missing`.
        EmbedLeftOut = "embed_left_out",
        /// It was sent without parts that Discord refused. Values: `parts`, by their names in the template.
        PartsLeftOut = "parts_left_out",
        /// It was sent, but a moderator has suppressed the message's embeds.
        EmbedSuppressed = "embed_suppressed",
        /// It was sent and pinged nobody: the text lacks the mention. Values: `mention`, perhaps `role`.
        MentionUnused = "mention_unused",
        /// It was sent, but Discord pinged nobody. Values: `mention`, perhaps `role`; `missing`.
        NotPinged = "not_pinged",
        /// It was sent and pinged nobody: the role is gone. Values: `role`.
        RoleGone = "role_gone",
        /// It is tried again in a simpler form.
        Rebuilt = "rebuilt",
        /// Discord refuses all our requests; they wait.
        CircuitOpen = "circuit_open",
        /// Discord asked to wait, or our own pace does. Values: `retry_after_ms`, what Discord asked for.
        RateLimited = "rate_limited",
        /// Discord asked to wait time and again.
        GivenUp = "given_up",
        /// Discord did not answer, or answered that it cannot.
        DiscordUnavailable = "discord_unavailable",
        /// Whether an earlier attempt posted could not be found out. Values: `missing`, where the bot may not
        /// read the channel's history.
        LookupUnanswered = "lookup_unanswered",
        /// No answer came, and it will not be tried again.
        NoAnswer = "no_answer",
        /// It was taken up from the channel after a restore.
        TakenUp = "taken_up",
        /// The bot is not in the guild.
        NotInGuild = "not_in_guild",
        /// The channel is gone.
        ChannelDeleted = "channel_deleted",
        /// The bot cannot see the channel. Values: `missing`.
        MissingAccess = "missing_access",
        /// The bot lacks a permission. Values: `missing`, Discord's names of permissions; `at`, whose permissions
        /// are to be changed: `server`, `category`, `channel`, or `thread` for the channel that a thread is in.
        MissingPermission = "missing_permission",
        /// A moderator has timed the bot out. Values: `until`.
        TimedOut = "timed_out",
        /// The channel takes no messages.
        WrongChannelType = "wrong_channel_type",
        /// The forum wants a tag.
        ForumTagRequired = "forum_tag_required",
        ThreadLocked = "thread_locked",
        /// AutoMod or the link filter blocks the message.
        BlockedByAutoMod = "blocked_by_automod",
        /// The application owner's account lacks two-factor authentication.
        TwoFactorRequired = "two_factor_required",
    }
}

impl From<NamedReason> for Reason {
    fn from(named: NamedReason) -> Self {
        Self::Named(named)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(named) => named.fmt(f),
            Self::Discord(code) => write!(f, "discord_{code}"),
            Self::Http(status) => write!(f, "http_{status}"),
        }
    }
}

impl TryFrom<String> for Reason {
    type Error = UnknownValue;

    fn try_from(value: String) -> Result<Self, UnknownValue> {
        let number = |prefix: &str| value.strip_prefix(prefix);
        if let Some(code) = number("discord_").and_then(|code| code.parse().ok()) {
            return Ok(Self::Discord(code));
        }
        if let Some(status) = number("http_").and_then(|status| status.parse().ok()) {
            return Ok(Self::Http(status));
        }
        NamedReason::try_from(value).map(Self::Named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_back_as_they_were_written() {
        let named = NamedReason::KNOWN.iter().map(|text| (*text).to_owned());
        let numbered = ["discord_50035", "http_418"].map(str::to_owned);
        for text in named.chain(numbered) {
            assert_eq!(Reason::try_from(text.clone()).map(|r| r.to_string()), Ok(text));
        }
    }

    #[test]
    fn value_of_a_newer_version_is_an_error() {
        assert!(Kind::try_from("digest".to_owned()).is_err());
        assert!(Action::try_from("pin".to_owned()).is_err());
        assert!(Reason::try_from("discord_many".to_owned()).is_err());
    }
}
