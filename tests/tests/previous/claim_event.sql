with due as (
  select event_id from stream_events
  where finished_at is null and due_at <= $1
  order by due_at limit 1 for update skip locked
), claimed as (
  update stream_events e set due_at = $2, attempts = attempts + 1
  from due where e.event_id = due.event_id
  returning e.*
)
select c.event_id, c.kind, c.attempts, c.prepared, c.received_at,
       s.session_id, s.stream_id, s.started_at, s.ended_at, s.twitch_user_id, t.login
from claimed c
join stream_sessions s using (session_id)
join streamers t using (twitch_user_id)
