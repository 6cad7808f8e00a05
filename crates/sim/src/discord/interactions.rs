//! Interactions: what people do with an application's commands and buttons, posted to it signed, and its answers.

use super::{
    DiscordSim, Shared,
    answers::Refusal,
    call::Call,
    components,
    events::{Signing, interaction_ping, post},
    members, messages,
    model::Open,
    permissions,
    world::World,
};
use axum::http::Method;
use serde_json::{Value, json};
use sm_types::{ChannelId, GuildId, MessageId, UserId};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// For how long an answer can be changed.
const TOKEN_LIFE_MS: u64 = 15 * 60 * 1_000;
const CALLBACK: &str = "/interactions/{interaction_id}/{interaction_token}/callback";
const ORIGINAL: &str = "/webhooks/{webhook_id}/{webhook_token}/messages/@original";

/// Who does something, where, and in which language.
#[derive(Debug, Clone, Copy)]
pub struct Doer {
    pub user: UserId,
    /// `None`: in a private conversation.
    pub guild: Option<GuildId>,
    pub channel: ChannelId,
    /// As in `de` or `en-US`.
    pub locale: &'static str,
}

/// What the application has answered.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The HTTP status; 0: none within 3 seconds.
    pub status: u16,
    pub body: Value,
    /// From our request to the answer.
    pub took: Duration,
    /// What was sent, to send it again.
    sent: Vec<u8>,
    token: String,
}

impl Answered {
    /// The text of the first answer.
    pub fn content(&self) -> &str {
        self.body["data"]["content"].as_str().unwrap_or_default()
    }

    /// Discord's number for the kind of answer; 0: none.
    pub fn kind(&self) -> u64 {
        self.body["type"].as_u64().unwrap_or(0)
    }

    /// The buttons of the first answer by their labels, with what they say when pressed.
    pub fn buttons(&self) -> Vec<(String, String)> {
        components::buttons(&self.body["data"]["components"])
    }
}

impl DiscordSim {
    /// Where interactions go.
    pub fn interactions_url(&self) -> Option<String> {
        self.shared.world().interactions_url.clone()
    }

    /// Sets where interactions go; before that none is sent.
    pub fn set_interactions_url(&self, url: &str) {
        self.shared.world().interactions_url = Some(url.to_owned());
    }

    /// Answers so many first follow-ups of each interaction with 404/10015, as Discord does at random.
    pub fn set_follow_ups_too_early(&self, times: u32) {
        self.shared.world().follow_ups_too_early = times;
    }

    /// Calls a command, as in `live mute`, with options by name: texts, numbers, truth values and ids.
    pub async fn command(&self, doer: Doer, name: &str, options: &[(&str, Value)]) -> Answered {
        let data = invocation(name, options, None);
        self.interact(doer, 2, data, None).await
    }

    /// Types the value of a command's option.
    pub async fn autocomplete(
        &self,
        doer: Doer,
        name: &str,
        (option, typed): (&str, &str),
    ) -> Answered {
        let data = invocation(name, &[(option, json!(typed))], Some(option));
        self.interact(doer, 4, data, None).await
    }

    /// Presses a button under a message in the channel.
    pub async fn press(&self, doer: Doer, message: MessageId, custom_id: &str) -> Answered {
        let shown = {
            let world = self.shared.world();
            let found = world.message(doer.channel.0, message.0);
            found.map(|found| messages::shown(&world, found))
        };
        let data = json!({ "custom_id": custom_id, "component_type": 2 });
        self.interact(doer, 3, data, shown).await
    }

    /// Presses a button under an answer, which has held id and flags only.
    pub async fn press_answer(&self, doer: Doer, custom_id: &str) -> Answered {
        let message = json!({ "id": self.shared.world().snowflake().to_string(), "flags": 64 });
        let data = json!({ "custom_id": custom_id, "component_type": 2 });
        self.interact(doer, 3, data, Some(message)).await
    }

    /// Sends a form with one field.
    pub async fn submit(&self, doer: Doer, custom_id: &str, field: (&str, &str)) -> Answered {
        let input = json!({ "type": 4, "id": 2, "custom_id": field.0, "value": field.1 });
        let label = json!({ "type": 18, "id": 1, "component": input });
        self.interact(doer, 5, json!({ "custom_id": custom_id, "components": [label] }), None).await
    }

    async fn interact(
        &self,
        doer: Doer,
        kind: u8,
        data: Value,
        message: Option<Value>,
    ) -> Answered {
        interact(&self.shared, doer, kind, data, message).await
    }

    /// Asks whether the endpoint is there, signed or not; the status and body of the answer.
    pub async fn ping_interactions(&self, signing: Signing) -> (u16, Value) {
        let body = interaction_ping(&mut self.shared.world(), &self.shared);
        self.send_interaction(body.to_string().as_bytes(), signing).await
    }

    /// Posts any body, signed or not; status and body of the answer.
    pub async fn send_interaction(&self, body: &[u8], signing: Signing) -> (u16, Value) {
        let Some(url) = self.interactions_url() else { return (0, Value::Null) };
        match post(&self.shared, &url, body, signing).await {
            Some((status, body)) => (status, serde_json::from_slice(&body).unwrap_or_default()),
            None => (0, Value::Null),
        }
    }

