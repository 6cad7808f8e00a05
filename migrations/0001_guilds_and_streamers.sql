-- What admins configure: guilds, streamers, and where each streamer is announced.

-- A time-ordered UUID (RFC 9562, version 7); built in from Postgres 18 on.
create function uuid_v7() returns uuid language sql volatile parallel safe as $$
  select encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
        from 1 for 6),
      52, 1), 53, 1), 'hex')::uuid
$$;

create table guilds (
  guild_id   bigint      constraint guilds_pkey primary key,
  name       text        not null,
  status     text        not null default 'active'
             constraint guilds_status_check check (status in ('active', 'left')),
  left_at    timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table message_templates (
  template_id uuid        not null default uuid_v7() constraint message_templates_pkey primary key,
  guild_id    bigint      not null
              constraint message_templates_guild_fkey references guilds on delete cascade,
  name        text        not null,
  message     jsonb       not null,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  constraint message_templates_name_key unique (guild_id, name)
);

create table guild_config (
  guild_id             bigint   constraint guild_config_pkey primary key
                       constraint guild_config_guild_fkey references guilds on delete cascade,
  enabled              boolean  not null default true,
  default_channel_id   bigint,
  template_id          uuid
                       constraint guild_config_template_fkey references message_templates on delete set null,
  mention              text     not null default 'none'
                       constraint guild_config_mention_check
                       check (mention in ('none', 'role', 'everyone', 'here', 'members')),
  mention_role_id      bigint,
  -- A stream that comes back within this time re-opens its message instead of pinging again.
  merge_window_seconds integer  not null default 600
                       constraint guild_config_merge_window_check check (merge_window_seconds between 0 and 86400),
  end_action           text     not null default 'edit'
                       constraint guild_config_end_action_check check (end_action in ('leave', 'edit', 'delete')),
  announce_types       text[]   not null default '{live}',
  quiet_from           time,
  quiet_until          time,
  timezone             text     not null default 'UTC',
  updated_at           timestamptz not null default now(),
  constraint guild_config_mention_role_check check (mention <> 'role' or mention_role_id is not null),
  constraint guild_config_quiet_check check ((quiet_from is null) = (quiet_until is null)),
  -- An unknown zone raises here, at the save, and not in the middle of a fan-out.
  constraint guild_config_timezone_check check ((timestamptz '2026-01-01' at time zone timezone) is not null)
);

create table streamers (
  twitch_user_id    text        constraint streamers_pkey primary key,
  login             text        not null,
  display_name      text        not null,
  profile_image_url text,
  -- Last known channel information: filters and posts fall back to it when Twitch does not answer.
  title             text,
  game_id           text,
  game_name         text,
  language          text,
  status            text        not null default 'active'
                    constraint streamers_status_check check (status in ('active', 'removed')),
  -- Whether the streamer has authorised the app; their subscriptions are then free of cost.
  authorized        boolean     not null default false,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now()
);

create table guild_streamers (
  guild_id       bigint      not null
                 constraint guild_streamers_guild_fkey references guilds on delete cascade,
  twitch_user_id text        not null
                 constraint guild_streamers_streamer_fkey references streamers on delete cascade,
  enabled        boolean     not null default true,
  created_at     timestamptz not null default now(),
  constraint guild_streamers_pkey primary key (guild_id, twitch_user_id)
);

create table destinations (
  destination_id   uuid        not null default uuid_v7() constraint destinations_pkey primary key,
  guild_id         bigint      not null,
  twitch_user_id   text        not null,
  channel_id       bigint,     -- null: the guild's default channel
  enabled          boolean     not null default true,
  template_id      uuid
                   constraint destinations_template_fkey references message_templates on delete set null,
  mention          text        -- null: as the guild
                   constraint destinations_mention_check
                   check (mention in ('none', 'role', 'everyone', 'here', 'members')),
  mention_role_id  bigint,
  game_filter      text[],     -- null: every game
  title_filter     text,       -- null: every title; else the title must contain it
  cooldown_seconds integer     not null default 0
                   constraint destinations_cooldown_check check (cooldown_seconds between 0 and 604800),
  -- A remote's refusal never switches a destination off: it becomes degraded and heals.
  degraded_reason  text,
  degraded_at      timestamptz,
  next_check_at    timestamptz,
  failed_checks    integer     not null default 0,
  created_at       timestamptz not null default now(),
  constraint destinations_mention_role_check check (mention <> 'role' or mention_role_id is not null),
  constraint destinations_follow_fkey foreign key (guild_id, twitch_user_id)
    references guild_streamers on delete cascade
);
create unique index destinations_channel_key on destinations (guild_id, twitch_user_id, coalesce(channel_id, 0));
-- Fan-out reads a streamer's destinations in this order.
create index destinations_streamer_idx on destinations (twitch_user_id, destination_id);
create index destinations_template_idx on destinations (template_id) where template_id is not null;
create index destinations_next_check_idx on destinations (next_check_at) where degraded_reason is not null;

create table user_preferences (
  guild_id       bigint      not null
                 constraint user_preferences_guild_fkey references guilds on delete cascade,
  twitch_user_id text        not null, -- '*': every streamer of the guild
  user_id        bigint      not null,
  wants_ping     boolean     not null,
  updated_at     timestamptz not null default now(),
  constraint user_preferences_pkey primary key (guild_id, twitch_user_id, user_id)
);
create index user_preferences_user_idx on user_preferences (user_id);
