//! What viewers do, as feeds show it. Texts of strangers are cut to what Twitch itself allows.

use serde_json::{Value, json};
use sm_db::live::feeds::NewEvent;
use sm_twitch::eventsub::{Broadcaster, Event};
use sm_types::live::FeedKind;
use time::Duration;

/// Characters of a name at most.
const MAX_NAME: usize = 64;
/// Characters of a cheer's message at most, as in Twitch's chat.
const MAX_MESSAGE: usize = 500;
/// Who follows, stops to and follows again is shown once.
const FOLLOWS: Duration = Duration::DAY;
/// Nobody raids, or subscribes with the same tier, twice within this time; two subscriptions of ours tell it twice
/// while secrets are changed.
const ONCE: Duration = Duration::minutes(5);

/// Something that happened in a channel.
#[derive(Debug)]
pub(super) struct Happening {
    kind: FeedKind,
    data: Value,
    once: Option<(String, Duration)>,
}

impl Happening {
    pub(super) fn as_stored(&self) -> NewEvent<'_> {
        let once = self.once.as_ref().map(|(what, window)| (what.as_str(), *window));
        NewEvent { kind: self.kind, data: &self.data, once }
    }
}

/// What an event tells; `None` for one that has a statement of its own.
pub(super) fn of(event: &Event) -> Option<Happening> {
    let happening = |kind, data, once| Some(Happening { kind, data, once });
    match event {
        Event::ChannelFollow(e) => {
            let once = (format!("follow/{}", cut(e.user.id.as_str(), MAX_NAME)), FOLLOWS);
            happening(FeedKind::Follow, json!({ "user": person(&e.user) }), Some(once))
        }
        Event::ChannelRaid(e) => {
            let once = (format!("raid/{}", cut(e.from.id.as_str(), MAX_NAME)), ONCE);
            let data = json!({ "from": person(&e.from), "viewers": e.viewers });
            happening(FeedKind::Raid, data, Some(once))
        }
        Event::ChannelSubscribe(e) => {
            let tier = tier(e.tier.as_deref());
            let once = e.user.as_ref().map(|user| {
                let (user, tier) = (cut(user.id.as_str(), MAX_NAME), tier.as_deref());
                (format!("subscribe/{user}/{}", tier.unwrap_or_default()), ONCE)
            });
            let user = e.user.as_ref().map(person);
            let data = json!({ "user": user, "tier": tier, "is_gift": e.is_gift });
            happening(FeedKind::Subscribe, data, once)
        }
        Event::ChannelSubscriptionGift(e) => {
            let data = json!({
                "user": e.user.as_ref().map(person), "tier": tier(e.tier.as_deref()), "total": e.total,
                "cumulative_total": e.cumulative_total,
            });
            happening(FeedKind::Gift, data, None)
        }
        Event::ChannelCheer(e) => {
            let message = e.message.as_deref().map(|text| cut(text, MAX_MESSAGE));
            let user = e.user.as_ref().map(person);
            let data = json!({ "user": user, "bits": e.bits, "message": message });
            happening(FeedKind::Cheer, data, None)
        }
        _ => None,
    }
}

fn person(user: &Broadcaster) -> Value {
    let (id, login) = (cut(user.id.as_str(), MAX_NAME), cut(&user.login, MAX_NAME));
    // Whoever has set no display name goes by the login.
    let name = if user.name.is_empty() { &user.login } else { &user.name };
    json!({ "id": id, "login": login, "name": cut(name, MAX_NAME) })
}

fn tier(tier: Option<&str>) -> Option<String> {
    tier.map(|tier| cut(tier, MAX_NAME))
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}
