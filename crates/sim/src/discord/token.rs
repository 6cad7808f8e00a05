//! `/oauth2/token` and its revocation: forms in, tokens out.

use super::{
    Application,
    answers::Refusal,
    call::Call,
    forms::Pairs,
    grants::{Consent, TOKEN_LIFE_S, Token},
    permissions, resources,
    world::World,
};
use axum::http::{HeaderMap, Method, header};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What a call brings about.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) answer: Value,
    /// Whose tokens are dead now.
    pub(super) deauthorized: Option<u64>,
}

pub(super) fn handle(
    world: &mut World,
    application: &Application,
    call: &Call<'_>,
) -> Result<Outcome, Refusal> {
    if *call.method != Method::POST {
        return Err(Refusal::new(405, 0, "405: Method Not Allowed"));
    }
    if !is_form(call.headers) {
        world.violations.push(format!("{:?} takes forms only", call.segments));
        return Err(unsupported("None"));
    }
    let form = Pairs::parse(&String::from_utf8_lossy(call.body));
    let revoke = call.segments.ends_with(&["revoke"]);
    let grant_type = if revoke { None } else { form.get("grant_type") };
    match grant_type {
        Some("authorization_code") => world.grants.exchanges += 1,
        Some("refresh_token") => world.grants.refreshes += 1,
        _ => {}
    }
    if !is_client(application, call.headers, &form) {
        return Err(Refusal { status: 401, body: json!({ "error": "invalid_client" }) });
    }
    if revoke {
        let deauthorized = world.grants.revoke(form.get("token").unwrap_or_default());
        return Ok(Outcome { answer: json!({}), deauthorized });
    }
    let answer = match grant_type {
        Some("authorization_code") => exchange(world, &form)?,
        Some("refresh_token") => refresh(world, &form)?,
        other => return Err(unsupported(other.unwrap_or("None"))),
    };
    Ok(Outcome { answer, deauthorized: None })
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

/// Whether the application has named itself, by HTTP Basic or in the form.
fn is_client(application: &Application, headers: &HeaderMap, form: &Pairs) -> bool {
    let (id, secret) = (&application.client_id, &application.client_secret);
    match headers.get(header::AUTHORIZATION) {
        Some(sent) => {
            let sent = sent.to_str().ok().and_then(|sent| sent.strip_prefix("Basic "));
            let sent = sent.and_then(|sent| BASE64_STANDARD.decode(sent).ok());
            sent.is_some_and(|sent| sent == format!("{id}:{secret}").into_bytes())
        }
        None => form.get("client_id") == Some(id) && form.get("client_secret") == Some(secret),
    }
}

fn exchange(world: &mut World, form: &Pairs) -> Result<Value, Refusal> {
    let now_ms = world.now_ms();
    let code = form.get("code").unwrap_or_default();
    let consent = world.grants.take_code(code, now_ms).ok_or_else(|| invalid("code"))?;
    if form.get("redirect_uri") != Some(&consent.redirect_uri) {
        return Err(invalid("code"));
    }
    if !is_verified(&consent, form.get("code_verifier")) {
        return Err(invalid("code_verifier"));
    }
    let guild = install(world, &consent)?;
    let token = world.grants.issue_token(consent.user, consent.scopes, now_ms);
    let mut answer = answer(&token);
    if let Some(guild) = guild {
        answer["guild"] = guild;
    }
    Ok(answer)
}

/// Whether the verifier is the one that the challenge was made of.
fn is_verified(consent: &Consent, verifier: Option<&str>) -> bool {
    consent.challenge.as_ref().is_none_or(|challenge| {
        let digest = verifier.map(|verifier| Sha256::digest(verifier.as_bytes()));
        digest.is_some_and(|digest| BASE64_URL_SAFE_NO_PAD.encode(digest) == *challenge)
    })
}

/// Adds the bot to the guild that was chosen, and shows the guild.
fn install(world: &mut World, consent: &Consent) -> Result<Option<Value>, Refusal> {
    let Some(install) = consent.install else { return Ok(None) };
    let guild = world.guilds.get(&install.guild);
    if !guild.is_some_and(|guild| permissions::may_manage(guild, consent.user)) {
        return Err(invalid("code"));
    }
    world.set_bot_present(install.guild, true);
    // A second install replaces what the first one granted.
    world.set_bot_permissions(install.guild, install.permissions);
    Ok(resources::guild(world, install.guild, false))
}

fn refresh(world: &mut World, form: &Pairs) -> Result<Value, Refusal> {
    let now_ms = world.now_ms();
    let token = world.grants.rotate(form.get("refresh_token").unwrap_or_default(), now_ms);
    token.as_ref().map(answer).ok_or_else(|| invalid("refresh_token"))
}

fn answer(token: &Token) -> Value {
    json!({
        "access_token": token.access, "token_type": "Bearer", "expires_in": TOKEN_LIFE_S,
        "refresh_token": token.refresh, "scope": token.scopes.join(" "),
    })
}

fn invalid(field: &str) -> Refusal {
    Refusal::oauth(400, "invalid_grant", &format!("Invalid \"{field}\" in request."))
}

fn unsupported(grant_type: &str) -> Refusal {
    let description = format!("Grant type {grant_type} is not supported");
    Refusal::oauth(400, "unsupported_grant_type", &description)
}
