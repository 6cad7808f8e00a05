//! The servers of a user, as Discord lists them; fetched rarely, since Discord allows about one request
//! per second and user.

use super::discord_tokens::{self, NoToken};
use crate::App;
use sm_db::accounts::users::{self, ListedGuild, UserGuild};
use sm_discord::permissions::Permissions;
use sm_types::{Secret, UserId};
use time::{Duration, OffsetDateTime};

/// A list is fetched anew when it is older.
const STALE_AFTER: Duration = Duration::minutes(5);
/// How often a user may ask for a fresh one.
const REFRESH_EVERY: Duration = Duration::seconds(60);

/// A user's servers and how fresh the list is.
#[derive(Debug)]
pub struct GuildList {
    /// The servers, by name.
    pub guilds: Vec<UserGuild>,
    /// When Discord was asked.
    pub fetched_at: Option<OffsetDateTime>,
    /// Why Discord could not be asked now: `sign_in_again` or `discord_unavailable`.
    pub problem: Option<&'static str>,
}

/// What a user may do in a server on their list.
pub fn may_manage(guild: &UserGuild) -> bool {
    let permissions = Permissions(guild.permissions.cast_unsigned());
    guild.owner
        || permissions.contains(Permissions::ADMINISTRATOR)
        || permissions.contains(Permissions::MANAGE_GUILD)
}

/// The servers of a user: the stored list, fetched anew when it is stale or `refresh` asks for it.
pub async fn load(app: &App, user: UserId, refresh: bool) -> sqlx::Result<GuildList> {
    let now = app.clock.now();
    let row = users::tokens(&app.pool, user).await?;
    let mut fetched_at = row.and_then(|row| row.guilds_fetched_at);
    let age = fetched_at.map_or(Duration::MAX, |at| now - at);
    let mut problem = None;
    if age > STALE_AFTER || (refresh && age > REFRESH_EVERY) {
        // Two requests of one page, or of two: one of them asks Discord, the other takes what is there.
        let key = format!("guild_list:{user}");
        if sm_db::limits::spend(&app.pool, &key, 1, 2).await? {
            match renew(app, user, now).await {
                Ok(()) => fetched_at = Some(now),
                Err(NoToken::SignInAgain) => problem = Some("sign_in_again"),
                Err(error) => {
                    tracing::info!(%error, "a server list could not be fetched");
                    problem = Some("discord_unavailable");
                }
            }
        }
    }
    Ok(GuildList { guilds: users::guilds(&app.pool, user).await?, fetched_at, problem })
}

async fn renew(app: &App, user: UserId, now: OffsetDateTime) -> Result<(), NoToken> {
    let token = discord_tokens::access_token(app, user).await?;
    match fetch(app, user, &token, now).await {
        // Revoked on Discord's side, or replaced by another instance since it was read.
        Err(NoToken::Discord(sm_discord::Error::Unauthorized { .. })) => {
            if discord_tokens::forget(app, user, &token).await? {
                return Err(NoToken::SignInAgain);
            }
            let token = discord_tokens::access_token(app, user).await?;
            fetch(app, user, &token, now).await
        }
        done => done,
    }
}

/// Fetches and stores the list.
pub(super) async fn fetch(
    app: &App,
    user: UserId,
    token: &Secret,
    now: OffsetDateTime,
) -> Result<(), NoToken> {
    let listed = app.discord.user_guilds(token).await.map_err(NoToken::Discord)?.body;
    let guilds: Vec<_> = listed
        .into_iter()
        .map(|guild| ListedGuild {
            guild_id: guild.id,
            name: guild.name,
            icon: guild.icon,
            owner: guild.owner,
            permissions: guild.permissions.0,
        })
        .collect();
    let mut transaction = app.pool.begin().await?;
    users::set_guilds(&mut transaction, user, &guilds, now).await?;
    transaction.commit().await?;
    Ok(())
}
