//! `/api/auth`: signing in with Discord, linking a Twitch channel, and sessions.

use crate::{
    ApiError,
    caller::Caller,
    cookies::Cookie,
    extract::{Params, QueryOf, Ready},
    views::rfc3339,
};
use axum::{
    Json,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use sm_db::accounts::sessions::{self, Which};
use sm_services::{
    App, SecurityEvent,
    accounts::{
        consent::{self, Answer, Begun, Purpose, Refusal},
        sign_in::{self, SESSION_LIFETIME, SignedIn},
    },
    live::presence,
    streamers::linking,
};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// The dashboard's page for one's own channel.
pub(crate) const OWN_PAGE: &str = "/me/channel";
/// The page of the chat bot.
pub(crate) const BOT_PAGE: &str = "/me/bot";

/// Where to go after signing in.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Login {
    /// A path of the dashboard; anything else leads to the start page.
    #[serde(default)]
    return_to: Option<String>,
}

/// Sends the browser to Discord's consent page.
#[utoipa::path(get, path = "/api/auth/discord/login", tag = "auth", params(Login),
    responses((status = 303, description = "To Discord, or to /login?error=… when it cannot be asked.")))]
pub(crate) async fn discord_login(
    Ready(app): Ready,
    QueryOf(Login { return_to }): QueryOf<Login>,
) -> Response {
    let return_to = consent::local_path(return_to.as_deref().unwrap_or_default()).to_owned();
    to_consent(consent::begin(&app, Purpose::SignIn { return_to }), "/login")
}

/// To a consent page, with the cookie that it has to bring back.
pub(crate) fn to_consent(begun: Result<Begun, Refusal>, otherwise: &str) -> Response {
    match begun {
        Ok(Begun { url, cookie }) => {
            let set = Cookie::Consent.set(&cookie, consent::LIFETIME);
            with_cookies(Redirect::to(&url), [set])
        }
        Err(refusal) => Redirect::to(&failed(otherwise, refusal.code())).into_response(),
    }
}

/// Where a browser goes by itself people read pages, not problems: to one that explains the code, or
/// to the sign-in.
pub(crate) fn to_page(error: &ApiError, page: &str) -> Response {
    let page = match error {
        ApiError::Unauthenticated => failed("/login", error.code()),
        ApiError::Remote { .. } => failed(page, Refusal::Unavailable.code()),
        _ => failed(page, error.code()),
    };
    Redirect::to(&page).into_response()
}

fn with_cookies<const N: usize>(redirect: Redirect, cookies: [Option<HeaderValue>; N]) -> Response {
    let mut response = redirect.into_response();
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A page with the code of what went wrong; the dashboard has the words.
fn failed(page: &str, code: &str) -> String {
    let joint = if page.contains('?') { '&' } else { '?' };
    format!("{page}{joint}error={code}")
}

/// Takes Discord's answer, and goes on to a page of the dashboard in any case.
#[utoipa::path(get, path = "/api/auth/discord/callback", tag = "auth",
    params(("code" = Option<String>, Query), ("state" = Option<String>, Query), ("error" = Option<String>, Query)),
    responses((status = 303, description = "To the page that was asked for, or to one with ?error=….")))]
pub(crate) async fn discord_callback(
    Ready(app): Ready,
    headers: HeaderMap,
    QueryOf(answer): QueryOf<Answer>,
) -> Response {
    let cookie = Cookie::Consent.read(&headers);
    let page = page_of(consent::purpose(&app, cookie));
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let finished = sign_in::finish(&app, cookie, answer, agent.unwrap_or_default()).await;
    let over = Cookie::Consent.remove();
    match finished {
        Ok(SignedIn::User { cookie, return_to }) => {
            let session = Cookie::Session.set(&cookie, SESSION_LIFETIME);
            with_cookies(Redirect::to(&return_to), [session, over])
        }
        Ok(SignedIn::Installed { guild }) => {
            with_cookies(Redirect::to(&format!("/s/{guild}?installed=1")), [over])
        }
        Err(refusal) => refused(&page, &refusal, over),
    }
}

