-- When Twitch told, by its own clock, what we know of a streamer: what is told later and is older changes nothing.
alter table streamers add column channel_told_at timestamptz; -- title, category and language
alter table streamers add column names_told_at timestamptz; -- login and display name

-- A zone is checked against the product's own list. Postgres may forget a name with its next image, and then no
-- row that has it could be changed any more.
alter table guild_config drop constraint guild_config_timezone_check;
