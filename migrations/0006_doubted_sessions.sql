-- Since when Twitch's list of live streams has said otherwise than the session: one comparison is not
-- believed, a second one is. Null when the last comparison agreed.
alter table stream_sessions add column contradicted_at timestamptz;
