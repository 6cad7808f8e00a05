//! What users do, and what subscribers hear of it.

use super::{
    Delivery, EdgeCase, TwitchSim,
    delivery::{self, To},
    edge_cases, eventsub,
    model::NewSubscription,
    tokens::Grant,
};
use serde_json::{Value, json};
use sm_types::{StreamId, TwitchUserId};

impl TwitchSim {
    pub fn add_user(&self, login: &str, display_name: &str) -> TwitchUserId {
        TwitchUserId(self.shared.world().add_user(login, display_name))
    }

    /// A token of a user, which many requests must not accept.
    pub fn user_token(&self, user: &TwitchUserId) -> String {
        self.user_token_with(user, &[])
    }

    /// A token of a user, with scopes but without a refresh token; tells nobody.
    pub fn user_token_with(&self, user: &TwitchUserId, scopes: &[&str]) -> String {
        let scopes = scopes.iter().copied().map(str::to_owned).collect();
        let grant = Grant { user: user.as_str().to_owned(), scopes };
        self.shared.world().tokens.add_user_token(grant, self.shared.clock.now()).text
    }

    /// Sets language and tags without telling anybody.
    pub fn set_audience(&self, user: &TwitchUserId, language: &str, tags: &[&str]) {
        self.shared.world().user_mut(user.as_str(), |user| {
            language.clone_into(&mut user.language);
            user.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        });
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

    /// Ends the stream without telling anybody.
    pub fn stop_stream(&self, user: &TwitchUserId) {
        let now = self.shared.clock.now();
        self.shared.world().end_stream(user.as_str(), now);
    }

    /// Ends the stream and tells every subscriber.
    pub async fn end_stream(&self, user: &TwitchUserId) {
        let now = self.shared.clock.now();
        let event = self.shared.world().end_stream(user.as_str(), now);
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
        self.shared.world().set_authorized(user.as_str(), true);
        self.tell_authorization(user, "user.authorization.grant").await;
    }

    /// Grants scopes to the application as the page does, and tells every subscriber.
    ///
    /// Any scope makes subscriptions about the user free; none at all changes nothing.
    pub async fn grant(&self, user: &TwitchUserId, scopes: &[&str]) {
        self.shared.world().add_scopes(user.as_str(), scopes);
        self.tell_authorization(user, "user.authorization.grant").await;
    }

    /// Takes the authorisation back: tokens of the user end, every subscriber hears of it.
    pub async fn deauthorize(&self, user: &TwitchUserId) {
        self.shared.world().withdraw(user.as_str());
        self.tell_authorization(user, "user.authorization.revoke").await;
    }

    async fn tell_authorization(&self, user: &TwitchUserId, kind: &str) {
        let client = &self.shared.client_id;
        let event = self.shared.world().authorization_event(client, user.as_str());
        self.deliver(user, &Delivery::new(kind, event)).await;
    }

    /// Removes the account: Helix does not know it any more, subscriptions are revoked.
    pub async fn remove_user(&self, user: &TwitchUserId) -> Vec<u16> {
        {
            let mut world = self.shared.world();
            world.tokens.forget(user.as_str());
            world.user_mut(user.as_str(), |user| {
                user.removed = true;
                user.stream = None;
                user.ended = None;
            });
        }
        self.revoke(user, "user_removed").await
    }

    /// Leaves an account out of what Helix lists, and tells nobody; [`TwitchSim::restore_user`] ends it.
    pub fn hide_user(&self, user: &TwitchUserId) {
        self.shared.world().user_mut(user.as_str(), |user| user.removed = true);
    }

    /// Brings a removed account back, as Twitch does after a suspension: Helix lists it again, its subscriptions
    /// stay dead, and nothing is told.
    pub fn restore_user(&self, user: &TwitchUserId) {
        self.shared.world().user_mut(user.as_str(), |user| user.removed = false);
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