    /// Posts what was posted before once more, signed anew; the status of the answer.
    pub async fn replay(&self, answered: &Answered) -> u16 {
        self.send_interaction(&answered.sent, Signing::Good).await.0
    }

    /// A body as Discord would post it, for whoever changes it before it is sent.
    pub fn interaction_body(&self, doer: Doer, name: &str, options: &[(&str, Value)]) -> Value {
        let data = invocation(name, options, None);
        payload(&mut self.shared.world(), &self.shared, doer, 2, data, None)
    }

    /// What the person sees now in answer to an interaction: text, and buttons by label and id.
    pub fn shown(&self, answered: &Answered) -> Option<(String, Vec<(String, String)>)> {
        let world = self.shared.world();
        let original = world.interactions.get(&answered.token)?.original.as_ref()?;
        let content = original["content"].as_str().unwrap_or_default().to_owned();
        Some((content, components::buttons(&original["components"])))
    }

    /// The person dismisses the answer.
    pub fn dismiss(&self, answered: &Answered) {
        if let Some(open) = self.shared.world().interactions.get_mut(&answered.token) {
            open.original = None;
        }
    }

    /// The commands that are registered, as Discord shows them.
    pub fn commands(&self) -> Vec<Value> {
        self.shared.world().commands.clone()
    }

    /// Registers a command that the developer portal makes.
    pub fn add_entry_point(&self, name: &str) {
        let mut world = self.shared.world();
        let id = world.snowflake().to_string();
        world.commands.push(json!({ "id": id, "application_id": self.shared.application.client_id, "version": id,
            "type": 4, "name": name, "name_localizations": null, "description": "", "handler": 2, "options": null }));
    }
}

/// Does something, and reads the answer as Discord's client does.
pub(super) async fn interact(
    shared: &Arc<Shared>,
    doer: Doer,
    kind: u8,
    data: Value,
    message: Option<Value>,
) -> Answered {
    let (payload, url) = {
        let mut world = shared.world();
        (payload(&mut world, shared, doer, kind, data, message), world.interactions_url.clone())
    };
    let token = payload["token"].as_str().unwrap_or_default().to_owned();
    let sent = payload.to_string().into_bytes();
    let begun = Instant::now();
    let answer = match &url {
        Some(url) => post(shared, url, &sent, Signing::Good).await,
        None => None,
    };
    let took = begun.elapsed();
    let (status, body) = match answer {
        Some((status, body)) => (status, serde_json::from_slice(&body).unwrap_or_default()),
        None => (0, Value::Null),
    };
    if status == 200 {
        read(shared, &token, &body);
    }
    Answered { status, body, took, sent, token }
}

/// Takes the first answer.
fn read(shared: &Shared, token: &str, body: &Value) {
    let mut world = shared.world();
    if let Some(contract) = &shared.contract {
        let broken = contract.violations("POST", CALLBACK, body);
        world.violations.extend(broken);
    }
    let data = &body["data"];
    let kind = body["type"].as_u64();
    if matches!(kind, Some(4 | 5)) && data["flags"] != 64 {
        world.violations.push(format!("an answer that everybody sees: {body}"));
    }
    if matches!(kind, Some(4 | 7)) {
        if data["allowed_mentions"] != json!({ "parse": [] }) {
            world.violations.push(format!("an answer that may mention somebody: {body}"));
        }
        if let Err(refusal) = components::check(data) {
            world.violations.push(format!("components of an answer: {}", refusal.body));
        }
    }
    if let Some(open) = world.interactions.get_mut(token) {
        open.is_answered = true;
        open.original = Some(data.clone());
    }
}

/// A request with an interaction's token: no other credentials are asked for, and no limit of the bot's counts.
pub(super) fn follow_up(
    shared: &Shared,
    world: &mut World,
    call: &Call<'_>,
) -> Result<Value, Refusal> {
    let [_, application, token, ..] = *call.segments.as_slice() else {
        return Err(Refusal::new(404, 0, "404: Not Found"));
    };
    if application != shared.application.client_id {
        return Err(Refusal::new(404, 10015, "Unknown Webhook"));
    }
    let now = world.now_ms();
    let Some(open) = world.interactions.get_mut(token) else {
        return Err(Refusal::new(401, 50027, "Invalid Webhook Token"));
    };
    if now.saturating_sub(open.begun_ms) >= TOKEN_LIFE_MS {
        return Err(Refusal::new(401, 50027, "Invalid Webhook Token"));
    }
    if !open.is_answered || open.too_early > 0 {
        open.too_early = open.too_early.saturating_sub(1);
        return Err(Refusal::new(404, 10015, "Unknown Webhook"));
    }
    let Some(original) = open.original.clone() else {
        return Err(Refusal::new(404, 10008, "Unknown Message"));
    };
    match *call.method {
        Method::GET => Ok(original),
        Method::DELETE => {
            world.interactions.entry(token.to_owned()).and_modify(|open| open.original = None);
            Ok(Value::Null)
        }
        _ => {
            let body: Value = serde_json::from_slice(call.body)
                .map_err(|_| Refusal::new(400, 50109, "The request body contains invalid JSON."))?;
            if let Some(contract) = &shared.contract {
                let broken = contract.violations("PATCH", ORIGINAL, &body);
                world.violations.extend(broken);
            }
            if body["allowed_mentions"] != json!({ "parse": [] }) {
                world.violations.push("a follow-up that may mention somebody".to_owned());
            }
            components::check(&body)?;
            world.interactions.entry(token.to_owned()).and_modify(|open| {
                open.original = Some(body.clone());
            });
            let id = world.snowflake().to_string();
            Ok(json!({ "id": id, "channel_id": "0", "content": body["content"], "flags": 64,
                "author": members::user(world, world.bot) }))
        }
    }
}

