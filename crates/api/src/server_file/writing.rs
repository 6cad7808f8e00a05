//! What is stored, as the file shows it.

use super::{FORMAT, VERSION, schema::SCHEMA_PATH};
use crate::routes::{config::ConfigBody, streamers::DestinationBody};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use sm_db::{
    guilds::config::GuildConfig,
    streamers::follows::{Destination, Settings},
};
use sm_services::setup::whole::Whole;
use sm_types::TemplateId;
use std::collections::BTreeMap;

/// The names of templates by their ids.
pub(super) type Names = BTreeMap<TemplateId, String>;

/// A server's set-up as a file.
///
/// # Errors
///
/// Where it cannot be written as YAML.
pub fn export(whole: &Whole, public_url: &str) -> Result<String, String> {
    let file = serde_saphyr::to_string(&shown(whole)).map_err(|error| error.to_string())?;
    let public_url = public_url.trim_end_matches('/');
    Ok(format!("# yaml-language-server: $schema={public_url}{SCHEMA_PATH}\n{file}"))
}

/// What tells two set-ups apart: a save made from another one is refused.
pub(crate) fn fingerprint(whole: &Whole) -> String {
    let digest = Sha256::digest(shown(whole).to_string());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The whole file.
pub(super) fn shown(whole: &Whole) -> Value {
    let names = names(whole);
    let template = |template: &sm_db::guilds::templates::Template| json!({ "name": template.name, "message": template.message.0 });
    let streamer = |known: &sm_db::streamers::follows::Followed| {
        streamer(&known.login, &known.settings, &names)
    };
    json!({
        "format": FORMAT,
        "version": VERSION,
        "settings": settings(&whole.config, &names),
        "templates": whole.templates.iter().map(template).collect::<Vec<_>>(),
        "streamers": whole.streamers.iter().map(streamer).collect::<Vec<_>>(),
    })
}

pub(super) fn names(whole: &Whole) -> Names {
    whole.templates.iter().map(|known| (known.template_id, known.name.clone())).collect()
}

pub(super) fn settings(config: &GuildConfig, names: &Names) -> Value {
    let mut body = json!(ConfigBody::from(config.clone()));
    if let Value::Object(body) = &mut body {
        put_name(body, config.template, names);
    }
    body
}

pub(super) fn streamer(login: &str, settings: &Settings, names: &Names) -> Value {
    let mut each: Vec<_> = settings.destinations.iter().collect();
    each.sort_by_key(|destination| destination.channel);
    let each: Vec<_> = each.into_iter().map(|shown| destination(shown, names)).collect();
    json!({ "login": login, "enabled": settings.enabled, "destinations": each })
}

/// A destination, without what says nothing.
fn destination(destination: &Destination, names: &Names) -> Value {
    let mut body = json!(DestinationBody::from(destination.clone()));
    if let Value::Object(body) = &mut body {
        put_name(body, destination.template, names);
        body.remove("id");
        body.retain(|key, value| key == "channel_id" || !value.is_null());
    }
    body
}

fn put_name(body: &mut Map<String, Value>, template: Option<TemplateId>, names: &Names) {
    body.remove("template_id");
    body.insert("template".to_owned(), json!(template.and_then(|id| names.get(&id))));
}
