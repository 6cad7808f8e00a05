with event as (
  select e.event_id, e.session_id, e.kind, e.received_at, e.committed_at, e.cursor, s.twitch_user_id
  from stream_events e join stream_sessions s using (session_id) where e.event_id = $1 and e.finished_at is null
), batch as (
  select n.destination_id, n.guild_id, n.channel_id, n.message_id,
         case when event.kind = 'offline' then coalesce(c.end_action, 'edit') else 'edit' end as end_action
  from event
  join notification_log n on n.session_id = event.session_id and n.kind = 'online'
    and n.status = 'sent' and n.message_id is not null
    and (event.cursor is null or n.destination_id > event.cursor)
  left join guild_config c on c.guild_id = n.guild_id
  where n.destination_id is not null
  order by n.destination_id
  limit $4
), inserted as (
  insert into notification_log
    (destination_id, session_id, event_id, guild_id, channel_id, kind, action, status, reason, priority,
     due_at, expires_at, message_id, received_at, committed_at, finished_at, streamer_id)
  select b.destination_id, event.session_id, event.event_id, b.guild_id, b.channel_id, event.kind,
         case b.end_action when 'delete' then 'delete' else 'edit' end,
         case b.end_action when 'leave' then 'skipped' else 'pending' end,
         case b.end_action when 'leave' then 'end_action_leave' end,
         1, $2, $2 + make_interval(secs => $5), b.message_id,
         event.received_at, event.committed_at, case b.end_action when 'leave' then $2 end, event.twitch_user_id
  from batch b cross join event
  -- The same kind of edit again: the row is taken up once more, its attempts are kept.
  on conflict on constraint notification_log_once_key do update
    set status = excluded.status, reason = excluded.reason, action = excluded.action,
        event_id = excluded.event_id, due_at = excluded.due_at, expires_at = excluded.expires_at,
        received_at = excluded.received_at, committed_at = excluded.committed_at,
        finished_at = excluded.finished_at
    where notification_log.event_id is distinct from excluded.event_id
), progress as (
  update stream_events e
  set cursor = coalesce((select destination_id from batch order by destination_id desc limit 1), e.cursor),
      due_at = $3,
      finished_at = case when (select count(*) from batch) < $4 then $2 end,
      outcome = case when (select count(*) from batch) < $4 then 'expanded' end
  from event where e.event_id = event.event_id
)
select count(*) from batch
