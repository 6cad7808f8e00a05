-- What a remote did not list, or refused, and nobody has confirmed yet: docs/adr/0008.
create table doubts (
  kind        text        not null, -- sm_services::doubts::Absence
  subject     text        not null, -- whose id
  since       timestamptz not null, -- the first look that said so
  looks       integer     not null default 1,
  sources     text[]      not null, -- who has said so, each once
  looked_at   timestamptz not null, -- the last look
  believed_at timestamptz, -- since when it counts; what was taken away is given back when the doubt ends
  constraint doubts_pkey primary key (kind, subject)
) with (fillfactor = 70);
create index doubts_looked_at_idx on doubts (looked_at);
