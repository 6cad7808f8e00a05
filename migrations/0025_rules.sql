-- Rules about what is announced, as `types::rules::RuleSet` has them.
alter table guild_config add column rules jsonb; -- null: none
alter table destinations add column rules jsonb; -- null: the server's

-- What rules saw of a stream: title, category, language and tags at its beginning, viewers at the second look.
-- Title and category beside it go on changing; a replay of rules needs those of the beginning.
alter table stream_sessions add column seen jsonb;
