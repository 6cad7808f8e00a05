//! EventSub subscriptions as we know them.

use sm_types::TwitchUserId;
use sqlx::PgExecutor;

/// Records a subscription that Twitch has confirmed.
pub async fn upsert(
    db: impl PgExecutor<'_>,
    id: &str,
    streamer: Option<&TwitchUserId>,
    (kind, version): (&str, &str),
    status: &str,
    cost: i32,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into eventsub_subscriptions (subscription_id, twitch_user_id, type, version, status, cost)
         values ($1, $2, $3, $4, $5, $6)
         on conflict on constraint eventsub_subscriptions_pkey
         do update set status = excluded.status, cost = excluded.cost, updated_at = now()",
    )
    .bind(id)
    .bind(streamer.map(TwitchUserId::as_str))
    .bind(kind)
    .bind(version)
    .bind(status)
    .bind(cost)
    .execute(db)
    .await?;
    Ok(())
}
