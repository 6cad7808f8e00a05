//! Bodies of requests, and of answers as far as we need them.

use crate::{interaction::Button, permission_set::Permissions};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use sm_types::{ChannelId, GuildId, MessageId, RoleId, UserId, template::Embed};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Whom a message may ping. Discord's default is everybody, so this is always sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AllowedMentions {
    parse: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<RoleId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    users: Vec<UserId>,
}

impl AllowedMentions {
    /// Nobody.
    pub fn none() -> Self {
        Self { parse: Vec::new(), roles: Vec::new(), users: Vec::new() }
    }

    /// `@everyone` and `@here`, which Discord does not tell apart.
    pub fn everyone() -> Self {
        Self { parse: vec!["everyone"], ..Self::none() }
    }

    /// These roles; at most 100.
    pub fn roles(roles: impl IntoIterator<Item = RoleId>) -> Self {
        Self { roles: roles.into_iter().collect(), ..Self::none() }
    }

    /// These users; at most 100.
    pub fn users(users: impl IntoIterator<Item = UserId>) -> Self {
        Self { users: users.into_iter().collect(), ..Self::none() }
    }
}

/// A message to post.
#[derive(Debug, Clone, Serialize)]
pub struct CreateMessage {
    /// The text; at most 2,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Up to 10 embeds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub embeds: Vec<Embed>,
    /// Whom it may ping.
    pub allowed_mentions: AllowedMentions,
    /// At most 25 characters; see [`crate::nonce`].
    pub nonce: String,
    /// A repeated nonce returns the message that is there.
    pub enforce_nonce: bool,
    /// `SUPPRESS_EMBEDS` 4, `SUPPRESS_NOTIFICATIONS` 4096.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flags: Option<u64>,
    /// Below the message.
    #[serde(rename = "components", skip_serializing_if = "Vec::is_empty", serialize_with = "rows")]
    pub buttons: Vec<Button>,
}

fn rows<S: Serializer>(buttons: &[Button], serializer: S) -> Result<S::Ok, S::Error> {
    Button::rows(buttons).serialize(serializer)
}

/// What a message is changed to; an empty list of embeds removes them.
#[derive(Debug, Clone, Serialize)]
pub struct EditMessage {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    pub embeds: Vec<Embed>,
    /// An edit without this is parsed anew with Discord's default.
    pub allowed_mentions: AllowedMentions,
}

/// A message as Discord answers.
#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub channel_id: ChannelId,
    #[serde(default)]
    pub content: String,
    pub author: Author,
    /// Roles that were pinged.
    #[serde(default, deserialize_with = "lenient")]
    pub mention_roles: Vec<RoleId>,
    /// Whether everyone was pinged.
    #[serde(default, deserialize_with = "lenient")]
    pub mention_everyone: bool,
    /// 4: somebody has suppressed its embeds.
    #[serde(default, deserialize_with = "lenient")]
    pub flags: u64,
    /// The embeds; none after one was sent means that Discord dropped it.
    #[serde(default, deserialize_with = "lenient")]
    pub embeds: Vec<ShownEmbed>,
    /// The nonce it was posted with. Discord promises it in the answer to a create only; lists of messages
    /// carry it at times.
    #[serde(default, deserialize_with = "lenient")]
    pub nonce: Option<String>,
}

impl Message {
    /// Whether somebody who may manage messages has suppressed its embeds.
    pub fn embeds_are_suppressed(&self) -> bool {
        self.flags & 4 != 0
    }
}

/// An embed as Discord shows it, as far as it tells what a message is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ShownEmbed {
    #[serde(deserialize_with = "lenient")]
    pub title: Option<String>,
    /// Where the title leads.
    #[serde(deserialize_with = "lenient")]
    pub url: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub description: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub author: ShownLine,
    #[serde(deserialize_with = "lenient")]
    pub fields: Vec<ShownField>,
    #[serde(deserialize_with = "lenient")]
    pub footer: ShownField,
    #[serde(deserialize_with = "lenient")]
    pub image: ShownLine,
    #[serde(deserialize_with = "lenient")]
    pub thumbnail: ShownLine,
}

/// A part of an embed that may lead somewhere: its author or a picture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ShownLine {
    #[serde(deserialize_with = "lenient")]
    pub name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub url: Option<String>,
}

/// A part of an embed that is text alone: a field or the footer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ShownField {
    #[serde(deserialize_with = "lenient")]
    pub name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub value: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub text: Option<String>,
}

/// Reads what is of the expected type; anything else counts as absent, so that one odd part does not make
/// a whole answer unreadable.
fn lenient<'de, D: Deserializer<'de>, T: Default + DeserializeOwned>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// The author of a message.
#[derive(Debug, Clone, Deserialize)]
pub struct Author {
    pub id: UserId,
}

#[derive(Debug, Clone, Deserialize)]
pub struct User {
    pub id: UserId,
    #[serde(default)]
    pub username: String,
    /// The name that is shown.
    #[serde(default)]
    pub global_name: Option<String>,
    /// The hash of the avatar.
    #[serde(default)]
    pub avatar: Option<String>,
}

