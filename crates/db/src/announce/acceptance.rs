//! What a verified webhook changes, each in one statement and so in one transaction.
//!
//! Every statement starts with the message id: when it is known already, nothing else happens. Ids are kept by the
//! day (UTC), so the day before is asked as well.

use super::clauses::{
    fed, fresh_message, fresh_message_without_feed, names, seen, with_feed_and_without,
};
use sm_types::{SessionId, StreamId, TwitchUserId};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

/// How long an end has to hold before the end card is posted; short drops are common.
pub const END_DEBOUNCE: Duration = Duration::minutes(2);

/// What became of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// Work was queued.
    Queued { session: SessionId },
    /// Recorded; nothing follows from it.
    Recorded,
    /// This message id was here before.
    Duplicate,
    /// Nobody follows this streamer.
    UnknownStreamer,
}

/// What became of a notification, and whether it was told in the streamer's feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acceptance {
    pub accepted: Accepted,
    /// Whoever listens to the feed is to be woken.
    pub told: bool,
    /// The chat bot is to be woken: it may have something to say to it.
    pub chats: bool,
}

/// Who a notification is about, as Twitch names them now, and how it came.
#[derive(Debug, Clone)]
pub struct Notice<'a> {
    /// Twitch's id of the message.
    pub message_id: &'a str,
    /// When Twitch sent it.
    pub occurred_at: OffsetDateTime,
    /// When we received it.
    pub received_at: OffsetDateTime,
    /// The broadcaster.
    pub streamer: &'a TwitchUserId,
    /// The login at this time; empty when the event does not tell.
    pub login: &'a str,
    /// The display name at this time.
    pub display_name: &'a str,
}

/// A stream that has begun.
#[derive(Debug, Clone)]
pub struct StreamStart<'a> {
    /// Twitch's id of the stream.
    pub stream_id: &'a StreamId,
    /// `live`, `rerun`, …
    pub kind: &'a str,
    /// When it began, by Twitch.
    pub started_at: OffsetDateTime,
    /// `eventsub`, or `reconciler` for one that no webhook told of.
    pub source: &'a str,
    /// Whether an end of this very stream is taken back; Get Streams alone is too far behind to say so.
    pub takes_back_end: bool,
}

type Row = (bool, bool, Option<uuid::Uuid>);
type RowWithFeed = (bool, bool, Option<uuid::Uuid>, bool);

/// `feed`: it was told, or, by a statement that tells none, there is one.
fn accepted_and_told(
    (fresh, known, session, feed): RowWithFeed,
    tells_feed: bool,
) -> Option<Acceptance> {
    let accepted = accepted((fresh, known, session));
    (tells_feed || !feed).then_some(Acceptance { accepted, told: feed, chats: false })
}

pub(crate) fn accepted((fresh, known, session): Row) -> Accepted {
    match (fresh, known, session) {
        (false, ..) => Accepted::Duplicate,
        (_, false, _) => Accepted::UnknownStreamer,
        (_, _, Some(session)) => Accepted::Queued { session: SessionId(session) },
        (_, _, None) => Accepted::Recorded,
    }
}

