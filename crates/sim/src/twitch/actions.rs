//! What users do, and what subscribers hear of it.

use super::{
    Delivery, EdgeCase, TwitchSim,
    delivery::{self, To},
    edge_cases, eventsub,
    world::NewSubscription,
};
use serde_json::{Value, json};
use sm_types::{StreamId, TwitchUserId};
use uuid::Uuid;

impl TwitchSim {
    /// Adds a user.
    pub fn add_user(&self, login: &str, display_name: &str) -> TwitchUserId {
        TwitchUserId(self.shared.world().add_user(login, display_name))
    }

    /// A token of a user, which many requests must not accept.
    pub fn user_token(&self, user: &TwitchUserId) -> String {
        let token = Uuid::new_v4().simple().to_string();
        self.shared.world().user_tokens.push((token.clone(), user.as_str().to_owned()));
        token
    }

    /// Sets title and category without telling anybody.
    pub fn set_channel(&self, user: &TwitchUserId, title: &str, game: &str) {
        self.shared.world().set_channel(user.as_str(), title, game);
    }

    /// Sets how many are watching.
    pub fn set_viewers(&self, user: &TwitchUserId, viewers: u64) {
        self.shared.world().user_mut(user.as_str(), |user| user.viewers = viewers);
    }

    /// Goes live and returns when every subscriber has answered.
    pub async fn go_live(&self, user: &TwitchUserId) -> StreamId {
        let (stream, event) = self.start_stream(user, "live");
        self.deliver(user, &Delivery::new("stream.online", event)).await;
        stream
    }

    /// Starts a stream without telling anybody; returns its id and the event that would tell.
    pub fn start_stream(&self, user: &TwitchUserId, kind: &str) -> (StreamId, Value) {
        let now = self.shared.clock.now();
        let (stream, event) = self.shared.world().start_stream(user.as_str(), kind, now);
        (StreamId(stream), event)
    }

    /// Ends the stream and tells every subscriber.
    pub async fn end_stream(&self, user: &TwitchUserId) {
        let event = self.shared.world().end_stream(user.as_str());
        self.deliver(user, &Delivery::new("stream.offline", event)).await;
    }

    /// Changes title and category and tells every subscriber.
    pub async fn update_channel(&self, user: &TwitchUserId, title: &str, game: &str) {
        let event = {
            let mut world = self.shared.world();
            world.set_channel(user.as_str(), title, game);
            world.channel_event(user.as_str())
        };
        self.deliver(user, &Delivery::new("channel.update", event)).await;
    }

    /// Changes a user's names and tells every subscriber.
    pub async fn rename(&self, user: &TwitchUserId, login: &str, display_name: &str) {
        let event = json!({"user_id": user, "user_login": login, "user_name": display_name,
                           "email": "", "description": ""});
        self.shared.world().user_mut(user.as_str(), |user| {
            login.clone_into(&mut user.login);
            display_name.clone_into(&mut user.name);
        });
        self.deliver(user, &Delivery::new("user.update", event)).await;
    }

    /// Authorises the application, which makes subscriptions about the user free.
    pub async fn authorize(&self, user: &TwitchUserId) {
        self.change_authorization(user, true, "user.authorization.grant").await;
    }

    /// Takes the authorisation back and tells every subscriber.
    pub async fn deauthorize(&self, user: &TwitchUserId) {
        self.change_authorization(user, false, "user.authorization.revoke").await;
    }

    async fn change_authorization(&self, user: &TwitchUserId, authorized: bool, kind: &str) {
        let event = {
            let mut world = self.shared.world();
            world.set_authorized(user.as_str(), authorized);
            world.authorization_event(&self.shared.client_id, user.as_str())
        };
        self.deliver(user, &Delivery::new(kind, event)).await;
    }

    /// Removes the account: Helix does not know it any more, subscriptions are revoked.
    pub async fn remove_user(&self, user: &TwitchUserId) -> Vec<u16> {
        self.shared.world().user_mut(user.as_str(), |user| {
            user.removed = true;
            user.stream = None;
        });
        self.revoke(user, "user_removed").await
    }

    /// Revokes a user's subscriptions and tells why; returns the statuses of the answers.
    pub async fn revoke(&self, user: &TwitchUserId, status: &str) -> Vec<u16> {
        self.shared.world().revoke(user.as_str(), status);
        let revocation = Delivery::revocation();
        delivery::deliver(&self.shared, user.as_str(), To::All, &revocation).await
    }

    /// Sends something to the subscribers of its type; returns the statuses of their answers.
    pub async fn deliver(&self, user: &TwitchUserId, delivery: &Delivery) -> Vec<u16> {
        let to = To::Type(&delivery.kind);
        delivery::deliver(&self.shared, user.as_str(), to, delivery).await
    }

    /// Plays an edge case; returns the statuses of the answers, in order.
    pub async fn trigger(&self, user: &TwitchUserId, case: EdgeCase) -> Vec<u16> {
        edge_cases::play(self, user, case).await
    }

    /// Subscribes a callback at once, without a challenge.
    pub fn subscribe(&self, user: &TwitchUserId, kind: &str, callback: &str, secret: &str) {
        let (version, key) = eventsub::shape(kind);
        let about = if key == "client_id" { &self.shared.client_id } else { user.as_str() };
        let new = NewSubscription {
            kind: kind.to_owned(),
            version: version.to_owned(),
            condition: json!({ key: about }),
            callback: callback.to_owned(),
            secret: secret.to_owned(),
        };
        let now = self.shared.clock.now();
        let mut world = self.shared.world();
        let id = world.add_subscription(new, now);
        world.set_status(&id, "enabled");
    }
}
