//! Claiming deliveries so that streams, and below them servers, share the pace fairly: docs/adr/0006.
//!
//! Each stream with something to deliver is a *flow* per lane (new messages, edits). A flow carries the start tag
//! of its next delivery, in deliveries served; the claim takes the smallest tags and moves the lane's clock to the
//! largest it took. A flow that comes newly, or had nothing due for a while, begins at the clock: it neither waits
//! behind what others have queued nor catches up on what it did not use.

use super::deliveries::DueDelivery;
use sm_types::{
    DeliveryId, SessionId,
    announcement::{Action, Kind, Variant},
};
use sqlx::{AssertSqlSafe, PgExecutor};
use std::sync::LazyLock;
use time::OffsetDateTime;

/// What and how much to claim.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// The time now.
    pub now: OffsetDateTime,
    /// Until when others keep off.
    pub lease_until: OffsetDateTime,
    /// Deliveries at most.
    pub limit: i64,
    /// So many of them are edits, if as many are due; more only where new messages leave room.
    pub edits: i64,
    /// What a delivery takes of our own pace, in seconds; what this adds up to does not make one late.
    pub seconds_each: f64,
}

/// Rows of kinds that this version does not know are left to the version that does.
///
/// A `case`, since the planner takes it for half of the rows. While a table has no statistics yet, three conditions
/// look as if hardly a row would meet them: then all leases that ever ran out are collected and sorted.
fn known() -> String {
    let list = |values: &[&str]| values.join("', '");
    format!(
        "case when n.kind in ('{}') and n.action in ('{}') and n.variant in ('{}') then true end",
        list(Kind::KNOWN),
        list(Action::KNOWN),
        list(Variant::KNOWN)
    )
}

/// Waits in flow `f`, not for a channel that Discord has asked to spare; `attempts` tells fresh from tried.
fn waiting(attempts: &str) -> String {
    format!(
        "n.session_id = f.session_id and n.priority = f.lane and n.status = 'pending' and n.attempts {attempts}
         and {known}
         and not exists (select from discord_gate g where g.key = 'channel:' || n.channel_id
                         and g.blocked_until > clock_timestamp())",
        known = known()
    )
}

/// The same, and is due now.
fn due(attempts: &str) -> String {
    format!("{} and n.due_at <= (select now from asked)", waiting(attempts))
}