/// Accepts `stream.online`: the session, once per stream id, and the event to expand.
///
/// `None`: the streamer has a feed, and nothing is done: ask again with `tells_feed`.
///
/// The same stream under another message id announces nothing, but takes back an end that came in
/// between: a waiting end card is cancelled, one that was posted is edited. An earlier session of the streamer
/// that is still open ends here; its end card is due after [`END_DEBOUNCE`]. A stream that began before one
/// that we know is recorded as over, in silence.
pub async fn stream_online(
    db: impl PgExecutor<'_>,
    notice: &Notice<'_>,
    start: &StreamStart<'_>,
    tells_feed: bool,
) -> sqlx::Result<Option<Acceptance>> {
    let texts = with_feed_and_without!(
        (
        ",
         streamer as materialized (
           -- One start of a streamer at a time. Whoever has waited does not see what the other has begun: that
           -- is settled by `stream_sessions::end_superseded`, which takes the same lock.
           select twitch_user_id, login, display_name from streamers where twitch_user_id = $4 for no key update
         ), renamed as (
           update streamers s set updated_at = $2,
             login = case when s.names_told_at > $3 then s.login else $5 end,
             display_name = case when s.names_told_at > $3 then s.display_name else $6 end,
             names_told_at = greatest(s.names_told_at, $3),
             -- An event that Twitch sent later than it told of the removal: the account is back.
             status = case when s.updated_at < $3 then 'active' else s.status end
           from message, streamer
           where s.twitch_user_id = $4 and $5 <> ''
             and ((s.login, s.display_name) is distinct from ($5, $6) or s.status <> 'active')
         ), later as (
           -- Already known: the one that is told of now is over.
           select min(started_at) as began from stream_sessions
           where twitch_user_id = $4 and started_at > $9 and stream_id <> $7
         ), superseded as (
           update stream_sessions set ended_at = $9
           from message
           where twitch_user_id = $4 and ended_at is null and stream_id <> $7 and started_at <= $9
           returning session_id
         ), ended as (
           -- Messages that the new stream does not take over get their end card.
           insert into stream_events (session_id, kind, occurred_at, received_at, due_at)
           select session_id, 'offline', $3, $2, $12 from superseded
           on conflict (session_id, kind) where finished_at is null do nothing
         ), resumed as (
           -- The same stream again: it has not ended after all.
           update stream_sessions set ended_at = null, contradicted_at = null
           from message, later
           where twitch_user_id = $4 and stream_id = $7 and ended_at is not null and $11 and began is null
           returning session_id
         ), there as (
           delete from doubts using message
           where (kind, subject) in (('streamer_gone', $4), ('stream_ended', $7))
         ), cancelled as (
           update stream_events set finished_at = $2, outcome = 'resumed'
           -- Not joined: the planner might look through every end card that waits.
           where session_id = (select session_id from resumed) and kind = 'offline' and finished_at is null
         ), shown_again as (
           insert into stream_events (session_id, kind, occurred_at, received_at, due_at)
           select r.session_id, 'update', $3, $2, $2 from resumed r
           where exists (select from stream_events e where e.session_id = r.session_id
                         and e.kind = 'offline' and e.outcome = 'expanded')
           on conflict (session_id, kind) where finished_at is null
           do update set again = true where stream_events.cursor is not null
         ), session as (
           insert into stream_sessions (twitch_user_id, stream_id, type, started_at, source, ended_at)
           select $4, $7, $8, $9, $10, began from message, streamer, later
           on conflict on constraint stream_sessions_stream_key do nothing
           returning session_id, ended_at
         ), event as (
           insert into stream_events (session_id, kind, occurred_at, received_at, due_at)
           select session_id, 'online', $3, $2, $2 from session where ended_at is null
         )"
        ),
        (
            "online",
            "'stream_id', $7, 'type', $8, 'title', (select title from streamers where twitch_user_id = $4),
             'game', (select game_name from streamers where twitch_user_id = $4)",
            "(exists (select from session where ended_at is null) or exists (select from resumed))"
        ),
        (
            "
         select exists (select from message), exists (select from streamer),
                (select session_id from session where ended_at is null), exists (select from feed)"
        )
    );
    sqlx::query_as(texts[usize::from(tells_feed)])
        .bind(notice.message_id)
        .bind(notice.received_at)
        .bind(notice.occurred_at)
        .bind(notice.streamer.as_str())
        .bind(notice.login)
        .bind(notice.display_name)
        .bind(start.stream_id.as_str())
        .bind(start.kind)
        .bind(start.started_at)
        .bind(start.source)
        .bind(start.takes_back_end)
        .bind(notice.received_at + END_DEBOUNCE)
        .fetch_one(db)
        .await
        .map(|row| accepted_and_told(row, tells_feed))
}

/// A stream that has ended.
#[derive(Debug, Clone, Copy)]
pub struct StreamEnd<'a> {
    /// Twitch's id of the stream; without one, the open session that began before the message is meant.
    pub stream_id: Option<&'a StreamId>,
    /// When the end card is due.
    pub expand_at: OffsetDateTime,
    /// Whether Twitch has told of it. What we have concluded from a list stays in doubt.
    pub told: bool,
}

