-- Each attempt writes a row of the outbox twice, and each of its indexes along with it. Two of them are not worth that.

-- A server has few rows here: those of one of its streamers are found among them.
drop index notification_log_streamer_idx;
-- A destination that is gone is told by its absence, as in the history.
alter table notification_log drop constraint notification_log_destination_fkey;
drop index notification_log_destination_idx;
