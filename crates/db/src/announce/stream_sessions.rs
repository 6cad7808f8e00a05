//! Stream sessions: one per streamer and Twitch stream id.

use sm_types::{SessionId, StreamId, TwitchUserId};
use sqlx::{PgExecutor, types::Json};
use time::{Duration, OffsetDateTime};

/// For so long after a webhook has told of title and category, Helix may still know the ones before.
const HELIX_LAG: Duration = Duration::minutes(5);

/// Fills in title and game, and links the session that this one resumes.
///
/// What Twitch did not tell is taken from the streamer's last known channel information. A session
/// resumes another of the same streamer that ended at most a day before it began; each guild's
/// merge window then decides.
pub async fn prepare(
    db: impl PgExecutor<'_>,
    session: SessionId,
    channel: Option<&ChannelDetails>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let channel = channel.cloned().unwrap_or_default();
    sqlx::query(
        "with session as (
           select s.session_id, s.twitch_user_id, s.started_at from stream_sessions s where session_id = $1
         ), streamer as (
           update streamers t set
             title = case when t.channel_told_at > $6 then t.title else coalesce($2, t.title) end,
             game_id = case when t.channel_told_at > $6 then t.game_id else coalesce($3, t.game_id) end,
             game_name = case when t.channel_told_at > $6 then t.game_name else coalesce($4, t.game_name) end,
             language = coalesce($5, t.language)
           from session where t.twitch_user_id = session.twitch_user_id
           returning t.title, t.game_id, t.game_name, t.language
         )
         update stream_sessions s set
           title = coalesce(s.title, streamer.title), game_id = coalesce(s.game_id, streamer.game_id),
           game_name = coalesce(s.game_name, streamer.game_name),
           seen = coalesce(s.seen, jsonb_strip_nulls(jsonb_build_object(
             'title', coalesce(s.title, streamer.title), 'game_id', coalesce(s.game_id, streamer.game_id),
             'game_name', coalesce(s.game_name, streamer.game_name), 'language', streamer.language, 'tags', $7))),
           continues = coalesce(s.continues, (
             select p.session_id from stream_sessions p
             where p.twitch_user_id = session.twitch_user_id and p.session_id <> session.session_id
               and p.started_at <= session.started_at
               and p.ended_at between session.started_at - interval '1 day' and session.started_at
             order by p.started_at desc limit 1))
         from session, streamer
         where s.session_id = session.session_id",
    )
    .bind(session.0)
    .bind(channel.title)
    .bind(channel.game_id)
    .bind(channel.game_name)
    .bind(channel.language)
    .bind(now - HELIX_LAG)
    .bind(channel.tags.map(Json))
    .execute(db)
    .await?;
    Ok(())
}

/// Ends what is open of a session's streamer and began before another of their streams, with an end card for what
/// was posted of it. Of two starts that came at once neither has seen the other; after [`prepare`], which has waited
/// for those under way, both are seen. How many have ended.
pub async fn end_superseded(
    db: impl PgExecutor<'_>,
    session: SessionId,
    now: OffsetDateTime,
    card_at: OffsetDateTime,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "with ended as (
           update stream_sessions s set ended_at = (
             select min(n.started_at) from stream_sessions n
             where n.twitch_user_id = s.twitch_user_id and n.started_at > s.started_at)
           where s.ended_at is null
             and s.twitch_user_id = (select twitch_user_id from stream_sessions where session_id = $1)
             and exists (select from stream_sessions n
                         where n.twitch_user_id = s.twitch_user_id and n.started_at > s.started_at)
           returning session_id
         ), cards as (
           insert into stream_events (session_id, kind, occurred_at, received_at, due_at)
           select session_id, 'offline', $2, $2, $3 from ended
           on conflict (session_id, kind) where finished_at is null do nothing
         )
         select count(*) from ended",
    )
    .bind(session.0)
    .bind(now)
    .bind(card_at)
    .fetch_one(db)
    .await
}

/// What Get Channel Information told.
#[derive(Debug, Clone, Default)]
pub struct ChannelDetails {
    pub title: Option<String>,
    /// The category's id.
    pub game_id: Option<String>,
    /// The category's name.
    pub game_name: Option<String>,
    /// The broadcast language.
    pub language: Option<String>,
    pub tags: Option<Vec<String>>,
}

/// What Get Streams told of a live stream.
#[derive(Debug, Clone, Default)]
pub struct LiveDetails {
    pub title: Option<String>,
    /// The category's id.
    pub game_id: Option<String>,
    /// The category's name.
    pub game_name: Option<String>,
    /// Viewers at this time.
    pub viewers: i32,
}

/// Records viewers, and what is told of title and game; from now on the preview is fresh.
pub async fn enrich(
    db: impl PgExecutor<'_>,
    session: SessionId,
    live: &LiveDetails,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update stream_sessions s set
           title = case when t.channel_told_at > $7 then coalesce(s.title, $2) else coalesce($2, s.title) end,
           game_id = case when t.channel_told_at > $7 then s.game_id else coalesce($3, s.game_id) end,
           game_name = case when t.channel_told_at > $7 then s.game_name else coalesce($4, s.game_name) end,
           viewers = $5, preview_at = $6,
           -- The second look; later ones come to it too late.
           seen = case when s.seen ? 'viewers' then s.seen
                  else coalesce(s.seen, '{}') || jsonb_build_object('viewers', $5) end
         from streamers t where s.session_id = $1 and t.twitch_user_id = s.twitch_user_id",
    )
    .bind(session.0)
    .bind(live.title.as_deref())
    .bind(live.game_id.as_deref())
    .bind(live.game_name.as_deref())
    .bind(live.viewers)
    .bind(now)
    .bind(now - HELIX_LAG)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes an end back: Twitch still lists the stream.
