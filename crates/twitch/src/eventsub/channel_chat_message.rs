//! `channel.chat.message`, version 1.

use super::fields::{given, set};
use serde::{Deserialize, Deserializer};
use sm_types::{
    TwitchUserId,
    chat::{Badge, Chatter, Fragment, FragmentKind, Heard, Parent, Source},
};
use time::OffsetDateTime;

/// Somebody has written a line.
#[derive(Debug, Clone)]
pub struct ChannelChatMessage(Box<Heard>);

impl ChannelChatMessage {
    /// The channel in which it was heard.
    pub fn channel(&self) -> &TwitchUserId {
        &self.0.channel
    }

    /// The line; the event itself does not say when it was written.
    pub fn heard(&self, sent_at: OffsetDateTime) -> Heard {
        Heard { sent_at, ..(*self.0).clone() }
    }
}

#[derive(Deserialize)]
struct Fields {
    broadcaster_user_id: TwitchUserId,
    chatter_user_id: TwitchUserId,
    #[serde(default, deserialize_with = "given")]
    chatter_user_login: String,
    #[serde(default, deserialize_with = "set")]
    chatter_user_name: Option<String>,
    message_id: String,
    #[serde(default, deserialize_with = "given")]
    message: Message,
    #[serde(default, deserialize_with = "given")]
    badges: Vec<BadgeFields>,
    #[serde(default)]
    reply: Option<Reply>,
    #[serde(default, deserialize_with = "set")]
    source_broadcaster_user_id: Option<String>,
    #[serde(default, deserialize_with = "set")]
    source_message_id: Option<String>,
    #[serde(default, deserialize_with = "given")]
    source_badges: Vec<BadgeFields>,
}

#[derive(Default, Deserialize)]
struct Message {
    #[serde(default, deserialize_with = "given")]
    text: String,
    #[serde(default, deserialize_with = "given")]
    fragments: Vec<Piece>,
}

#[derive(Deserialize)]
struct Piece {
    #[serde(rename = "type", default, deserialize_with = "given")]
    kind: String,
    #[serde(default, deserialize_with = "given")]
    text: String,
}

#[derive(Deserialize)]
struct BadgeFields {
    #[serde(default, deserialize_with = "given")]
    set_id: String,
    #[serde(default, deserialize_with = "given")]
    id: String,
}

#[derive(Deserialize)]
struct Reply {
    #[serde(default, deserialize_with = "given")]
    parent_message_id: String,
    #[serde(default, deserialize_with = "given")]
    parent_user_login: String,
    #[serde(default, deserialize_with = "given")]
    parent_user_name: String,
}

impl<'de> Deserialize<'de> for ChannelChatMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        let source = fields.source_broadcaster_user_id.map(|channel| Source {
            channel: TwitchUserId(channel),
            message_id: fields.source_message_id.unwrap_or_default(),
            badges: badges(fields.source_badges),
        });
        let reply = fields.reply.filter(|reply| !reply.parent_message_id.is_empty());
        let login = fields.chatter_user_login;
        Ok(Self(Box::new(Heard {
            channel: fields.broadcaster_user_id,
            message_id: fields.message_id,
            chatter: Chatter {
                id: fields.chatter_user_id,
                name: fields.chatter_user_name.unwrap_or_else(|| login.clone()),
                login,
                badges: badges(fields.badges),
            },
            text: fields.message.text,
            fragments: fields.message.fragments.into_iter().map(fragment).collect(),
            reply: reply.map(|reply| Parent {
                message_id: reply.parent_message_id,
                login: reply.parent_user_login,
                name: reply.parent_user_name,
            }),
            source,
            sent_at: OffsetDateTime::UNIX_EPOCH,
        })))
    }
}

fn badges(fields: Vec<BadgeFields>) -> Vec<Badge> {
    fields.into_iter().map(|badge| Badge { set: badge.set_id, id: badge.id }).collect()
}

fn fragment(piece: Piece) -> Fragment {
    let kind = match piece.kind.as_str() {
        "text" => FragmentKind::Text,
        "emote" => FragmentKind::Emote,
        "mention" => FragmentKind::Mention,
        "cheermote" => FragmentKind::Cheermote,
        _ => FragmentKind::Other,
    };
    Fragment { kind, text: piece.text }
}

#[cfg(test)]
mod tests {
    use super::super::payload::{Event, tests::event};
    use super::*;

    fn heard(json: &str) -> Heard {
        match event("channel.chat.message", json).unwrap() {
            Event::ChatMessage(message) => message.heard(OffsetDateTime::UNIX_EPOCH),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn line_is_read_with_badges_reply_and_what_is_new() {
        let heard = heard(
            r##"{"broadcaster_user_id":"7","broadcaster_user_login":"ana","broadcaster_user_name":"Ana",
            "chatter_user_id":"4242","chatter_user_login":"bea","chatter_user_name":"Bea","message_id":"m",
            "message":{"text":"@ana !hi Kappa","fragments":[
              {"type":"mention","text":"@ana","mention":{"user_id":"7"}},{"type":"text","text":" !hi ","emote":null},
              {"type":"emote","text":"Kappa","emote":{"id":"25"}},{"type":"gif","text":"","gif":{"gif_id":"1"}}]},
            "color":"","badges":[{"set_id":"moderator","id":"1","info":""}],"message_type":"of_2031","cheer":null,
            "reply":{"parent_message_id":"p","parent_user_login":"ana","parent_user_name":"Ana"},
            "source_broadcaster_user_id":null,"source_badges":null,"new_field":1}"##,
        );
        assert_eq!((heard.channel.as_str(), heard.chatter.login.as_str()), ("7", "bea"));
        assert_eq!(heard.chatter.badges[0].set, "moderator");
        assert_eq!(heard.reply.as_ref().map(|reply| reply.message_id.as_str()), Some("p"));
        assert_eq!(heard.fragments[3].kind, FragmentKind::Other);
        assert!(heard.source.is_none());
        let together: String = heard.fragments.iter().map(|f| f.text.as_str()).collect();
        assert_eq!(together, heard.text);
    }

    #[test]
    fn shared_line_names_where_it_was_written() {
        let heard = heard(
            r#"{"broadcaster_user_id":"7","chatter_user_id":"9","chatter_user_login":"bea","message_id":"m",
            "message":{"text":"hi"},"source_broadcaster_user_id":"8","source_message_id":"s",
            "source_badges":[{"set_id":"vip","id":"1"}]}"#,
        );
        let source = heard.source.unwrap();
        assert_eq!((source.channel.as_str(), source.message_id.as_str()), ("8", "s"));
        assert_eq!(source.badges[0].set, "vip");
        assert_eq!(heard.chatter.name, "bea");
    }

    #[test]
    fn line_without_ids_is_an_error() {
        for json in [r#"{"broadcaster_user_id":"7"}"#, r#"{"chatter_user_id":9,"message_id":"m"}"#]
        {
            assert!(event("channel.chat.message", json).is_err(), "{json}");
        }
    }
}
