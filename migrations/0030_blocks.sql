-- Servers in which streamers do not want to be announced. Nobody's name stands here: it outlives the streamer's account.
create table streamer_blocks (
  twitch_user_id text        not null
                 constraint streamer_blocks_streamer_fkey references streamers on delete cascade,
  guild_id       bigint      not null, -- 0: all servers
  created_at     timestamptz not null default now(),
  constraint streamer_blocks_pkey primary key (twitch_user_id, guild_id)
);
