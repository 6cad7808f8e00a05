//! `/oauth2/authorize`: a user consents, or does not, and is sent back.
//!
//! For tests, `as=<user id>` (with `guild=<id>` for a bot) or `deny=1` decides at once; the buttons
//! of the page do the same.

use super::{
    Shared,
    ask::{Ask, Flaw},
    forms::Pairs,
    grants::{Consent, Install},
    page, permissions,
    world::World,
};
use axum::{
    http::{StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use reqwest::Url;

pub(super) fn handle(shared: &Shared, uri: &Uri) -> Response {
    let query = Pairs::parse(uri.query().unwrap_or(""));
    match Ask::read(&shared.application, &query) {
        Ok(ask) => decide(&mut shared.world(), &ask, &query),
        Err(Flaw::Page(why)) => refused(StatusCode::BAD_REQUEST, why),
        Err(Flaw::Redirect(to)) => redirect(&to),
    }
}

fn decide(world: &mut World, ask: &Ask, query: &Pairs) -> Response {
    if query.get("deny").is_some() {
        let why = "The resource owner or authorization server denied the request";
        return redirect(&ask.error("access_denied", why));
    }
    if query.get("as").is_none() {
        return Html(page::consent(world, ask, query)).into_response();
    }
    let user = query.number("as").filter(|user| world.users.contains_key(user));
    let Some(user) = user else {
        return refused(StatusCode::BAD_REQUEST, "There is no such user.");
    };
    let guild = if ask.locked { ask.guild } else { query.number("guild").or(ask.guild) };
    let install = match (ask.has_bot(), guild) {
        (false, _) => None,
        (true, Some(guild)) if manages(world, guild, user) => {
            Some(Install { guild, permissions: ask.permissions })
        }
        (true, Some(_)) => {
            return refused(StatusCode::FORBIDDEN, "The user may not add bots to this server.");
        }
        (true, None) => return refused(StatusCode::BAD_REQUEST, "No server was chosen."),
    };
    let consent = Consent {
        user,
        scopes: ask.scopes.clone(),
        redirect_uri: ask.redirect_uri.clone(),
        challenge: ask.challenge.clone(),
        install,
    };
    let now_ms = world.now_ms();
    redirect(&ask.granted(&world.grants.issue_code(consent, now_ms), install))
}

fn manages(world: &World, guild: u64, user: u64) -> bool {
    world.guilds.get(&guild).is_some_and(|guild| permissions::may_manage(guild, user))
}

fn redirect(to: &Url) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, to.to_string())]).into_response()
}

fn refused(status: StatusCode, why: &str) -> Response {
    (status, Html(page::refused(why))).into_response()
}
