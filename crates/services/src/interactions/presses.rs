//! What buttons and forms of ours say when they come back: `v1:<what>:<of whom>`. They outlive releases, as long as the
//! messages that they stand under.

use sm_discord::interaction::{Button, Style};
use sm_types::{ChannelId, TwitchUserId};
use std::fmt;

/// What was pressed or sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Press {
    /// The pings of one streamer, on or off.
    Wish {
        streamer: TwitchUserId,
        wants: bool,
    },
    /// Those of all; `None`: what was chosen for all is forgotten.
    WishForAll(Option<bool>),
    /// The server stops to announce a streamer, or does not after all.
    Remove(TwitchUserId),
    Keep,
    /// Look once more why somebody is not announced.
    Why(TwitchUserId),
    /// Names to add, with what was chosen beside them.
    Add {
        channel: Option<ChannelId>,
        buttons: Option<bool>,
    },
}

/// Twitch's ids are numbers; what is longer is none.
const MAX_ID: usize = 20;

impl Press {
    /// Reads an id; `None` for one that this version does not know.
    pub(super) fn parse(custom_id: &str) -> Option<Self> {
        let mut parts = custom_id.strip_prefix("v1:")?.split(':');
        let (what, one, two) = (parts.next()?, parts.next(), parts.next());
        if parts.next().is_some() {
            return None;
        }
        let streamer = || {
            let id = one.filter(|id| id.bytes().all(|b| b.is_ascii_digit()) && two.is_none())?;
            (1..=MAX_ID).contains(&id.len()).then(|| TwitchUserId::from(id))
        };
        Some(match what {
            "ping" => Self::Wish { streamer: streamer()?, wants: true },
            "mute" => Self::Wish { streamer: streamer()?, wants: false },
            "all" if two.is_none() => Self::WishForAll(switch(one?)?),
            "remove" => Self::Remove(streamer()?),
            "keep" if one.is_none() => Self::Keep,
            "why" => Self::Why(streamer()?),
            "add" => {
                let channel = match one? {
                    "-" => None,
                    id => Some(id.parse().ok()?),
                };
                Self::Add { channel, buttons: switch(two?)? }
            }
            _ => return None,
        })
    }
}

fn switch(text: &str) -> Option<Option<bool>> {
    match text {
        "on" => Some(Some(true)),
        "off" => Some(Some(false)),
        "-" => Some(None),
        _ => None,
    }
}

impl fmt::Display for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let switch = |on: &Option<bool>| match on {
            Some(true) => "on",
            Some(false) => "off",
            None => "-",
        };
        match self {
            Self::Wish { streamer, wants: true } => write!(f, "v1:ping:{streamer}"),
            Self::Wish { streamer, wants: false } => write!(f, "v1:mute:{streamer}"),
            Self::WishForAll(wants) => write!(f, "v1:all:{}", switch(wants)),
            Self::Remove(streamer) => write!(f, "v1:remove:{streamer}"),
            Self::Keep => f.write_str("v1:keep"),
            Self::Why(streamer) => write!(f, "v1:why:{streamer}"),
            Self::Add { channel, buttons } => {
                let channel = channel.map_or_else(|| "-".to_owned(), |id| id.to_string());
                write!(f, "v1:add:{channel}:{}", switch(buttons))
            }
        }
    }
}

/// The buttons under an announcement, for everybody who sees it; in English, as is the message.
pub(crate) fn under_announcement(streamer: &TwitchUserId) -> Vec<Button> {
    let wish = |wants| Press::Wish { streamer: streamer.clone(), wants }.to_string();
    vec![
        Button::new(Style::Secondary, "🔔 Ping me", wish(true)),
        Button::new(Style::Secondary, "🔕 Mute", wish(false)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_button_says_is_read_again() {
        let ana = TwitchUserId::from("70011223");
        for press in [
            Press::Wish { streamer: ana.clone(), wants: true },
            Press::Wish { streamer: ana.clone(), wants: false },
            Press::WishForAll(Some(true)),
            Press::WishForAll(None),
            Press::Remove(ana.clone()),
            Press::Keep,
            Press::Why(ana),
            Press::Add { channel: None, buttons: None },
            Press::Add { channel: Some(ChannelId(u64::MAX)), buttons: Some(true) },
        ] {
            let text = press.to_string();
            assert!(text.len() <= 100, "Discord takes no more: {text}");
            assert_eq!(Press::parse(&text), Some(press));
        }
    }

    #[test]
    fn what_nobody_of_ours_says_is_nothing() {
        for text in [
            "",
            "v1",
            "v1:",
            "v2:ping:7",
            "v1:ping",
            "v1:ping:",
            "v1:ping:x",
            "v1:ping:7:8",
            "v1:all:x",
            "v1:all:on:7",
            "v1:keep:7",
            "v1:add:x:-",
            "v1:add:-",
            "v1:add:-:-:-",
            "v1:mute:123456789012345678901",
        ] {
            assert_eq!(Press::parse(text), None, "{text}");
        }
    }
}
