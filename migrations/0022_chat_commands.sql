-- What a channel's chat bot answers.

-- How a channel's commands are called, and what goes for all of them. Without a row everything is as it is by default.
create table chat_books (
  twitch_user_id text        constraint chat_books_pkey primary key
                 constraint chat_books_channel_fkey references chat_channels on delete cascade,
  -- What instances keep of the book is read anew when this has grown. It begins with the time, so that a channel
  -- that was deleted and comes back does not have a version again.
  version        bigint      not null default (extract(epoch from clock_timestamp()) * 1000)::bigint,
  -- What stands before a command's name; empty: nothing.
  prefix         text        not null default '!'
                 constraint chat_books_prefix_check check (char_length(prefix) <= 5),
  discord_url    text,
  -- People and bots who are never answered: `[{id, login}]`.
  ignored        jsonb       not null default '[]',
  -- Built-in commands that differ from their defaults, by name.
  builtins       jsonb       not null default '{}',
  -- What filters look at; empty: nothing.
  filters        jsonb       not null default '{}',
  -- Whether a text that was just said is left out, instead of said with a visible ending.
  drops_repeats  boolean     not null default false,
  revision       integer     not null default 1,
  updated_at     timestamptz not null default now()
);

create table chat_commands (
  command_id       uuid        not null default uuid_v7() constraint chat_commands_pkey primary key,
  twitch_user_id   text        not null
                   constraint chat_commands_channel_fkey references chat_channels on delete cascade,
  -- As it is written, without the prefix.
  name             text        not null,
  -- Sources of templates.
  responses        text[]      not null,
  response_order   text        not null default 'random'
                   constraint chat_commands_order_check check (response_order in ('random', 'in_turn')),
  is_reply         boolean     not null default true,
  level            text        not null default 'everyone'
                   constraint chat_commands_level_check
                   check (level in ('everyone', 'follower', 'subscriber', 'vip', 'moderator', 'broadcaster')),
  -- Who may or may not whatever their level: `[{id, login}]`; ids decide, logins are shown.
  allowed          jsonb       not null default '[]',
  denied           jsonb       not null default '[]',
  cooldown_s       integer     not null default 5
                   constraint chat_commands_cooldown_check check (cooldown_s between 0 and 86400),
  user_cooldown_s  integer     not null default 0
                   constraint chat_commands_user_cooldown_check check (user_cooldown_s between 0 and 86400),
  -- From this level on nobody waits.
  no_cooldown_from text        default 'moderator',
  answers          text        not null default 'always'
                   constraint chat_commands_answers_check check (answers in ('always', 'online', 'offline')),
  enabled          boolean     not null default true,
  expires_at       timestamptz,
  category         text        not null default '',
  -- The address whose answer is `{fetch}`, and what stands for it when there is none.
  fetch_url        text,
  fetch_fallback   text        not null default '',
  revision         integer     not null default 1,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now()
);
create index chat_commands_channel_idx on chat_commands (twitch_user_id);

-- Names and aliases of a channel's commands, each once, however it is capitalised.
create table chat_command_names (
  twitch_user_id text     not null,
  folded         text     not null,
  name           text     not null,
  command_id     uuid     not null
                 constraint chat_command_names_command_fkey references chat_commands on delete cascade,
  -- 0: the name itself; aliases follow in their order.
  rank           smallint not null,
  constraint chat_command_names_pkey primary key (twitch_user_id, folded)
);
create index chat_command_names_command_idx on chat_command_names (command_id);

-- How often a command was used, and when it answers again. Apart from the definition: editing changes neither.
create table chat_uses (
  twitch_user_id text        not null
                 constraint chat_uses_channel_fkey references chat_channels on delete cascade,
  -- Built-in commands have ids too, the same in all channels.
  command_id     uuid        not null,
  uses           bigint      not null default 0,
  ready_at       timestamptz not null default '-infinity',
  used_at        timestamptz not null default now(),
  constraint chat_uses_pkey primary key (twitch_user_id, command_id)
);

-- When a command answers the same person again; a crash of the database forgets it.
create unlogged table chat_user_cooldowns (
  twitch_user_id text        not null,
  command_id     uuid        not null,
  user_id        text        not null,
  ready_at       timestamptz not null,
  constraint chat_user_cooldowns_pkey primary key (twitch_user_id, command_id, user_id)
);
create index chat_user_cooldowns_ready_idx on chat_user_cooldowns (ready_at);

create table chat_quotes (
  twitch_user_id text        not null
                 constraint chat_quotes_channel_fkey references chat_channels on delete cascade,
  number         integer     not null,
  -- Null: it was removed, and its number is not given again.
  text           text,
  game           text,
  said_at        timestamptz not null default now(),
  constraint chat_quotes_pkey primary key (twitch_user_id, number)
);

-- Values that addresses to fetch may carry, encrypted; nobody reads them again.
create table chat_secrets (
  twitch_user_id text        not null
                 constraint chat_secrets_channel_fkey references chat_channels on delete cascade,
  name           text        not null,
  value          bytea       not null,
  updated_at     timestamptz not null default now(),
  constraint chat_secrets_pkey primary key (twitch_user_id, name)
);

-- Tokens with which programs run commands; only their hashes are here.
create table chat_tokens (
  token_id       uuid        not null default uuid_v7() constraint chat_tokens_pkey primary key,
  twitch_user_id text        not null
                 constraint chat_tokens_channel_fkey references chat_channels on delete cascade,
  name           text        not null,
  hash           bytea       not null constraint chat_tokens_hash_key unique,
  -- `run`: runs commands.
  scopes         text[]      not null,
  created_at     timestamptz not null default now(),
  last_used_at   timestamptz,
  revoked_at     timestamptz
);
create index chat_tokens_channel_idx on chat_tokens (twitch_user_id);
