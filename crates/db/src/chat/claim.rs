//! Claiming lines: what Twitch lets each account say, in fair turns over channels.
//!
//! Twitch counts what an account sends within 30 seconds: 20 where it does not moderate, 100 where it does. Whether
//! the latter count for the former is disputed; here they do, so that there is one window for both. A line is in the
//! window from its claim until 32 seconds after its answer, since nobody knows when in between Twitch has counted it.

use crate::Pool;
use sm_types::TwitchUserId;
use sqlx::{AssertSqlSafe, PgExecutor};
use std::sync::LazyLock;
use time::Duration;
use uuid::Uuid;

/// Lines of an account within [`WINDOW_S`], where it does not moderate; one below Twitch's 20.
const LIMIT: i64 = 19;
/// The same where it does; one below Twitch's 100.
const LIMIT_AS_MODERATOR: i64 = 99;
/// Twitch's 30 seconds, and how far our clock and the way to Twitch may differ.
const WINDOW_S: &str = "interval '32 seconds'";
/// Within this time Twitch drops what was just said; with the same margin.
const REPEAT_WINDOW_S: &str = "interval '32 seconds'";

/// How much to claim.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// How long others keep off; longer than a request may take.
    pub lease: Duration,
    /// Lines at most.
    pub limit: i64,
}

/// A line to be said now.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueLine {
    pub send_id: Uuid,
    #[sqlx(rename = "twitch_user_id", try_from = "String")]
    pub channel: TwitchUserId,
    /// As whom.
    #[sqlx(rename = "bot_id", try_from = "String")]
    pub bot: TwitchUserId,
    pub text: String,
    pub reply_to: Option<String>,
    /// Claims so far, this one included.
    pub attempts: i32,
    /// Whether the bot moderates there.
    pub is_moderator: bool,
    /// How slow the channel is believed to be, in milliseconds.
    pub slow_ms: i32,
    /// How often the same text was said there lately.
    pub repeats: i64,
    /// Whether a text that was just said is left out instead of varied.
    pub drops_repeats: bool,
    /// Whether the line waited since before the worker could take it up, in milliseconds.
    pub waited_ms: i64,
}

/// What a claim has found besides lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settled {
    /// Lines that came too late.
    pub late: i64,
    /// Those of channels in which nothing may be said now.
    pub paused: i64,
    /// Those whose worker has not come back.
    pub unknown: i64,
}

/// Channels with lines that wait, by index from one to the next.
const FLOWS: &str = "with recursive flows (id) as (
       (select twitch_user_id from chat_sends where state = 'queued' order by twitch_user_id limit 1)
       union all
       select (select twitch_user_id from chat_sends where state = 'queued' and twitch_user_id > f.id
               order by twitch_user_id limit 1)
       from flows f where f.id is not null
     ), waiting as materialized (
       select c.twitch_user_id, coalesce(c.bot_id, (select bot_id from chat_accounts where is_service)) as bot_id,
         b.drops_repeats
       from flows f join chat_channels c on c.twitch_user_id = f.id
       left join chat_books b on b.twitch_user_id = f.id
     )";

static LOCK: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{FLOWS}
         select bot_id from chat_accounts where bot_id in (select bot_id from waiting) order by bot_id for update"
    )
});

/// What can be said by nobody any more.
const SETTLE: &str = "with lost as (
       update chat_sends set reason = 'no_answer', spent_at = clock_timestamp(),
         state = case when message_id is null then 'unknown' else 'sent' end
       where state = 'sending' and due_at <= clock_timestamp() returning message_id
     ), useless as (
       update chat_sends s set state = 'dropped', reason = case
         when s.expires_at <= clock_timestamp() then 'late' else 'paused' end
       from chat_paces p where p.twitch_user_id = s.twitch_user_id and s.state = 'queued'
         and (s.expires_at <= clock_timestamp() or p.paused_until > clock_timestamp())
       returning s.reason
     )
     select (select count(*) from useless where reason = 'late'),
       (select count(*) from useless where reason = 'paused'), (select count(*) from lost where message_id is null)";

