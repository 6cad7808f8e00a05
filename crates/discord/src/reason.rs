//! Why a destination cannot be posted to, for admins.

use sm_types::announcement::NamedReason;

/// Why a destination is degraded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The channel is gone.
    ChannelDeleted,
    /// The bot cannot see the channel, or is not in the server.
    MissingAccess,
    /// The bot lacks a permission.
    MissingPermission,
    /// A moderator has timed the bot out.
    TimedOut,
    /// The channel takes no messages.
    WrongChannelType,
    /// The forum wants a tag.
    ForumTagRequired,
    ThreadLocked,
    /// The server's AutoMod, or Discord's link filter, blocks the message.
    BlockedByAutoMod,
    /// The application owner's account lacks two-factor authentication.
    TwoFactorRequired,
}

impl Reason {
    /// A stable code.
    pub fn code(self) -> &'static str {
        NamedReason::from(self).as_str()
    }

    /// What an admin can do about it.
    pub fn explain(self) -> &'static str {
        match self {
            Self::ChannelDeleted => "The channel was deleted. Choose another one.",
            Self::MissingAccess => "The bot cannot see this channel. Allow it \"View Channel\".",
            Self::MissingPermission => {
                "The bot may not post in this channel. Allow it what is missing, for the bot's role or this channel."
            }
            Self::TimedOut => {
                "The bot is timed out in this server. Remove the time-out, or wait until it is over."
            }
            Self::WrongChannelType => {
                "This kind of channel takes no messages. Choose a text channel."
            }
            Self::ForumTagRequired => "This forum wants a tag on every post. Choose one.",
            Self::ThreadLocked => "The thread is locked. Unlock it or choose another channel.",
            Self::BlockedByAutoMod => {
                "The server's AutoMod blocks the message. Exempt the bot's role or change the template."
            }
            Self::TwoFactorRequired => {
                "The server demands two-factor authentication of the bot's owner, who has not switched it on."
            }
        }
    }
}

impl From<Reason> for NamedReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::ChannelDeleted => Self::ChannelDeleted,
            Reason::MissingAccess => Self::MissingAccess,
            Reason::MissingPermission => Self::MissingPermission,
            Reason::TimedOut => Self::TimedOut,
            Reason::WrongChannelType => Self::WrongChannelType,
            Reason::ForumTagRequired => Self::ForumTagRequired,
            Reason::ThreadLocked => Self::ThreadLocked,
            Reason::BlockedByAutoMod => Self::BlockedByAutoMod,
            Reason::TwoFactorRequired => Self::TwoFactorRequired,
        }
    }
}
