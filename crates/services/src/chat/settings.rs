//! What goes for all commands of a channel, and the secrets of its addresses.

pub use super::book::settings_of as of_stored;
pub use super::events::Events;
use super::{
    commands::{note, people},
    draft::wrong_with_event,
};
use crate::{
    App,
    audit::Actor,
    setup::{Problem, SaveError},
};
use serde_json::json;
use sm_aws::Ring;
use sm_db::{
    chat::{books, commands},
    streamers::subscriptions,
};
use sm_types::{
    Secret, TwitchUserId,
    address::web_address,
    chat::{Builtin, BuiltinSettings, MAX_PREFIX, is_key, text::strip},
};
use std::collections::BTreeMap;

/// Secrets of one channel.
const MAX_SECRETS: i64 = 20;
const MAX_SECRET: usize = 500;
const MAX_IGNORED: usize = 200;
/// Bits, gifts or viewers.
const MAX_AT_LEAST: i64 = 1_000_000;
/// Seconds: a day.
const MAX_COOLDOWN: u32 = 86_400;

/// Settings to save; nothing of them is checked yet.
#[derive(Debug, Clone)]
pub struct Draft {
    pub prefix: String,
    pub discord_url: Option<String>,
    /// Logins.
    pub ignored: Vec<String>,
    pub builtins: BTreeMap<Builtin, BuiltinSettings>,
    pub filters: super::filters::Filters,
    pub events: Events,
    /// Whether a text that was just said is left out, instead of varied.
    pub drop_repeats: bool,
}

/// Saves settings made from `revision`; returns the new revision.
pub async fn save(
    app: &App,
    channel: &TwitchUserId,
    draft: Draft,
    revision: i32,
    actor: &Actor,
) -> Result<i32, SaveError> {
    let discord_url = checked(&draft)?;
    let old = books::find(&app.pool, channel).await?;
    let known = old.map(|old| old.ignored.0).unwrap_or_default();
    let lists = [("ignored", draft.ignored.as_slice())];
    let [ignored] = people(app, channel, lists, known).await?;
    let (filters, events) = (json!(draft.filters), json!(draft.events));
    let mut transaction = app.pool.begin().await?;
    if !books::lock(&mut *transaction, channel).await? {
        return Err(SaveError::NotFound);
    }
    let enabled = Builtin::ALL
        .iter()
        .filter(|builtin| draft.builtins.get(builtin).is_none_or(|settings| settings.enabled));
    let names: Vec<String> = enabled.map(|builtin| builtin.name().to_owned()).collect();
    let holders = commands::holders(&mut *transaction, channel, &names).await?;
    if !holders.is_empty() {
        let problem = |holder: &commands::Holder| {
            let message = format!("Your command {} has this name. Rename it first.", holder.name);
            Problem::new(format!("builtins.{}", holder.folded), "name_taken", message)
        };
        return Err(SaveError::Invalid(holders.iter().map(problem).collect()));
    }
    let before = books::find(&mut *transaction, channel).await?;
    let content = books::Content {
        prefix: &draft.prefix,
        discord_url: discord_url.as_deref(),
        ignored: &ignored,
        builtins: &draft.builtins,
        filters: &filters,
        events: &events,
        drops_repeats: draft.drop_repeats,
    };
    let saved = books::save(&mut *transaction, channel, content, revision).await?;
    let revision = saved.ok_or(SaveError::Conflict)?;
    let before = before.map(|old| {
        json!({ "prefix": old.prefix, "discord_url": old.discord_url, "ignored": old.ignored.0,
            "builtins": old.builtins.0, "filters": old.filters.0, "events": old.events.0,
            "drop_repeats": old.drops_repeats })
    });
    let after = json!({ "prefix": draft.prefix, "discord_url": discord_url, "ignored": ignored,
        "builtins": draft.builtins, "filters": filters, "events": events,
        "drop_repeats": draft.drop_repeats });
    let change = (before, Some(after));
    note(app, &mut transaction, actor, "chat.settings.update", channel, change).await?;
    // Raids are heard of where somebody wants to know.
    let now = app.clock.now();
    subscriptions::plan(&mut *transaction, std::slice::from_ref(channel), now).await?;
    transaction.commit().await?;
    app.inner().chat.forget(channel);
    app.doorbell.ring(Ring::Subscribe).await;
    Ok(revision)
}

