//! Tokens with which programs run a channel's commands: shown once, kept as hashes.

use super::commands::note;
use crate::{App, audit::Actor, setup::SaveError};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::json;
use sha2::{Digest, Sha256};
use sm_db::chat::{books, tokens};
use sm_types::{Secret, TwitchUserId};
use uuid::Uuid;

/// Tokens of one channel that are in use.
const MAX_TOKENS: i64 = 20;
const MAX_NAME: usize = 50;
/// What every token begins with, so that scanners for secrets know one.
const BEGINNING: &str = "smx_";
/// What a token may do.
pub const SCOPES: [&str; 1] = ["run"];

/// Makes a token; its text is not kept anywhere.
pub async fn create(
    app: &App,
    channel: &TwitchUserId,
    name: &str,
    scopes: &[String],
    actor: &Actor,
) -> Result<(Uuid, Secret), SaveError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        let message = format!("Use 1 to {MAX_NAME} characters.");
        return Err(SaveError::field("name", "invalid", message));
    }
    if scopes.is_empty() || scopes.iter().any(|scope| !SCOPES.contains(&scope.as_str())) {
        return Err(SaveError::field("scopes", "invalid", "Choose run."));
    }
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| {
        SaveError::field("name", "unavailable", "No token can be made now. Try again in a moment.")
    })?;
    let token = Secret::new(format!("{BEGINNING}{}", URL_SAFE_NO_PAD.encode(bytes)));
    let mut transaction = app.pool.begin().await?;
    if !books::lock(&mut *transaction, channel).await? {
        return Err(SaveError::NotFound);
    }
    let hash = hash(&token);
    let made = tokens::insert(&mut *transaction, channel, name, &hash, scopes, MAX_TOKENS).await?;
    let Some(id) = made else {
        let message = format!("A channel can have {MAX_TOKENS} tokens. Revoke one first.");
        return Err(SaveError::field("name", "too_many_tokens", message));
    };
    let after = Some(json!({ "token": id, "name": name, "scopes": scopes }));
    note(app, &mut transaction, actor, "chat.token.create", channel, (None, after)).await?;
    transaction.commit().await?;
    Ok((id, token))
}

/// Revokes a token, at once and for good.
pub async fn revoke(
    app: &App,
    channel: &TwitchUserId,
    token: Uuid,
    actor: &Actor,
) -> Result<(), SaveError> {
    let mut transaction = app.pool.begin().await?;
    let revoked = tokens::revoke(&mut *transaction, channel, token, app.clock.now()).await?;
    let name = revoked.ok_or(SaveError::NotFound)?;
    let before = Some(json!({ "token": token, "name": name }));
    note(app, &mut transaction, actor, "chat.token.revoke", channel, (before, None)).await?;
    transaction.commit().await?;
    Ok(())
}

/// Whether a token may do something in a channel; its id, if so.
///
/// Looked up by its hash: what is compared is nothing that anybody can guess their way to.
pub async fn permits(
    app: &App,
    channel: &TwitchUserId,
    token: &Secret,
    scope: &str,
) -> sqlx::Result<Option<Uuid>> {
    if !token.expose().starts_with(BEGINNING) || token.expose().len() > 100 {
        return Ok(None);
    }
    let found = tokens::authenticate(&app.pool, &hash(token), app.clock.now()).await?;
    Ok(found
        .filter(|(_, of, scopes)| of == channel && scopes.iter().any(|s| s == scope))
        .map(|(id, ..)| id))
}

fn hash(token: &Secret) -> [u8; 32] {
    Sha256::digest(token.expose()).into()
}
