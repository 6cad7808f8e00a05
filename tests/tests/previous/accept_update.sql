with message as (
  insert into webhook_messages (message_id, received_at) values ($1, $3)
  on conflict do nothing returning 1
), streamer as (
  update streamers
  set title = $7, game_id = $8, game_name = $9, language = coalesce($10, language), updated_at = $3,
      login = case when $5 = '' then login else $5 end,
      display_name = case when $6 = '' then display_name else $6 end
  from message where twitch_user_id = $4
  returning 1
), open as (
  update stream_sessions set title = $7, game_id = $8, game_name = $9
  from message
  where twitch_user_id = $4 and ended_at is null
    and (title, game_name) is distinct from ($7, $9)
  returning session_id
), event as (
  insert into stream_events (session_id, kind, occurred_at, received_at, due_at)
  select session_id, 'update', $2, $3, $11 from open
  on conflict (session_id, kind) where finished_at is null do nothing
)
select exists (select from message), exists (select from streamer),
       (select session_id from open limit 1)
