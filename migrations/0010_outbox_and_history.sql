-- The outbox apart from the history; and turns by which streams and servers share the pace.

-- Which partitions there are, and of which time.
create table partitions (
  name     text        constraint partitions_pkey primary key,
  parent   text        not null,
  until_at timestamptz not null -- exclusive
);
create index partitions_parent_idx on partitions (parent, until_at);

-- ---- deliveries ----

alter table notification_log rename to delivery_history_before;
alter table delivery_history_before rename constraint notification_log_pkey to delivery_history_before_pkey;
alter table delivery_history_before rename constraint notification_log_once_key to delivery_history_before_once_key;
alter table delivery_history_before drop constraint notification_log_session_fkey;
alter table delivery_history_before drop constraint notification_log_destination_fkey;
alter table delivery_attempts drop constraint delivery_attempts_delivery_fkey;
drop index notification_log_due_idx;
drop index notification_log_session_idx;
alter index notification_log_streamer_idx rename to delivery_history_before_streamer_idx;
alter index notification_log_status_idx rename to delivery_history_before_status_idx;
alter index notification_log_history_idx rename to delivery_history_before_guild_idx;

-- Small: pending deliveries, and those of streams that are live or have ended a day ago at most.
-- The name and its constraints stay, since the version before goes on using them.
create table notification_log (
  like delivery_history_before including defaults including constraints,
  constraint notification_log_pkey primary key (delivery_id),
  constraint notification_log_once_key unique (session_id, destination_id, kind),
  constraint notification_log_destination_fkey foreign key (destination_id) references destinations on delete set null,
  constraint notification_log_session_fkey foreign key (session_id) references stream_sessions on delete cascade
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table notification_log drop constraint notification_log_bound_check;
-- Claiming, stream by stream: those not tried yet in their turns, then those to try again, then lost ones.
create index notification_log_fresh_idx on notification_log (session_id, priority, turn, shuffle)
  where status = 'pending' and attempts = 0;
create index notification_log_again_idx on notification_log (session_id, priority, due_at)
  where status = 'pending' and attempts > 0;
create index notification_log_lease_idx on notification_log (due_at) where status = 'sending';
create index notification_log_guild_idx on notification_log (guild_id, delivery_id desc);
create index notification_log_streamer_idx on notification_log (guild_id, streamer_id, delivery_id desc);
-- Removing a destination looks for its rows.
create index notification_log_destination_idx on notification_log (destination_id);

-- Only grows: what is settled, long after its stream has ended; tests.
create table delivery_history (like delivery_history_before including defaults) partition by range (delivery_id);
alter table delivery_history add constraint delivery_history_pkey primary key (delivery_id);
create index delivery_history_guild_idx on delivery_history (guild_id, delivery_id desc);
create index delivery_history_status_idx on delivery_history (guild_id, status, delivery_id desc);
create index delivery_history_streamer_idx on delivery_history (guild_id, streamer_id, delivery_id desc);

-- ---- attempts ----

alter table delivery_attempts rename to delivery_attempts_before;
alter table delivery_attempts_before rename constraint delivery_attempts_pkey to delivery_attempts_before_pkey;
create table delivery_attempts (
  like delivery_attempts_before including defaults,
  constraint delivery_attempts_pkey primary key (delivery_id, attempt)
) partition by range (delivery_id);

do $$
declare
  bound_at timestamptz := date_trunc('month', now()) + interval '2 months';
  bound uuid;
begin
  -- As 0008 has set it, which may have been in the month before.
  select substring(pg_get_constraintdef(oid) from '''([0-9a-f-]{36})''')::uuid into bound
  from pg_constraint where conname = 'notification_log_bound_check';
  bound_at := to_timestamp(('x' || lpad(substr(replace(bound::text, '-', ''), 1, 12), 16, '0'))::bit(64)::bigint / 1000);
  execute format('alter table delivery_history attach partition delivery_history_before
    for values from (minvalue) to (%L)', bound);
  execute format('alter table delivery_attempts attach partition delivery_attempts_before
    for values from (minvalue) to (%L)', bound);
  insert into partitions values
    ('delivery_history_before', 'delivery_history', bound_at),
    ('delivery_attempts_before', 'delivery_attempts', bound_at);
end $$;
alter table delivery_history_before drop constraint notification_log_bound_check;
alter table delivery_attempts_before drop constraint delivery_attempts_bound_check;
-- Nothing is ever lost for want of a partition.
create table delivery_history_rest partition of delivery_history default;
create table delivery_attempts_rest partition of delivery_attempts default;

with moved as (
  delete from delivery_history_before n
  where n.status in ('pending', 'sending')
     or exists (select from stream_sessions s where s.session_id = n.session_id
                and (s.ended_at is null or s.ended_at > now() - interval '26 hours'))
  returning n.*
)
insert into notification_log select * from moved;

-- Every delivery, wherever it is.
create view deliveries as
  select * from notification_log union all select * from delivery_history;

-- ---- turns ----

-- Virtual time, in deliveries, by which a lane's streams take turns (start-time fair queueing): docs/adr/0006.
create table outbox_lanes (
  lane  smallint constraint outbox_lanes_pkey primary key, -- 0: new messages, 1: edits
  clock bigint   not null default 0 -- the start tag of the delivery claimed last
) with (fillfactor = 20);
insert into outbox_lanes (lane) values (0), (1);

-- How many deliveries have come to an end, ever: what lies between two readings took its time at our own pace.
create table outbox_progress (
  only_row boolean constraint outbox_progress_pkey primary key default true
           constraint outbox_progress_only_row_check check (only_row),
  settled  bigint  not null default 0,
  ring_at  timestamptz -- when the doorbell rings for what is due later
) with (fillfactor = 20);
insert into outbox_progress default values;

-- The streams that have something to deliver.
create table outbox_flows (
  session_id uuid     not null,
  lane       smallint not null
             constraint outbox_flows_lane_fkey references outbox_lanes,
  served     bigint   not null default 0, -- the start tag of its next delivery, unless the lane's clock is past it
  waiting    integer  not null default 0, -- about how many have not been tried yet
  version    integer  not null default 0, -- grows whenever deliveries are added
  constraint outbox_flows_pkey primary key (session_id, lane)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
insert into outbox_flows (session_id, lane, waiting)
  select session_id, priority, count(*) filter (where attempts = 0) from notification_log
  where status in ('pending', 'sending') and session_id is not null group by 1, 2;

-- ---- events ----

-- How often Twitch was asked for an enrichment's details; waiting for other deliveries does not count.
alter table stream_events add column looks integer not null default 0;
-- Something has changed since the first chunk: one more round follows.
alter table stream_events add column again boolean not null default false;

-- ---- webhook ids ----

alter table webhook_messages rename to webhook_messages_before;
alter table webhook_messages_before rename constraint webhook_messages_pkey to webhook_messages_before_pkey;
create table webhook_messages (
  message_id  text        not null,
  received_at timestamptz not null,
  received_on date        not null default (now() at time zone 'utc')::date,
  constraint webhook_messages_pkey primary key (message_id, received_on)
) partition by range (received_on);
create table webhook_messages_rest partition of webhook_messages default;
-- Twitch's replay window is 10 minutes.
insert into webhook_messages
  select message_id, received_at, (received_at at time zone 'utc')::date from webhook_messages_before
  where received_at > now() - interval '1 hour';
drop table webhook_messages_before;
