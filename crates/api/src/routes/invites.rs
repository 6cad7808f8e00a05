//! Invite links: a streamer adds their own channel to a server, without an account in the dashboard.

use crate::{
    ApiError,
    caller::GuildAdmin,
    extract::{JsonBody, Params, QueryOf, Ready},
    routes::{
        auth::{to_consent, to_page},
        feeds::FeedChoice,
    },
    views::rfc3339,
};
use axum::{Json, response::Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sm_db::guilds::invites::{self, Invite, NewInvite};
use sm_services::{
    accounts::consent::{self, Purpose, Refusal},
    audit::{self, Action},
    setup::Problem,
};
use sm_types::GuildId;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

/// Links of one server that work at the same time.
const MAX_LINKS: i64 = 25;
const MAX_HOURS: i64 = 24 * 90;

/// An invite link of a server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InviteItem {
    /// The code in the link.
    code: String,
    /// The link to hand out.
    url: String,
    /// Whether it works.
    active: bool,
    /// Who made it.
    created_by: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    created_at: String,
    /// Until when it works.
    #[schema(format = DateTime)]
    expires_at: String,
    /// How often it works; null: any number of times.
    max_uses: Option<i32>,
    /// How often it was used.
    uses: i32,
}

fn item(invite: Invite, base_url: &str, now: OffsetDateTime) -> InviteItem {
    let used_up = invite.max_uses.is_some_and(|max| invite.uses >= max);
    InviteItem {
        url: format!("{base_url}/invite/{}", invite.code),
        active: invite.revoked_at.is_none() && invite.expires_at > now && !used_up,
        code: invite.code,
        created_by: invite.created_by_name,
        created_at: rfc3339(invite.created_at),
        expires_at: rfc3339(invite.expires_at),
        max_uses: invite.max_uses,
        uses: invite.uses,
    }
}

/// The invite links of a server, the latest first.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/invites", tag = "invites",
    params(("guild_id" = String, Path)), responses((status = 200, body = Vec<InviteItem>)))]
pub(crate) async fn list(admin: GuildAdmin) -> Result<Json<Vec<InviteItem>>, ApiError> {
    let (app, now) = (admin.app(), admin.app().clock.now());
    let base_url = &app.settings.public_base_url;
    let all = invites::list(&app.pool, admin.guild).await?;
    Ok(Json(all.into_iter().map(|invite| item(invite, base_url, now)).collect()))
}

/// An invite link to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InviteBody {
    /// For how many hours it works; 1 to 2,160.
    #[serde(default = "a_week")]
    #[schema(minimum = 1, maximum = 2160, default = 168)]
    hours: i64,
    /// How often it works; 1 to 1,000, null for any number of times.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    max_uses: Option<i32>,
}

fn a_week() -> i64 {
    168
}

/// Makes an invite link.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/invites", tag = "invites",
    params(("guild_id" = String, Path)), request_body = InviteBody,
    responses((status = 201, body = InviteItem), (status = 409, description = "Too many links work already.")))]
pub(crate) async fn create(
    admin: GuildAdmin,
    JsonBody(InviteBody { hours, max_uses }): JsonBody<InviteBody>,
) -> Result<(StatusCode, Json<InviteItem>), ApiError> {
    let mut problems = Vec::new();
    if !(1..=MAX_HOURS).contains(&hours) {
        let message = format!("Choose from 1 to {MAX_HOURS} hours.");
        problems.push(Problem::new("hours", "invalid", message));
    }
    if max_uses.is_some_and(|uses| !(1..=1000).contains(&uses)) {
        let message = "Choose from 1 to 1,000 uses, or null for any number.";
        problems.push(Problem::new("max_uses", "invalid", message));
    }
    if !problems.is_empty() {
        return Err(ApiError::Invalid(problems));
    }
    let (app, guild, now) = (admin.app(), admin.guild, admin.app().clock.now());
    let code = consent::invite_code().ok_or(ApiError::Unavailable)?;
    let new = NewInvite {
        code: &code,
        guild,
        by: admin.caller.user.user_id,
        now,
        expires_at: now + Duration::hours(hours),
        max_uses,
    };
    let mut transaction = app.pool.begin().await?;
    sm_db::guilds::lock(&mut *transaction, guild).await?;
    if !invites::insert(&mut *transaction, &new, MAX_LINKS).await? {
        let detail = format!("{MAX_LINKS} links of this server work already. Revoke one first.");
        return Err(ApiError::Refused { code: "too_many_invites", detail });
    }
    let after = json!({ "hours": hours, "max_uses": max_uses });
    let action = Action {
        guild: Some(guild),
        name: "invite.create",
        target: None,
        before: None,
        after: Some(after),
    };
    audit::done(app, &mut *transaction, &admin.actor(), action).await?;
    transaction.commit().await?;
    let stored = invites::find_valid(&app.pool, &code, now).await?.ok_or(ApiError::Unavailable)?;
    Ok((StatusCode::CREATED, Json(item(stored, &app.settings.public_base_url, now))))
}

