-- The outbox becomes small: what is settled moves to a history that is partitioned by month. This table, as it is
-- now, becomes the history's first partition (0010). The bound is checked first, without holding anybody up (0009),
-- so that attaching it takes no look at its rows.

-- The smallest UUID of version 7 that can be made at a moment or later: ids tell months apart.
create function uuid_at(at timestamptz) returns uuid language sql stable parallel safe as $$
  select rpad(lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0'), 32, '0')::uuid
$$;

-- The turn of a server's destination: a server's second channel comes after everybody's first.
alter table notification_log add column turn smallint not null default 0;
-- How many deliveries had been settled when this one was queued; what was settled since is our own pace.
alter table notification_log add column queued_behind bigint;

do $$
declare
  -- At least a month ahead: the version that runs now goes on inserting.
  bound uuid := uuid_at(date_trunc('month', now()) + interval '2 months');
begin
  execute format('alter table notification_log add constraint notification_log_bound_check
    check (delivery_id < %L) not valid', bound);
  execute format('alter table delivery_attempts add constraint delivery_attempts_bound_check
    check (delivery_id < %L) not valid', bound);
end $$;
