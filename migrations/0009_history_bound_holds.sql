-- Reads both tables once while they are written to.
alter table notification_log validate constraint notification_log_bound_check;
alter table delivery_attempts validate constraint delivery_attempts_bound_check;
