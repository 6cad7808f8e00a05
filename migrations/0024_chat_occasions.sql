-- What has happened in a channel and the chat bot may want to say something to; gone once it has been looked at.

create table chat_occasions (
  occasion_id    uuid        not null default uuid_v7() constraint chat_occasions_pkey primary key,
  twitch_user_id text        not null
                 constraint chat_occasions_channel_fkey references chat_channels on delete cascade,
  -- `follow`, `live`, …: a key of `chat_books.events`.
  kind           text        not null,
  -- The cause of the lines that it leads to: the same is told of once.
  cause          text        not null,
  -- Whom it is about, if anybody.
  user_login     text        not null default '',
  user_name      text        not null default '',
  -- Bits, gifts or viewers.
  count          bigint      not null default 1,
  -- When it is looked at; the lease while it is. Times are the database's own.
  due_at         timestamptz not null default clock_timestamp(),
  -- From then on nobody wants to read of it.
  expires_at     timestamptz not null,
  constraint chat_occasions_cause_key unique (twitch_user_id, cause)
);
create index chat_occasions_due_idx on chat_occasions (due_at);
