select least(
(select min(due_at) from stream_events where finished_at is null),
(select min(due_at) from notification_log where status in ('pending', 'sending') and priority = 0),
(select min(due_at) from notification_log where status in ('pending', 'sending') and priority = 1))
