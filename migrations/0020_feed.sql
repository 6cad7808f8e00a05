-- What happens in a channel on Twitch, for whoever may see it.

-- What streamers have let us show, beyond what is public, and whose channel it is.
create table streamer_feeds (
  twitch_user_id text        constraint streamer_feeds_pkey primary key
                 constraint streamer_feeds_streamer_fkey references streamers on delete cascade,
  -- The person here who has proved last that the channel is theirs.
  owner_id       bigint,
  -- `follows`, `subscriptions`, `cheers`: asked for, and granted.
  granted        text[]      not null default '{}',
  -- Those that the streamer has asked for and Twitch does not let us have any more.
  lost           text[]      not null default '{}',
  updated_at     timestamptz not null default now()
);
create index streamer_feeds_owner_idx on streamer_feeds (owner_id) where owner_id is not null;

-- The events, of feeds that have a row in `topics`: somebody has wished for them.
create table feed_events (
  feed_event_id  uuid        not null default uuid_v7() constraint feed_events_pkey primary key,
  twitch_user_id text        not null,
  -- Its place in the topic.
  position       bigint      not null,
  -- Told twice, it is there once: Twitch's id of the message, or what happens once within some time.
  event_id       text        not null,
  kind           text        not null,
  data           jsonb       not null,
  occurred_at    timestamptz not null,
  is_test        boolean     not null default false,
  constraint feed_events_event_key unique (twitch_user_id, event_id)
);
create unique index feed_events_feed_idx on feed_events (twitch_user_id, position desc);

-- What of the feeds of its streamers a server's members may see.
alter table guild_config add column feed_kinds text[] not null default '{}';

-- Channels that somebody watches, in their order. Those that no server follows are known by what Twitch said.
create table user_favorites (
  user_id           bigint   not null constraint user_favorites_user_fkey references users on delete cascade,
  twitch_user_id    text     not null,
  rank              smallint not null,
  login             text     not null,
  display_name      text     not null,
  profile_image_url text,
  constraint user_favorites_pkey primary key (user_id, twitch_user_id)
);

-- A search by the beginning of a login.
create index streamers_login_prefix_idx on streamers (login text_pattern_ops);

-- Which kinds of events a socket at API Gateway is told of (a bit for each; -1: all).
alter table live_subscriptions add column sees integer not null default -1;
