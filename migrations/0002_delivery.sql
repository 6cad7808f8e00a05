-- The main path: what Twitch told us, what follows from it, and what became of it.

create table eventsub_subscriptions (
  subscription_id text        constraint eventsub_subscriptions_pkey primary key,
  twitch_user_id  text,
  type            text        not null,
  version         text        not null,
  status          text        not null,
  cost            integer     not null default 0,
  revoked_at      timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now()
);
create index eventsub_subscriptions_streamer_idx on eventsub_subscriptions (twitch_user_id, type);

-- Message ids already seen: a webhook that comes twice counts once.
create table webhook_messages (
  message_id  text        constraint webhook_messages_pkey primary key,
  received_at timestamptz not null
);
create index webhook_messages_received_idx on webhook_messages (received_at);

create table stream_sessions (
  session_id     uuid        not null default uuid_v7() constraint stream_sessions_pkey primary key,
  twitch_user_id text        not null
                 constraint stream_sessions_streamer_fkey references streamers on delete cascade,
  stream_id      text        not null,
  type           text        not null,
  started_at     timestamptz not null,
  ended_at       timestamptz,
  title          text,
  game_id        text,
  game_name      text,
  viewers        integer,
  preview_at     timestamptz, -- when the preview picture was last known to be fresh
  vod_url        text,
  -- The session that this one resumes after a short break.
  continues      uuid
                 constraint stream_sessions_continues_fkey references stream_sessions on delete set null,
  source         text        not null default 'eventsub'
                 constraint stream_sessions_source_check check (source in ('eventsub', 'reconciler')),
  created_at     timestamptz not null default now(),
  -- The same stream under two message ids is one session.
  constraint stream_sessions_stream_key unique (twitch_user_id, stream_id)
);
create index stream_sessions_open_idx on stream_sessions (twitch_user_id) where ended_at is null;
create index stream_sessions_started_idx on stream_sessions (twitch_user_id, started_at desc);
create index stream_sessions_continues_idx on stream_sessions (continues) where continues is not null;

-- Facts that wait to be expanded into deliveries.
create table stream_events (
  event_id     uuid        not null default uuid_v7() constraint stream_events_pkey primary key,
  session_id   uuid        not null
               constraint stream_events_session_fkey references stream_sessions on delete cascade,
  kind         text        not null
               constraint stream_events_kind_check check (kind in ('online', 'enrich', 'update', 'offline')),
  occurred_at  timestamptz not null, -- Twitch's clock
  received_at  timestamptz not null,
  committed_at timestamptz not null default clock_timestamp(),
  due_at       timestamptz not null, -- doubles as the lease while a worker expands it
  attempts     integer     not null default 0,
  cursor       uuid,                 -- the last destination that was expanded
  prepared     boolean     not null default false, -- Twitch has been asked for the details
  finished_at  timestamptz,
  outcome      text
);
create index stream_events_due_idx on stream_events (due_at) where finished_at is null;
-- One open event of a kind per session: a burst of channel updates becomes one edit.
create unique index stream_events_open_key on stream_events (session_id, kind) where finished_at is null;
create index stream_events_session_idx on stream_events (session_id);

-- The outbox and the history: a row per destination, session and kind, whatever became of it.
create table notification_log (
  delivery_id         uuid        not null default uuid_v7() constraint notification_log_pkey primary key,
  destination_id      uuid
                      constraint notification_log_destination_fkey references destinations on delete set null,
  session_id          uuid        not null
                      constraint notification_log_session_fkey references stream_sessions on delete cascade,
  event_id            uuid,
  guild_id            bigint      not null,
  channel_id          bigint,
  kind                text        not null
                      constraint notification_log_kind_check check (kind in ('online', 'enrich', 'update', 'offline')),
  action              text        not null
                      constraint notification_log_action_check check (action in ('create', 'edit', 'delete')),
  status              text        not null
                      constraint notification_log_status_check
                      check (status in ('pending', 'sending', 'sent', 'skipped', 'failed', 'expired')),
  reason              text,       -- why it was skipped, failed or expired
  detail              text,
  priority            smallint    not null default 0, -- 0: a new message, 1: an edit
  due_at              timestamptz not null, -- doubles as the lease while a worker sends it
  shuffle             real        not null default random(), -- so that no guild is always last
  expires_at          timestamptz not null,
  attempts            integer     not null default 0,
  first_claimed_at    timestamptz, -- Discord remembers a nonce for a few minutes from here on
  variant             text        not null default 'full'
                      constraint notification_log_variant_check check (variant in ('full', 'text', 'plain')),
  message_id          bigint,
  opt_outs            integer     not null default 0, -- members left out of a mention by name
  unhonoured_opt_outs integer     not null default 0, -- opt-outs that Discord cannot honour for this mention
  unlisted_members    integer     not null default 0, -- members for whom the mention list had no room
  received_at         timestamptz not null,
  committed_at        timestamptz not null,
  sent_at             timestamptz,
  finished_at         timestamptz,
  created_at          timestamptz not null default now(),
  constraint notification_log_once_key unique (destination_id, session_id, kind)
);
create index notification_log_due_idx on notification_log (priority, due_at, shuffle)
  where status in ('pending', 'sending');
-- Edits go to a session's messages in this order.
create index notification_log_session_idx on notification_log (session_id, destination_id);
create index notification_log_guild_idx on notification_log (guild_id, created_at desc);

create table delivery_attempts (
  delivery_id        uuid        not null
                     constraint delivery_attempts_delivery_fkey references notification_log on delete cascade,
  attempt            integer     not null,
  outcome            text        not null,
  http_status        smallint,
  discord_code       integer,
  retry_after_ms     bigint,
  claimed_at         timestamptz not null,
  sent_at            timestamptz,
  answered_at        timestamptz,
  message_created_at timestamptz, -- Discord's own time, from the message's snowflake
  constraint delivery_attempts_pkey primary key (delivery_id, attempt)
);

-- The pace of requests to Discord, shared by all workers; a row per key.
create table discord_gate (
  key           text        constraint discord_gate_pkey primary key,
  next_slot     timestamptz not null default clock_timestamp(),
  blocked_until timestamptz,
  reason        text,        -- set while the circuit is open
  probe_until   timestamptz
);

-- Answers that count towards Discord's limit of invalid requests (10,000 in 10 minutes per address).
create table discord_invalid_requests (
  minute timestamptz constraint discord_invalid_requests_pkey primary key,
  count  integer     not null
);

-- Tokens of our own that instances share, encrypted.
create table service_tokens (
  name       text        constraint service_tokens_pkey primary key,
  ciphertext bytea       not null,
  expires_at timestamptz not null,
  updated_at timestamptz not null default now()
);
