//! Roles that the bot grants: what members and streamers are to carry, and what they carry as far as we know.
//!
//! What was wished stands elsewhere (`user_preferences`, `stream_sessions`); [`wishes`] brings it into rows, and
//! [`claim`] hands those rows out that differ from what Discord has.

pub mod claim;
pub mod record;
pub mod shown;
pub mod wishes;

use sm_types::{GuildId, RoleId, TwitchUserId, UserId};
use uuid::Uuid;

/// What a role is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Announcements of one streamer ping it. The bot has made it, and deletes it.
    Ping,
    /// Linked streamers carry it while they are live. It is the server's own.
    Live,
}

/// A role to look at.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueRole {
    pub bot_role_id: Uuid,
    #[sqlx(rename = "guild_id", try_from = "i64")]
    pub guild: GuildId,
    pub purpose: String,
    /// `wanted`, `ready`, `blocked` or `retired`.
    pub state: String,
    /// `None`: not made yet, or gone.
    role_id: Option<i64>,
    /// The streamer's name, for the role's.
    pub display_name: Option<String>,
    pub mentionable: bool,
    /// Since when its making may have been carried out without our knowing.
    pub tried_at: Option<time::OffsetDateTime>,
    /// Looks so far that led to nothing, this one included.
    pub attempts: i32,
    /// Whether somebody still carries it as far as we know.
    pub is_held: bool,
}

impl DueRole {
    pub fn role(&self) -> Option<RoleId> {
        self.role_id.map(RoleId::from_db)
    }

    pub fn purpose(&self) -> Purpose {
        if self.purpose == "live" { Purpose::Live } else { Purpose::Ping }
    }
}

/// A member who is to get or to lose a role now.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueHolder {
    pub bot_role_id: Uuid,
    #[sqlx(rename = "guild_id", try_from = "i64")]
    pub guild: GuildId,
    #[sqlx(rename = "user_id", try_from = "i64")]
    pub user: UserId,
    #[sqlx(rename = "role_id", try_from = "i64")]
    pub role: RoleId,
    purpose: String,
    pub wanted: bool,
    /// As far as was known before the claim.
    pub held: Option<bool>,
    /// Claims so far, this one included.
    pub attempts: i32,
}

impl DueHolder {
    pub fn purpose(&self) -> Purpose {
        if self.purpose == "live" { Purpose::Live } else { Purpose::Ping }
    }
}

/// The role that a streamer's announcements ping in a guild, and who it does not reach yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PingRole {
    /// `None`: there is none that can be pinged.
    pub role: Option<RoleId>,
    /// Those who want pings and do not carry it, or nobody knows.
    pub missing: Vec<UserId>,
    /// How many carry it, as far as we know, and do not want pings.
    pub surplus: i32,
}

/// Reads the role that a streamer's announcements ping in a guild.
pub async fn ping_role(
    db: impl sqlx::PgExecutor<'_>,
    guild: GuildId,
    streamer: &TwitchUserId,
) -> sqlx::Result<PingRole> {
    let found: Option<(i64, Vec<i64>, i32)> = sqlx::query_as(
        "select r.role_id,
           coalesce(array_agg(h.user_id order by h.changed_at, h.user_id)
             filter (where h.wanted and h.held is distinct from true), '{}'),
           (count(*) filter (where not h.wanted and h.held is distinct from false))::int
         from bot_roles r left join role_holders h using (bot_role_id)
         where r.guild_id = $1 and r.purpose = 'ping' and r.twitch_user_id = $2
           and r.role_id is not null and r.state <> 'retired'
         group by r.role_id",
    )
    .bind(guild.to_db())
    .bind(streamer.as_str())
    .fetch_optional(db)
    .await?;
    Ok(found.map_or_else(PingRole::default, |(role, missing, surplus)| PingRole {
        role: Some(RoleId::from_db(role)),
        missing: missing.into_iter().map(UserId::from_db).collect(),
        surplus,
    }))
}
