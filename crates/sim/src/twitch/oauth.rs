//! `/oauth2`: app tokens and their validation.

use super::{
    Shared,
    http::{Pairs, Refusal, answer, header, refuse},
    world::World,
};
use axum::{
    http::{HeaderMap, Method},
    response::Response,
};
use serde_json::json;
use uuid::Uuid;

/// Whom a valid token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bearer {
    App,
    User(String),
}

pub(super) fn handle(
    shared: &Shared,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let answered = match (method, path) {
        (&Method::GET, "validate") => validate(shared, headers),
        (&Method::POST, "token") => token(shared, &Pairs::parse(body)),
        _ => Err(refuse(404, "Not Found")),
    };
    answered.unwrap_or_else(|refusal| refusal.of_oauth())
}

fn token(shared: &Shared, form: &Pairs) -> Result<Response, Refusal> {
    if form.get("client_id") != Some(&shared.client_id) {
        return Err(refuse(400, "invalid client"));
    }
    if form.get("client_secret") != Some(&shared.client_secret) {
        return Err(refuse(403, "invalid client secret"));
    }
    if form.get("grant_type") != Some("client_credentials") {
        return Err(refuse(400, "Invalid grant type"));
    }
    let token = Uuid::new_v4().simple().to_string();
    shared.world().tokens.push(token.clone());
    let body = json!({ "access_token": token, "expires_in": 5_011_271, "token_type": "bearer" });
    Ok(answer(200, &body))
}

fn validate(shared: &Shared, headers: &HeaderMap) -> Result<Response, Refusal> {
    let world = shared.world();
    let invalid = || refuse(401, "invalid access token");
    let bearer = sent_token(headers).and_then(|token| bearer(&world, token)).ok_or_else(invalid)?;
    let body = match bearer {
        Bearer::App => {
            json!({ "client_id": shared.client_id, "scopes": null, "expires_in": 5_000_000 })
        }
        Bearer::User(id) => json!({
            "client_id": shared.client_id, "scopes": [], "expires_in": 13_902, "user_id": id,
            "login": world.user(&id).map(|user| user.login.as_str()),
        }),
    };
    Ok(answer(200, &body))
}

fn sent_token(headers: &HeaderMap) -> Option<&str> {
    let sent = header(headers, "authorization");
    sent.strip_prefix("OAuth ").or_else(|| sent.strip_prefix("Bearer "))
}

fn bearer(world: &World, token: &str) -> Option<Bearer> {
    if world.tokens.iter().skip(world.tokens_valid_from).any(|valid| valid == token) {
        return Some(Bearer::App);
    }
    let (_, user) = world.user_tokens.iter().find(|(valid, _)| valid == token)?;
    Some(Bearer::User(user.clone()))
}

/// Checks what every request to Helix has to carry.
pub(super) fn authorize(shared: &Shared, headers: &HeaderMap) -> Result<Bearer, Refusal> {
    let sent = header(headers, "authorization").strip_prefix("Bearer ");
    let token = sent.ok_or_else(|| refuse(401, "OAuth token is missing"))?;
    let bearer = bearer(&shared.world(), token);
    let bearer = bearer.ok_or_else(|| refuse(401, "Invalid OAuth token"))?;
    match header(headers, "client-id") {
        "" => Err(refuse(401, "Client ID is missing")),
        client if client != shared.client_id => {
            Err(refuse(401, "Client ID and OAuth token do not match"))
        }
        _ => Ok(bearer),
    }
}
