-- What is told live: the room's messages, who is there, what changes in a server.

-- One row per topic that somebody has used. Whoever tells something holds its lock until their commit, so that
-- positions become visible in their order.
create table topics (
  topic      text        constraint topics_pkey primary key,
  position   bigint      not null default 0,
  -- Of the latest event; together with its position it names a place that a restored database does not have.
  tag        text        not null default '',
  -- Events up to here are gone.
  pruned_to  bigint      not null default 0,
  updated_at timestamptz not null default now()
);

-- What was told, for as long as somebody may resume.
create table topic_events (
  topic      text        not null,
  position   bigint      not null,
  tag        text        not null,
  kind       text        not null,
  -- What it is about; texts that can be deleted stand there, and not here.
  subject    text        not null,
  data       jsonb,
  trace_id   text,
  created_at timestamptz not null default now(),
  constraint topic_events_pkey primary key (topic, position)
);
create index topic_events_created_idx on topic_events (created_at);

-- Sockets that are open, in whatever process or at the gateway. A crash may empty it: they come back.
create unlogged table live_connections (
  connection_id text        constraint live_connections_pkey primary key,
  user_id       bigint      not null,
  session_id    uuid        not null,
  -- Until its first frame it is about to open: a push that does not reach it deletes nothing.
  state         text        not null default 'connecting'
                constraint live_connections_state_check check (state in ('connecting', 'open')),
  -- Whether API Gateway holds it, or a process of ours.
  at_gateway    boolean     not null,
  connected_at  timestamptz not null default now(),
  seen_at       timestamptz not null default now()
);
create index live_connections_user_idx on live_connections (user_id);
create index live_connections_session_idx on live_connections (session_id);
create index live_connections_seen_idx on live_connections (seen_at);

-- What the gateway's connections listen to; a process of ours knows its own.
create unlogged table live_subscriptions (
  topic         text not null,
  connection_id text not null
                constraint live_subscriptions_connection_fkey references live_connections on delete cascade,
  constraint live_subscriptions_pkey primary key (topic, connection_id)
);
create index live_subscriptions_connection_idx on live_subscriptions (connection_id);

-- Proofs for a socket that no cookie reaches: good once, for 30 seconds.
create unlogged table live_tickets (
  ticket_hash bytea       constraint live_tickets_pkey primary key,
  session_id  uuid        not null,
  expires_at  timestamptz not null
);
create index live_tickets_expires_idx on live_tickets (expires_at);

-- The rooms' messages. A deleted one keeps its row without its text, so that nobody brings it back.
create table shouts (
  shout_id   uuid        not null default uuid_v7() constraint shouts_pkey primary key,
  room       text        not null,
  position   bigint      not null,
  author_id  bigint      not null,
  -- The author's own name for it: sent twice, it is there once.
  client_id  uuid        not null,
  text       text,
  revision   integer     not null default 1,
  edited_at  timestamptz,
  deleted_at timestamptz,
  deleted_by bigint,
  trace_id   text,
  created_at timestamptz not null default now(),
  constraint shouts_text_check check ((text is null) = (deleted_at is not null)),
  constraint shouts_client_key unique (room, author_id, client_id)
);
create unique index shouts_room_idx on shouts (room, position desc);
create index shouts_author_idx on shouts (author_id);
create index shouts_created_idx on shouts (created_at);

-- Who may read a room and not write in it, and until when.
create table room_mutes (
  room       text        not null,
  user_id    bigint      not null,
  until      timestamptz not null,
  reason     text        not null,
  muted_by   bigint      not null,
  created_at timestamptz not null default now(),
  constraint room_mutes_pkey primary key (room, user_id)
);
create index room_mutes_until_idx on room_mutes (until);

-- How far somebody has read; only ever rises.
create table room_marks (
  room       text        not null,
  user_id    bigint      not null,
  position   bigint      not null,
  updated_at timestamptz not null default now(),
  constraint room_marks_pkey primary key (room, user_id)
);
create index room_marks_user_idx on room_marks (user_id);
create index room_marks_updated_idx on room_marks (updated_at);
