-- The chat bot: where it is, as whom it speaks, and what it has to say.

-- Accounts on Twitch that the bot speaks with: the service's own, and those that channels have brought.
create table chat_accounts (
  bot_id              text        constraint chat_accounts_pkey primary key,
  login               text        not null,
  display_name        text        not null,
  -- The one that speaks wherever a channel has brought none.
  is_service          boolean     not null default false,
  -- Access and refresh token, encrypted, of one that may delete lines; lines are said by the app's own token.
  tokens              bytea,
  tokens_expire_at    timestamptz,
  -- Doubles as the lease while an instance refreshes them.
  tokens_leased_until timestamptz,
  -- What it has granted us.
  scopes              text[]      not null default '{}',
  state               text        not null default 'ready'
                      constraint chat_accounts_state_check check (state in ('ready', 'unlinked')),
  linked_at           timestamptz not null default now(),
  updated_at          timestamptz not null default now()
);
create unique index chat_accounts_service_idx on chat_accounts (is_service) where is_service;

-- Channels whose owner has asked for the bot.
create table chat_channels (
  twitch_user_id text        constraint chat_channels_pkey primary key
                 constraint chat_channels_streamer_fkey references streamers on delete cascade,
  -- The person here who has proved that the channel is theirs, and asked.
  owner_id       bigint      not null,
  state          text        not null default 'on'
                 constraint chat_channels_state_check check (state in ('on', 'leaving', 'left')),
  -- Why it is not there, if it is not: `owner`, `revoked`, `banned`, `account_deleted`, …
  reason         text,
  -- As whom it speaks; null: the service's account.
  bot_id         text        constraint chat_channels_account_fkey references chat_accounts on delete set null,
  joined_at      timestamptz not null default now(),
  left_at        timestamptz,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now()
);
create index chat_channels_owner_idx on chat_channels (owner_id);
create index chat_channels_account_idx on chat_channels (bot_id);
create index chat_channels_joined_idx on chat_channels (joined_at);

-- How fast the bot may speak in a channel; times are the database's own.
create table chat_paces (
  twitch_user_id text        constraint chat_paces_pkey primary key
                 constraint chat_paces_channel_fkey references chat_channels on delete cascade,
  -- The next line may go then.
  free_at        timestamptz not null default '-infinity',
  -- Whoever was served longest ago is next.
  served_at      timestamptz not null default '-infinity',
  -- Whether the bot moderates there, by what Twitch showed last.
  is_moderator   boolean     not null default false,
  -- The channel's slow mode, as far as it was learnt, and until when that is believed.
  slow_ms        integer     not null default 0,
  slow_until     timestamptz not null default '-infinity',
  -- Nothing is said until then, and why; `pauses` in a row make them longer.
  paused_until   timestamptz not null default '-infinity',
  pause_reason   text,
  pauses         integer     not null default 0
);

-- What the bot has to say, and what became of it; times are the database's own.
create table chat_sends (
  send_id        uuid        not null default uuid_v7() constraint chat_sends_pkey primary key,
  twitch_user_id text        not null
                 constraint chat_sends_channel_fkey references chat_channels on delete cascade,
  -- What it answers: `line:` and Twitch's id of a line, `run:` and an id of ours, … Answered twice, it is there once.
  cause          text        not null,
  part           smallint    not null default 0,
  command_id     uuid,
  text           text        not null,
  -- What was said, where it is not the text.
  said           text,
  -- The line that it replies to, by Twitch's id.
  reply_to       text,
  state          text        not null default 'queued'
                 constraint chat_sends_state_check check (state in ('queued', 'sending', 'sent', 'dropped', 'unknown')),
  -- Why it was dropped: a word of ours, or Twitch's own, and what Twitch said.
  reason         text,
  detail         text,
  -- As whom it was said: then it takes of that account's limit.
  bot_id         text,
  attempts       integer     not null default 0,
  queued_at      timestamptz not null default clock_timestamp(),
  -- When it may go; the lease while it is being sent.
  due_at         timestamptz not null default clock_timestamp(),
  -- From then on it is too late.
  expires_at     timestamptz not null,
  -- When Twitch had answered, or nobody could wait for it any longer: from then on it leaves the limits' windows.
  spent_at       timestamptz,
  -- Twitch's id of it, and when it was seen in chat.
  message_id     text,
  seen_at        timestamptz,
  constraint chat_sends_cause_key unique (twitch_user_id, cause, part)
);
create index chat_sends_queue_idx on chat_sends (twitch_user_id, queued_at, part) where state = 'queued';
create index chat_sends_log_idx on chat_sends (twitch_user_id, send_id);
create index chat_sends_lease_idx on chat_sends (bot_id, due_at) where state = 'sending';
create index chat_sends_spent_idx on chat_sends (bot_id, spent_at) where spent_at is not null;
create index chat_sends_said_idx on chat_sends (twitch_user_id, spent_at) where spent_at is not null;
create index chat_sends_message_idx on chat_sends (message_id) where message_id is not null;

-- A subscription about a channel and another user: for chat, the bot that reads it. Empty for all others.
alter table eventsub_targets add column with_user text not null default '';
alter table eventsub_targets drop constraint eventsub_targets_pkey;
alter table eventsub_targets add constraint eventsub_targets_pkey primary key (twitch_user_id, type, with_user);
alter table eventsub_subscriptions add column with_user text not null default '';
