//! Roles as admins and members see them.

use sm_types::{GuildId, TwitchUserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// A role that the bot grants in a guild, and how far it is.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Shown {
    pub purpose: String,
    pub twitch_user_id: Option<String>,
    pub login: Option<String>,
    pub display_name: Option<String>,
    role_id: Option<i64>,
    pub state: String,
    pub reason: Option<String>,
    pub mentionable: bool,
    /// Who is to carry it.
    pub wanted: i64,
    /// Who does.
    pub held: i64,
    /// Who is to get or to lose it.
    pub waiting: i64,
    /// Since when the first of them waits.
    pub waiting_since: Option<OffsetDateTime>,
}

impl Shown {
    pub fn role(&self) -> Option<sm_types::RoleId> {
        self.role_id.map(sm_types::RoleId::from_db)
    }
}

/// The roles of a guild that are in use; of one streamer, or of all.
pub async fn list(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    streamer: Option<&TwitchUserId>,
) -> sqlx::Result<Vec<Shown>> {
    sqlx::query_as(
        "select r.purpose, r.twitch_user_id, s.login, s.display_name, r.role_id, r.state, r.reason, r.mentionable,
           h.wanted, h.held, h.waiting, h.waiting_since
         from bot_roles r left join streamers s using (twitch_user_id)
         cross join lateral (
           select count(*) filter (where wanted) as wanted, count(*) filter (where held) as held,
             count(*) filter (where due_at is not null) as waiting,
             min(changed_at) filter (where due_at is not null) as waiting_since
           from role_holders h where h.bot_role_id = r.bot_role_id) h
         where r.guild_id = $1 and r.state <> 'retired' and ($2::text is null or r.twitch_user_id = $2)
         order by r.purpose, lower(s.display_name), r.bot_role_id",
    )
    .bind(guild.to_db())
    .bind(streamer.map(TwitchUserId::as_str))
    .fetch_all(db)
    .await
}