pub async fn reopen(db: impl PgExecutor<'_>, session: SessionId) -> sqlx::Result<()> {
    sqlx::query("update stream_sessions set ended_at = null where session_id = $1")
        .bind(session.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Remembers where the recording is.
pub async fn set_vod(db: impl PgExecutor<'_>, session: SessionId, url: &str) -> sqlx::Result<()> {
    sqlx::query("update stream_sessions set vod_url = $2 where session_id = $1")
        .bind(session.0)
        .bind(url)
        .execute(db)
        .await?;
    Ok(())
}

/// What stands in the way of editing a session's messages now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Obstacles {
    /// A newer stream is about to say which messages it takes over.
    pub superseding: bool,
    /// Announcements are still to be sent.
    pub announcing: bool,
    /// A message is on its way at this moment.
    pub sending: bool,
    /// Not every destination of the go-live has been decided about.
    pub expanding: bool,
}

/// Looks for what stands in the way of editing a session's messages.
pub async fn obstacles(db: impl PgExecutor<'_>, session: SessionId) -> sqlx::Result<Obstacles> {
    sqlx::query_as(
        "select
           exists (select from stream_sessions s
                   join stream_sessions newer on newer.twitch_user_id = s.twitch_user_id
                     and newer.session_id <> s.session_id and newer.started_at >= s.started_at
                   join stream_events e on e.session_id = newer.session_id
                   where s.session_id = $1 and e.kind = 'online' and e.finished_at is null) as superseding,
           exists (select from notification_log where session_id = $1 and kind = 'online'
                   and status in ('pending', 'sending')) as announcing,
           exists (select from notification_log where session_id = $1 and kind in ('online', 'update')
                   and status = 'sending') as sending,
           exists (select from stream_events where session_id = $1 and kind = 'online' and finished_at is null) as expanding",
    )
    .bind(session.0)
    .fetch_one(db)
    .await
}

/// The session of a stream.
pub async fn find(
    db: impl PgExecutor<'_>,
    streamer: &TwitchUserId,
    stream: &StreamId,
) -> sqlx::Result<Option<SessionId>> {
    let found: Option<uuid::Uuid> = sqlx::query_scalar(
        "select session_id from stream_sessions where twitch_user_id = $1 and stream_id = $2",
    )
    .bind(streamer.as_str())
    .bind(stream.as_str())
    .fetch_optional(db)
    .await?;
    Ok(found.map(SessionId))
}

/// A session that Twitch's list of live streams is compared with.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Compared {
    #[sqlx(try_from = "uuid::Uuid")]
    pub session_id: SessionId,
    /// The streamer.
    #[sqlx(try_from = "String")]
    pub twitch_user_id: TwitchUserId,
    /// Twitch's id of the stream.
    #[sqlx(try_from = "String")]
    pub stream_id: StreamId,
    /// When it began, by Twitch.
    pub started_at: OffsetDateTime,
    /// When it ended, as far as we know.
    pub ended_at: Option<OffsetDateTime>,
    /// When a comparison first said otherwise; `None` when the last one agreed.
    pub contradicted_at: Option<OffsetDateTime>,
}

/// The sessions that a list of these streams may contradict: the open ones, the listed ones, and the
/// newest of each streamer.
pub async fn compared(
    db: impl PgExecutor<'_>,
    streamers: &[TwitchUserId],
    listed: &[&StreamId],
) -> sqlx::Result<Vec<Compared>> {
    sqlx::query_as(
        // Three ways in, each with an index of its own; `union` drops what is found twice.
        "with found as (
           select session_id from stream_sessions where ended_at is null and twitch_user_id = any($1)
           union
           select session_id from stream_sessions where twitch_user_id = any($1) and stream_id = any($2)
           union
           select newest.session_id from unnest($1::text[]) as streamer(id)
           cross join lateral (
             select session_id from stream_sessions where twitch_user_id = streamer.id
             order by started_at desc limit 1) newest
         )
         select session_id, twitch_user_id, stream_id, started_at, ended_at, contradicted_at
         from found join stream_sessions using (session_id)",
    )
    .bind(streamers.iter().map(TwitchUserId::as_str).collect::<Vec<_>>())
    .bind(listed.iter().map(|id| id.as_str()).collect::<Vec<_>>())
    .fetch_all(db)
    .await
}

/// Remembers since when sessions are contradicted, and that others no longer are.
pub async fn set_contradicted(
    db: impl PgExecutor<'_>,
    contradicted: &[SessionId],
    confirmed: &[SessionId],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let ids = |all: &[SessionId]| all.iter().map(|id| id.0).collect::<Vec<_>>();
    sqlx::query(
        "update stream_sessions
         set contradicted_at = case when session_id = any($1) then coalesce(contradicted_at, $3) end
         where session_id = any($1) and contradicted_at is null
            or session_id = any($2) and contradicted_at is not null",
    )
    .bind(ids(contradicted))
    .bind(ids(confirmed))
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}