/// Registers all commands at once, as Discord does: what is not named is gone.
pub(super) fn overwrite(
    shared: &Shared,
    world: &mut World,
    call: &Call<'_>,
) -> Result<Value, Refusal> {
    let body: Value = serde_json::from_slice(call.body)
        .map_err(|_| Refusal::new(400, 50109, "The request body contains invalid JSON."))?;
    if let Some(contract) = &shared.contract {
        let broken = contract.violations("PUT", "/applications/{application_id}/commands", &body);
        world.violations.extend(broken);
    }
    let sent = body.as_array().cloned().unwrap_or_default();
    let has_entry = |all: &[Value]| all.iter().any(|command| command["type"] == 4);
    if has_entry(&world.commands) && !has_entry(&sent) {
        let why = "You cannot remove this app's Entry Point command in a bulk update operation.";
        return Err(Refusal::new(400, 50240, why));
    }
    let mut commands = Vec::new();
    for mut command in sent {
        let known = world.commands.iter().find(|known| known["name"] == command["name"]);
        let id = known.map(|known| known["id"].clone());
        let version = world.snowflake().to_string();
        command["id"] = id.unwrap_or_else(|| json!(version));
        command["version"] = json!(version);
        command["application_id"] = json!(shared.application.client_id);
        // Filled in by the server.
        command["nsfw"] = json!(false);
        command["dm_permission"] = json!(false);
        if let Some(bits) = command["default_member_permissions"].as_u64() {
            command["default_member_permissions"] = json!(bits.to_string());
        }
        commands.push(command);
    }
    world.commands = commands;
    Ok(json!(world.commands))
}

/// Data of a command: `live mute` is the subcommand `mute` of `live`.
fn invocation(name: &str, options: &[(&str, Value)], focused: Option<&str>) -> Value {
    let option = |(name, value): &(&str, Value)| {
        let kind = if value.is_boolean() { 5 } else { 3 };
        let mut option = json!({ "name": name, "type": kind, "value": value });
        if focused == Some(name) {
            option["focused"] = json!(true);
        }
        option
    };
    let options: Vec<_> = options.iter().map(option).collect();
    let (name, inner) = match name.split_once(' ') {
        Some((name, sub)) => (name, json!([{ "name": sub, "type": 1, "options": options }])),
        None => (name, json!(options)),
    };
    json!({ "id": "1", "name": name, "type": 1, "options": inner })
}

fn payload(
    world: &mut World,
    shared: &Shared,
    doer: Doer,
    kind: u8,
    data: Value,
    message: Option<Value>,
) -> Value {
    let id = world.snowflake().to_string();
    let token = format!("aW50ZXJhY3Rpb246{id}");
    let open = Open {
        begun_ms: world.now_ms(),
        is_answered: false,
        too_early: world.follow_ups_too_early,
        original: None,
    };
    world.interactions.insert(token.clone(), open);
    let mut payload = json!({
        "id": id, "application_id": shared.application.client_id, "type": kind, "token": token, "version": 1,
        "channel_id": doer.channel, "channel": { "id": doer.channel, "type": 0 }, "locale": doer.locale,
        "app_permissions": permissions::of_bot(world, doer.channel.0).to_string(), "entitlements": [],
        "attachment_size_limit": 10_485_760, "data": data,
    });
    if let Some(message) = message {
        payload["message"] = message;
    }
    let member = doer.guild.and_then(|guild| members::member(world, guild.0, doer.user.0));
    match doer.guild.zip(member) {
        Some((guild, mut member)) => {
            let found = world.guilds.get(&guild.0);
            let granted = found.map_or(0, |found| permissions::of_member(found, doer.user.0));
            member["permissions"] = json!(granted.to_string());
            payload["guild_id"] = json!(guild);
            payload["guild"] = json!({ "id": guild, "locale": "en-US", "features": [] });
            payload["guild_locale"] = json!("en-US");
            payload["context"] = json!(0);
            payload["member"] = member;
            payload["authorizing_integration_owners"] = json!({ "0": guild });
        }
        None => {
            payload["context"] = json!(1);
            payload["user"] = members::user(world, doer.user.0);
            payload["authorizing_integration_owners"] = json!({ "1": doer.user });
        }
    }
    payload
}
