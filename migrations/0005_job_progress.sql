-- How far each job is, so that a run of many pages survives deadlines, failures and crashes.
alter table jobs
  -- Counts claims: whoever writes progress with an older number has lost the job to somebody else.
  add column turn         bigint      not null default 0,
  add column begun_at     timestamptz, -- of the run under way
  add column cursor       text,        -- where that run goes on; null: at its beginning
  add column failures     integer     not null default 0, -- in a row
  add column failed       bigint      not null default 0, -- ever
  add column failed_at    timestamptz,
  add column error        text,
  add column succeeded_at timestamptz,
  add column created_at   timestamptz not null default now();

-- A list of Twitch's spans several turns of its job: what a run has listed carries the run's beginning.
alter table eventsub_subscriptions
  add column listed_at timestamptz,
  -- Signed with another secret than the newest at that time.
  add column outdated  boolean not null default false;
