-- The history of one thing, such as a template, without reading its guild's whole log.
create index audit_log_target_idx on audit_log (guild_id, target, audit_id desc)
  where target is not null;
