-- What people do on Discord with commands and buttons, and the answers that are owed them.

-- Each is taken once; what takes longer than an answer may is done and answered by a worker. Times are the database's own.
create table interactions (
  -- Discord's.
  interaction_id bigint      constraint interactions_pkey primary key,
  received_at    timestamptz not null default clock_timestamp(),
  state          text        not null default 'answered'
                 constraint interactions_state_check check (state in ('answered', 'queued', 'done', 'given_up')),
  -- While an answer is owed: where, who, in which language, what is to be done, and the token to answer with, encrypted.
  guild_id       bigint,
  user_id        bigint,
  language       text,
  task           jsonb,
  token          bytea,
  -- The answer, once it is known and only has to be sent.
  reply          jsonb,
  -- Why it was given up: `dismissed`, `refused`, `too_late`, `failed`.
  reason         text,
  attempts       integer     not null default 0,
  -- When it is tried next; the lease while it is.
  due_at         timestamptz,
  constraint interactions_queued_check check (
    state <> 'queued' or num_nonnulls(guild_id, user_id, language, task, token, due_at) = 6)
);
create index interactions_queue_idx on interactions (due_at) where state = 'queued';
create index interactions_received_idx on interactions (received_at);
create index interactions_user_idx on interactions (user_id) where user_id is not null;

-- Buttons under an announcement, by which members choose whether the streamer's pings reach them.
alter table destinations add column buttons boolean not null default false;