/// The invite as it is stored, or all that is wrong.
fn checked(draft: &Draft) -> Result<Option<String>, SaveError> {
    let mut problems = Vec::new();
    if let Some(message) = wrong_prefix(&draft.prefix) {
        problems.push(Problem::new("prefix", "invalid", message));
    }
    if draft.ignored.len() > MAX_IGNORED {
        let message = format!("{MAX_IGNORED} are the most.");
        problems.push(Problem::new("ignored", "too_many", message));
    }
    for (builtin, settings) in &draft.builtins {
        if settings.cooldown.max(settings.user_cooldown) > MAX_COOLDOWN {
            let message = format!("Use 0 to {MAX_COOLDOWN} seconds.");
            problems.push(Problem::new(format!("builtins.{}", builtin.name()), "invalid", message));
        }
    }
    let wrong = draft.filters.problems().into_iter();
    problems.extend(wrong.map(|(field, code, message)| Problem::new(field, code, message)));
    problems.extend(wrong_events(&draft.events));
    let url = draft.discord_url.as_deref().map(str::trim).filter(|url| !url.is_empty());
    let url = match url.map(web_address).transpose() {
        Ok(url) => url,
        Err(problem) => {
            problems.push(Problem::new("discord_url", "invalid", format!("The invite {problem}.")));
            None
        }
    };
    if problems.is_empty() { Ok(url) } else { Err(SaveError::Invalid(problems)) }
}

fn wrong_events(events: &Events) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (kind, reply) in events.saved() {
        let field = format!("events.{}", kind.as_str());
        problems.extend(wrong_with_event(&format!("{field}.text"), &reply.text, true));
        if !(0..=MAX_AT_LEAST).contains(&reply.at_least) {
            let message = format!("Use 0 to {MAX_AT_LEAST}.");
            problems.push(Problem::new(format!("{field}.at_least"), "invalid", message));
        }
    }
    problems
}

fn wrong_prefix(prefix: &str) -> Option<&'static str> {
    if prefix.chars().count() > MAX_PREFIX || prefix.chars().any(char::is_whitespace) {
        return Some("Use up to 5 characters, without blanks.");
    }
    if strip(prefix) != prefix || prefix.chars().any(char::is_control) {
        return Some("Use characters that can be seen.");
    }
    // Twitch takes these lines for itself: no bot ever sees them.
    prefix
        .starts_with(['/', '.'])
        .then_some("Twitch keeps lines with / and . at the beginning to itself.")
}

/// Stores a secret for addresses; nobody reads it again.
pub async fn set_secret(
    app: &App,
    channel: &TwitchUserId,
    name: &str,
    value: &Secret,
    actor: &Actor,
) -> Result<(), SaveError> {
    if !is_key(name) {
        let message = "Use 1 to 32 letters, digits and underscores.";
        return Err(SaveError::field("name", "invalid", message));
    }
    let length = value.expose().chars().count();
    if !(1..=MAX_SECRET).contains(&length) || value.expose().chars().any(char::is_control) {
        let message = format!("Use 1 to {MAX_SECRET} characters, without line breaks.");
        return Err(SaveError::field("value", "invalid", message));
    }
    let purpose = format!("{}/{channel}/{name}", super::remote::SECRET_PURPOSE);
    let encrypted = app.cipher.encrypt(&purpose, value).await.map_err(|error| {
        tracing::warn!(%error, "a secret of a channel could not be encrypted");
        SaveError::field("value", "unavailable", "It cannot be stored now. Try again in a moment.")
    })?;
    let mut transaction = app.pool.begin().await?;
    if !books::lock(&mut *transaction, channel).await? {
        return Err(SaveError::NotFound);
    }
    if !books::set_secret(&mut *transaction, channel, name, &encrypted, MAX_SECRETS).await? {
        let message = format!("A channel can have {MAX_SECRETS} secrets. Delete one first.");
        return Err(SaveError::field("name", "too_many_secrets", message));
    }
    let after = Some(json!({ "name": name }));
    note(app, &mut transaction, actor, "chat.secret.set", channel, (None, after)).await?;
    transaction.commit().await?;
    Ok(())
}

/// Forgets a secret.
pub async fn delete_secret(
    app: &App,
    channel: &TwitchUserId,
    name: &str,
    actor: &Actor,
) -> Result<(), SaveError> {
    let mut transaction = app.pool.begin().await?;
    if !books::delete_secret(&mut *transaction, channel, name).await? {
        return Err(SaveError::NotFound);
    }
    let before = Some(json!({ "name": name }));
    note(app, &mut transaction, actor, "chat.secret.delete", channel, (before, None)).await?;
    transaction.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_is_short_seen_and_not_twitchs_own() {
        for good in ["", "!", "!!", "bot:", "🤖", "ß"] {
            assert_eq!(wrong_prefix(good), None, "{good}");
        }
        for bad in ["123456", "! ", "\u{200b}", "!\u{e0000}", "/", "./", "\u{7}"] {
            assert!(wrong_prefix(bad).is_some(), "{bad:?}");
        }
    }
}
