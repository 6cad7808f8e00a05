-- What becomes of a message when its stream ends: two choices more, how long it stays, how it reads then; and of a channel, its own choice.

alter table guild_config drop constraint guild_config_end_action_check;
alter table guild_config
  add constraint guild_config_end_action_check
    check (end_action in ('leave', 'edit', 'delete', 'delete_after', 'new_message')),
  -- With `delete_after`.
  add column end_delete_minutes integer not null default 60
    constraint guild_config_end_delete_check check (end_delete_minutes between 1 and 1440),
  -- null: as while it is live
  add column end_template_id uuid
    constraint guild_config_end_template_fkey references message_templates on delete set null;

alter table destinations
  -- null: the server's
  add column end_action text
    constraint destinations_end_action_check
    check (end_action in ('leave', 'edit', 'delete', 'delete_after', 'new_message')),
  add column end_delete_minutes integer
    constraint destinations_end_delete_check check (end_delete_minutes between 1 and 1440);
