//! A line of chat as it was written.

use super::{Badge, Level, text};
use crate::TwitchUserId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Who wrote a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chatter {
    /// What rights are about.
    pub id: TwitchUserId,
    /// What Twitch's API is asked by.
    pub login: String,
    /// What is shown; may be in another script.
    pub name: String,
    pub badges: Vec<Badge>,
}

/// A piece of a line; all pieces joined are the line as Twitch told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fragment {
    pub kind: FragmentKind,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FragmentKind {
    Text,
    Emote,
    Mention,
    Cheermote,
    /// A picture, or what Twitch adds after this was written.
    #[serde(other)]
    Other,
}

/// The line that a line answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The answered line's id, which may be the head of a thread.
    pub message_id: String,
    pub login: String,
    pub name: String,
}

/// Where a line of shared chat was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub channel: TwitchUserId,
    pub message_id: String,
    /// What the chatter is there.
    pub badges: Vec<Badge>,
}

/// A line as Twitch tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    pub channel: TwitchUserId,
    pub message_id: String,
    pub chatter: Chatter,
    /// Twitch's `message.text`.
    pub text: String,
    pub fragments: Vec<Fragment>,
    pub reply: Option<Parent>,
    pub source: Option<Source>,
    pub sent_at: OffsetDateTime,
}

/// A line that can be read for commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The channel in which it was heard.
    pub channel: TwitchUserId,
    /// The line's id: an answer names this one, never the parent's.
    pub message_id: String,
    pub chatter: Chatter,
    /// What was written: without `/me`, and without the mention that a reply begins with.
    pub text: String,
    pub fragments: Vec<Fragment>,
    pub reply: Option<Parent>,
    pub source: Option<Source>,
    pub sent_at: OffsetDateTime,
}

impl From<Heard> for Line {
    fn from(heard: Heard) -> Self {
        let spoken = text::without_action(&heard.text);
        let text = match &heard.reply {
            Some(parent) => text::without_mention(spoken, [&parent.login, &parent.name]),
            None => spoken,
        };
        Self {
            text: text.to_owned(),
            channel: heard.channel,
            message_id: heard.message_id,
            chatter: heard.chatter,
            fragments: heard.fragments,
            reply: heard.reply,
            source: heard.source,
            sent_at: heard.sent_at,
        }
    }
}

impl Line {
    /// Whether shared chat brought it here from another channel: it is answered there, not here.
    pub fn is_from_elsewhere(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.channel != self.channel)
    }

    /// The highest rung that can be told without asking Twitch. The broadcaster is known by the id.
    pub fn level(&self) -> Level {
        if self.chatter.id == self.channel {
            return Level::Broadcaster;
        }
        Level::of_badges(&self.chatter.badges)
    }

    /// Whether the writer carries the badge of chat bots.
    pub fn is_by_bot(&self) -> bool {
        self.chatter.badges.iter().any(|badge| badge.set == "bot-badge")
    }

    /// What was typed, without emotes, cheermotes and mentions: what filters of shape look at.
    pub fn plain_text(&self) -> String {
        let typed = self.fragments.iter().filter(|part| part.kind == FragmentKind::Text);
        let joined: String = typed.map(|part| part.text.as_str()).collect();
        text::without_action(&joined).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str, reply: Option<(&str, &str)>) -> Line {
        let parent = |(login, name): (&str, &str)| Parent {
            message_id: "m0".into(),
            login: login.into(),
            name: name.into(),
        };
        Heard {
            channel: "1".into(),
            message_id: "m1".into(),
            chatter: Chatter {
                id: "2".into(),
                login: "ana".into(),
                name: "Ana".into(),
                badges: vec![],
            },
            text: text.into(),
            fragments: vec![],
            reply: reply.map(parent),
            source: None,
            sent_at: OffsetDateTime::UNIX_EPOCH,
        }
        .into()
    }

    #[test]
    fn reply_loses_exactly_its_parents_mention() {
        for (text, reply, read) in [
            ("@bob !uptime", Some(("bob", "Bob")), "!uptime"),
            ("@BOB  !uptime", Some(("bob", "Bob")), "!uptime"),
            ("@ボブ !uptime", Some(("bob", "ボブ")), "!uptime"),
            ("@bob", Some(("bob", "Bob")), ""),
            ("@bob @bob !x", Some(("bob", "Bob")), "@bob !x"),
            // Somebody else is mentioned, or nobody was answered.
            ("@bobby !uptime", Some(("bob", "Bob")), "@bobby !uptime"),
            ("@eve !uptime", Some(("bob", "Bob")), "@eve !uptime"),
            ("@bob !uptime", None, "@bob !uptime"),
        ] {
            assert_eq!(heard(text, reply).text, read, "{text} {reply:?}");
        }
    }

    #[test]
    fn action_is_unwrapped() {
        for (text, read) in [
            ("\u{1}ACTION !uptime\u{1}", "!uptime"),
            ("\u{1}ACTION !uptime", "!uptime"),
            ("/me !uptime", "!uptime"),
            ("/mean !uptime", "/mean !uptime"),
        ] {
            assert_eq!(heard(text, None).text, read);
        }
    }

    #[test]
    fn broadcaster_is_known_by_the_id_alone() {
        let mut line = heard("hi", None);
        line.chatter.badges = vec![Badge { set: "broadcaster".into(), id: "1".into() }];
        assert_eq!(line.level(), Level::Everyone);
        line.chatter.id = line.channel.clone();
        line.chatter.badges.clear();
        assert_eq!(line.level(), Level::Broadcaster);
    }

    #[test]
    fn line_from_elsewhere_is_told_from_a_shared_one_of_here() {
        let mut line = heard("hi", None);
        assert!(!line.is_from_elsewhere());
        let source = |channel: &str| Source {
            channel: channel.into(),
            message_id: "s".into(),
            badges: vec![],
        };
        line.source = Some(source("1"));
        assert!(!line.is_from_elsewhere());
        line.source = Some(source("9"));
        assert!(line.is_from_elsewhere());
    }
}
