with outcome as (
  select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
    $7::text[], $8::text[], $9::bigint[], $10::int[], $11::int[], $12::int[], $13::smallint[],
    $14::int[], $15::bigint[], $16::timestamptz[], $17::timestamptz[], $18::timestamptz[],
    $19::timestamptz[])
  as o (delivery_id, attempt, status, reason, detail, due_at, variant, action, message_id, opt_outs,
    unhonoured_opt_outs, unlisted_members, http_status, discord_code, retry_after_ms, claimed_at,
    sent_at, answered_at, message_created_at)
), attempt as (
  insert into delivery_attempts (delivery_id, attempt, outcome, http_status, discord_code, retry_after_ms,
    claimed_at, sent_at, answered_at, message_created_at)
  select delivery_id, attempt, coalesce(reason, status), http_status, discord_code, retry_after_ms,
    claimed_at, sent_at, answered_at, message_created_at
  from outcome
  on conflict on constraint delivery_attempts_pkey do nothing
)
update notification_log n
set status = o.status, reason = o.reason, detail = o.detail, due_at = coalesce(o.due_at, n.due_at),
    variant = o.variant, action = o.action, message_id = coalesce(o.message_id, n.message_id),
    opt_outs = o.opt_outs, unhonoured_opt_outs = o.unhonoured_opt_outs,
    unlisted_members = o.unlisted_members,
    sent_at = case when o.status = 'sent' then coalesce(o.sent_at, $20) else n.sent_at end,
    finished_at = case when o.status <> 'pending' then $20 end
from outcome o
where n.delivery_id = o.delivery_id and n.status = 'sending' and n.attempts = o.attempt
