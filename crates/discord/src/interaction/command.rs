//! Commands as an application registers them, and whether Discord has them so.

use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Type 4: what opens an activity, which the developer portal makes. A list without it is refused whole.
const ENTRY_POINT: u64 = 4;

/// A text with its translations by Discord's locales, as in `de`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Localized {
    pub text: &'static str,
    pub others: BTreeMap<&'static str, &'static str>,
}

/// A slash command of servers, not of private conversations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub name: Localized,
    pub description: Localized,
    /// Who sees it unless a server's admins say otherwise, as bits; `None`: everybody.
    pub permissions: Option<u64>,
    pub options: Vec<CommandOption>,
}

/// A subcommand, or something that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandOption {
    pub name: Localized,
    pub description: Localized,
    pub required: bool,
    pub kind: Kind,
}

/// What an option is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Subcommand(Vec<CommandOption>),
    /// A text that we complete.
    Completed,
    /// One of these, by its value.
    Choice(Vec<(&'static str, Localized)>),
    Bool,
    /// A channel of one of these types.
    Channel(Vec<u8>),
    Role,
}

impl Localized {
    fn put(&self, into: &mut Map<String, Value>, name: &str) {
        into.insert(name.to_owned(), json!(self.text));
        into.insert(format!("{name}_localizations"), json!(self.others));
    }
}

impl Serialize for Command {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut command = Map::new();
        self.name.put(&mut command, "name");
        self.description.put(&mut command, "description");
        command.insert("type".to_owned(), json!(1));
        command.insert("options".to_owned(), json!(self.options));
        command.insert("default_member_permissions".to_owned(), json!(self.permissions));
        command.insert("contexts".to_owned(), json!([0]));
        command.insert("integration_types".to_owned(), json!([0]));
        Value::Object(command).serialize(serializer)
    }
}

impl Serialize for CommandOption {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut option = Map::new();
        self.name.put(&mut option, "name");
        self.description.put(&mut option, "description");
        let kind = match &self.kind {
            Kind::Subcommand(inner) => {
                option.insert("options".to_owned(), json!(inner));
                1
            }
            Kind::Completed => {
                option.insert("autocomplete".to_owned(), json!(true));
                3
            }
            Kind::Choice(choices) => {
                let choice = |(value, name): &(&str, Localized)| {
                    let mut choice = Map::from_iter([("value".to_owned(), json!(value))]);
                    name.put(&mut choice, "name");
                    choice
                };
                option.insert(
                    "choices".to_owned(),
                    json!(choices.iter().map(choice).collect::<Vec<_>>()),
                );
                3
            }
            Kind::Bool => 5,
            Kind::Channel(kinds) => {
                option.insert("channel_types".to_owned(), json!(kinds));
                7
            }
            Kind::Role => 8,
        };
        option.insert("type".to_owned(), json!(kind));
        if !matches!(self.kind, Kind::Subcommand(_)) {
            option.insert("required".to_owned(), json!(self.required));
        }
        Value::Object(option).serialize(serializer)
    }
}

/// What is registered and is not ours to replace: it goes back as it came.
pub fn kept(registered: &[Value]) -> Vec<Value> {
    let is_kept = |command: &&Value| command["type"].as_u64() == Some(ENTRY_POINT);
    registered.iter().filter(is_kept).map(sendable).collect()
}

