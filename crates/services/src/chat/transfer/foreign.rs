//! Exports of Nightbot, StreamElements and Fossabot.
//!
//! None of them describes its export; what is read here are the fields that their programs give out. A field
//! that means something we do not have has the command come in switched off, and is told.

use super::translate::{shows_a_key, translated};
use crate::chat::draft::Draft;
use serde_json::Value;
use sm_types::chat::{Level, When};

/// Whose export it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Nightbot,
    StreamElements,
    Fossabot,
}

impl Origin {
    /// A stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nightbot => "nightbot",
            Self::StreamElements => "streamelements",
            Self::Fossabot => "fossabot",
        }
    }
}

/// A command of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) draft: Draft,
    pub(super) uses: i64,
    /// What did not map; the command comes in switched off.
    pub(super) unmapped: Vec<String>,
    /// What is worth knowing.
    pub(super) notes: Vec<String>,
}

/// The commands of an export, and whose it is; `None`: it is none that we know.
pub(super) fn read(document: &Value) -> Option<(Origin, Vec<Row>)> {
    let nested = ["commands", "customCommands", "custom_commands"];
    let list = document
        .as_array()
        .or_else(|| nested.iter().find_map(|name| document.get(name)).and_then(Value::as_array))?;
    let has = |name: &str| list.iter().any(|row| row.get(name).is_some());
    let origin = if has("accessLevel") || has("command") && has("reply") {
        Origin::StreamElements
    } else if has("userLevel") || has("coolDown") || has("message") && has("name") {
        Origin::Nightbot
    } else if has("response") && has("name") {
        Origin::Fossabot
    } else {
        return None;
    };
    let rows = list.iter().map(|row| match origin {
        Origin::StreamElements => stream_elements(row),
        Origin::Nightbot => nightbot(row),
        Origin::Fossabot => fossabot(row),
    });
    Some((origin, rows.collect()))
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn seconds(value: Option<&Value>) -> u32 {
    value.and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or_default()
}

fn texts(row: &Value, name: &str) -> Vec<String> {
    match row.get(name) {
        Some(Value::Array(all)) => all
            .iter()
            .filter_map(|one| one.as_str().or_else(|| one.get("name")?.as_str()))
            .filter(|one| !one.trim().is_empty())
            .map(str::to_owned)
            .collect(),
        Some(Value::String(one)) if !one.trim().is_empty() => vec![one.clone()],
        _ => Vec::new(),
    }
}

/// A command with its response translated.
fn begun(name: &str, response: &str) -> Row {
    let done = translated(response);
    let mut unmapped: Vec<String> = Vec::new();
    for unknown in &done.unknown {
        unmapped.push(format!("We have no variable {unknown}."));
    }
    let mut notes = Vec::new();
    if let Some(url) = &done.fetch_url {
        notes.push("Its address is asked by {fetch}.".to_owned());
        if shows_a_key(url) {
            notes.push("The address shows a key: keep it as a secret instead.".to_owned());
        }
    }
    let draft = Draft {
        // Their names have their prefix.
        name: name.trim().trim_start_matches('!').to_owned(),
        responses: vec![done.text],
        fetch_url: done.fetch_url,
        cooldown: 0,
        ..Draft::default()
    };
    Row { draft, uses: 0, unmapped, notes }
}

impl Row {
    /// Sets the level, or the highest that we can be sure of.
    fn set_level(&mut self, level: Option<Level>, theirs: &str) {
        match level {
            Some(level) => self.draft.level = level,
            None => {
                self.draft.level = Level::Moderator;
                self.unmapped.push(format!("We have no level {theirs}: it is for moderators now."));
            }
        }
    }

    fn set_aliases(&mut self, aliases: Vec<String>) {
        let bare = |alias: String| alias.trim().trim_start_matches('!').to_owned();
        self.draft.aliases = aliases.into_iter().map(bare).collect();
    }
}

fn nightbot(row: &Value) -> Row {
    let mut read = begun(text(row, "name"), text(row, "message"));
    read.draft.cooldown = seconds(row.get("coolDown"));
    read.uses = row.get("count").and_then(Value::as_i64).unwrap_or_default();
    let level = text(row, "userLevel");
    let mapped = match level {
        "" | "everyone" => Some(Level::Everyone),
        "subscriber" => Some(Level::Subscriber),
        "twitch_vip" | "vip" => Some(Level::Vip),
        "moderator" => Some(Level::Moderator),
        "owner" => Some(Level::Broadcaster),
        _ => None,
    };
    read.set_level(mapped, level);
    let alias = text(row, "alias");
    if !alias.is_empty() {
        read.unmapped
            .push(format!("It leads to {alias}: give that command this name as an alias."));
    }
    read
}

fn stream_elements(row: &Value) -> Row {
    let mut read = begun(text(row, "command"), text(row, "reply"));
    let cooldown = row.get("cooldown");
    read.draft.cooldown = seconds(cooldown.and_then(|of| of.get("global")));
    read.draft.user_cooldown = seconds(cooldown.and_then(|of| of.get("user")));
    read.uses = row.get("count").and_then(Value::as_i64).unwrap_or_default();
    read.set_aliases(texts(row, "aliases"));
    let level = row.get("accessLevel").and_then(Value::as_i64).unwrap_or(100);
    let mapped = match level {
        100 => Some(Level::Everyone),
        250 => Some(Level::Subscriber),
        400 => Some(Level::Vip),
        500 => Some(Level::Moderator),
        1_500 => Some(Level::Broadcaster),
        _ => None,
    };
    read.set_level(mapped, &level.to_string());
    let is = |name: &str| row.get(name).and_then(Value::as_bool).unwrap_or(true);
    read.draft.enabled = is("enabled");
    read.draft.when = match (is("enabledOnline"), is("enabledOffline")) {
        (true, false) => When::Online,
        (false, true) => When::Offline,
        (false, false) => {
            read.draft.enabled = false;
            When::Always
        }
        (true, true) => When::Always,
    };
    match text(row, "type") {
        "" | "say" => read.draft.reply = false,
        "reply" => read.draft.reply = true,
        other => read.unmapped.push(format!("We do not answer by {other}.")),
    }
    if !texts(row, "keywords").is_empty() {
        read.unmapped.push("Keywords do not call commands here.".to_owned());
    }
    if row.get("cost").and_then(Value::as_i64).unwrap_or_default() > 0 {
        read.unmapped.push("Commands cost nothing here.".to_owned());
    }
    read
}

fn fossabot(row: &Value) -> Row {
    let mut read = begun(text(row, "name"), text(row, "response"));
    let first = |names: &[&str]| names.iter().find_map(|name| row.get(name));
    read.draft.cooldown = seconds(first(&["global_cooldown", "cooldown", "globalCooldown"]));
    read.draft.user_cooldown = seconds(first(&["user_cooldown", "userCooldown"]));
    read.uses = first(&["count", "uses"]).and_then(Value::as_i64).unwrap_or_default();
    read.draft.enabled = row.get("enabled").and_then(Value::as_bool).unwrap_or(true);
    read.set_aliases(texts(row, "aliases"));
    let level = ["min_role", "minimum_role", "role", "userlevel"]
        .iter()
        .map(|name| text(row, name))
        .find(|level| !level.is_empty())
        .unwrap_or_default();
    let mapped = match level.to_lowercase().as_str() {
        "" | "everyone" | "viewer" => Some(Level::Everyone),
        "follower" => Some(Level::Follower),
        "subscriber" | "sub" => Some(Level::Subscriber),
        "vip" => Some(Level::Vip),
        "moderator" | "mod" => Some(Level::Moderator),
        "broadcaster" | "owner" => Some(Level::Broadcaster),
        _ => None,
    };
    read.set_level(mapped, level);
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nightbots_commands_are_read() {
        let export = json!({"_total": 3, "status": 200, "commands": [
            {"_id": "1", "coolDown": 30, "count": 7, "name": "!hug", "message": "$(user) hugs $(touser)", "userLevel": "everyone"},
            {"_id": "2", "coolDown": 5, "count": 0, "name": "!reg", "message": "hi", "userLevel": "regular"},
            {"_id": "3", "coolDown": 5, "count": 0, "name": "!h", "message": "x", "userLevel": "owner", "alias": "!hug"},
        ]});
        let (origin, rows) = read(&export).unwrap();
        assert_eq!((origin, rows.len()), (Origin::Nightbot, 3));
        assert_eq!(
            (rows[0].draft.name.as_str(), rows[0].draft.cooldown, rows[0].uses),
            ("hug", 30, 7)
        );
        assert_eq!(rows[0].draft.responses, ["{user} hugs {touser}"]);
        assert!(rows[0].unmapped.is_empty());
        assert_eq!((rows[1].draft.level, rows[1].unmapped.len()), (Level::Moderator, 1));
        assert_eq!((rows[2].draft.level, rows[2].unmapped.len()), (Level::Broadcaster, 1));
    }

    #[test]
    fn stream_elements_commands_are_read() {
        let export = json!([
            {"command": "discord", "reply": "${user}: join", "aliases": ["dc", ""], "keywords": [], "type": "reply",
             "cooldown": {"user": 15, "global": 5}, "enabled": true, "enabledOnline": true, "enabledOffline": false,
             "accessLevel": 250, "cost": 0},
            {"command": "x", "reply": "y", "accessLevel": 300, "type": "whisper", "cost": 5, "keywords": ["hey"]},
        ]);
        let (origin, rows) = read(&export).unwrap();
        assert_eq!(origin, Origin::StreamElements);
        let first = &rows[0].draft;
        assert_eq!((first.cooldown, first.user_cooldown, first.level), (5, 15, Level::Subscriber));
        assert_eq!(
            (first.aliases.as_slice(), first.when, first.reply),
            (&["dc".to_owned()][..], When::Online, true)
        );
        assert_eq!(rows[1].unmapped.len(), 4);
    }

    #[test]
    fn fossabots_commands_are_read_and_others_are_not() {
        let export = json!({"commands": [{"name": "!lurk", "response": "Bye $(user)", "min_role": "subscriber", "enabled": false}]});
        let (origin, rows) = read(&export).unwrap();
        assert_eq!((origin, rows[0].draft.level), (Origin::Fossabot, Level::Subscriber));
        assert!(!rows[0].draft.enabled);
        for other in
            [json!({}), json!([]), json!("x"), json!({"commands": [{"a": 1}]}), json!([null, 7])]
        {
            assert!(read(&other).is_none(), "{other}");
        }
    }
}
