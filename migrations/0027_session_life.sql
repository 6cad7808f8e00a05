-- The life of a session: how many watched it, what its messages show, and in a lane of its own what keeps them fresh.

alter table stream_sessions
  -- By the comparisons with Get Streams, or the second look while there was none.
  add column viewers_peak      integer,
  add column viewers_sum       bigint  not null default 0,
  add column viewers_samples   integer not null default 0,
  add column sampled_at        timestamptz,
  -- Those that messages were edited to show last.
  add column viewers_shown     integer,
  -- Which category since when: [{"name": "Art", "at": 1767225600}, …]; `name` may be null.
  add column categories        jsonb   not null default '[]';

alter table stream_events drop constraint stream_events_kind_check;
alter table stream_events add constraint stream_events_kind_check
  check (kind in ('online', 'enrich', 'update', 'refresh', 'offline', 'recording', 'removal'));

alter table notification_log drop constraint notification_log_kind_check;
alter table notification_log add constraint notification_log_kind_check
  check (kind in ('online', 'enrich', 'update', 'refresh', 'offline', 'recording', 'removal', 'test'));
-- A digest of what Discord has taken, but for the picture; and since when that picture is fresh.
-- Rows move to the history as they are: both have the same columns in the same order.
alter table notification_log add column shown bigint, add column shown_preview_at timestamptz;
alter table delivery_history add column shown bigint, add column shown_preview_at timestamptz;

-- Refreshes: after everything else.
insert into outbox_lanes (lane) values (2);

-- Discord's type of a channel that messages are edited in.
create table channel_types (
  channel_id bigint      constraint channel_types_pkey primary key,
  type       smallint    not null,
  seen_at    timestamptz not null
);
create index channel_types_seen_idx on channel_types (seen_at);
