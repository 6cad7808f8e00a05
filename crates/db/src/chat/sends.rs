//! The chat's outbox: what is put into it, and what became of it.

use sm_types::TwitchUserId;
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Lines of one channel that wait at most; what more is asked for would come too late.
pub const MAX_QUEUED: i64 = 40;

/// Lines to be said for one cause.
#[derive(Debug, Clone, Copy)]
pub struct NewLines<'a> {
    pub channel: &'a TwitchUserId,
    /// What they answer; the same cause is answered once.
    pub cause: &'a str,
    /// One to three lines, as they are to be said.
    pub lines: &'a [String],
    /// The line that the first of them replies to.
    pub reply_to: Option<&'a str>,
    pub command_id: Option<Uuid>,
    /// From now on; then it is too late.
    pub lasts: Duration,
}

/// What became of lines that were to be put into the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queued {
    Queued,
    /// The cause was answered before.
    Before,
    /// The bot is not there.
    NotThere,
    /// Too many wait.
    Full,
}

/// Puts lines into the outbox.
pub async fn queue(db: impl PgExecutor<'_>, new: &NewLines<'_>) -> sqlx::Result<Queued> {
    let (is_on, has_room, added): (bool, bool, i64) = sqlx::query_as(
        "with channel as materialized (
           select twitch_user_id, (select count(*) from chat_sends s where s.twitch_user_id = c.twitch_user_id
                                   and s.state = 'queued') < $7 as has_room
           from chat_channels c where twitch_user_id = $1 and state = 'on'
         ), added as (
           insert into chat_sends (twitch_user_id, cause, part, command_id, text, reply_to, expires_at)
           select $1, $2, l.part - 1, $3, l.text, case l.part when 1 then $4 end,
             clock_timestamp() + make_interval(secs => $5)
           from channel, unnest($6::text[]) with ordinality as l (text, part)
           where has_room order by l.part
           on conflict on constraint chat_sends_cause_key do nothing
           returning 1
         )
         select exists (select from channel), exists (select from channel where has_room),
           (select count(*) from added)",
    )
    .bind(new.channel.as_str())
    .bind(new.cause)
    .bind(new.command_id)
    .bind(new.reply_to)
    .bind(new.lasts.as_seconds_f64())
    .bind(new.lines)
    .bind(MAX_QUEUED)
    .fetch_one(db)
    .await?;
    Ok(match (is_on, has_room, added) {
        (false, ..) => Queued::NotThere,
        (_, false, _) => Queued::Full,
        (_, _, 0) => Queued::Before,
        _ => Queued::Queued,
    })
}

/// What became of a line that was being sent.
#[derive(Debug, Clone)]
pub struct Record {
    pub send_id: Uuid,
    /// The claim that it belongs to.
    pub attempt: i32,
    pub outcome: Outcome,
    /// What was said, where it was not the text.
    pub said: Option<String>,
    /// How long the channel is spared.
    pub gap: Duration,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Sent {
        message_id: String,
    },
    Dropped {
        reason: String,
        detail: String,
    },
    Unknown {
        reason: &'static str,
    },
    /// It is tried again after a wait, unless that is too late; without the line that it replies to, if that cannot be
    /// answered.
    Again {
        wait: Duration,
        reason: String,
        without_reply: bool,
    },
}

/// Records what became of a line. One that another worker has taken over changes nothing.
pub async fn record(db: impl PgExecutor<'_>, record: &Record) -> sqlx::Result<()> {
    let (state, reason, detail, message_id) = match &record.outcome {
        Outcome::Sent { message_id } => ("sent", None, None, Some(message_id.as_str())),
        Outcome::Dropped { reason, detail } => {
            ("dropped", Some(reason.as_str()), Some(detail.as_str()), None)
        }
        Outcome::Unknown { reason } => ("unknown", Some(*reason), None, None),
        Outcome::Again { reason, .. } => ("queued", Some(reason.as_str()), None, None),
    };
    let (wait, without_reply) = match &record.outcome {
        Outcome::Again { wait, without_reply, .. } => (wait.as_seconds_f64(), *without_reply),
        _ => (0.0, false),
    };
    sqlx::query(
        "with line as (
           update chat_sends set reason = $4, detail = $5, message_id = coalesce($6, message_id), said = $7,
             -- Seen already: nobody needs the answer.
             state = case when $3 = 'unknown' and message_id is not null then 'sent' else $3 end,
             reply_to = case when $9 then null else reply_to end, spent_at = clock_timestamp(),
             due_at = clock_timestamp() + make_interval(secs => $8)
           where send_id = $1 and attempts = $2 and state = 'sending'
           returning twitch_user_id
         )
         update chat_paces p set free_at = greatest(p.free_at, clock_timestamp() + make_interval(secs => $10)),
           pauses = case when $3 = 'sent' then 0 else pauses end
         from line where p.twitch_user_id = line.twitch_user_id",
    )
    .bind(record.send_id)
    .bind(record.attempt)
    .bind(state)
    .bind(reason)
    .bind(detail)
    .bind(message_id)
    .bind(record.said.as_deref())
    .bind(wait)
    .bind(without_reply)
    .bind(record.gap.as_seconds_f64())
    .execute(db)
    .await?;
    Ok(())
}

