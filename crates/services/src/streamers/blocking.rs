//! A streamer does not want to be announced: in some servers, or in any.

use crate::{
    App,
    audit::{self, Actor},
};
use serde_json::json;
use sm_db::streamers::blocks::{self, Blocks};
use sm_types::{GuildId, TwitchUserId, UserId};

/// What a streamer has blocked; `None`: the channel is not this person's.
pub async fn read(
    app: &App,
    streamer: &TwitchUserId,
    owner: UserId,
) -> sqlx::Result<Option<Blocks>> {
    let mut transaction = app.pool.begin().await?;
    if !blocks::is_owner(&mut *transaction, streamer, owner).await? {
        return Ok(None);
    }
    blocks::read(&mut transaction, streamer).await.map(Some)
}

/// Sets what a streamer has blocked, from the next go-live on; `None`: the channel is not this person's.
pub async fn replace(
    app: &App,
    streamer: &TwitchUserId,
    (owner, actor): (UserId, &Actor),
    all: bool,
    servers: &[GuildId],
) -> sqlx::Result<Option<Blocks>> {
    let mut transaction = app.pool.begin().await?;
    if !blocks::is_owner(&mut *transaction, streamer, owner).await? {
        return Ok(None);
    }
    blocks::replace(&mut transaction, streamer, all, servers).await?;
    let after = json!({ "all": all, "servers": servers.len() });
    audit::chosen(app, &mut *transaction, actor, ("streamer.block", streamer.as_str()), after)
        .await?;
    let blocks = blocks::read(&mut transaction, streamer).await?;
    transaction.commit().await?;
    Ok(Some(blocks))
}