/// Accepts `stream.offline`: ends the session and queues the end card; `None` as for [`stream_online`].
pub async fn stream_offline(
    db: impl PgExecutor<'_>,
    notice: &Notice<'_>,
    end: StreamEnd<'_>,
    tells_feed: bool,
) -> sqlx::Result<Option<Acceptance>> {
    let texts = with_feed_and_without!(
        (
        ",
         streamer as (
           select 1 from streamers where twitch_user_id = $4
         ), ended as (
           update stream_sessions set ended_at = $3, contradicted_at = null
           from message
           where session_id = (
             select session_id from stream_sessions
             where twitch_user_id = $4 and ended_at is null and started_at <= $3
               and ($5::text is null or stream_id = $5)
             order by started_at desc limit 1)
           returning session_id, stream_id
         ), settled as (
           delete from doubts using message
           where kind = 'stream_ended' and subject = coalesce($5, (select stream_id from ended)) and $7
         ), ", seen!("$4"), ", event as (
           insert into stream_events (session_id, kind, occurred_at, received_at, due_at)
           select session_id, 'offline', $3, $2, $6 from ended
           on conflict (session_id, kind) where finished_at is null do nothing
         )"
        ),
        ("offline", "'stream_id', (select stream_id from ended)", "exists (select from ended)"),
        (
            "
         select exists (select from message), exists (select from streamer),
                (select session_id from ended), exists (select from feed)"
        )
    );
    sqlx::query_as(texts[usize::from(tells_feed)])
        .bind(notice.message_id)
        .bind(notice.received_at)
        .bind(notice.occurred_at)
        .bind(notice.streamer.as_str())
        .bind(end.stream_id.map(StreamId::as_str))
        .bind(end.expand_at)
        .bind(end.told)
        .fetch_one(db)
        .await
        .map(|row| accepted_and_told(row, tells_feed))
}

/// What `channel.update` tells of a channel.
#[derive(Debug, Clone)]
pub struct ChannelState<'a> {
    /// The title; may be empty.
    pub title: &'a str,
    /// The category's id; `None` when there is none.
    pub game_id: Option<&'a str>,
    /// The category's name.
    pub game_name: Option<&'a str>,
    /// The broadcast language.
    pub language: Option<&'a str>,
}

/// Accepts `channel.update`: remembers it, and queues one edit for `expand_at` while live; `None` as for [`stream_online`].
pub async fn channel_update(
    db: impl PgExecutor<'_>,
    notice: &Notice<'_>,
    state: &ChannelState<'_>,
    expand_at: OffsetDateTime,
    tells_feed: bool,
) -> sqlx::Result<Option<Acceptance>> {
    let texts = with_feed_and_without!(
        (
        ",
         streamer as (
           update streamers
           set title = case when channel_told_at > $3 then title else $7 end,
               game_id = case when channel_told_at > $3 then game_id else $8 end,
               game_name = case when channel_told_at > $3 then game_name else $9 end,
               language = case when channel_told_at > $3 then language else coalesce($10, language) end,
               channel_told_at = greatest(channel_told_at, $3), ", names!("$3", "$5", "$6"), ",
               updated_at = $2, status = case when updated_at < $3 then 'active' else status end
           from message where twitch_user_id = $4
           returning channel_told_at = $3 as newest
         ), ", seen!("$4"), ", open as (
           update stream_sessions set title = $7, game_id = $8, game_name = $9
           from message, streamer
           where twitch_user_id = $4 and ended_at is null and newest
             and (title, game_name) is distinct from ($7, $9)
           returning session_id
         ), event as (
           insert into stream_events (session_id, kind, occurred_at, received_at, due_at)
           select session_id, 'update', $3, $2, $11 from open
           -- One edit for a burst of changes; one more when the first chunk of it has gone out already.
           on conflict (session_id, kind) where finished_at is null
           do update set again = true where stream_events.cursor is not null
         )"
        ),
        (
            "update",
            "'title', $7, 'game', $9",
            // All parts of a statement see what was there before it.
            "exists (select from streamer where newest) and exists (
               select from streamers s where s.twitch_user_id = $4 and (s.title, s.game_name) is distinct from ($7, $9))"
        ),
        (
            "
         select exists (select from message), exists (select from streamer),
                (select session_id from open limit 1), exists (select from feed)"
        )
    );
    sqlx::query_as(texts[usize::from(tells_feed)])
        .bind(notice.message_id)
        .bind(notice.received_at)
        .bind(notice.occurred_at)
        .bind(notice.streamer.as_str())
        .bind(notice.login)
        .bind(notice.display_name)
        .bind(state.title)
        .bind(state.game_id)
        .bind(state.game_name)
        .bind(state.language)
        .bind(expand_at)
        .fetch_one(db)
        .await
        .map(|row| accepted_and_told(row, tells_feed))
}