static CLAIM: LazyLock<String> = LazyLock::new(|| {
    let (fresh, tried, known) = (due("= 0"), due("> 0"), known());
    format!(
        "with asked as materialized (
           -- Read from here, what is asked tells the planner nothing: it makes one plan and keeps it. With the values at
           -- hand it would plan each claim anew, which takes as long as to carry it out.
           select $1::timestamptz as now, $2::timestamptz as lease_until, $3::bigint as batch, $4::bigint as edits,
             $5::float8 as seconds_each
         ), lanes as materialized (
           -- One claim at a time: flows are then locked in no order that could meet another's.
           select lane, clock from outbox_lanes order by lane for update
         ), lost as materialized (
           -- Their worker has died: before anything else, they are oldest.
           select n.delivery_id, n.session_id, n.priority as lane from notification_log n
           where n.status = 'sending' and n.due_at <= (select now from asked) and {known}
           order by n.due_at limit (select batch from asked) for update skip locked
         ), flows as materialized (
           select l.lane, f.session_id, f.start from lanes l
           cross join lateral (
             select * from (
               select f.session_id, f.lane, greatest(f.served, l.clock) as start from outbox_flows f
               where f.lane = l.lane order by start, f.session_id offset 0) f
             -- No `exists`, and an order: else the planner may look through the whole outbox for the first that fits.
             where (select true from notification_log n where {tried} order by n.due_at limit 1)
                or (select true from notification_log n where {fresh} order by n.turn, n.shuffle limit 1)
             limit (select batch from asked)) f
         ), share as materialized (
           -- Of many flows none is looked into much deeper than its share: what is looked at is locked.
           select case when min(flows) > 4 then ceil(2 * batch::float8 / min(flows))::bigint + 1 else batch end as depth
           from asked, (select count(*) as flows from flows group by lane) counted group by batch
         ), candidates as (
           select f.lane, f.session_id, n.delivery_id,
             f.start + row_number() over (partition by f.lane, f.session_id
                                          order by n.step, n.due_at, n.turn, n.shuffle) - 1 as tag
           from flows f cross join lateral (
             select * from (
               select n.delivery_id, 0 as step, n.due_at, n.turn, n.shuffle from notification_log n
               where {tried} order by n.due_at limit (select depth from share) for update skip locked) tried
             union all
             select * from (
               select n.delivery_id, 1, null::timestamptz, n.turn, n.shuffle from notification_log n
               where {fresh} order by n.turn, n.shuffle limit (select depth from share) for update skip locked) fresh
           ) n
         ), ranked as materialized (
           select *, row_number() over (partition by lane order by tag, session_id) as place from candidates
         ), room as materialized (
           select total, least(c.edits, greatest(least(a.edits, total), total - messages)) as edits
           from asked a, lateral (select a.batch - (select count(*) from lost) as total) t,
             (select count(*) filter (where lane = 0) as messages, count(*) filter (where lane = 1) as edits
              from ranked) c
         ), chosen as materialized (
           select delivery_id, session_id, lane, null::bigint as tag from lost
           union all
           select delivery_id, session_id, r.lane, tag from ranked r, room
           where r.place <= case r.lane when 1 then room.edits else room.total - room.edits end
         ), claimed as (
           update notification_log n set status = 'sending', due_at = (select lease_until from asked),
             attempts = n.attempts + 1, first_claimed_at = coalesce(n.first_claimed_at, (select now from asked))
           -- An array, of which the planner expects few: a join might read the whole outbox. The second condition
           -- asks the same of each row, which makes reading all of an outbox look dear even while it is small.
           where n.delivery_id = any(array(select delivery_id from chosen))
             and (select true from chosen c where c.delivery_id = n.delivery_id)
           returning n.*
         ), served as (
           update outbox_flows f set served = greatest(f.served, s.start) + s.taken,
             waiting = greatest(0, f.waiting - s.fresh)
           from (select c.session_id, c.lane, min(c.tag) as start, count(*) as taken,
                        (count(*) filter (where n.attempts = 1))::int as fresh
                 from chosen c join claimed n using (delivery_id) group by c.session_id, c.lane) s
           where f.session_id = s.session_id and f.lane = s.lane
         ), moved as (
           update outbox_lanes l set clock = greatest(l.clock, c.tag)
           from (select lane, max(tag) as tag from chosen group by lane) c
           where l.lane = c.lane and c.tag is not null
         )
         select n.delivery_id, d.destination_id, n.guild_id, n.channel_id, n.kind, n.action, n.variant, n.attempts,
           n.first_claimed_at, n.message_id, n.received_at, d.degraded_reason, g.name as guild_name,
           g.status <> 'active' or exists (select from doubts x where x.kind = 'guild_left'
                                           and x.subject = n.guild_id::text) as guild_doubted,
           n.expires_at + make_interval(secs => (select seconds_each from asked) * greatest(0, coalesce(
             (select settled from outbox_progress) - n.queued_behind, 0))::float8) as expires_at,
           case when n.silent then 'none' else coalesce(d.mention, c.mention, 'none') end as mention, n.resends,
           case when d.mention is not null then d.mention_role_id else c.mention_role_id end as mention_role_id,
           coalesce(d.buttons, false) as buttons, coalesce(dt.message, gt.message)::text as template,
           s.session_id, s.started_at, s.ended_at, s.title, s.game_name, s.viewers, s.preview_at, s.vod_url,
           t.twitch_user_id, t.login, t.display_name, t.profile_image_url, t.language
         from claimed n
         join stream_sessions s using (session_id)
         join streamers t using (twitch_user_id)
         join guilds g on g.guild_id = n.guild_id
         left join guild_config c on c.guild_id = n.guild_id
         left join destinations d on d.destination_id = n.destination_id
         left join message_templates dt on dt.template_id = d.template_id
         left join message_templates gt on gt.template_id = c.template_id"
    )
});

/// Claims due deliveries: lost ones first, then in fair turns over streams, and within a stream over servers.
///
/// Channels that Discord has asked to spare are passed over.
pub async fn claim(db: impl PgExecutor<'_>, claim: &Claim) -> sqlx::Result<Vec<DueDelivery>> {
    sqlx::query_as(AssertSqlSafe(CLAIM.as_str()))
        .bind(claim.now)
        .bind(claim.lease_until)
        .bind(claim.limit)
        .bind(claim.edits)
        .bind(claim.seconds_each)
        .fetch_all(db)
        .await
}

static NEXT_DUE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select least(
           (select min(due_at) from notification_log n where status = 'sending' and {known}),
           -- What waits for a channel is looked for when Discord takes messages there again.
           (select $1 + (min(blocked_until) - clock_timestamp()) from discord_gate
            where key <> 'global' and blocked_until > clock_timestamp()),
           (select min(due_at) from outbox_flows f cross join lateral (
              (select n.due_at from notification_log n where {tried} order by n.due_at limit 1)
              union all
              (select n.due_at from notification_log n where {fresh} order by n.turn, n.shuffle limit 1)) n))",
        known = known(),
        tried = waiting("> 0"),
        fresh = waiting("= 0")
    )
});

