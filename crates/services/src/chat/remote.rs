//! What an answer needs from elsewhere. Whatever does not come is left out, never said.

use super::{facts::Facts, fetch};
use crate::{App, twitch_token::with_token};
use sm_types::{
    Secret, TwitchUserId,
    chat::{Fetch, Response, Variable},
    template::{Context, Source, Value},
};
use std::{borrow::Cow, collections::HashMap, time::Duration};
use time::OffsetDateTime;
use tokio::time::timeout;

/// Chat does not wait longer for Twitch.
const PATIENCE: Duration = Duration::from_secs(2);
/// What a secret's ciphertext is bound to.
pub(super) const SECRET_PURPOSE: &str = "chat_secrets";
/// Characters of an address once its values are in.
const MAX_ADDRESS: usize = 2_000;

/// Since when somebody has followed a channel; `None`: they do not, or Twitch does not tell us. It tells only
/// whom the channel's owner has let ask (`moderator:read:followers`), and does not say which of both it is.
pub(super) async fn since(
    app: &App,
    channel: &TwitchUserId,
    person: &TwitchUserId,
) -> Option<OffsetDateTime> {
    let asked =
        with_token(
            app,
            |token| async move { app.twitch.followed_since(&token, channel, person).await },
        );
    match timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            tracing::warn!(%error, twitch.channel = %channel, "Twitch did not tell about a follower");
            None
        }
        Err(_) => None,
    }
}

/// How many follow a channel, if Twitch tells in time.
pub(super) async fn followers(app: &App, channel: &TwitchUserId) -> Option<u64> {
    let asked =
        with_token(app, |token| async move { app.twitch.follower_count(&token, channel).await });
    match timeout(PATIENCE, asked).await {
        Ok(Ok(count)) => Some(count),
        Ok(Err(error)) => {
            tracing::warn!(%error, twitch.channel = %channel, "Twitch did not tell how many follow");
            None
        }
        Err(_) => None,
    }
}

/// What an owner's address answers, or what stands for it.
pub(super) async fn fetched(
    app: &App,
    channel: &TwitchUserId,
    fetch: &Fetch,
    facts: &Facts,
) -> String {
    let address = match address(app, channel, fetch, facts).await {
        Ok(address) => address,
        Err(reason) => {
            tracing::info!(twitch.channel = %channel, reason, "an address could not be made");
            return fetch.fallback.clone();
        }
    };
    match app.inner().fetcher.get(&address).await {
        Ok(text) => text,
        Err(refusal) => {
            // Not the address: it may carry a secret.
            tracing::info!(twitch.channel = %channel, reason = refusal.code(), "a fetch came to nothing");
            fetch.fallback.clone()
        }
    }
}

struct InAddress<'a> {
    facts: super::facts::Told<'a>,
    secrets: HashMap<String, Secret>,
}

impl Source<Variable> for InAddress<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        match variable {
            Variable::Secret(name) => {
                let secret = self.secrets.get(name)?;
                Some(Cow::Owned(Value::Text(secret.expose().to_owned())))
            }
            // All of it is percent-encoded: our own markup too.
            other => self.facts.value(other).map(|value| match value.into_owned() {
                Value::Markup(text) | Value::Url(text) => Cow::Owned(Value::Text(text)),
                value => Cow::Owned(value),
            }),
        }
    }
}

async fn address(
    app: &App,
    channel: &TwitchUserId,
    fetch: &Fetch,
    facts: &Facts,
) -> Result<String, &'static str> {
    let template = Response::parse(&fetch.url).map_err(|_| "template")?;
    let names: Vec<String> = template
        .variables()
        .into_iter()
        .filter_map(|variable| match variable {
            Variable::Secret(name) => Some(name),
            _ => None,
        })
        .collect();
    let mut secrets = HashMap::new();
    if !names.is_empty() {
        let stored = sm_db::chat::books::secrets(&app.pool, channel, &names).await;
        for (name, value) in stored.map_err(|_| "database")? {
            let purpose = format!("{SECRET_PURPOSE}/{channel}/{name}");
            let secret = app.cipher.decrypt(&purpose, &value).await.map_err(|_| "cipher")?;
            secrets.insert(name, secret);
        }
        if secrets.len() < names.len() {
            return Err("secret_missing");
        }
    }
    let values = InAddress { facts: facts.told(0), secrets };
    let address = template.render(&values, Context::Url, MAX_ADDRESS);
    fetch::same_server(&fetch.url, &address).then_some(address).ok_or("server")
}
