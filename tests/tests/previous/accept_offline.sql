with message as (
  insert into webhook_messages (message_id, received_at) values ($1, $3)
  on conflict do nothing returning 1
), streamer as (
  select 1 from streamers where twitch_user_id = $4
), ended as (
  update stream_sessions set ended_at = $2
  from message
  where session_id = (
    select session_id from stream_sessions
    where twitch_user_id = $4 and ended_at is null and started_at <= $2
      and ($5::text is null or stream_id = $5)
    order by started_at desc limit 1)
  returning session_id
), event as (
  insert into stream_events (session_id, kind, occurred_at, received_at, due_at)
  select session_id, 'offline', $2, $3, $6 from ended
  on conflict (session_id, kind) where finished_at is null do nothing
)
select exists (select from message), exists (select from streamer),
       (select session_id from ended)