/// A guild as Discord lists it for a user or the bot.
#[derive(Debug, Clone, Deserialize)]
pub struct GuildSummary {
    pub id: GuildId,
    #[serde(default)]
    pub name: String,
    /// The hash of the icon.
    #[serde(default)]
    pub icon: Option<String>,
    /// Whether the user owns it.
    #[serde(default)]
    pub owner: bool,
    /// The user's permissions, channels aside.
    #[serde(default)]
    pub permissions: Permissions,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Guild {
    pub id: GuildId,
    #[serde(default)]
    pub name: String,
    /// The hash of the icon.
    #[serde(default)]
    pub icon: Option<String>,
    pub owner_id: UserId,
    /// All roles; the one whose id is the guild's is `@everyone`.
    #[serde(default)]
    pub roles: Vec<Role>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Role {
    pub id: RoleId,
    #[serde(default)]
    pub name: String,
    /// What it permits in the guild.
    pub permissions: Permissions,
    /// Its place; higher roles manage lower ones.
    #[serde(default)]
    pub position: i64,
    /// Belongs to an integration: nobody can be given it by hand.
    #[serde(default)]
    pub managed: bool,
    /// What it belongs to.
    #[serde(default, deserialize_with = "lenient")]
    pub tags: RoleTags,
    /// Everybody may mention it.
    #[serde(default)]
    pub mentionable: bool,
}

/// What a managed role belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RoleTags {
    /// The bot whose own role it is.
    #[serde(deserialize_with = "lenient")]
    pub bot_id: Option<UserId>,
}

/// A channel or thread.
#[derive(Debug, Clone, Deserialize)]
pub struct Channel {
    pub id: ChannelId,
    #[serde(default)]
    pub guild_id: Option<GuildId>,
    #[serde(default)]
    pub name: Option<String>,
    /// 0 text, 5 announcement, 10 to 12 threads, 15 forum, …
    #[serde(rename = "type")]
    pub kind: u8,
    /// Exceptions to the roles' permissions.
    #[serde(default)]
    pub permission_overwrites: Vec<Overwrite>,
    /// The category, or a thread's channel.
    #[serde(default)]
    pub parent_id: Option<ChannelId>,
    /// Its place in the list.
    #[serde(default)]
    pub position: i64,
}

/// An exception for a role or member in a channel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Overwrite {
    /// The role's or member's id.
    pub id: String,
    /// 0 role, 1 member.
    #[serde(rename = "type")]
    pub kind: u8,
    /// What it adds.
    pub allow: Permissions,
    /// What it takes away.
    pub deny: Permissions,
}

/// A member of a guild.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Member {
    /// Roles, without `@everyone`.
    #[serde(default)]
    pub roles: Vec<RoleId>,
    /// Until when the member is timed out.
    #[serde(default, deserialize_with = "moment")]
    pub communication_disabled_until: Option<OffsetDateTime>,
}

/// The application, as Discord's developer portal has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Application {
    /// Its id, which is the client id too.
    pub id: String,
    /// The key that events are signed with, in hexadecimal.
    #[serde(default)]
    pub verify_key: String,
    /// Where people may be sent back to.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where interactions go.
    #[serde(default)]
    pub interactions_endpoint_url: Option<String>,
    /// Where webhook events go.
    #[serde(default)]
    pub event_webhooks_url: Option<String>,
    /// 1: off, 2: on, 3: switched off by Discord.
    #[serde(default)]
    pub event_webhooks_status: u8,
    /// Which events are sent.
    #[serde(default)]
    pub event_webhooks_types: Vec<String>,
}

/// The webhook events that the product takes: installs and withdrawn consents.
pub const EVENTS: [&str; 2] = ["APPLICATION_AUTHORIZED", "APPLICATION_DEAUTHORIZED"];

/// Where an application's webhook events go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventWebhooks {
    event_webhooks_url: Option<String>,
    event_webhooks_status: u8,
    event_webhooks_types: Vec<&'static str>,
}

impl EventWebhooks {
    /// Those that the product takes go to this address.
    pub fn to(url: &str) -> Self {
        Self {
            event_webhooks_url: Some(url.to_owned()),
            event_webhooks_status: 2,
            event_webhooks_types: EVENTS.to_vec(),
        }
    }

    /// None is sent.
    pub fn off() -> Self {
        Self {
            event_webhooks_url: None,
            event_webhooks_status: 1,
            event_webhooks_types: Vec::new(),
        }
    }
}

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OffsetDateTime>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn allowed_mentions_never_parse_and_list_the_same_kind() {
        let json = |allowed| serde_json::to_value(allowed).unwrap();
        assert_eq!(json(AllowedMentions::none()), json!({"parse": []}));
        assert_eq!(json(AllowedMentions::everyone()), json!({"parse": ["everyone"]}));
        assert_eq!(json(AllowedMentions::roles([RoleId(7)])), json!({"parse": [], "roles": ["7"]}));
        assert_eq!(json(AllowedMentions::users([UserId(8)])), json!({"parse": [], "users": ["8"]}));
    }

    #[test]
    fn answers_tolerate_what_is_new_or_absent() {
        let message: Message =
            serde_json::from_value(json!({"id": "1", "channel_id": "2", "author": {"id": "3"}, "embeds": [{}, {"url": "u", "fields": 7}],
                "nonce": 5, "poll": null}))
                .unwrap();
        assert_eq!((message.embeds.len(), message.nonce), (2, None));
        assert_eq!(message.embeds[1].url.as_deref(), Some("u"));
        let channel: Channel =
            serde_json::from_value(json!({"id": "1", "type": 99, "permission_overwrites":
            [{"id": "1", "type": 0, "allow": "0", "deny": "9007199254740993"}]}))
            .unwrap();
        assert_eq!(channel.permission_overwrites[0].deny.0, 9_007_199_254_740_993);
    }
}
