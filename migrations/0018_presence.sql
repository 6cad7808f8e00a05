-- Who is there, and on which page.

-- Whoever is invisible is like somebody who is not there.
alter table users add column invisible boolean not null default false;

-- One row per person who was there within a day. Whoever changes anything about a person's presence holds its lock.
create table presences (
  user_id    bigint      constraint presences_pkey primary key
             constraint presences_user_fkey references users on delete cascade,
  online     boolean     not null default false,
  -- By the database's clock: without another word they are gone then, once somebody looks.
  expires_at timestamptz not null default now(),
  -- The page that was looked at last; none of who is not there.
  path       text,
  title      text,
  -- When they came or went.
  changed_at timestamptz not null default now()
) with (fillfactor = 50);
create index presences_online_idx on presences (user_id) where online;
create index presences_gone_idx on presences (changed_at) where not online;

-- Their tabs, with a socket or without. A crash may empty it: each says within seconds that it is there.
create unlogged table presence_tabs (
  -- A socket's connection, or the person and the tab's own name for itself.
  tab_id     text        constraint presence_tabs_pkey primary key,
  user_id    bigint      not null
             constraint presence_tabs_presence_fkey references presences on delete cascade,
  session_id uuid        not null,
  expires_at timestamptz not null,
  path       text,
  title      text,
  -- When the page was opened or looked at: the latest one is told.
  active_at  timestamptz not null default now()
) with (fillfactor = 50);
create index presence_tabs_user_idx on presence_tabs (user_id);

-- What each server was told: who is there, and on which page as far as that is its business.
create table presence_guilds (
  guild_id bigint not null
           constraint presence_guilds_guild_fkey references guilds on delete cascade,
  user_id  bigint not null
           constraint presence_guilds_presence_fkey references presences on delete cascade,
  path     text,
  title    text,
  constraint presence_guilds_pkey primary key (guild_id, user_id)
);
create index presence_guilds_user_idx on presence_guilds (user_id);

-- Since when somebody looks regularly who has fallen silent: the only row. Empty after a crash, as it should be.
create unlogged table presence_watch (
  single        boolean     not null default true
                constraint presence_watch_pkey primary key
                constraint presence_watch_single_check check (single),
  watched_since timestamptz not null,
  swept_at      timestamptz not null
);

-- In which servers somebody is a member is looked up with every page they open.
create index guild_members_user_idx on guild_members (user_id);
