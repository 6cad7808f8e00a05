//! Channels that somebody watches, in their order.

use crate::streamers::is_wanted;
use sm_types::{TwitchUserId, UserId};
use sqlx::PgExecutor;

/// A channel that somebody watches, named as we know it best.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Favorite {
    #[sqlx(try_from = "String")]
    pub twitch_user_id: TwitchUserId,
    pub login: String,
    pub display_name: String,
    pub profile_image_url: Option<String>,
    /// `None`: Twitch is not to tell us of them.
    pub live: Option<bool>,
}

/// Somebody's channels, in their order.
pub async fn list(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Vec<Favorite>> {
    sqlx::query_as(concat!(
        "select mine.twitch_user_id, coalesce(t.login, mine.login) as login,
           coalesce(t.display_name, mine.display_name) as display_name,
           coalesce(t.profile_image_url, mine.profile_image_url) as profile_image_url,
           case when ",
        is_wanted!(),
        " then exists (select from stream_sessions x where x.twitch_user_id = mine.twitch_user_id and x.ended_at is null)
           end as live
         from user_favorites mine left join streamers t on t.twitch_user_id = mine.twitch_user_id
         where mine.user_id = $1 order by mine.rank, mine.twitch_user_id"
    ))
    .bind(user.to_db())
    .fetch_all(db)
    .await
}

/// A channel to keep, as it is called.
#[derive(Debug, Clone)]
pub struct Named {
    pub id: TwitchUserId,
    pub login: String,
    pub display_name: String,
    pub profile_image_url: Option<String>,
}

/// Those of these channels that we know, or that this person has kept already.
pub async fn known(
    db: impl PgExecutor<'_>,
    user: UserId,
    ids: &[TwitchUserId],
) -> sqlx::Result<Vec<Named>> {
    let rows: Vec<(String, String, String, Option<String>)> = sqlx::query_as(
        "select i.id, coalesce(s.login, f.login), coalesce(s.display_name, f.display_name),
           coalesce(s.profile_image_url, f.profile_image_url)
         from unnest($2::text[]) as i (id)
         left join streamers s on s.twitch_user_id = i.id
         left join user_favorites f on f.twitch_user_id = i.id and f.user_id = $1
         where s.twitch_user_id is not null or f.user_id is not null",
    )
    .bind(user.to_db())
    .bind(ids.iter().map(TwitchUserId::as_str).collect::<Vec<_>>())
    .fetch_all(db)
    .await?;
    let named = |(id, login, display_name, profile_image_url)| Named {
        id: TwitchUserId(id),
        login,
        display_name,
        profile_image_url,
    };
    Ok(rows.into_iter().map(named).collect())
}

/// Replaces somebody's channels, in this order, none of them twice.
pub async fn replace(
    db: &mut crate::Session,
    user: UserId,
    channels: &[Named],
) -> sqlx::Result<()> {
    super::users::lock(&mut *db, user).await?;
    sqlx::query("delete from user_favorites where user_id = $1")
        .bind(user.to_db())
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "insert into user_favorites (user_id, twitch_user_id, rank, login, display_name, profile_image_url)
         select $1, c.id, c.rank - 1, c.login, c.name, c.image
         from unnest($2::text[], $3::text[], $4::text[], $5::text[]) with ordinality as c (id, login, name, image, rank)",
    )
    .bind(user.to_db())
    .bind(channels.iter().map(|c| c.id.as_str()).collect::<Vec<_>>())
    .bind(channels.iter().map(|c| c.login.as_str()).collect::<Vec<_>>())
    .bind(channels.iter().map(|c| c.display_name.as_str()).collect::<Vec<_>>())
    .bind(channels.iter().map(|c| c.profile_image_url.as_deref()).collect::<Vec<_>>())
    .execute(db)
    .await?;
    Ok(())
}
