//! `/oauth2/authorize`: the page on which a user allows the application something, or does not.
//!
//! `as=<login or id>` and `deny=1` in the query answer at once; the page's buttons send the same.

use super::{Shared, TwitchSim, http::Pairs, model::User, tokens::Grant};
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use reqwest::Url;
use sm_types::TwitchUserId;
use std::{
    fmt::Write,
    sync::{Arc, PoisonError},
};

pub(super) const REDIRECT_MISMATCH: &str = "Parameter redirect_uri does not match registered URI";

/// A request that may be put before a user.
struct Request<'a> {
    redirect_uri: &'a str,
    redirect: Url,
    scopes: Vec<String>,
    state: Option<&'a str>,
}

pub(super) async fn handle(shared: &Arc<Shared>, query: &Pairs) -> Response {
    let request = match parse(shared, query) {
        Ok(request) => request,
        Err(message) => return refusal(&message),
    };
    if query.get("deny") == Some("1") {
        let denied =
            [("error", "access_denied"), ("error_description", "The user denied you access")];
        return request.redirect_with(&denied);
    }
    let Some(name) = query.get("as") else { return page(shared, query, &request) };
    let user = shared.world().named(name).filter(|user| !user.removed).map(|u| u.id.clone());
    match user {
        Some(user) => grant(shared, request, user).await,
        None => refusal(&format!("there is no user `{name}`")),
    }
}

fn parse<'a>(shared: &Shared, query: &'a Pairs) -> Result<Request<'a>, String> {
    if query.get("client_id") != Some(&shared.client_id) {
        return Err("invalid client".to_owned());
    }
    let mismatch = || format!("redirect_mismatch: {REDIRECT_MISMATCH}");
    let redirect_uri = query.get("redirect_uri").ok_or_else(mismatch)?;
    let registered = shared.redirect_uris.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if !registered.is_empty() && !registered.iter().any(|known| known == redirect_uri) {
        return Err(mismatch());
    }
    let redirect = Url::parse(redirect_uri).map_err(|_| mismatch())?;
    if !matches!(redirect.scheme(), "http" | "https") {
        return Err(mismatch());
    }
    if query.get("response_type") != Some("code") {
        return Err("response_type must be `code`".to_owned());
    }
    let scopes = query.get("scope").unwrap_or("").split_whitespace();
    let scopes: Vec<String> = scopes.map(str::to_owned).collect();
    check(&scopes)?;
    Ok(Request { redirect_uri, redirect, scopes, state: query.get("state") })
}

/// Refuses what cannot be a scope; a comma between two is the usual mistake.
fn check(scopes: &[String]) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c == ':' || c == '_';
    match scopes.iter().find(|scope| !scope.chars().all(fits)) {
        Some(scope) => Err(format!("invalid scope requested: '{scope}'")),
        None => Ok(()),
    }
}

/// Lets subscribers know before the user comes back, so that tests have an order to rely on.
async fn grant(shared: &Arc<Shared>, request: Request<'_>, user: String) -> Response {
    let sim = TwitchSim { shared: shared.clone(), server: None };
    let scopes: Vec<&str> = request.scopes.iter().map(String::as_str).collect();
    sim.grant(&TwitchUserId(user.clone()), &scopes).await;
    let scope = scopes.join(" ");
    let grant = Grant { user, scopes: request.scopes.clone() };
    let now = shared.clock.now();
    let code = shared.world().tokens.add_code(grant, request.redirect_uri, now);
    request.redirect_with(&[("code", &code), ("scope", &scope)])
}

impl Request<'_> {
    /// Sends the user back to the application.
    fn redirect_with(&self, pairs: &[(&str, &str)]) -> Response {
        let mut url = self.redirect.clone();
        let state = self.state.map(|state| ("state", state));
        url.query_pairs_mut().extend_pairs(pairs.iter().copied().chain(state));
        (StatusCode::FOUND, [("location", url.as_str())]).into_response()
    }
}

fn page(shared: &Shared, query: &Pairs, request: &Request<'_>) -> Response {
    let client = escape(&shared.client_id);
    let mut scopes = String::new();
    for scope in &request.scopes {
        let _ = write!(scopes, "<li><code>{}</code></li>", escape(scope));
    }
    if scopes.is_empty() {
        scopes.push_str("<li>nothing but who you are</li>");
    }
    let sent = query.iter().filter(|(name, _)| !matches!(*name, "as" | "deny"));
    let mut fields = String::new();
    for (name, value) in sent {
        let (name, value) = (escape(name), escape(value));
        let _ = write!(fields, r#"<input type="hidden" name="{name}" value="{value}">"#);
    }
    let users: String = shared.world().present().map(button).collect();
    let users = if users.is_empty() { "<li>There is no user yet.</li>".to_owned() } else { users };
    let main = format!(
        r#"<h1>Authorise {client}</h1>
<p>This is the simulated Twitch: choose who you are. The application asks for:</p>
<ul>{scopes}</ul>
<form method="get" action="/oauth2/authorize">{fields}
<h2 id="as">Authorise as</h2>
<ul aria-labelledby="as">{users}</ul>
<p><button name="deny" value="1">Cancel</button></p>
</form>"#
    );
    document(StatusCode::OK, &format!("Authorise {client}"), &main)
}

fn button(user: &User) -> String {
    let (id, name, login) = (escape(&user.id), escape(&user.name), escape(&user.login));
    format!(r#"<li><button name="as" value="{id}">{name} ({login})</button></li>"#)
}

fn refusal(message: &str) -> Response {
    let main = format!("<h1>Twitch cannot go on</h1>\n<p>{}</p>", escape(message));
    document(StatusCode::BAD_REQUEST, "Error", &main)
}

pub(super) fn document(status: StatusCode, title: &str, main: &str) -> Response {
    let html = format!(
        r#"<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title} - simulated Twitch</title>
<style>body {{ font: 1rem sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }}
button {{ font: inherit; padding: .5rem 1rem; margin: .25rem 0 }}</style></head>
<body><main>
{main}
</main></body>
</html>
"#
    );
    (status, Html(html)).into_response()
}

pub(super) fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}
