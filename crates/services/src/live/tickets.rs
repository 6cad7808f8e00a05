//! Proofs for a socket that no cookie reaches.

use crate::App;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use sm_db::live::connections::{self, Holder};
use sm_types::Secret;
use time::Duration;
use uuid::Uuid;

/// How long a ticket is good for.
pub const LIFETIME: Duration = Duration::seconds(30);

/// A ticket for a session: good once. `None` when the machine has no randomness.
pub async fn give(app: &App, session: Uuid) -> sqlx::Result<Option<Secret>> {
    let mut bytes = [0; 32];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        return Ok(None);
    }
    let ticket = URL_SAFE_NO_PAD.encode(bytes);
    let expires_at = app.clock.now() + LIFETIME;
    connections::give_ticket(&app.pool, &hash(&ticket), session, expires_at).await?;
    Ok(Some(Secret::new(ticket)))
}

/// Uses a ticket up; whose it is, if it is good.
pub async fn take(app: &App, ticket: &str) -> sqlx::Result<Option<Holder>> {
    connections::take_ticket(&app.pool, &hash(ticket), app.clock.now()).await
}

/// A ticket of the database's backup opens nothing.
fn hash(ticket: &str) -> Vec<u8> {
    digest(&SHA256, ticket.as_bytes()).as_ref().to_vec()
}
