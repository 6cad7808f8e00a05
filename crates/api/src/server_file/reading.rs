//! A file as people have written it, compared with what is stored.

use super::{
    FORMAT, VERSION,
    changes::{Change, changes},
    writing::{self, Names},
};
use crate::{
    ApiError,
    routes::{config::ConfigBody, streamers::DestinationBody},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use sm_db::streamers::follows::{Destination, Settings};
use sm_services::{
    setup::{
        Problem,
        whole::{Wanted, WantedStreamer, WantedTemplate, Whole},
    },
    streamers::pasted::login_of,
};
use sm_types::{DestinationId, TemplateId, template::MessageTemplate};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What becomes of templates and streamers that a list in the file lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    Stay,
    Go,
}

/// What a file would change.
#[derive(Debug)]
pub struct Plan {
    pub changes: Vec<Change>,
    pub wanted: Wanted,
    /// Templates and streamers that the file lacks, and that stay.
    pub kept: usize,
}

/// Compares a file with what is stored.
///
/// # Errors
///
/// Where it is no file of ours, or an entry has another shape than the API takes: each with its place.
pub fn plan(whole: &Whole, text: &str, others: Others) -> Result<Plan, ApiError> {
    let file = read(text)?;
    let mut reading = Reading::new(whole);
    reading.templates(file.get("templates"), others)?;
    reading.streamers(file.get("streamers"), others)?;
    reading.settings(file.get("settings"))?;
    reading.finish()
}

/// The file as JSON; ids that lost their quotes are texts again.
fn read(text: &str) -> Result<Map<String, Value>, ApiError> {
    let invalid =
        |code, message: String| Err(ApiError::Invalid(vec![Problem::new("file", code, message)]));
    let mut file: Value = match serde_saphyr::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            return invalid("invalid_yaml", format!("This cannot be read as YAML: {error}"));
        }
    };
    let (format, version) = (file["format"].as_str(), file["version"].as_u64());
    if (format, version) != (Some(FORMAT), Some(VERSION)) {
        let message = format!(
            "This is no configuration of a server: it has to begin with format: {FORMAT} and version: {VERSION}. \
             Export one to begin with."
        );
        return invalid("unknown_format", message);
    }
    quote_ids(&mut file);
    let Value::Object(file) = file else { return Ok(Map::new()) };
    let known = ["format", "version", "settings", "templates", "streamers"];
    if let Some(other) = file.keys().find(|key| !known.contains(&key.as_str())) {
        let message = "There is no such part. There are settings, templates and streamers.";
        let problem = Problem::new(other.as_str(), "unknown_part", message);
        return Err(ApiError::Invalid(vec![problem]));
    }
    Ok(file)
}

/// Discord's ids are texts; YAML takes one without quotes for a number.
fn quote_ids(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::Number(id) if key == "id" || key.ends_with("_id") => {
                        *value = json!(id.to_string());
                    }
                    _ => quote_ids(value),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(quote_ids),
        _ => {}
    }
}

/// A part of the file in the API's shape, or the place at which it has another.
fn shaped<T: DeserializeOwned>(place: &str, value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { place.to_owned() } else { format!("{place}.{path}") };
        Problem::new(field, "malformed", error.inner().to_string())
    })
}

