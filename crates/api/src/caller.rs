//! Who is asking, and may they? One query answers both, and counts against the caller's limit.

use crate::{ApiError, cookies::Cookie, extract::Ready, middleware::RequestId};
use axum::extract::{FromRef, FromRequestParts, MatchedPath, RawPathParams};
use http::{Method, request::Parts};
use sm_db::accounts::{
    sessions::{self, UserLimit},
    users::User,
};
use sm_services::{
    App, LazyApp, SecurityEvent,
    accounts::sign_in::session_of,
    audit::{self, Actor, Denied},
    guilds::{
        access::{self, Access, Known},
        presence,
    },
    live::rooms::Entered,
};
use sm_types::{GuildId, live::Room};
use time::OffsetDateTime;
use uuid::Uuid;

/// A signed-in user.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) app: App,
    pub(crate) user: User,
    pub(crate) session_id: Uuid,
    pub(crate) expires_at: OffsetDateTime,
    pub(crate) request_id: String,
}

impl Caller {
    /// The caller for the audit log.
    pub(crate) fn actor(&self) -> Actor {
        Actor { user: Some(self.user.user_id), request_id: self.request_id.clone() }
    }
}

/// A caller who may manage the server that the path names.
#[derive(Debug)]
pub(crate) struct GuildAdmin {
    pub(crate) caller: Caller,
    pub(crate) guild: GuildId,
}

impl GuildAdmin {
    pub(crate) fn app(&self) -> &App {
        &self.caller.app
    }

    pub(crate) fn actor(&self) -> Actor {
        self.caller.actor()
    }
}

/// A caller who is a member of the server that the path names.
#[derive(Debug)]
pub(crate) struct GuildMember {
    pub(crate) caller: Caller,
    pub(crate) guild: GuildId,
}

/// A caller, and what is known of them in a server.
struct Asked {
    caller: Caller,
    known: Option<Known>,
    bot_present: bool,
}

async fn ask<S>(parts: &mut Parts, state: &S, guild: Option<GuildId>) -> Result<Asked, ApiError>
where
    LazyApp: FromRef<S>,
    S: Send + Sync,
{
    let Ready(app) = Ready::from_request_parts(parts, state).await?;
    let cookie = Cookie::Session.read(&parts.headers).ok_or(ApiError::Unauthenticated)?;
    let Some(session_id) = session_of(&app, cookie) else {
        SecurityEvent::AuthFailure.record(None, "a session cookie was not valid");
        return Err(ApiError::Unauthenticated);
    };
    let now = app.clock.now();
    let limit = UserLimit { burst: app.settings.user_requests_per_minute, seconds: 60 };
    let found = sessions::authenticate(&app.pool, session_id, guild, now, limit).await?;
    let Some(found) = found else {
        SecurityEvent::AuthFailure.record(None, "a session has ended or was revoked");
        return Err(ApiError::Unauthenticated);
    };
    if !found.allowed {
        SecurityEvent::RateLimited.record(Some(found.user.user_id), "a user's limit is used up");
        let retry_after = found.wait_seconds.ceil().clamp(1.0, 60.0) as u64;
        return Err(ApiError::RateLimited { retry_after });
    }
    let known = found.member.zip(found.permissions).zip(found.checked_at);
    let known = known.map(|((member, permissions), checked_at)| Known {
        member,
        permissions: permissions.cast_unsigned(),
        checked_at,
    });
    let request_id = RequestId::of(parts);
    let caller =
        Caller { app, user: found.user, session_id, expires_at: found.expires_at, request_id };
    Ok(Asked { caller, known, bot_present: found.bot_present.unwrap_or(false) })
}

impl<S> FromRequestParts<S> for Caller
where
    LazyApp: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Ok(ask(parts, state, None).await?.caller)
    }
}

/// A room's name in a path: `public`, or the id of its server.
const ROOM: &str = "room";
const NAMES_OF_GUILD: [&str; 2] = ["guild_id", ROOM];

