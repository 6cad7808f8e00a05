//! Servers that streamers do not want to be announced in.

use sm_types::{GuildId, TwitchUserId, UserId};
use sqlx::PgExecutor;

/// Stands for every server.
const ALL: i64 = 0;

/// A server that announces a streamer, or is blocked by them.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Server {
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    pub name: String,
    pub icon: Option<String>,
    pub blocked: bool,
}

/// What a streamer has blocked.
#[derive(Debug, Clone)]
pub struct Blocks {
    /// Whether no server at all announces them.
    pub all: bool,
    /// Servers that follow them, by name; 1,000 at most.
    pub servers: Vec<Server>,
}

/// Whether somebody has proved that a channel is theirs.
pub async fn is_owner(
    db: impl PgExecutor<'_>,
    streamer: &TwitchUserId,
    user: UserId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from streamer_feeds where twitch_user_id = $1 and owner_id = $2)",
    )
    .bind(streamer.as_str())
    .bind(user.to_db())
    .fetch_one(db)
    .await
}

/// What a streamer has blocked, and what there is to block.
pub async fn read(db: &mut crate::Session, streamer: &TwitchUserId) -> sqlx::Result<Blocks> {
    let all = sqlx::query_scalar(
        "select exists (select from streamer_blocks where twitch_user_id = $1 and guild_id = $2)",
    );
    let all = all.bind(streamer.as_str()).bind(ALL).fetch_one(&mut *db).await?;
    let servers = sqlx::query_as(
        "select g.guild_id, g.name, g.icon, b.guild_id is not null as blocked
         from (select guild_id from guild_streamers where twitch_user_id = $1
               union select guild_id from streamer_blocks where twitch_user_id = $1) known
         join guilds g using (guild_id)
         left join streamer_blocks b on b.twitch_user_id = $1 and b.guild_id = g.guild_id
         order by lower(g.name), g.guild_id limit 1000",
    );
    let servers = servers.bind(streamer.as_str()).fetch_all(db).await?;
    Ok(Blocks { all, servers })
}

/// Sets what a streamer has blocked; servers that neither follow them nor are blocked already are left out.
pub async fn replace(
    db: &mut crate::Session,
    streamer: &TwitchUserId,
    all: bool,
    servers: &[GuildId],
) -> sqlx::Result<()> {
    let ids: Vec<i64> = servers.iter().map(|guild| guild.to_db()).filter(|id| *id != ALL).collect();
    sqlx::query(
        "with kept as (
           select $2::bigint as guild_id where $3
           union select f.guild_id from guild_streamers f where f.twitch_user_id = $1 and f.guild_id = any($4)
           union select b.guild_id from streamer_blocks b where b.twitch_user_id = $1 and b.guild_id = any($4)
         ), gone as (
           delete from streamer_blocks where twitch_user_id = $1 and guild_id not in (select guild_id from kept)
         )
         insert into streamer_blocks (twitch_user_id, guild_id) select $1, guild_id from kept
         on conflict on constraint streamer_blocks_pkey do nothing",
    )
    .bind(streamer.as_str())
    .bind(ALL)
    .bind(all)
    .bind(ids)
    .execute(db)
    .await?;
    Ok(())
}

/// Streamers of a guild who do not want to be announced there.
pub async fn of_guild(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select f.twitch_user_id from guild_streamers f
         where f.guild_id = $1 and exists (select from streamer_blocks b
           where b.twitch_user_id = f.twitch_user_id and b.guild_id in ($2, f.guild_id))
         order by 1",
    )
    .bind(guild.to_db())
    .bind(ALL)
    .fetch_all(db)
    .await
}
