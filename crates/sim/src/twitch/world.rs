//! The state of the simulated Twitch.

use super::{
    EdgeCase, Fault,
    chat::Chat,
    device::Devices,
    faults::Challenge,
    limits::Bucket,
    listing::{self, ListingLag},
    model::{
        NewSubscription, PENDING, Recording, SeenDelivery, Stream, Subscription, User, game_id,
        text,
    },
    tokens::Tokens,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use time::OffsetDateTime;
use uuid::Uuid;

const MAX_TOTAL_COST: u64 = 10_000;

/// Everything there is.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(super) users: Vec<User>,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) max_total_cost: u64,
    pub(super) tokens: Tokens,
    pub(super) deliveries: Vec<SeenDelivery>,
    pub(super) requests: Vec<String>,
    pub(super) faults: Vec<Fault>,
    pub(super) bucket: Option<Bucket>,
    pub(super) streams_hidden: bool,
    pub(super) listing_lag: ListingLag,
    pub(super) challenge: Challenge,
    pub(super) chat: Chat,
    pub(super) devices: Devices,
    sequence: u64,
}

impl World {
    pub(super) fn new(bucket: Option<Bucket>, listing_lag: ListingLag) -> Self {
        Self { bucket, listing_lag, max_total_cost: MAX_TOTAL_COST, ..Self::default() }
    }

    /// The categories that there are, by name: some that everybody knows, and whatever is streamed.
    pub(super) fn games(&self) -> BTreeSet<&str> {
        const KNOWN: [&str; 6] = [
            "Art",
            "Celeste",
            "Hades II",
            "Just Chatting",
            "Software and Game Development",
            "Tetris",
        ];
        let streamed = self.users.iter().map(|user| user.game.as_str());
        KNOWN.into_iter().chain(streamed).filter(|game| !game.is_empty()).collect()
    }

    fn next_number(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    pub(super) fn add_user(&mut self, login: &str, name: &str) -> String {
        let id = (70_000_000 + self.next_number()).to_string();
        self.users.push(User {
            id: id.clone(),
            login: login.to_owned(),
            name: name.to_owned(),
            title: format!("{name} is here"),
            game: "Just Chatting".to_owned(),
            language: "en".to_owned(),
            tags: vec!["English".to_owned()],
            viewers: 42,
            stream: None,
            ended: None,
            recordings: Vec::new(),
            authorized: false,
            scopes: Vec::new(),
            removed: false,
        });
        id
    }

    pub(super) fn user_mut(&mut self, id: &str, change: impl FnOnce(&mut User)) {
        if let Some(user) = self.users.iter_mut().find(|user| user.id == id) {
            change(user);
        }
    }

    pub(super) fn user(&self, id: &str) -> Option<&User> {
        // They are in the order of their ids, which have 8 digits.
        let at = self.users.binary_search_by(|user| user.id.as_str().cmp(id)).ok()?;
        self.users.get(at)
    }

    /// A user by login or id.
    pub(super) fn named(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.login == name || user.id == name)
    }

    /// The users whose accounts exist.
    pub(super) fn present(&self) -> impl Iterator<Item = &User> {
        self.users.iter().filter(|user| !user.removed)
    }

    pub(super) fn set_channel(&mut self, id: &str, title: &str, game: &str) {
        self.user_mut(id, |user| {
            title.clone_into(&mut user.title);
            game.clone_into(&mut user.game);
        });
    }

    pub(super) fn start_stream(
        &mut self,
        id: &str,
        kind: &str,
        now: OffsetDateTime,
    ) -> (String, Value) {
        let stream = (46_000_000_000 + self.next_number()).to_string();
        let video = (2_600_000_000 + self.next_number()).to_string();
        let started = now.replace_nanosecond(0).unwrap_or(now);
        let started_at = text(started);
        let (kind, id_of_stream) = (kind.to_owned(), stream.clone());
        let mut event = self.broadcaster(id);
        event["id"] = json!(stream);
        event["type"] = json!(kind);
        event["started_at"] = json!(started_at);
        self.user_mut(id, |user| {
            let recorded = (stream.clone(), started_at.clone());
            let recording = Recording { video, stream: recorded.0, started_at: recorded.1 };
            user.recordings.insert(0, recording);
            user.stream = Some(Stream { id: stream, kind, started, started_at, listed: false });
        });
        (id_of_stream, event)
    }

    pub(super) fn end_stream(&mut self, id: &str, now: OffsetDateTime) -> Value {
        let ended = self.take_stream(id, now);
        self.offline_event(id, ended.as_ref())
    }

    pub(super) fn take_stream(&mut self, id: &str, now: OffsetDateTime) -> Option<Stream> {
        let lag = self.listing_lag;
        let mut taken = None;
        self.user_mut(id, |user| {
            let was_listed = listing::listed(user, lag, now).cloned();
            taken = user.stream.take();
            // What the list had not learned of, it does not go on listing.
            let known = taken.clone().filter(|taken| was_listed.is_some_and(|s| s.id == taken.id));
            user.ended = known.map(|stream| (stream, now)).or_else(|| user.ended.take());
        });
        taken
    }

    pub(super) fn offline_event(&self, id: &str, ended: Option<&Stream>) -> Value {
        let mut event = self.broadcaster(id);
        event["id"] = json!(ended.map(|stream| &stream.id));
        event
    }

    pub(super) fn broadcaster(&self, id: &str) -> Value {
        let user = self.user(id);
        json!({
            "broadcaster_user_id": id,
            "broadcaster_user_login": user.map(|user| user.login.as_str()),
            "broadcaster_user_name": user.map(|user| user.name.as_str()),
        })
    }