/// The caller and their access to the server in the path.
async fn with_access<S>(parts: &mut Parts, state: &S) -> Result<(Caller, GuildId, Access), ApiError>
where
    LazyApp: FromRef<S>,
    S: Send + Sync,
{
    let params = RawPathParams::from_request_parts(parts, state).await;
    let params = params.map_err(|_| ApiError::NotFound)?;
    let guild = params.iter().find(|(name, _)| NAMES_OF_GUILD.contains(name));
    let in_room = guild.is_some_and(|(name, _)| name == ROOM);
    let guild = guild.map(|(_, value)| value);
    let guild: Option<GuildId> = guild.and_then(|text| text.parse().ok());
    // Without a session nobody learns whether an id can be one.
    let asked = ask(parts, state, guild).await?;
    let guild = guild.ok_or(ApiError::UnknownGuild)?;
    let caller = asked.caller;
    // It may have been brought back without a word to us.
    if !asked.bot_present && !presence::look(&caller.app, guild).await? {
        return Err(ApiError::UnknownGuild);
    }
    // Who talks is asked for as seldom as who listens.
    let write = !in_room && !matches!(parts.method, Method::GET | Method::HEAD);
    let access = access::check(&caller.app, guild, caller.user.user_id, asked.known, write).await;
    let access = access.map_err(|_| ApiError::Remote { name: "Discord" })?;
    if access == Access::None {
        deny(parts, &caller, Denied::Stranger(guild)).await;
        return Err(ApiError::UnknownGuild);
    }
    Ok((caller, guild, access))
}

async fn deny(parts: &Parts, caller: &Caller, what: Denied) {
    let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let action = format!("{} {path}", parts.method);
    audit::denied_request(&caller.app, what, &action, &caller.actor()).await;
}

impl<S> FromRequestParts<S> for GuildAdmin
where
    LazyApp: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let (caller, guild, access) = with_access(parts, state).await?;
        if access != Access::Admin {
            deny(parts, &caller, Denied::Member(guild)).await;
            return Err(ApiError::NotAdmin);
        }
        Ok(Self { caller, guild })
    }
}

impl<S> FromRequestParts<S> for GuildMember
where
    LazyApp: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let (caller, guild, _) = with_access(parts, state).await?;
        Ok(Self { caller, guild })
    }
}

/// A caller who may listen and speak in the room that the path names.
#[derive(Debug)]
pub(crate) struct InRoom {
    pub(crate) caller: Caller,
    pub(crate) entered: Entered,
}

impl InRoom {
    pub(crate) fn app(&self) -> &App {
        &self.caller.app
    }
}

impl<S> FromRequestParts<S> for InRoom
where
    LazyApp: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| ApiError::NotFound)?;
        if !params.iter().any(|param| param == (ROOM, "public")) {
            let (caller, guild, access) = with_access(parts, state).await?;
            let (room, user) = (Room::Guild(guild), caller.user.user_id);
            let entered = Entered { room, user, moderates: access == Access::Admin };
            return Ok(Self { caller, entered });
        }
        let caller = ask(parts, state, None).await?.caller;
        let (user, settings) = (caller.user.user_id, &caller.app.settings);
        if !settings.public_room {
            return Err(ApiError::NotFound);
        }
        let moderates = settings.room_moderators.contains(&user);
        let entered = Entered { room: Room::Public, user, moderates };
        Ok(Self { caller, entered })
    }
}

/// A caller who may moderate the room that the path names.
#[derive(Debug)]
pub(crate) struct Moderator(pub(crate) InRoom);

impl<S> FromRequestParts<S> for Moderator
where
    LazyApp: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let room = InRoom::from_request_parts(parts, state).await?;
        if room.entered.moderates {
            return Ok(Self(room));
        }
        if let Room::Guild(guild) = room.entered.room {
            deny(parts, &room.caller, Denied::Member(guild)).await;
        }
        Err(ApiError::NotAdmin)
    }
}
