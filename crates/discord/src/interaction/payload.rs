//! What Discord posts to the interactions endpoint, as far as we need it. What is new or absent is no error.

use crate::permission_set::Permissions;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sm_types::{ChannelId, GuildId, InteractionId, Secret, UserId};

/// Options lie two levels deep in commands of ours.
const MAX_DEPTH: usize = 3;
/// Discord's own limit of a command's options.
const MAX_OPTIONS: usize = 25;

/// Something that somebody has done on Discord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interaction {
    pub id: InteractionId,
    /// Lets us answer for 15 minutes.
    pub token: Secret,
    /// The language of whoever did it, as in `de` or `en-US`.
    pub locale: String,
    /// Where; `None` in a private conversation.
    pub place: Option<Place>,
    pub request: Request,
}

/// The server in which something was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub guild: GuildId,
    pub channel: Option<ChannelId>,
    pub member: Member,
}

/// Who has done something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub user: UserId,
    /// Permissions in the channel, exceptions included.
    pub permissions: Permissions,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Discord asks whether we are there.
    Ping,
    Command(Invocation),
    /// Somebody types the value of an option.
    Autocomplete(Invocation),
    Press(Pressed),
    Submit(Submitted),
    /// Something that is of no use here.
    Other(u64),
}

/// A command that was called, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    pub name: String,
    pub subcommand: Option<String>,
    pub options: Vec<Given>,
}

impl Invocation {
    /// The value of an option, without the spaces around it; `None` when it is blank.
    pub fn option(&self, name: &str) -> Option<&str> {
        let given = self.options.iter().find(|given| given.name == name)?;
        Some(given.value.trim()).filter(|value| !value.is_empty())
    }

    /// The option that is being typed.
    pub fn focused(&self) -> Option<&Given> {
        self.options.iter().find(|given| given.focused)
    }
}

/// An option's value; numbers and truth values as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub name: String,
    pub value: String,
    pub focused: bool,
}

/// A button that was pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pressed {
    pub custom_id: String,
}

/// A modal that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    pub custom_id: String,
    /// The text of each field by its name.
    pub fields: Vec<(String, String)>,
}

impl Submitted {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }
}

impl Interaction {
    /// Reads a body that was verified; `None` when it is no interaction.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let payload: Payload = serde_json::from_slice(&sm_types::json::cleaned(body)).ok()?;
        let data = payload.data.unwrap_or_default();
        let request = match payload.kind {
            1 => Request::Ping,
            2 => Request::Command(data.into_invocation()?),
            3 => Request::Press(Pressed { custom_id: data.custom_id? }),
            4 => Request::Autocomplete(data.into_invocation()?),
            5 => Request::Submit(Submitted {
                fields: fields(&data.components, 0),
                custom_id: data.custom_id?,
            }),
            other => Request::Other(other),
        };
        let place = payload.guild_id.zip(payload.member).map(|(guild, member)| Place {
            guild,
            channel: payload.channel_id,
            member: Member { user: member.user.id, permissions: member.permissions },
        });
        Some(Self {
            id: payload.id,
            token: Secret::new(payload.token),
            locale: payload.locale.unwrap_or_default(),
            place,
            request,
        })
    }
}

#[derive(Deserialize)]
struct Payload {
    id: InteractionId,
    #[serde(rename = "type")]
    kind: u64,
    #[serde(default)]
    token: String,
    #[serde(default)]
    guild_id: Option<GuildId>,
    #[serde(default, deserialize_with = "lenient")]
    channel_id: Option<ChannelId>,
    #[serde(default)]
    member: Option<RawMember>,
    #[serde(default, deserialize_with = "lenient")]
    locale: Option<String>,
    #[serde(default)]
    data: Option<Data>,
}

#[derive(Deserialize)]
struct RawMember {
    user: RawUser,
    permissions: Permissions,
}

#[derive(Deserialize)]
struct RawUser {
    id: UserId,
}

#[derive(Deserialize, Default)]
struct Data {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    options: Vec<RawOption>,
    #[serde(default)]
    custom_id: Option<String>,
    #[serde(default)]
    components: Vec<Value>,
}

impl Data {
    fn into_invocation(self) -> Option<Invocation> {
        let name = self.name?;
        let mut options = self.options;
        let is_subcommand = |option: &RawOption| option.kind == SUB_COMMAND;
        let subcommand = match options.iter().position(is_subcommand) {
            Some(at) => {
                let chosen = options.swap_remove(at);
                options = chosen.options;
                Some(chosen.name)
            }
            None => None,
        };
        let options = options.into_iter().take(MAX_OPTIONS).map(RawOption::into_given).collect();
        Some(Invocation { name, subcommand, options })
    }
}

