-- What the chat bot says and does by itself: timers, thanks, announcements, lines that filters delete.

-- What is said when something happens, by kind; empty: nothing.
alter table chat_books add column events jsonb not null default '{}';

-- Lines of others that were heard; counted only where timers want to know.
alter table chat_paces add column heard bigint not null default 0;
-- Filters delete nothing until then, and why.
alter table chat_paces add column filters_wait_until timestamptz not null default '-infinity';
alter table chat_paces add column filters_wait_reason text;

-- Lines that are said every so often while a channel is live.
create table chat_timers (
  timer_id       uuid        not null default uuid_v7() constraint chat_timers_pkey primary key,
  twitch_user_id text        not null
                 constraint chat_timers_channel_fkey references chat_channels on delete cascade,
  name           text        not null,
  -- Sources of templates, which take turns.
  responses      text[]      not null,
  every_minutes  integer     not null
                 constraint chat_timers_every_check check (every_minutes between 5 and 1440),
  -- Lines of others since the last time, without which it stays silent.
  min_lines      integer     not null default 0
                 constraint chat_timers_lines_check check (min_lines between 0 and 1000),
  enabled        boolean     not null default true,
  -- How often it has spoken, when last, and how many lines had been heard by then.
  times          bigint      not null default 0,
  said_at        timestamptz not null default '-infinity',
  heard          bigint      not null default 0,
  revision       integer     not null default 1,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now()
);
create index chat_timers_channel_idx on chat_timers (twitch_user_id);

-- Viewers' lines that are to be deleted by what the channel filters, and what became of it; times are the database's own.
create table chat_deletions (
  message_id     text        constraint chat_deletions_pkey primary key,
  twitch_user_id text        not null
                 constraint chat_deletions_channel_fkey references chat_channels on delete cascade,
  -- As whom; a moderator of the channel.
  bot_id         text        not null,
  -- `link`, `caps`, `repetition`, `term`.
  filter         text        not null,
  state          text        not null default 'queued'
                 constraint chat_deletions_state_check check (state in ('queued', 'deleted', 'refused')),
  -- Why Twitch has not deleted it.
  reason         text,
  attempts       integer     not null default 0,
  heard_at       timestamptz not null default clock_timestamp(),
  -- When it is tried next; the lease while it is.
  due_at         timestamptz not null default clock_timestamp()
);
create index chat_deletions_queue_idx on chat_deletions (due_at) where state = 'queued';
create index chat_deletions_channel_idx on chat_deletions (twitch_user_id, heard_at);
create index chat_deletions_heard_idx on chat_deletions (heard_at);
