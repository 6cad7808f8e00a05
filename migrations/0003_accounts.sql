-- Who uses the dashboard, what they may do, and what they did.

create table users (
  user_id           bigint      constraint users_pkey primary key,
  username          text        not null,
  global_name       text,
  avatar            text,
  -- Discord's access and refresh token, encrypted; null: the user has to sign in again for them.
  tokens            bytea,
  tokens_expire_at  timestamptz,
  -- Doubles as the lease while an instance refreshes them.
  tokens_leased_until timestamptz,
  guilds_fetched_at timestamptz,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now()
);

-- Sign-ins to the dashboard; the cookie names one by its id.
create table sessions (
  session_id   uuid        constraint sessions_pkey primary key,
  user_id      bigint      not null
               constraint sessions_user_fkey references users on delete cascade,
  user_agent   text        not null default '',
  created_at   timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at   timestamptz not null,
  revoked_at   timestamptz
);
create index sessions_user_idx on sessions (user_id, expires_at);
create index sessions_expires_idx on sessions (expires_at);

-- The guilds of a user as Discord listed them last.
create table user_guilds (
  user_id     bigint not null
              constraint user_guilds_user_fkey references users on delete cascade,
  guild_id    bigint not null,
  name        text   not null,
  icon        text,
  owner       boolean not null,
  permissions bigint not null,
  constraint user_guilds_pkey primary key (user_id, guild_id)
);

-- What the bot found out about a member, kept for minutes.
create table guild_members (
  guild_id    bigint      not null
              constraint guild_members_guild_fkey references guilds on delete cascade,
  user_id     bigint      not null,
  member      boolean     not null,
  permissions bigint      not null,
  checked_at  timestamptz not null,
  constraint guild_members_pkey primary key (guild_id, user_id)
);
create index guild_members_checked_idx on guild_members (checked_at);

-- Codes with which streamers add their own channel to a guild.
create table invite_links (
  code       text        constraint invite_links_pkey primary key,
  guild_id   bigint      not null
             constraint invite_links_guild_fkey references guilds on delete cascade,
  created_by bigint      not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  max_uses   integer     constraint invite_links_max_uses_check check (max_uses between 1 and 1000),
  uses       integer     not null default 0,
  revoked_at timestamptz
);
create index invite_links_guild_idx on invite_links (guild_id, created_at desc);

-- What admins did and what was denied.
create table audit_log (
  audit_id   uuid        not null default uuid_v7() constraint audit_log_pkey primary key,
  at         timestamptz not null,
  guild_id   bigint,
  actor_id   bigint,
  action     text        not null,
  target     text,
  outcome    text        not null default 'done'
             constraint audit_log_outcome_check check (outcome in ('done', 'denied')),
  before     jsonb,
  after      jsonb,
  request_id text
);
create index audit_log_guild_idx on audit_log (guild_id, audit_id desc);
create index audit_log_actor_idx on audit_log (actor_id, audit_id desc);
create index audit_log_at_idx on audit_log (at);

-- Limits shared by all instances. A crash may empty them: they are worth less than a write to disk.
create unlogged table rate_buckets (
  key     text        constraint rate_buckets_pkey primary key,
  next_at timestamptz not null -- when the bucket is full again
);
create index rate_buckets_next_idx on rate_buckets (next_at);

create unlogged table rate_windows (
  key        text        constraint rate_windows_pkey primary key,
  started_at timestamptz not null,
  used       integer     not null
);

-- Work that one instance at a time does every so often.
create table jobs (
  name   text        constraint jobs_pkey primary key,
  due_at timestamptz not null
);

-- Subscriptions that should exist at Twitch; eventsub_subscriptions has those that do.
create table eventsub_targets (
  twitch_user_id  text        not null
                  constraint eventsub_targets_streamer_fkey references streamers on delete cascade,
  type            text        not null,
  state           text        not null default 'wanted'
                  constraint eventsub_targets_state_check
                  check (state in ('wanted', 'pending', 'enabled', 'failed', 'unwanted')),
  subscription_id text,
  attempts        integer     not null default 0,
  next_try_at     timestamptz not null,
  error           text,
  updated_at      timestamptz not null default now(),
  constraint eventsub_targets_pkey primary key (twitch_user_id, type)
);
create index eventsub_targets_due_idx on eventsub_targets (next_try_at) where state <> 'enabled';
create index eventsub_targets_subscription_idx on eventsub_targets (subscription_id);

-- Saves name the revision they were made from; a later one wins against nobody.
alter table guild_config add column revision integer not null default 1;
alter table message_templates add column revision integer not null default 1;
alter table guild_streamers add column revision integer not null default 1;
alter table guild_streamers add column added_by bigint;
alter table guild_streamers add column source text not null default 'admin'
  constraint guild_streamers_source_check check (source in ('admin', 'oauth', 'invite'));
create index guild_streamers_streamer_idx on guild_streamers (twitch_user_id);

alter table guilds add column icon text;
alter table guilds add column checked_at timestamptz;
alter table guilds add column added_by bigint;

create index streamers_login_idx on streamers (login);

-- A message that was sent again on request, and one that was a test.
alter table notification_log add column silent boolean not null default false;
alter table notification_log add column resends integer not null default 0;
alter table notification_log alter column session_id drop not null;
alter table notification_log drop constraint notification_log_kind_check;
alter table notification_log add constraint notification_log_kind_check
  check (kind in ('online', 'enrich', 'update', 'offline', 'test'));
-- Not "twitch_user_id": the previous version joins by that name.
alter table notification_log add column streamer_id text;
create index notification_log_streamer_idx on notification_log (guild_id, streamer_id, delivery_id desc);
create index notification_log_status_idx on notification_log (guild_id, status, delivery_id desc);
create index notification_log_history_idx on notification_log (guild_id, delivery_id desc);
drop index notification_log_guild_idx;