struct Reading<'a> {
    whole: &'a Whole,
    before: Value,
    /// Templates by their names in small letters, those of the file among them.
    ids: BTreeMap<String, TemplateId>,
    names: Names,
    after: Map<String, Value>,
    wanted: Wanted,
    kept: usize,
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    fn new(whole: &'a Whole) -> Self {
        let names = writing::names(whole);
        let ids = names.iter().map(|(id, name)| (name.to_lowercase(), *id)).collect();
        let before = writing::shown(whole);
        let after = before.as_object().cloned().unwrap_or_default();
        let (wanted, problems) = (Wanted::default(), Vec::new());
        Self { whole, before, ids, names, after, wanted, kept: 0, problems }
    }

    fn finish(self) -> Result<Plan, ApiError> {
        if !self.problems.is_empty() {
            return Err(ApiError::Invalid(self.problems));
        }
        let changes = changes(&self.before, &Value::Object(self.after));
        Ok(Plan { changes, wanted: self.wanted, kept: self.kept })
    }

    /// The entries of a list; `None` where the file does not have it.
    fn entries(&mut self, part: &str, list: Option<&Value>) -> Option<Vec<Value>> {
        match list {
            None | Some(Value::Null) => None,
            Some(Value::Array(list)) => Some(list.clone()),
            Some(_) => {
                self.problems.push(Problem::new(part, "malformed", "Make it a list."));
                None
            }
        }
    }

    fn templates(&mut self, list: Option<&Value>, others: Others) -> Result<(), ApiError> {
        let Some(list) = self.entries("templates", list) else { return Ok(()) };
        let mut named = BTreeSet::new();
        let mut after = Vec::new();
        for (n, entry) in list.into_iter().enumerate() {
            let place = format!("templates[{n}]");
            let TemplateEntry { name, message } = match shaped(&place, entry) {
                Ok(entry) => entry,
                Err(problem) => {
                    self.problems.push(problem);
                    continue;
                }
            };
            let key = name.trim().to_lowercase();
            if !named.insert(key.clone()) {
                let message = "Another entry has this name. Each template can be named once.";
                self.problems.push(Problem::new(format!("{place}.name"), "name_twice", message));
                continue;
            }
            let known = self.ids.get(&key).copied();
            let id = known.unwrap_or_else(|| TemplateId(Uuid::now_v7()));
            let stored = self.whole.templates.iter().find(|known| known.template_id == id);
            let json = json!(message);
            let is_same = stored.is_some_and(|stored| {
                stored.name == name
                    && serde_json::from_value(stored.message.0.clone()).ok()
                        == Some(message.clone())
            });
            let shown = stored.filter(|_| is_same).map_or(json, |stored| stored.message.0.clone());
            after.push(json!({ "name": name, "message": shown }));
            self.ids.insert(key, id);
            self.names.insert(id, name.clone());
            if !is_same {
                self.wanted.templates.push(WantedTemplate { place, id, name, message });
            }
        }
        for known in &self.whole.templates {
            if named.contains(&known.name.to_lowercase()) {
                continue;
            }
            if others == Others::Go {
                self.wanted.removed_templates.push(known.template_id);
                self.ids.remove(&known.name.to_lowercase());
            } else {
                self.kept += 1;
                after.push(json!({ "name": known.name, "message": known.message.0 }));
            }
        }
        self.after.insert("templates".to_owned(), json!(after));
        Ok(())
    }

    /// The template's id in the place of its name.
    fn put_id(&mut self, body: &mut Map<String, Value>, place: &str) {
        let id = match body.remove("template") {
            None if body.contains_key("template_id") => return,
            None | Some(Value::Null) => Value::Null,
            Some(Value::String(name)) => match self.ids.get(&name.trim().to_lowercase()) {
                Some(id) => json!(id),
                None => {
                    let message = format!(
                        "There is no template {name:?}, neither in the server nor in the file."
                    );
                    let field = format!("{place}.template");
                    self.problems.push(Problem::new(field, "unknown_template", message));
                    return;
                }
            },
            Some(_) => {
                let field = format!("{place}.template");
                self.problems.push(Problem::new(field, "malformed", "Name a template, or null."));
                return;
            }
        };
        body.insert("template_id".to_owned(), id);
    }

    /// Settings that the file does not name stay as they are.
    fn settings(&mut self, part: Option<&Value>) -> Result<(), ApiError> {
        let named = match part {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::Object(named)) => named.clone(),
            Some(_) => {
                let problem =
                    Problem::new("settings", "malformed", "Name settings, each with a value.");
                self.problems.push(problem);
                return Ok(());
            }
        };
        let mut body = self.before["settings"].as_object().cloned().unwrap_or_default();
        body.extend(named);
        self.put_id(&mut body, "settings");
        let config = match shaped::<ConfigBody>("settings", Value::Object(body)) {
            Ok(body) => body.into_config(),
            Err(problem) => {
                self.problems.push(problem);
                return Ok(());
            }
        };
        match config {
            Ok(config) => {
                let shown = writing::settings(&config, &self.names);
                self.after.insert("settings".to_owned(), shown);
                self.wanted.config = (config != self.whole.config).then_some(config);
                Ok(())
            }
            Err(ApiError::Invalid(problems)) => {
                self.problems.extend(problems.into_iter().map(|problem| Problem {
                    field: format!("settings.{}", problem.field),
                    ..problem
                }));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn streamers(&mut self, list: Option<&Value>, others: Others) -> Result<(), ApiError> {
        let Some(list) = self.entries("streamers", list) else { return Ok(()) };
        let mut named = BTreeSet::new();
        let mut after = Vec::new();
        for (n, entry) in list.into_iter().enumerate() {
            let place = format!("streamers[{n}]");
            let Some((login, settings)) = self.streamer(&place, entry) else { continue };
            if !named.insert(login.clone()) {
                let message = "Another entry has this login. Each streamer can be named once.";
                self.problems.push(Problem::new(format!("{place}.login"), "login_twice", message));
                continue;
            }
            after.push(writing::streamer(&login, &settings, &self.names));
            let known = self.whole.streamers.iter().find(|known| known.login == login);
            if !known.is_some_and(|known| same(&known.settings, &settings)) {
                self.wanted.streamers.push(WantedStreamer { place, login, settings });
            }
        }
        for known in &self.whole.streamers {
            if named.contains(&known.login) {
                continue;
            }
            if others == Others::Go {
                self.wanted.removed_streamers.push(known.streamer.clone());
            } else {
                self.kept += 1;
                after.push(writing::streamer(&known.login, &known.settings, &self.names));
            }
        }
        self.after.insert("streamers".to_owned(), json!(after));
        Ok(())
    }

    fn streamer(&mut self, place: &str, entry: Value) -> Option<(String, Settings)> {
        let StreamerEntry { login, enabled, destinations } = match shaped(place, entry) {
            Ok(entry) => entry,
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        let login = match login_of(&login) {
            Ok(login) => login,
            Err(what) => {
                let field = format!("{place}.login");
                self.problems.push(Problem::new(field, what.code(), what.to_string()));
                return None;
            }
        };
        let stored = self.whole.streamers.iter().find(|known| known.login == login);
        let mut read = Vec::new();
        for (n, mut body) in destinations.unwrap_or_else(in_default_channel).into_iter().enumerate()
        {
            let place = format!("{place}.destinations[{n}]");
            self.put_id(&mut body, &place);
            match shaped::<DestinationBody>(&place, Value::Object(body)) {
                Ok(body) => read.push(Destination::from(body)),
                Err(problem) => self.problems.push(problem),
            }
        }
        for destination in &mut read {
            let known = stored.into_iter().flat_map(|known| &known.settings.destinations);
            destination.id = id_at(known, destination);
        }
        Some((login, Settings { enabled, destinations: read }))
    }
}

/// The id of the stored destination in the same channel.
fn id_at<'a>(
    mut known: impl Iterator<Item = &'a Destination>,
    wanted: &Destination,
) -> Option<DestinationId> {
    known.find(|known| known.channel == wanted.channel)?.id
}

/// Whether both announce alike; the order of channels says nothing.
fn same(one: &Settings, other: &Settings) -> bool {
    let sorted = |settings: &Settings| {
        let mut each = settings.destinations.clone();
        each.sort_by_key(|destination| destination.channel);
        each
    };
    one.enabled == other.enabled && sorted(one) == sorted(other)
}

fn in_default_channel() -> Vec<Map<String, Value>> {
    vec![Map::from_iter([("channel_id".to_owned(), Value::Null)])]
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateEntry {
    name: String,
    message: MessageTemplate,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamerEntry {
    login: String,
    #[serde(default = "yes")]
    enabled: bool,
    /// The default channel alone where it is left out.
    #[serde(default)]
    destinations: Option<Vec<Map<String, Value>>>,
}

fn yes() -> bool {
    true
}
