with event as (
  select e.event_id, e.session_id, e.received_at, e.committed_at, e.cursor,
         s.twitch_user_id, s.type, s.title, s.game_name, s.game_id, s.started_at, s.continues,
         p.ended_at as previous_ended_at
  from stream_events e
  join stream_sessions s using (session_id)
  left join stream_sessions p on p.session_id = s.continues
  where e.event_id = $1 and e.finished_at is null
), batch as (
  select d.*, gs.enabled as follow_enabled, c.enabled as guild_enabled,
         coalesce(d.channel_id, c.default_channel_id) as target_channel,
         coalesce(c.announce_types, '{live}') as announce_types,
         coalesce(c.merge_window_seconds, 600) as merge_window_seconds,
         c.quiet_from, c.quiet_until, ($2 at time zone coalesce(c.timezone, 'UTC'))::time as local_time
  from event
  join destinations d on d.twitch_user_id = event.twitch_user_id
    and (event.cursor is null or d.destination_id > event.cursor)
  join guild_streamers gs on gs.guild_id = d.guild_id and gs.twitch_user_id = d.twitch_user_id
  left join guild_config c on c.guild_id = d.guild_id
  order by d.destination_id
  limit $4
), decided as (
  select b.destination_id, b.guild_id, b.target_channel, previous.message_id as reopen_message_id,
    case
      when not coalesce(b.guild_enabled, true) then 'guild_paused'
      when not b.follow_enabled then 'streamer_paused'
      when not b.enabled then 'destination_paused'
      when b.target_channel is null then 'no_channel'
      when event.type <> all (b.announce_types) then 'stream_type'
      -- A game or title that nobody knows does not hold an announcement back.
      when b.game_filter is not null and event.game_name is not null
        and not exists (select from unnest(b.game_filter) g where lower(g) = lower(event.game_name))
        then 'game_filter'
      when b.title_filter is not null and event.title is not null
        and position(lower(b.title_filter) in lower(event.title)) = 0 then 'title_filter'
      when previous.message_id is not null then null
      when b.quiet_from is not null and case when b.quiet_from <= b.quiet_until
          then b.local_time >= b.quiet_from and b.local_time < b.quiet_until
          else b.local_time >= b.quiet_from or b.local_time < b.quiet_until end
        then 'quiet_hours'
      when b.cooldown_seconds > 0 and exists (
          select from notification_log n
          where n.destination_id = b.destination_id and n.kind = 'online' and n.action = 'create'
            and n.status = 'sent' and n.sent_at > $2 - make_interval(secs => b.cooldown_seconds))
        then 'cooldown'
    end as reason,
    case
      when event.type <> all (b.announce_types) then 'type: ' || event.type
      when b.game_filter is not null or b.title_filter is not null
        then 'game: ' || coalesce(event.game_name, '-') || ', title: ' || coalesce(event.title, '-')
      when b.quiet_from is not null then 'quiet until ' || to_char(b.quiet_until, 'HH24:MI')
      when b.cooldown_seconds > 0 then 'cooldown: ' || b.cooldown_seconds || ' s'
    end as detail
  from batch b
  cross join event
  -- A short break: the message of the earlier session is re-opened, without a ping.
  left join notification_log previous
    on previous.destination_id = b.destination_id and previous.session_id = event.continues
    and previous.kind = 'online' and previous.status = 'sent'
    and previous.channel_id = b.target_channel
    and b.merge_window_seconds > 0
    and event.started_at - event.previous_ended_at <= make_interval(secs => b.merge_window_seconds)
), inserted as (
  insert into notification_log
    (destination_id, session_id, event_id, guild_id, channel_id, kind, action, status, reason, detail,
     due_at, expires_at, message_id, received_at, committed_at, finished_at, streamer_id)
  select d.destination_id, event.session_id, event.event_id, d.guild_id, d.target_channel, 'online',
         case when d.reopen_message_id is null then 'create' else 'edit' end,
         case when d.reason is null then 'pending' else 'skipped' end,
         d.reason, case when d.reason is not null then d.detail end,
         $2, event.received_at + make_interval(secs => $5), d.reopen_message_id,
         event.received_at, event.committed_at, case when d.reason is not null then $2 end, event.twitch_user_id
  from decided d cross join event
  on conflict on constraint notification_log_once_key do nothing
), progress as (
  update stream_events e
  set cursor = coalesce((select destination_id from batch order by destination_id desc limit 1), e.cursor),
      due_at = $3,
      finished_at = case when (select count(*) from batch) < $4 then $2 end,
      outcome = case when (select count(*) from batch) < $4 then 'expanded' end
  from event where e.event_id = event.event_id
)
select count(*) from batch