/// Takes Twitch's answer: whose channel it is.
#[utoipa::path(get, path = "/api/auth/twitch/callback", tag = "auth",
    params(("code" = Option<String>, Query), ("state" = Option<String>, Query), ("error" = Option<String>, Query)),
    responses((status = 303, description = "To the streamers of the server, or back to the invite.")))]
pub(crate) async fn twitch_callback(
    Ready(app): Ready,
    headers: HeaderMap,
    QueryOf(answer): QueryOf<Answer>,
) -> Response {
    let cookie = Cookie::Consent.read(&headers);
    let page = page_of(consent::purpose(&app, cookie));
    let finished = linking::finish(&app, cookie, answer).await;
    let over = Cookie::Consent.remove();
    match finished {
        Ok(linked) => {
            let page = match (linked.chat, linked.invite, linked.guild) {
                (Some(channel), ..) => format!("{BOT_PAGE}/{channel}"),
                (None, Some(code), _) => format!("/invite/{code}"),
                (None, None, Some(guild)) => format!("/s/{guild}/streamers"),
                (None, None, None) => OWN_PAGE.to_owned(),
            };
            let page = format!("{page}?linked={}", linked.login);
            with_cookies(Redirect::to(&page), [over])
        }
        Err(refusal) => refused(&page, &refusal, over),
    }
}

fn page_of(purpose: Option<Purpose>) -> String {
    match purpose {
        Some(Purpose::SignIn { return_to }) if return_to != consent::HOME => {
            // Whoever tries again still gets where they wanted to go.
            let mut query = form_urlencoded::Serializer::new(String::new());
            format!("/login?{}", query.append_pair("return_to", &return_to).finish())
        }
        None | Some(Purpose::SignIn { .. }) => "/login".to_owned(),
        Some(Purpose::Install { .. }) => "/servers".to_owned(),
        Some(Purpose::Link { guild, .. }) => format!("/s/{guild}/streamers"),
        Some(Purpose::Invite { code, .. }) => format!("/invite/{code}"),
        Some(Purpose::Channel { .. }) => OWN_PAGE.to_owned(),
        Some(Purpose::ChatBot { .. } | Purpose::ChatAccount { .. }) => BOT_PAGE.to_owned(),
    }
}

fn refused(page: &str, refusal: &Refusal, over: Option<HeaderValue>) -> Response {
    if let Refusal::Busy { wait } = refusal {
        return busy(page, refusal, *wait);
    }
    SecurityEvent::AuthFailure.record(None, refusal.code());
    with_cookies(Redirect::to(&failed(page, refusal.code())), [over])
}