/// Revokes an invite link, at once.
#[utoipa::path(delete, path = "/api/guilds/{guild_id}/invites/{code}", tag = "invites",
    params(("guild_id" = String, Path), ("code" = String, Path)), responses((status = 204)))]
pub(crate) async fn revoke(
    admin: GuildAdmin,
    Params((_, code)): Params<(GuildId, String)>,
) -> Result<StatusCode, ApiError> {
    let (app, guild, now) = (admin.app(), admin.guild, admin.app().clock.now());
    if !invites::revoke(&app.pool, guild, &code, now).await? {
        return Err(ApiError::NotFound);
    }
    let action = Action {
        guild: Some(guild),
        name: "invite.revoke",
        target: None,
        before: None,
        after: None,
    };
    audit::done(app, &app.pool, &admin.actor(), action).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What somebody who was sent a link is told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InviteView {
    /// The server that will announce the channel.
    guild_name: String,
    /// Until when the link works.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// What an invite link leads to. Links that do not work, for whatever reason, are not there.
#[utoipa::path(get, path = "/api/invites/{code}", tag = "invites", params(("code" = String, Path)),
    responses((status = 200, body = InviteView), (status = 404)))]
pub(crate) async fn get(
    Ready(app): Ready,
    Params(code): Params<String>,
) -> Result<Json<InviteView>, ApiError> {
    let found = invites::find_valid(&app.pool, &code, app.clock.now()).await?;
    let invite = found.ok_or(ApiError::NotFound)?;
    Ok(Json(InviteView { guild_name: invite.guild_name, expires_at: rfc3339(invite.expires_at) }))
}

/// Sends the browser to Twitch, to link the channel of whoever signs in there.
#[utoipa::path(get, path = "/api/invites/{code}/link", tag = "invites", params(("code" = String, Path), FeedChoice),
    responses((status = 303, description = "To Twitch, or to the invite with ?error=….")))]
pub(crate) async fn link(
    ready: Result<Ready, ApiError>,
    code: Result<Params<String>, ApiError>,
    choice: Result<QueryOf<FeedChoice>, ApiError>,
) -> Response {
    let code = code.map(|Params(code)| code).unwrap_or_default();
    let page = page_of(&code);
    let feed = match choice.and_then(|QueryOf(choice)| choice.grants()) {
        Ok(feed) => feed,
        Err(error) => return to_page(&error, &page),
    };
    let found = match ready {
        Ok(Ready(app)) => {
            let found = invites::find_valid(&app.pool, &code, app.clock.now()).await;
            found.map(|found| found.map(|invite| (app, invite.code))).map_err(ApiError::from)
        }
        Err(error) => Err(error),
    };
    match found {
        Ok(Some((app, code))) => {
            to_consent(consent::begin(&app, Purpose::Invite { code, feed }), &page)
        }
        // Nobody is told whether it ended, was revoked, or never was.
        Ok(None) => to_consent(Err(Refusal::InviteInvalid), &page),
        Err(error) => to_page(&error, &page),
    }
}

/// The page of an invite; whatever cannot be a code of ours is left out of the address.
fn page_of(code: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let code: String = code.chars().filter(fits).take(64).collect();
    format!("/invite/{}", if code.is_empty() { "-" } else { &code })
}
