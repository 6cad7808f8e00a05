//! Announcements that wait for the second look at their stream, to count its viewers.
//!
//! While they wait they are skipped ones, with that as their reason: no worker claims them, of whatever version.

use super::{
    claim::join_queue,
    expansion::{Expanding, Planned},
};
use crate::Session;
use sm_types::{ChannelId, MessageId, SessionId, announcement::NamedReason};
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// Whether announcements of a session wait for a look at it.
pub async fn exist(db: impl PgExecutor<'_>, session: SessionId) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from notification_log where session_id = $1 and kind = 'online'
                        and status = 'skipped' and reason = 'awaiting_viewers')",
    )
    .bind(session.0)
    .fetch_one(db)
    .await
}

/// Gives those that still wait another reason: nobody will look any more.
pub async fn give_up(
    db: impl PgExecutor<'_>,
    session: SessionId,
    reason: NamedReason,
) -> sqlx::Result<u64> {
    let given_up = sqlx::query(
        "update notification_log set reason = $2, reason_values = null
         where session_id = $1 and kind = 'online' and status = 'skipped' and reason = 'awaiting_viewers'",
    )
    .bind(session.0)
    .bind(reason.as_str())
    .execute(db)
    .await?;
    Ok(given_up.rows_affected())
}

/// Writes what was decided about those that waited, in the transaction of [`super::expansion::begin`].
///
/// One that is sent counts as received now: what it has waited for is neither our delay nor Twitch's.
pub async fn decide(
    db: &mut Session,
    event: &Expanding,
    planned: &[Planned],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    macro_rules! column {
        ($get:expr) => {
            planned.iter().map($get).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "update notification_log n
         set status = p.status, reason = p.reason, reason_values = p.reason_values, channel_id = p.channel_id,
             action = p.action, variant = p.variant, message_id = p.message_id, due_at = $2, finished_at = case when p.status = 'skipped' then $2 end, queued_behind = $3,
             received_at = case when p.status = 'skipped' then n.received_at else $2 end,
             committed_at = case when p.status = 'skipped' then n.committed_at else $2 end
         from unnest($4::uuid[], $5::bigint[], $6::text[], $7::text[], $8::bigint[], $9::text[],
             $10::text[], $11::jsonb[])
           as p (destination_id, channel_id, action, variant, message_id, status, reason, reason_values)
         where n.session_id = $1 and n.destination_id = p.destination_id and n.kind = 'online'
           and n.status = 'skipped' and n.reason = 'awaiting_viewers'",
    )
    .bind(event.session_id.0)
    .bind(now)
    .bind(event.settled)
    .bind(column!(|p| p.destination_id.0))
    .bind(column!(|p| p.channel.map(ChannelId::to_db)))
    .bind(column!(|p| p.action.as_str()))
    .bind(column!(|p| p.variant.as_str()))
    .bind(column!(|p| p.message.map(MessageId::to_db)))
    .bind(column!(|p| p.status().as_str()))
    .bind(column!(|p| p.skipped.as_ref().map(|(reason, _)| reason.to_string())))
    .bind(column!(|p| p.skipped.as_ref().and_then(|(_, values)| values.clone())))
    .execute(&mut *db)
    .await?;
    let pending = planned.iter().filter(|row| row.skipped.is_none()).count();
    if pending > 0 {
        // Last of all, as in `expansion::write`.
        let added = i32::try_from(pending).unwrap_or(i32::MAX);
        join_queue(db, event.session_id, 0, added).await?;
    }
    Ok(())
}