    pub(super) fn channel_event(&self, id: &str) -> Value {
        let mut event = self.broadcaster(id);
        if let Some(user) = self.user(id) {
            event["title"] = json!(user.title);
            event["language"] = json!(user.language);
            event["category_id"] = json!(game_id(&user.game));
            event["category_name"] = json!(user.game);
            event["content_classification_labels"] = json!([]);
        }
        event
    }

    /// What somebody new does in a channel: the type and the event.
    pub(super) fn viewers_do(
        &mut self,
        id: &str,
        what: EdgeCase,
        now: OffsetDateTime,
    ) -> (&'static str, Value) {
        let number = self.next_number();
        let (viewer, login) = ((80_000_000 + number).to_string(), format!("viewer_{number}"));
        let name = format!("Viewer_{number}");
        let mut event = self.broadcaster(id);
        if what == EdgeCase::Raid {
            let to = |key: &str| event[format!("broadcaster_user_{key}")].clone();
            let raid = json!({
                "from_broadcaster_user_id": viewer, "from_broadcaster_user_login": login,
                "from_broadcaster_user_name": name, "to_broadcaster_user_id": to("id"),
                "to_broadcaster_user_login": to("login"), "to_broadcaster_user_name": to("name"), "viewers": 42,
            });
            return ("channel.raid", raid);
        }
        event["user_id"] = json!(viewer);
        event["user_login"] = json!(login);
        event["user_name"] = json!(name);
        let (kind, more) = match what {
            EdgeCase::Subscribe => {
                ("channel.subscribe", json!({ "tier": "1000", "is_gift": false }))
            }
            EdgeCase::Gift => (
                "channel.subscription.gift",
                json!({ "tier": "1000", "total": 5, "cumulative_total": null, "is_anonymous": false }),
            ),
            EdgeCase::Cheer => (
                "channel.cheer",
                json!({ "is_anonymous": false, "bits": 100, "message": "Cheer100 hello" }),
            ),
            _ => ("channel.follow", json!({ "followed_at": text(now) })),
        };
        for (key, value) in more.as_object().into_iter().flatten() {
            event[key] = value.clone();
        }
        (kind, event)
    }

    /// The event of a user who gives or takes an authorisation; a removed one has no names.
    pub(super) fn authorization_event(&self, client: &str, id: &str) -> Value {
        let user = self.user(id).filter(|user| !user.removed);
        json!({
            "client_id": client, "user_id": id, "user_login": user.map(|user| &user.login),
            "user_name": user.map(|user| &user.name),
        })
    }

    pub(super) fn add_subscription(&mut self, new: NewSubscription, now: OffsetDateTime) -> String {
        let id = Uuid::new_v4().to_string();
        let cost = self.cost(&new.condition);
        self.subscriptions.push(Subscription {
            id: id.clone(),
            new,
            status: PENDING.to_owned(),
            created_at: text(now),
            cost,
        });
        id
    }

    pub(super) fn subscription_json(&self, id: &str) -> Value {
        self.subscriptions.iter().find(|s| s.id == id).map_or(Value::Null, Subscription::json)
    }

    /// What a subscription with a condition costs: nothing where a user has authorised us.
    pub(super) fn cost(&self, condition: &Value) -> u64 {
        let mut values = condition.as_object().into_iter().flatten();
        let free = |id: &str| self.user(id).is_some_and(|user| user.authorized);
        u64::from(!values.any(|(_, id)| id.as_str().is_some_and(free)))
    }

    pub(super) fn total_cost(&self) -> u64 {
        self.subscriptions.iter().filter(|s| s.is_alive()).map(|s| s.cost).sum()
    }

    pub(super) fn set_authorized(&mut self, id: &str, authorized: bool) {
        self.user_mut(id, |user| user.authorized = authorized);
        let cost = u64::from(!authorized);
        for subscription in self.subscriptions.iter_mut().filter(|s| s.is_about(id)) {
            subscription.cost = cost;
        }
    }

    /// Adds scopes; none makes no difference to what subscriptions cost.
    pub(super) fn add_scopes(&mut self, id: &str, scopes: &[&str]) {
        if scopes.is_empty() {
            return;
        }
        self.set_authorized(id, true);
        self.user_mut(id, |user| {
            for scope in scopes {
                if !user.scopes.iter().any(|known| known == scope) {
                    user.scopes.push((*scope).to_owned());
                }
            }
        });
    }

    /// Takes everything back that a user has allowed.
    pub(super) fn withdraw(&mut self, id: &str) {
        self.set_authorized(id, false);
        self.user_mut(id, |user| user.scopes.clear());
        self.tokens.forget(id);
    }

    /// Sets a status; false when there is no such subscription.
    pub(super) fn set_status(&mut self, id: &str, status: &str) -> bool {
        // Mostly it is one of the last.
        let found = self.subscriptions.iter_mut().rev().find(|s| s.id == id);
        found.map(|subscription| status.clone_into(&mut subscription.status)).is_some()
    }

    /// Records the answer to a challenge, unless something else has happened since.
    pub(super) fn set_verified(&mut self, id: &str, verified: bool) {
        let status = if verified { "enabled" } else { "webhook_callback_verification_failed" };
        if self.subscriptions.iter().any(|s| s.id == id && s.status == PENDING) {
            self.set_status(id, status);
        }
    }

    /// Removes a subscription; false when there is none with this id.
    pub(super) fn remove_subscription(&mut self, id: &str) -> bool {
        let before = self.subscriptions.len();
        self.subscriptions.retain(|s| s.id != id);
        self.subscriptions.len() < before
    }

    pub(super) fn revoke(&mut self, user: &str, status: &str) {
        for subscription in self.subscriptions.iter_mut().filter(|s| s.is_about(user)) {
            status.clone_into(&mut subscription.status);
        }
    }
}