/// Says nothing in a channel for a while: `first`, doubled with each pause in a row, `longest` at most.
pub async fn pause(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    reason: &str,
    first: Duration,
    longest: Duration,
) -> sqlx::Result<()> {
    sqlx::query(
        "update chat_paces set pauses = pauses + 1, pause_reason = $2, paused_until = greatest(paused_until,
           clock_timestamp() + make_interval(secs => least($4, $3 * power(2, least(pauses, 20)))))
         where twitch_user_id = $1",
    )
    .bind(channel.as_str())
    .bind(reason)
    .bind(first.as_seconds_f64())
    .bind(longest.as_seconds_f64())
    .execute(db)
    .await?;
    Ok(())
}

/// Learns that a channel is slower than was believed: twice as slow, for some minutes. How slow it is now.
pub async fn learn_slow_mode(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
) -> sqlx::Result<Duration> {
    let slow: Option<i32> = sqlx::query_scalar(
        "update chat_paces set slow_until = clock_timestamp() + interval '10 minutes',
           slow_ms = case when slow_until > clock_timestamp() then least(120000, greatest(3000, slow_ms * 2)) else 3000 end,
           free_at = greatest(free_at, clock_timestamp() + interval '3 seconds')
         where twitch_user_id = $1 returning slow_ms",
    )
    .bind(channel.as_str())
    .fetch_optional(db)
    .await?;
    Ok(Duration::milliseconds(i64::from(slow.unwrap_or(0))))
}

/// A line of the bot's own was heard in chat. Whether it is one of ours: its id is known, or is about to be.
///
/// One that nobody knew anything of is known by its text: it was said.
pub async fn seen(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    message_id: &str,
    text: &str,
    is_moderator: bool,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "with seen as (
           update chat_sends set seen_at = clock_timestamp() where message_id = $2 and seen_at is null returning 1
         ), found as (
           update chat_sends set message_id = $2, seen_at = clock_timestamp(),
             -- The event may overtake the answer.
             state = case state when 'unknown' then 'sent' else state end
           where send_id = (select send_id from chat_sends where twitch_user_id = $1 and state in ('unknown', 'sending')
                              and message_id is null and starts_with($3, text)
                              and queued_at > clock_timestamp() - interval '2 minutes'
                              and not exists (select from chat_sends where message_id = $2)
                            order by queued_at limit 1)
           returning 1
         ), moderator as (
           update chat_paces set is_moderator = $4 where twitch_user_id = $1 and is_moderator <> $4
         )
         select exists (select from found) or exists (select from chat_sends where message_id = $2)",
    )
    .bind(channel.as_str())
    .bind(message_id)
    .bind(text)
    .bind(is_moderator)
    .fetch_one(db)
    .await
}

/// A line of the outbox, for people.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Sent {
    pub send_id: Uuid,
    pub cause: String,
    pub part: i16,
    pub command_id: Option<Uuid>,
    pub text: String,
    pub said: Option<String>,
    pub state: String,
    pub reason: Option<String>,
    pub detail: Option<String>,
    pub attempts: i32,
    pub queued_at: OffsetDateTime,
    pub spent_at: Option<OffsetDateTime>,
    pub message_id: Option<String>,
    pub seen_at: Option<OffsetDateTime>,
}

/// A channel's lines, the latest first, from before one of them.
pub async fn list(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    before: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<Sent>> {
    sqlx::query_as(
        "select send_id, cause, part, command_id, text, said, state, reason, detail, attempts, queued_at, spent_at,
           message_id, seen_at
         from chat_sends where twitch_user_id = $1 and ($2::uuid is null or send_id < $2)
         order by send_id desc limit $3",
    )
    .bind(channel.as_str())
    .bind(before)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// For how many seconds the oldest line, or what one is to be said to, has waited.
pub async fn oldest_queued_s(db: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    let age: Option<f64> = sqlx::query_scalar(
        "select extract(epoch from clock_timestamp() - least(
           (select min(queued_at) from chat_sends where state = 'queued'),
           (select min(due_at) from chat_occasions)))::float8",
    )
    .fetch_one(db)
    .await?;
    Ok(age.map_or(0, |age| age.max(0.0) as i64))
}