/// The consent is kept: the same address may do when the wait is over.
fn busy(page: &str, refusal: &Refusal, wait: Duration) -> Response {
    if SecurityEvent::RateLimited.count_and_sample() {
        let event = SecurityEvent::RateLimited.as_str();
        tracing::info!(event, wait_s = wait.as_secs(), "a sign-in has to wait");
    }
    let mut response = Redirect::to(&failed(page, refusal.code())).into_response();
    let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// The signed-in user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// Discord's id.
    id: String,
    /// The unique name.
    username: String,
    /// The name that is shown.
    global_name: Option<String>,
    /// The avatar's address.
    avatar_url: String,
    /// When the session ends.
    #[schema(format = DateTime)]
    session_expires_at: String,
    /// Whether there is a room for everybody who is signed in, `public`.
    public_room: bool,
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/auth/me", tag = "auth", responses((status = 200, body = Me)))]
pub(crate) async fn me(caller: Caller) -> Json<Me> {
    let user = caller.user;
    Json(Me {
        id: user.user_id.to_string(),
        avatar_url: avatar_url(user.user_id.0, user.avatar.as_deref()),
        username: user.username,
        global_name: user.global_name,
        session_expires_at: rfc3339(caller.expires_at),
        public_room: caller.app.settings.public_room,
    })
}

/// Discord's own pictures, for those who have none too.
fn avatar_url(user: u64, avatar: Option<&str>) -> String {
    match avatar {
        Some(hash) => format!("https://cdn.discordapp.com/avatars/{user}/{hash}.png?size=128"),
        None => format!("https://cdn.discordapp.com/embed/avatars/{}.png", (user >> 22) % 6),
    }
}

/// Ends this session.
#[utoipa::path(post, path = "/api/auth/logout", tag = "auth", responses((status = 204)))]
pub(crate) async fn logout(caller: Caller) -> Result<Response, ApiError> {
    end(&caller, Which::One(caller.session_id)).await?;
    Ok(signed_out())
}

async fn end(caller: &Caller, which: Which) -> Result<u64, ApiError> {
    let (app, user): (&App, _) = (&caller.app, caller.user.user_id);
    let ended = sessions::revoke(&app.pool, user, which, app.clock.now()).await?;
    app.hub().sessions_ended();
    presence::signed_out(app, user).await;
    SecurityEvent::SessionEnded.record(Some(user), "sessions were ended");
    Ok(ended)
}

/// Nothing more to say, and the cookie is removed.
pub(crate) fn signed_out() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = Cookie::Session.remove() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A session of the caller's.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// Its id.
    id: Uuid,
    /// Whether it is the one that asks.
    current: bool,
    /// The browser, as it described itself.
    user_agent: String,
    /// When it began.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was used last, to the minute.
    #[schema(format = DateTime)]
    last_seen_at: String,
    /// When it ends.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// The caller's sessions, the one that was used last first.
#[utoipa::path(get, path = "/api/auth/sessions", tag = "auth",
    responses((status = 200, body = Vec<SessionView>)))]
pub(crate) async fn sessions(caller: Caller) -> Result<Json<Vec<SessionView>>, ApiError> {
    let (app, user) = (&caller.app, caller.user.user_id);
    let all = sessions::list(&app.pool, user, app.clock.now()).await?;
    let view = |session: sessions::Session| SessionView {
        id: session.session_id,
        current: session.session_id == caller.session_id,
        user_agent: session.user_agent,
        created_at: rfc3339(session.created_at),
        last_seen_at: rfc3339(session.last_seen_at),
        expires_at: rfc3339(session.expires_at),
    };
    Ok(Json(all.into_iter().map(view).collect()))
}

/// Ends one session of the caller's, at once.
#[utoipa::path(delete, path = "/api/auth/sessions/{session_id}", tag = "auth",
    params(("session_id" = Uuid, Path)),
    responses((status = 204), (status = 404, description = "There is no such session.")))]
pub(crate) async fn end_session(
    caller: Caller,
    Params(session): Params<Uuid>,
) -> Result<Response, ApiError> {
    if end(&caller, Which::One(session)).await? == 0 {
        return Err(ApiError::NotFound);
    }
    let own = session == caller.session_id;
    Ok(if own { signed_out() } else { StatusCode::NO_CONTENT.into_response() })
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EndSessions {
    /// Also the one that asks.
    #[serde(default)]
    all: bool,
}

/// Ends every other session of the caller's, or all.
#[utoipa::path(delete, path = "/api/auth/sessions", tag = "auth", params(EndSessions),
    responses((status = 204)))]
pub(crate) async fn end_sessions(
    caller: Caller,
    QueryOf(EndSessions { all }): QueryOf<EndSessions>,
) -> Result<Response, ApiError> {
    let which = if all { Which::All } else { Which::Others(caller.session_id) };
    end(&caller, which).await?;
    Ok(if all { signed_out() } else { StatusCode::NO_CONTENT.into_response() })
}
