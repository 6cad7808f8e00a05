//! `/oauth2`: tokens, their validation and their end; `authorize` has the page before that.

use super::{
    Shared, authorize, device,
    http::{Pairs, Refusal, answer, header, refuse},
    tokens::{Bearer, CodeError, Grant, Token, Tokens},
};
use axum::{
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::sync::Arc;
use time::OffsetDateTime;

pub(super) async fn handle(
    shared: &Arc<Shared>,
    method: &Method,
    path: &str,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    let answered = match (method, path) {
        (&Method::GET, "authorize") => {
            return authorize::handle(shared, &Pairs::of_query(uri)).await;
        }
        (&Method::GET, "activate") => return device::page(shared, &Pairs::of_query(uri)).await,
        (&Method::POST, "device") => device::begin(shared, &Pairs::parse(body)),
        (&Method::GET, "validate") => validate(shared, headers),
        (&Method::POST, "token") => token(shared, &Pairs::parse(body)),
        (&Method::POST, "revoke") => revoke(shared, &Pairs::parse(body)),
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
    let now = shared.clock.now();
    let mut world = shared.world();
    match form.get("grant_type") {
        Some("client_credentials") => {
            let token = world.tokens.add_app_token(now);
            Ok(answer(
                200,
                &json!({ "access_token": token.text, "expires_in": token.expires_in(now),
                         "token_type": "bearer" }),
            ))
        }
        Some("authorization_code") => {
            world.tokens.exchanges += 1;
            exchange(&mut world.tokens, form, now)
        }
        Some("refresh_token") => {
            let sent = form.get("refresh_token").unwrap_or("");
            let (grant, refresh) = world
                .tokens
                .refresh(sent, shared.rotate_refresh_tokens)
                .ok_or_else(|| refuse(400, "Invalid refresh token"))?;
            Ok(user_token(&mut world.tokens, grant, &refresh, now))
        }
        Some(device::GRANT) => {
            let code = form.get("device_code").unwrap_or("");
            let grant = world.devices.take(code, now)?;
            let refresh = world.tokens.add_refresh_token(grant.clone());
            Ok(user_token(&mut world.tokens, grant, &refresh, now))
        }
        _ => Err(refuse(400, "Invalid grant type")),
    }
}

fn exchange(tokens: &mut Tokens, form: &Pairs, now: OffsetDateTime) -> Result<Response, Refusal> {
    let code = form.get("code").ok_or_else(|| refuse(400, "missing code"))?;
    let redirect_uri = form.get("redirect_uri").unwrap_or("");
    let grant = tokens.take_code(code, redirect_uri, now).map_err(|error| match error {
        CodeError::Unknown => refuse(400, "Invalid authorization code"),
        CodeError::OtherRedirect => refuse(400, authorize::REDIRECT_MISMATCH),
    })?;
    let refresh = tokens.add_refresh_token(grant.clone());
    Ok(user_token(tokens, grant, &refresh, now))
}

fn user_token(tokens: &mut Tokens, grant: Grant, refresh: &str, now: OffsetDateTime) -> Response {
    let scopes = grant.scopes.clone();
    let token = tokens.add_user_token(grant, now);
    let body = json!({
        "access_token": token.text, "expires_in": token.expires_in(now),
        "refresh_token": refresh, "scope": scopes, "token_type": "bearer",
    });
    answer(200, &body)
}

fn validate(shared: &Shared, headers: &HeaderMap) -> Result<Response, Refusal> {
    let sent = header(headers, "authorization");
    let sent = sent.strip_prefix("OAuth ").or_else(|| sent.strip_prefix("Bearer "));
    let now = shared.clock.now();
    let world = shared.world();
    let token = sent.and_then(|sent| world.tokens.find(sent, now));
    let token = token.ok_or_else(|| refuse(401, "invalid access token"))?;
    let mut body = json!({ "client_id": shared.client_id, "scopes": null,
                           "expires_in": token.expires_in(now) });
    if let Bearer::User(grant) = &token.bearer {
        body["scopes"] = json!(grant.scopes);
        body["user_id"] = json!(grant.user);
        body["login"] = json!(world.user(&grant.user).map(|user| user.login.as_str()));
    }
    Ok(answer(200, &body))
}

/// Ends an access token only: Twitch does not say what becomes of the refresh token.
fn revoke(shared: &Shared, form: &Pairs) -> Result<Response, Refusal> {
    match form.get("client_id") {
        None => return Err(refuse(400, "missing client id")),
        Some(client) if client != shared.client_id => {
            return Err(refuse(404, "client does not exist"));
        }
        Some(_) => {}
    }
    let token = form.get("token").unwrap_or("");
    if !shared.world().tokens.revoke(token, shared.clock.now()) {
        return Err(refuse(400, "Invalid token"));
    }
    Ok(StatusCode::OK.into_response())
}

/// Checks what every request to Helix has to carry.
pub(super) fn authenticate(shared: &Shared, headers: &HeaderMap) -> Result<Bearer, Refusal> {
    let sent = header(headers, "authorization").strip_prefix("Bearer ");
    let sent = sent.ok_or_else(|| refuse(401, "OAuth token is missing"))?;
    let token: Option<Token> = shared.world().tokens.find(sent, shared.clock.now()).cloned();
    let token = token.ok_or_else(|| refuse(401, "Invalid OAuth token"))?;
    match header(headers, "client-id") {
        "" => Err(refuse(401, "Client ID is missing")),
        client if client != shared.client_id => {
            Err(refuse(401, "Client ID and OAuth token do not match"))
        }
        _ => Ok(token.bearer),
    }
}