/// When the next delivery can be claimed; `None` when none waits.
pub async fn next_due(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<OffsetDateTime>> {
    sqlx::query_scalar(AssertSqlSafe(NEXT_DUE.as_str())).bind(now).fetch_one(db).await
}

/// Lets a stream take turns, with so many deliveries more; after they were added, in the same transaction.
pub(super) async fn join_queue(
    db: impl PgExecutor<'_>,
    session: SessionId,
    lane: i16,
    added: i32,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into outbox_flows as f (session_id, lane, waiting, version) values ($1, $2, $3, 1)
         on conflict on constraint outbox_flows_pkey
         do update set waiting = f.waiting + excluded.waiting, version = f.version + 1",
    )
    .bind(session.0)
    .bind(lane)
    .bind(added)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes streams out of the turns that have nothing left to deliver.
pub async fn leave_queue(db: impl PgExecutor<'_>) -> sqlx::Result<u64> {
    let gone = sqlx::query(
        "delete from outbox_flows f using (
           select session_id, lane, version from outbox_flows f
           -- No `not exists`, and an order: as in `claim`.
           where (select true from notification_log n where n.session_id = f.session_id and n.priority = f.lane
                  and n.status = 'pending' and n.attempts = 0 order by n.turn, n.shuffle limit 1) is null
             and (select true from notification_log n where n.session_id = f.session_id and n.priority = f.lane
                  and n.status = 'pending' and n.attempts > 0 order by n.due_at limit 1) is null
             and (select true from notification_log n where n.session_id = f.session_id and n.priority = f.lane
                  and n.status = 'sending' order by n.due_at limit 1) is null) idle
         -- Whoever has added deliveries meanwhile has raised the version.
         where f.session_id = idle.session_id and f.lane = idle.lane and f.version = idle.version",
    );
    Ok(gone.execute(db).await?.rows_affected())
}

/// Lets every stream take turns that has something to deliver and was left out: what the version before has queued.
pub async fn rejoin_queue(db: impl PgExecutor<'_>) -> sqlx::Result<u64> {
    // From one stream to the next, by index: what waits is not read through.
    let streams = |name: &str, attempts: &str| {
        format!(
            "(select session_id, priority from notification_log
              where status = 'pending' and attempts {attempts} and session_id is not null
              order by session_id, priority limit 1)
             union all
             select next.* from {name} s cross join lateral (
               select session_id, priority from notification_log
               where status = 'pending' and attempts {attempts}
                 and (session_id, priority) > (s.session_id, s.priority)
               order by session_id, priority limit 1) next"
        )
    };
    let statement = format!(
        "with recursive fresh as ({fresh}), tried as ({tried}), left_out as (
           select * from (
             select * from fresh union select * from tried
             union select session_id, priority from notification_log
             where status = 'sending' and session_id is not null) s
           where not exists (select from outbox_flows f where f.session_id = s.session_id and f.lane = s.priority)
         )
         insert into outbox_flows (session_id, lane, waiting)
         select session_id, priority, (select count(*) from notification_log n
           where n.session_id = l.session_id and n.priority = l.priority and n.status = 'pending' and n.attempts = 0)
         from left_out l
         on conflict on constraint outbox_flows_pkey do nothing",
        fresh = streams("fresh", "= 0"),
        tried = streams("tried", "> 0"),
    );
    Ok(sqlx::query(AssertSqlSafe(statement)).execute(db).await?.rows_affected())
}

/// Takes it on to ring the doorbell at a moment; false when somebody rings soon enough already.
///
/// Without this, every worker that finds something due later would add a ring of its own, and each of those another.
pub async fn plan_ring(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
    at: OffsetDateTime,
) -> sqlx::Result<bool> {
    let planned = sqlx::query(
        "update outbox_progress set ring_at = $2 where ring_at is null or ring_at <= $1 or ring_at > $2",
    );
    Ok(planned.bind(now).bind(at).execute(db).await?.rows_affected() == 1)
}

/// Where a delivery stands in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Position {
    /// 0 for new messages, 1 for edits.
    pub lane: i16,
    /// About how many go before it, over all streams.
    pub ahead: i64,
    /// Whether the other lane waits as well and takes its share of the pace.
    pub shared: bool,
}

/// Where a pending delivery stands in the queue, about; `None` when it does not wait there.
///
/// Of its own stream those with earlier turns go before it, of every other stream at most as many.
pub async fn position(
    db: impl PgExecutor<'_>,
    delivery: DeliveryId,
) -> sqlx::Result<Option<Position>> {
    sqlx::query_as(
        "with mine as (
           select n.session_id, n.priority as lane, n.turn, n.shuffle, n.attempts from notification_log n
           where n.delivery_id = $1 and n.status = 'pending'
         ), own as (
           select m.*, greatest(f.served, l.clock) as start, case when m.attempts > 0 then 0 else
             (select count(*) from notification_log n
              where n.session_id = m.session_id and n.priority = m.lane and n.status = 'pending' and n.attempts = 0
                and (n.turn, n.shuffle) < (m.turn, m.shuffle)) end as before
           from mine m
           join outbox_flows f on f.session_id = m.session_id and f.lane = m.lane
           join outbox_lanes l on l.lane = m.lane
         )
         select own.lane, own.before + coalesce((
             select sum(least(f.waiting, greatest(0, own.before + own.start - greatest(f.served, l.clock))))
             from outbox_flows f join outbox_lanes l using (lane)
             where f.lane = own.lane and f.session_id <> own.session_id), 0)::bigint as ahead,
           exists (select from outbox_flows f where f.lane <> own.lane and f.waiting > 0) as shared
         from own",
    )
    .bind(delivery.0)
    .fetch_optional(db)
    .await
}