/// The names of commands that are missing, too many or other than they should be.
pub fn differences(registered: &[Value], wanted: &[Command]) -> Vec<String> {
    let name = |command: &Value| command["name"].as_str().unwrap_or_default().to_owned();
    let ours = registered.iter().filter(|command| command["type"].as_u64() != Some(ENTRY_POINT));
    let theirs: BTreeMap<_, _> = ours.map(|command| (name(command), normal(command))).collect();
    let wanted = wanted.iter().map(|command| json!(command));
    let wanted: BTreeMap<_, _> = wanted.map(|command| (name(&command), normal(&command))).collect();
    let mut names: Vec<_> = theirs.keys().chain(wanted.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let differs = |name: &&&String| theirs.get(**name) != wanted.get(**name);
    names.iter().filter(differs).map(|name| (**name).clone()).collect()
}

/// What the server adds; but for the id it is no part of its schema of what is sent.
const OF_THE_SERVER: [&str; 8] = [
    "id",
    "application_id",
    "guild_id",
    "version",
    "dm_permission",
    "default_permission",
    "name_localized",
    "nsfw",
];

fn sendable(command: &Value) -> Value {
    let mut command = command.clone();
    if let Value::Object(map) = &mut command {
        map.retain(|key, value| !value.is_null() && !OF_THE_SERVER[1..].contains(&key.as_str()));
    }
    command
}

/// Without what the server fills in or may leave out: two that mean the same are equal.
fn normal(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let means_something = |(key, value): &(&String, &Value)| {
                let is_default = match key.as_str() {
                    "type" => **value == json!(1),
                    "required" | "autocomplete" => **value == json!(false),
                    key => OF_THE_SERVER.contains(&key) || key == "description_localized",
                };
                let is_empty = value.is_null()
                    || value.as_array().is_some_and(Vec::is_empty)
                    || value.as_object().is_some_and(Map::is_empty);
                !is_default && !is_empty
            };
            let part = |(key, value): (&String, &Value)| {
                let value = match key.as_str() {
                    // Sent as a number, answered as a text.
                    "default_member_permissions" => json!(value.to_string().replace('"', "")),
                    _ => normal(value),
                };
                (key.clone(), value)
            };
            Value::Object(map.iter().filter(means_something).map(part).collect())
        }
        Value::Array(all) => Value::Array(all.iter().map(normal).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn localized(text: &'static str) -> Localized {
        Localized { text, others: [("de", text)].into() }
    }

    fn live() -> Command {
        let streamer = CommandOption {
            name: localized("streamer"),
            description: localized("Whom"),
            required: true,
            kind: Kind::Completed,
        };
        let mute = CommandOption {
            name: localized("mute"),
            description: localized("Stop pings"),
            required: false,
            kind: Kind::Subcommand(vec![streamer]),
        };
        Command {
            name: localized("live"),
            description: localized("Live"),
            permissions: Some(32),
            options: vec![mute],
        }
    }

    /// As Discord answers: filled in, and the permissions as a text.
    fn answered() -> Value {
        let mut command = json!(live());
        command["id"] = json!("5");
        command["application_id"] = json!("1");
        command["version"] = json!("6");
        command["nsfw"] = json!(false);
        command["dm_permission"] = json!(false);
        command["default_member_permissions"] = json!("32");
        if let Value::Object(option) = &mut command["options"][0]["options"][0] {
            option.insert("min_length".to_owned(), Value::Null);
        }
        command
    }

    #[test]
    fn what_the_server_fills_in_is_no_difference() {
        assert_eq!(differences(&[answered()], &[live()]), Vec::<String>::new());
    }

    #[test]
    fn every_change_is_one() {
        let changed = |path: &str, value: Value| {
            let mut command = answered();
            *command.pointer_mut(path).unwrap() = value;
            differences(&[command], &[live()])
        };
        assert_eq!(changed("/options/0/description_localizations/de", json!("x")), ["live"]);
        assert_eq!(changed("/options/0/options/0/required", json!(false)), ["live"]);
        assert_eq!(changed("/default_member_permissions", json!("8")), ["live"]);
        assert_eq!(changed("/name", json!("life")), ["life", "live"]);
        assert_eq!(differences(&[], &[live()]), ["live"]);
        assert_eq!(differences(&[answered()], &[]), ["live"]);
    }

    #[test]
    fn entry_point_of_the_portal_is_carried_over() {
        let entry = json!({ "id": "9", "application_id": "1", "version": "2", "type": 4, "name": "launch", "handler": 2,
            "options": null });
        let registered = [answered(), entry];
        assert_eq!(differences(&registered, &[live()]), Vec::<String>::new());
        let kept = kept(&registered);
        assert_eq!(kept, [json!({ "id": "9", "type": 4, "name": "launch", "handler": 2 })]);
    }
}
