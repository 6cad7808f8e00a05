with fresh as (
  select delivery_id from notification_log n
  where status in ('pending', 'sending') and priority = 0 and due_at <= $1
    and not exists (select from discord_gate g where g.key = 'channel:' || n.channel_id
                    and g.blocked_until > clock_timestamp())
  order by due_at, shuffle limit $3 for update skip locked
), edits as (
  select delivery_id from notification_log n
  where status in ('pending', 'sending') and priority = 1 and due_at <= $1
    and not exists (select from discord_gate g where g.key = 'channel:' || n.channel_id
                    and g.blocked_until > clock_timestamp())
  order by due_at, shuffle limit $3 - (select count(*) from fresh) for update skip locked
), claimed as (
  update notification_log n set status = 'sending', due_at = $2, attempts = attempts + 1,
    first_claimed_at = coalesce(first_claimed_at, $1)
  where delivery_id in (select delivery_id from fresh union all select delivery_id from edits)
  returning n.*
)
select n.delivery_id, n.destination_id, n.guild_id, n.channel_id, n.kind, n.action, n.variant, n.attempts,
  n.first_claimed_at, n.expires_at, n.message_id, n.received_at, d.degraded_reason, g.name as guild_name,
  case when n.silent then 'none' else coalesce(d.mention, c.mention, 'none') end as mention, n.resends,
  case when d.mention is not null then d.mention_role_id else c.mention_role_id end as mention_role_id,
  coalesce(dt.message, gt.message) as template,
  s.session_id, s.started_at, s.ended_at, s.title, s.game_name, s.viewers, s.preview_at, s.vod_url,
  t.twitch_user_id, t.login, t.display_name, t.profile_image_url, t.language
from claimed n
join stream_sessions s using (session_id)
join streamers t using (twitch_user_id)
join guilds g on g.guild_id = n.guild_id
left join guild_config c on c.guild_id = n.guild_id
left join destinations d on d.destination_id = n.destination_id
left join message_templates dt on dt.template_id = d.template_id
left join message_templates gt on gt.template_id = c.template_id