static CLAIM: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{FLOWS}, accounts as materialized (
           select a.bot_id,
             (select count(*) from chat_sends s where s.bot_id = a.bot_id and s.state = 'sending') as under_way,
             (select count(*) from chat_sends s where s.bot_id = a.bot_id and s.state <> 'sending'
              and s.spent_at > clock_timestamp() - {WINDOW_S}) as spent,
             exists (select from chat_sends s join chat_paces p using (twitch_user_id)
                     where s.bot_id = a.bot_id and s.state = 'sending' and not p.is_moderator) as guarded,
             -- When so few are left in the window that a line may go where the account does not moderate.
             (select s.spent_at + {WINDOW_S} from chat_sends s where s.bot_id = a.bot_id and s.spent_at is not null
              order by s.spent_at desc offset {LIMIT} - 1 limit 1) as low_at
           from chat_accounts a where a.state = 'ready' and a.bot_id in (select bot_id from waiting)
         ), heads as materialized (
           select w.*, h.send_id, h.expires_at, p.is_moderator, p.served_at,
             case when p.slow_until > clock_timestamp() then p.slow_ms else 0 end as slow_ms
           from waiting w join chat_paces p using (twitch_user_id)
           cross join lateral (
             select s.send_id, s.due_at, s.expires_at from chat_sends s
             where s.twitch_user_id = w.twitch_user_id and s.state = 'queued' order by s.queued_at, s.part limit 1) h
           where h.due_at <= clock_timestamp() and p.free_at <= clock_timestamp()
             -- One after the other, so that they stand in chat as they were meant.
             and not exists (select from chat_sends x where x.twitch_user_id = w.twitch_user_id and x.state = 'sending')
         ), able as (
           -- Whoever waits in vain holds nobody up.
           select h.*, a.under_way + a.spent as used, a.guarded from heads h join accounts a using (bot_id)
           where h.is_moderator or a.low_at is null or h.expires_at > a.low_at
         ), ranked as (
           select *, row_number() over (partition by bot_id order by served_at, send_id) as place,
             -- While a line waits or is on its way where the account does not moderate, the smaller limit holds for
             -- all: nobody knows in which order they arrive.
             case when guarded or bool_or(not is_moderator) over (partition by bot_id)
                  then {LIMIT} else {LIMIT_AS_MODERATOR} end as most
           from able
         ), chosen as materialized (
           select * from ranked where used + place <= most order by served_at, send_id limit $2
         ), claimed as (
           update chat_sends s set state = 'sending', bot_id = c.bot_id, attempts = s.attempts + 1,
             due_at = clock_timestamp() + make_interval(secs => $1), spent_at = null
           from chosen c where s.send_id = c.send_id and s.state = 'queued'
           returning s.*
         ), served as (
           update chat_paces p set served_at = clock_timestamp() from claimed c
           where p.twitch_user_id = c.twitch_user_id
         )
         select s.send_id, s.twitch_user_id, s.bot_id, s.text, s.reply_to, s.attempts, c.is_moderator, c.slow_ms,
           coalesce(c.drops_repeats, false) as drops_repeats,
           (select count(*) from chat_sends r where r.twitch_user_id = s.twitch_user_id and r.text = s.text
            and r.state in ('sent', 'unknown') and r.spent_at > clock_timestamp() - {REPEAT_WINDOW_S}) as repeats,
           (extract(epoch from clock_timestamp() - s.queued_at) * 1000)::bigint as waited_ms
         from claimed s join chosen c using (send_id)"
    )
});

/// Claims lines that may be said now, and settles those that may not be said any more.
///
/// The accounts are locked first, and what is in their windows is read by a statement of its own: one that has waited
/// for a lock does not see what was changed meanwhile.
pub async fn claim(pool: &Pool, claim: Claim) -> sqlx::Result<(Vec<DueLine>, Settled)> {
    let mut transaction = pool.begin().await?;
    sqlx::query(AssertSqlSafe(LOCK.as_str())).execute(&mut *transaction).await?;
    let (late, paused, unknown) =
        sqlx::query_as(AssertSqlSafe(SETTLE)).fetch_one(&mut *transaction).await?;
    let lines = sqlx::query_as(AssertSqlSafe(CLAIM.as_str()))
        .bind(claim.lease.as_seconds_f64())
        .bind(claim.limit)
        .fetch_all(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok((lines, Settled { late, paused, unknown }))
}

/// How many seconds until something is to be done; absent: nothing of the kind waits.
#[derive(Debug, Clone, Copy, Default, sqlx::FromRow)]
pub struct Outlook {
    /// Until a line may be said, as far as its channel is concerned, or is too late, or its worker has not come back.
    pub lines_s: Option<f64>,
    /// Until a viewer's line is to be deleted.
    pub deletions_s: Option<f64>,
    /// Until something that has happened is to be looked at.
    pub occasions_s: Option<f64>,
}

/// What there is to do, in one round trip.
pub async fn outlook(db: impl PgExecutor<'_>) -> sqlx::Result<Outlook> {
    static OUTLOOK: LazyLock<String> = LazyLock::new(|| {
        format!(
            "{FLOWS}, moments (lines, deletions, occasions) as (
               select least(
                   (select min(least(h.expires_at, greatest(h.due_at, p.free_at)))
                    from waiting w join chat_paces p using (twitch_user_id)
                    cross join lateral (
                      select s.due_at, s.expires_at from chat_sends s
                      where s.twitch_user_id = w.twitch_user_id and s.state = 'queued'
                      order by s.queued_at, s.part limit 1) h),
                   (select min(due_at) from chat_sends where state = 'sending')),
                 (select min(due_at) from chat_deletions where state = 'queued'),
                 (select min(due_at) from chat_occasions)
             )
             select extract(epoch from lines - clock_timestamp())::float8 as lines_s,
               extract(epoch from deletions - clock_timestamp())::float8 as deletions_s,
               extract(epoch from occasions - clock_timestamp())::float8 as occasions_s
             from moments"
        )
    });
    sqlx::query_as(AssertSqlSafe(OUTLOOK.as_str())).fetch_one(db).await
}
