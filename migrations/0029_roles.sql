-- Roles on Discord: one per streamer that the bot makes for pings, and a server's own for who is live.

alter table guild_config drop constraint guild_config_mention_check;
alter table guild_config add constraint guild_config_mention_check
  check (mention in ('none', 'role', 'everyone', 'here', 'members', 'managed'));
alter table destinations drop constraint destinations_mention_check;
alter table destinations add constraint destinations_mention_check
  check (mention in ('none', 'role', 'everyone', 'here', 'members', 'managed'));

-- A role of the server's that linked streamers carry while they are live; null: none.
alter table guild_config add column live_role_id bigint;

-- A role that the bot grants. One for pings it makes itself, when somebody asks for them.
create table bot_roles (
  bot_role_id    uuid        not null default uuid_v7() constraint bot_roles_pkey primary key,
  guild_id       bigint      not null constraint bot_roles_guild_fkey references guilds on delete cascade,
  purpose        text        not null constraint bot_roles_purpose_check check (purpose in ('ping', 'live')),
  twitch_user_id text,       -- whose pings
  role_id        bigint,     -- null: not made yet, or gone
  state          text        not null default 'wanted'
                 constraint bot_roles_state_check check (state in ('wanted', 'ready', 'blocked', 'retired')),
  -- What stands in the way: `missing_permission`, `role_too_high`, `too_many_roles`, `streamer_cap`, `rate_limited`, …
  reason         text,
  -- Whether every member may mention it: the bot lacks the permission to mention all roles.
  mentionable    boolean     not null default false,
  -- Since when its making may have been carried out without our knowing.
  tried_at       timestamptz,
  attempts       integer     not null default 0,
  due_at         timestamptz, -- the next look at it; the lease while one is under way
  created_at     timestamptz not null default now(),
  constraint bot_roles_streamer_check check ((purpose = 'ping') = (twitch_user_id is not null))
);
create unique index bot_roles_streamer_key on bot_roles (guild_id, twitch_user_id) where purpose = 'ping';
create unique index bot_roles_role_key on bot_roles (guild_id, role_id) where role_id is not null;
create index bot_roles_due_idx on bot_roles (due_at) where due_at is not null;

-- Who is to carry a role, and who does as far as we know.
create table role_holders (
  bot_role_id uuid        not null constraint role_holders_role_fkey references bot_roles on delete cascade,
  user_id     bigint      not null,
  guild_id    bigint      not null,
  wanted      boolean     not null,
  held        boolean,    -- null: a request is under way, or its answer was lost
  reason      text,       -- why it waits: `not_member`, …
  attempts    integer     not null default 0,
  due_at      timestamptz, -- null: nothing to do; the lease while a request is under way
  called_at   timestamptz,
  changed_at  timestamptz not null default now(),
  constraint role_holders_pkey primary key (bot_role_id, user_id)
);
create index role_holders_due_idx on role_holders (guild_id, due_at) where due_at is not null;
create index role_holders_next_idx on role_holders (due_at) where due_at is not null;
create index role_holders_member_idx on role_holders (guild_id, user_id);
create index role_holders_user_idx on role_holders (user_id);

-- The pace of a server's changes of roles, by the database's clock, and whether wishes are to be compared.
create table role_guilds (
  guild_id      bigint      constraint role_guilds_pkey primary key
                constraint role_guilds_guild_fkey references guilds on delete cascade,
  free_at       timestamptz not null default '-infinity',
  blocked_until timestamptz,
  looking_until timestamptz, -- the lease of who makes and deletes roles there
  sync_at       timestamptz  -- null: rows agree with what was wished
);
create index role_guilds_sync_idx on role_guilds (sync_at) where sync_at is not null;
