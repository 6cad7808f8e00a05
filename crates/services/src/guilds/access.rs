//! May this person see or change this server?

use super::presence;
use crate::{App, announce::gate::in_turn_of_readers};
use sm_discord::permissions::{Permissions, effective_in_guild};
use sm_types::{GuildId, UserId};
use time::{Duration, OffsetDateTime};

/// What was found out is believed for this long where something is read.
const FRESH_FOR: Duration = Duration::minutes(5);
/// And for this long where something is changed: the requests of one save, and no more.
const FRESH_TO_WRITE: Duration = Duration::seconds(10);
/// While Discord does not answer, reading is allowed on older knowledge, up to this age.
const USABLE_FOR: Duration = Duration::hours(1);

/// What a person may do in a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Change its set-up.
    Admin,
    /// Choose what pings them.
    Member,
    /// Nothing: not a member, or the bot is not in the server, or there is no such server.
    None,
}

/// What is known from before.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Whether the person was a member.
    pub member: bool,
    /// Their permissions, channels aside.
    pub permissions: u64,
    /// When that was found out.
    pub checked_at: OffsetDateTime,
}

/// Discord did not answer, and what is known is too old.
#[derive(Debug)]
pub struct Unknown;

impl Known {
    fn access(&self) -> Access {
        let permissions = Permissions(self.permissions);
        let manages = permissions.contains(Permissions::ADMINISTRATOR)
            || permissions.contains(Permissions::MANAGE_GUILD);
        match (self.member, manages) {
            (true, true) => Access::Admin,
            (true, false) => Access::Member,
            (false, _) => Access::None,
        }
    }
}

/// Finds out what a person may do in a server that has the bot; asks Discord when what is known is older
/// than five minutes, or ten seconds for a write.
///
/// `write`: without an answer from Discord nothing may be changed.
pub async fn check(
    app: &App,
    guild: GuildId,
    user: UserId,
    known: Option<Known>,
    write: bool,
) -> Result<Access, Unknown> {
    let now = app.clock.now();
    let age = known.map_or(Duration::MAX, |known| now - known.checked_at);
    if let Some(known) = known
        && age <= if write { FRESH_TO_WRITE } else { FRESH_FOR }
    {
        return Ok(known.access());
    }
    match ask(app, guild, user).await {
        Ok(permissions) => {
            let member = permissions.is_some();
            let stored =
                sm_db::guilds::members::remember(&app.pool, guild, user, permissions, now).await;
            if let Err(error) = stored {
                tracing::warn!(%error, "a member's permissions could not be stored");
            }
            let permissions = permissions.unwrap_or(0);
            Ok(Known { member, permissions, checked_at: now }.access())
        }
        Err(error) => {
            tracing::warn!(%error, guild.id = %guild, "a member's permissions could not be read");
            match known.filter(|_| !write && age <= USABLE_FOR) {
                Some(known) => Ok(known.access()),
                None => Err(Unknown),
            }
        }
    }
}

/// The person's permissions; `None` when they are not a member or the bot is not there.
async fn ask(app: &App, guild: GuildId, user: UserId) -> Result<Option<u64>, String> {
    let (info, member) = tokio::join!(
        presence::guild_for_readers(app, guild),
        in_turn_of_readers(app, app.discord.get_member(guild, user)),
    );
    let Some(info) = info.map_err(|error| error.to_string())? else { return Ok(None) };
    match member {
        Ok(reply) => Ok(Some(effective_in_guild(&info, &reply.body, user).0)),
        Err(error) if matches!(error.code(), Some(10007 | 10013)) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}