/// Accepts `user.update`: the streamer's new names.
pub async fn user_update(db: impl PgExecutor<'_>, notice: &Notice<'_>) -> sqlx::Result<Accepted> {
    sqlx::query_as(concat!(
        fresh_message!(),
        ",
         streamer as (
           update streamers set updated_at = $2,
             status = case when updated_at < $6 then 'active' else status end,
             ",
        names!("$6", "$4", "$5"),
        "
           from message where twitch_user_id = $3
           returning 1
         ), ",
        seen!("$3"),
        "
         select exists (select from message), exists (select from streamer), null::uuid"
    ))
    .bind(notice.message_id)
    .bind(notice.received_at)
    .bind(notice.streamer.as_str())
    .bind(notice.login)
    .bind(notice.display_name)
    .bind(notice.occurred_at)
    .fetch_one(db)
    .await
    .map(accepted)
}

/// Accepts `user.authorization.revoke`: the streamer's link is gone, their configuration stays.
pub async fn authorization_revoked(
    db: impl PgExecutor<'_>,
    notice: &Notice<'_>,
) -> sqlx::Result<Accepted> {
    sqlx::query_as(concat!(
        fresh_message!(),
        ",
         streamer as (
           update streamers set authorized = false, updated_at = $2
           from message where twitch_user_id = $3
           returning 1
         ), feed as (
           update streamer_feeds set granted = '{}', lost = array(select distinct unnest(lost || granted)), updated_at = $2
           from message where twitch_user_id = $3 and granted <> '{}'
         )
         select exists (select from message), exists (select from streamer), null::uuid"
    ))
    .bind(notice.message_id)
    .bind(notice.received_at)
    .bind(notice.streamer.as_str())
    .fetch_one(db)
    .await
    .map(accepted)
}

/// A subscription that Twitch has revoked.
#[derive(Debug, Clone)]
pub struct Revocation<'a> {
    /// Twitch's id of the message.
    pub message_id: &'a str,
    /// When we received it.
    pub received_at: OffsetDateTime,
    /// Twitch's id of the subscription.
    pub subscription_id: &'a str,
    /// The subscription's type.
    pub kind: &'a str,
    /// The subscription's version.
    pub version: &'a str,
    /// Why, in Twitch's words (`authorization_revoked`, `user_removed`, …).
    pub status: &'a str,
    /// The user in the condition, when it names one.
    pub streamer: Option<&'a TwitchUserId>,
}

/// Accepts a revocation: the subscription is dead, and a removed user is marked.
pub async fn revocation(
    db: impl PgExecutor<'_>,
    revoked: &Revocation<'_>,
) -> sqlx::Result<Accepted> {
    sqlx::query_as(concat!(
        fresh_message!(),
        ",
         subscription as (
           insert into eventsub_subscriptions
             (subscription_id, twitch_user_id, type, version, status, revoked_at, created_at, updated_at)
           select $3, $7, $4, $5, $6, $2, $2, $2 from message
           on conflict on constraint eventsub_subscriptions_pkey
           do update set status = excluded.status, revoked_at = excluded.revoked_at, updated_at = excluded.updated_at
         ), streamer as (
           update streamers set updated_at = $2,
             status = case when $6 = 'user_removed' then 'removed' else status end,
             authorized = authorized and $6 <> 'authorization_revoked'
           from message where twitch_user_id = $7
           returning 1
         ), feed as (
           update streamer_feeds set granted = '{}', lost = array(select distinct unnest(lost || granted)), updated_at = $2
           from message where twitch_user_id = $7 and $6 = 'authorization_revoked' and granted <> '{}'
         ), target as (
           -- Wanted anew; what the streamer must have authorised is dropped by the next plan.
           update eventsub_targets set state = 'failed', subscription_id = null, error = $6, updated_at = $2,
             next_try_at = $2 + interval '1 minute'
           from message where subscription_id = $3 and state <> 'unwanted'
         )
         select exists (select from message), true, null::uuid"
    ))
    .bind(revoked.message_id)
    .bind(revoked.received_at)
    .bind(revoked.subscription_id)
    .bind(revoked.kind)
    .bind(revoked.version)
    .bind(revoked.status)
    .bind(revoked.streamer.map(TwitchUserId::as_str))
    .fetch_one(db)
    .await
    .map(accepted)
}