const SUB_COMMAND: u64 = 1;

#[derive(Deserialize)]
struct RawOption {
    name: String,
    #[serde(rename = "type", default)]
    kind: u64,
    #[serde(default)]
    value: Value,
    #[serde(default)]
    options: Vec<RawOption>,
    #[serde(default)]
    focused: bool,
}

impl RawOption {
    fn into_given(self) -> Given {
        let value = match self.value {
            Value::String(text) => text,
            Value::Bool(on) => on.to_string(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        Given { name: self.name, value, focused: self.focused }
    }
}

/// The text fields of a modal: in rows, as they were, or in labels.
fn fields(components: &[Value], depth: usize) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for component in components.iter().take(MAX_OPTIONS) {
        let text = |name: &str| component.get(name).and_then(Value::as_str).map(str::to_owned);
        found.extend(text("custom_id").zip(text("value")));
        if depth < MAX_DEPTH {
            let inner = component.get("components").and_then(Value::as_array);
            found.extend(inner.into_iter().flat_map(|inner| fields(inner, depth + 1)));
            let one = component.get("component").map(std::slice::from_ref);
            found.extend(one.into_iter().flat_map(|one| fields(one, depth + 1)));
        }
    }
    found
}

/// Reads what is of the expected type; anything else counts as absent.
fn lenient<'de, D: Deserializer<'de>, T: Default + serde::de::DeserializeOwned>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(body: &Value) -> Option<Interaction> {
        Interaction::parse(body.to_string().as_bytes())
    }

    #[test]
    fn ping_needs_nothing_but_its_type() {
        let ping = parse(&json!({ "id": "2", "type": 1 })).unwrap();
        assert_eq!((ping.request, ping.place), (Request::Ping, None));
        for odd in [json!([]), json!({}), json!({ "id": 2, "type": 1 }), json!({ "id": "2" })] {
            assert_eq!(parse(&odd), None, "{odd}");
        }
    }

    #[test]
    fn subcommand_with_its_options_is_read() {
        let member =
            json!({ "user": { "id": "7" }, "permissions": "18446744073709551615", "roles": [] });
        let options = json!([{ "name": "add", "type": 1, "options": [
            { "name": "streamer", "type": 3, "value": " ana ", "focused": true },
            { "name": "buttons", "type": 5, "value": true },
        ] }]);
        let body = json!({ "id": "2", "type": 2, "token": "t", "guild_id": "8", "channel_id": 5, "member": member,
            "locale": "de", "data": { "name": "streammaxing", "options": options } });
        let read = parse(&body).unwrap();
        let Request::Command(call) = read.request else { panic!("{read:?}") };
        assert_eq!((call.name.as_str(), call.subcommand.as_deref()), ("streammaxing", Some("add")));
        assert_eq!((call.option("streamer"), call.option("buttons")), (Some("ana"), Some("true")));
        assert_eq!(call.focused().map(|given| given.value.as_str()), Some(" ana "));
        let place = read.place.unwrap();
        assert_eq!((place.guild, place.channel, place.member.user), (GuildId(8), None, UserId(7)));
        assert_eq!(place.member.permissions, Permissions::ALL);
    }

    #[test]
    fn modals_are_read_from_labels_and_rows() {
        let input = json!({ "type": 4, "custom_id": "names", "value": "ana" });
        for components in [
            json!([{ "type": 18, "component": input }]),
            json!([{ "type": 1, "components": [input] }]),
        ] {
            let body = json!({ "id": "2", "type": 5, "data": { "custom_id": "v1:add", "components": components } });
            let Some(Request::Submit(sent)) = parse(&body).map(|read| read.request) else {
                panic!("{body}")
            };
            assert_eq!((sent.custom_id.as_str(), sent.field("names")), ("v1:add", Some("ana")));
        }
    }

    #[test]
    fn press_in_a_private_conversation_has_no_place() {
        let body = json!({ "id": "2", "type": 3, "user": { "id": "7" }, "data": { "custom_id": "v1:x" },
            "message": { "id": "9", "flags": 64 } });
        let read = parse(&body).unwrap();
        assert_eq!(read.place, None);
        assert_eq!(read.request, Request::Press(Pressed { custom_id: "v1:x".to_owned() }));
    }
}
