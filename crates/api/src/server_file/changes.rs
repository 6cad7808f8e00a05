//! What differs between two files, part by part and field by field.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A part of the configuration that a file changes.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Change {
    pub part: Part,
    /// The template's name or the streamer's login.
    pub name: Option<String>,
    pub kind: ChangeKind,
    /// What differs; of what comes or goes, nothing.
    pub fields: Vec<FieldChange>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Settings,
    Template,
    Streamer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Added,
    Changed,
    Removed,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FieldChange {
    /// Its place, as in `quiet_hours.from`; in a list of destinations the channel stands for the number, as in
    /// `destinations[812345678901234568].cooldown_seconds`.
    pub field: String,
    /// How it is; null: not there.
    #[schema(value_type = Value)]
    pub before: Value,
    /// How it would be; null: not there.
    #[schema(value_type = Value)]
    pub after: Value,
}

/// The differences of two whole files.
pub(super) fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    let fields = differences("", &before["settings"], &after["settings"]);
    if !fields.is_empty() {
        let (part, kind) = (Part::Settings, ChangeKind::Changed);
        found.push(Change { part, name: None, kind, fields });
    }
    for (part, list, key) in
        [(Part::Template, "templates", "name"), (Part::Streamer, "streamers", "login")]
    {
        found.extend(of_list(part, key, &before[list], &after[list]));
    }
    found
}

fn of_list(part: Part, key: &str, before: &Value, after: &Value) -> Vec<Change> {
    let each = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let (before, after) = (each(before), each(after));
    let name = |entry: &Value| entry[key].as_str().unwrap_or_default().to_owned();
    let is = |one: &Value, other: &Value| name(one).to_lowercase() == name(other).to_lowercase();
    let change =
        |entry: &Value, kind, fields| Change { part, name: Some(name(entry)), kind, fields };
    let mut found = Vec::new();
    for entry in &after {
        match before.iter().find(|old| is(old, entry)) {
            None => found.push(change(entry, ChangeKind::Added, Vec::new())),
            Some(old) => {
                let fields = differences("", old, entry);
                if !fields.is_empty() {
                    found.push(change(entry, ChangeKind::Changed, fields));
                }
            }
        }
    }
    let gone = before.iter().filter(|old| !after.iter().any(|new| is(new, old)));
    found.extend(gone.map(|old| change(old, ChangeKind::Removed, Vec::new())));
    found
}

fn differences(place: &str, before: &Value, after: &Value) -> Vec<FieldChange> {
    if before == after {
        return Vec::new();
    }
    let within = |key: &str| {
        if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") }
    };
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            let mut keys: Vec<_> = one.keys().chain(other.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            let at =
                |map: &Map<String, Value>, key: &str| map.get(key).cloned().unwrap_or_default();
            keys.into_iter()
                .flat_map(|key| differences(&within(key), &at(one, key), &at(other, key)))
                .collect()
        }
        (Value::Array(one), Value::Array(other)) if place == "destinations" => {
            let channel =
                |entry: &Value| entry["channel_id"].as_str().unwrap_or("default").to_owned();
            let mut channels: Vec<_> = one.iter().chain(other).map(channel).collect();
            channels.sort_unstable();
            channels.dedup();
            let at = |list: &[Value], wanted: &str| {
                list.iter().find(|entry| channel(entry) == wanted).cloned().unwrap_or_default()
            };
            channels
                .into_iter()
                .flat_map(|channel| {
                    let place = format!("{place}[{channel}]");
                    differences(&place, &at(one, &channel), &at(other, &channel))
                })
                .collect()
        }
        _ => {
            let (before, after) = (before.clone(), after.clone());
            vec![FieldChange { field: place.to_owned(), before, after }]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_name_part_place_and_both_values() {
        let before = json!({
            "settings": {"end_action": "edit", "quiet_hours": null},
            "templates": [{"name": "Big", "message": {"content": "a"}}, {"name": "Old", "message": {}}],
            "streamers": [{"login": "ana", "enabled": true, "destinations": [
                {"channel_id": null}, {"channel_id": "7", "cooldown_seconds": 0}]}],
        });
        let after = json!({
            "settings": {"end_action": "delete", "quiet_hours": {"from": "22:00", "until": "07:00"}},
            "templates": [{"name": "big", "message": {"content": "b"}}],
            "streamers": [
                {"login": "ana", "enabled": true, "destinations": [{"channel_id": "7", "cooldown_seconds": 60}]},
                {"login": "bo", "enabled": true, "destinations": []}],
        });
        let found = changes(&before, &after);
        let told: Vec<_> = found
            .iter()
            .map(|change| (change.part, change.name.as_deref(), change.kind, change.fields.len()))
            .collect();
        assert_eq!(
            told,
            [
                (Part::Settings, None, ChangeKind::Changed, 2),
                (Part::Template, Some("big"), ChangeKind::Changed, 2),
                (Part::Template, Some("Old"), ChangeKind::Removed, 0),
                (Part::Streamer, Some("ana"), ChangeKind::Changed, 2),
                (Part::Streamer, Some("bo"), ChangeKind::Added, 0),
            ]
        );
        let fields: Vec<_> = found[3].fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!(fields, ["destinations[7].cooldown_seconds", "destinations[default]"]);
        assert_eq!(changes(&after, &after), []);
    }
}
