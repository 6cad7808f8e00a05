-- Whom a person has added by name, over all servers, is counted before they add another.
create index guild_streamers_added_by_idx on guild_streamers (added_by) where source = 'admin';
