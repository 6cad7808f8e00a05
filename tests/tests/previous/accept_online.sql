with message as (
  insert into webhook_messages (message_id, received_at) values ($1, $3)
  on conflict do nothing returning 1
), streamer as (
  select twitch_user_id, login, display_name from streamers where twitch_user_id = $4
), renamed as (
  update streamers s set login = $5, display_name = $6, updated_at = $3
  from message, streamer
  where s.twitch_user_id = $4 and $5 <> '' and (s.login, s.display_name) is distinct from ($5, $6)
), superseded as (
  update stream_sessions set ended_at = $9
  from message
  where twitch_user_id = $4 and ended_at is null and stream_id <> $7 and started_at <= $9
), resumed as (
  -- The same stream again: it has not ended after all.
  update stream_sessions set ended_at = null
  from message
  where twitch_user_id = $4 and stream_id = $7 and ended_at is not null
  returning session_id
), cancelled as (
  update stream_events e set finished_at = $3, outcome = 'resumed'
  from resumed r
  where e.session_id = r.session_id and e.kind = 'offline' and e.finished_at is null
), session as (
  insert into stream_sessions (twitch_user_id, stream_id, type, started_at, source)
  select $4, $7, $8, $9, $10 from message, streamer
  on conflict on constraint stream_sessions_stream_key do nothing
  returning session_id
), event as (
  insert into stream_events (session_id, kind, occurred_at, received_at, due_at)
  select session_id, 'online', $2, $3, $3 from session
)
select exists (select from message), exists (select from streamer),
       (select session_id from session)
