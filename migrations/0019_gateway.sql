-- What sockets at API Gateway need beside their rows, since no process of ours remembers anything of them.

alter table live_connections
  -- How much it may still say: frames fill a bucket, and it empties with time.
  add column next_frame_at timestamptz not null default '-infinity',
  -- Frames of it that were refused.
  add column refused       integer     not null default 0;

-- How far a topic that somebody at the gateway listens to was pushed. Not in `topics`: there, whoever tells something
-- holds the row until their commit.
create unlogged table live_pushes (
  topic      text        constraint live_pushes_pkey primary key,
  -- The latest event that everybody was sent who listened.
  position   bigint      not null,
  -- Where the topic was when it was looked at: some positions are of no event.
  looked_to  bigint      not null,
  -- Rises with each claim: a worker that was away for too long changes nothing.
  turn       bigint      not null default 0,
  held_until timestamptz not null default '-infinity',
  -- When somebody began to listen last.
  joined_at  timestamptz not null
);
