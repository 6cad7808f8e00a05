select n.delivery_id, n.kind, n.action, n.status, n.reason, n.detail, n.attempts, n.channel_id,
  n.message_id, t.twitch_user_id, t.login, t.display_name, s.title, s.game_name, s.started_at, n.received_at,
  n.committed_at, n.created_at, n.due_at, n.first_claimed_at, n.sent_at, n.finished_at, n.expires_at, n.silent,
  n.resends, n.opt_outs, n.unhonoured_opt_outs, n.unlisted_members
from notification_log n left join stream_sessions s using (session_id)
  left join streamers t on t.twitch_user_id = coalesce(n.streamer_id, s.twitch_user_id)
where n.guild_id = $1 order by n.delivery_id desc limit 50
