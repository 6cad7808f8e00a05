//! Lines of chat, and how subscribers hear of them.

use super::{Role, SeenLine};
use crate::twitch::{
    Delivery, Shared,
    delivery::{self, To},
    world::World,
};
use serde_json::{Value, json};
use sm_types::TwitchUserId;
use std::sync::Arc;
use uuid::Uuid;

/// Something that is said.
pub(super) struct Said<'a> {
    pub(super) channel: &'a TwitchUserId,
    pub(super) chatter: &'a TwitchUserId,
    pub(super) text: &'a str,
    pub(super) reply_to: Option<&'a str>,
    pub(super) by: &'static str,
}

/// Writes a line down, in the channels of a session if it is shared; its id, and the events that tell of it.
pub(super) fn note(
    shared: &Shared,
    said: &Said<'_>,
    everywhere: bool,
) -> (String, Vec<(String, Value)>) {
    let mut world = shared.world();
    let here = said.channel.as_str();
    let id = Uuid::new_v4().to_string();
    let mut channels = world.chat.session_of(here);
    let is_shared = channels.len() > 1;
    if !everywhere {
        channels.truncate(1);
    }
    let mut events = Vec::new();
    for channel in channels {
        let is_source = channel == here;
        let message_id = if is_source { id.clone() } else { Uuid::new_v4().to_string() };
        let mut event = event(&world, said, &channel, &message_id);
        if is_shared {
            let source = world.broadcaster(here);
            for (key, value) in source.as_object().into_iter().flatten() {
                event[format!("source_{key}")] = value.clone();
            }
            event["source_message_id"] = json!(id);
            event["source_badges"] = badges(&world, here, said.chatter.as_str());
            event["is_source_only"] = json!(!everywhere);
        }
        world.chat.lines.push(SeenLine {
            message_id,
            channel: channel.clone(),
            chatter: said.chatter.as_str().to_owned(),
            text: said.text.to_owned(),
            reply_to: said.reply_to.map(str::to_owned),
            by: said.by,
            source: (!is_source).then(|| here.to_owned()),
        });
        events.push((channel, event));
    }
    (id, events)
}

/// Tells of a line once more, in an event of its own.
pub(super) async fn tell_again(shared: &Arc<Shared>, message_id: &str) -> Vec<u16> {
    let events = {
        let world = shared.world();
        let line = world.chat.lines.iter().find(|line| line.message_id == message_id);
        let again = line.map(|line| {
            let (channel, chatter) = (line.channel.as_str().into(), line.chatter.as_str().into());
            let said = Said {
                channel: &channel,
                chatter: &chatter,
                text: &line.text,
                reply_to: line.reply_to.as_deref(),
                by: line.by,
            };
            (line.channel.clone(), event(&world, &said, &line.channel, message_id))
        });
        again.into_iter().collect()
    };
    tell(shared, events).await
}

/// Tells the subscribers of each channel.
pub(super) async fn tell(shared: &Arc<Shared>, events: Vec<(String, Value)>) -> Vec<u16> {
    let mut statuses = Vec::new();
    for (channel, event) in events {
        let delivery = Delivery::new("channel.chat.message", event);
        let told = delivery::deliver(shared, &channel, To::Type(&delivery.kind), &delivery).await;
        statuses.extend(told);
    }
    statuses
}

/// Revokes what somebody reads a channel's chat with.
pub(super) async fn revoke_reader(shared: &Arc<Shared>, channel: &str, user: &str) -> Vec<u16> {
    let ids: Vec<String> = {
        let world = shared.world();
        let reads = |condition: &Value| {
            condition["broadcaster_user_id"] == channel && condition["user_id"] == user
        };
        let theirs = world.subscriptions.iter().filter(|s| reads(&s.new.condition));
        theirs.map(|s| s.id.clone()).collect()
    };
    let mut statuses = Vec::new();
    for id in ids {
        shared.world().set_status(&id, "chat_user_banned");
        statuses.extend(delivery::deliver(shared, &id, To::One, &Delivery::revocation()).await);
    }
    statuses
}

fn event(world: &World, said: &Said<'_>, channel: &str, message_id: &str) -> Value {
    let mut event = world.broadcaster(channel);
    let chatter = world.user(said.chatter.as_str());
    let parent = said.reply_to.and_then(|id| world.chat.lines.iter().find(|l| l.message_id == id));
    let parent_of =
        |line: &SeenLine| world.user(&line.chatter).map(|u| (u.login.clone(), u.name.clone()));
    // As clients of Twitch do it: the answered one's name stands before a typed reply.
    let mention = parent.filter(|_| said.by == "typed").and_then(parent_of);
    let text = match &mention {
        Some((login, _)) => format!("@{login} {}", said.text),
        None => said.text.to_owned(),
    };
    let more = json!({
        "chatter_user_id": said.chatter, "chatter_user_login": chatter.map(|user| &user.login),
        "chatter_user_name": chatter.map(|user| &user.name), "message_id": message_id,
        "message": { "text": text, "fragments": [{
            "type": "text", "text": text, "cheermote": null, "emote": null, "mention": null }] },
        "color": "", "badges": badges(world, channel, said.chatter.as_str()), "message_type": "text",
        "cheer": null, "channel_points_custom_reward_id": null,
        "source_broadcaster_user_id": null, "source_broadcaster_user_login": null,
        "source_broadcaster_user_name": null, "source_message_id": null, "source_badges": null,
        "is_source_only": null,
        "reply": parent.map(|line| {
            let (login, name) = parent_of(line).unwrap_or_default();
            json!({ "parent_message_id": line.message_id, "parent_message_body": line.text,
                    "parent_user_id": line.chatter, "parent_user_login": login, "parent_user_name": name,
                    "thread_message_id": line.message_id, "thread_user_id": line.chatter,
                    "thread_user_login": login, "thread_user_name": name })
        }),
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        event[key] = value.clone();
    }
    event
}

fn badges(world: &World, channel: &str, user: &str) -> Value {
    let badge = |set: &str| json!({ "set_id": set, "id": "1", "info": "" });
    let mut badges = match world.chat.role(channel, user) {
        _ if channel == user => vec![badge("broadcaster")],
        Role::Viewer => vec![],
        Role::Subscriber => vec![badge("subscriber")],
        Role::Vip => vec![badge("vip")],
        Role::Moderator => vec![badge("moderator")],
        // Without the badge of a moderator.
        Role::LeadModerator => vec![badge("lead_moderator")],
    };
    // Shown for an account that has let us speak for it, where the channel has let it in.
    let is_bot = world.user(user).is_some_and(|u| u.scopes.iter().any(|s| s == "user:bot"));
    if is_bot && channel != user {
        badges.push(badge("bot-badge"));
    }
    json!(badges)
}
