//! Integration tests: one binary, so that everything is linked once.
#![expect(clippy::unwrap_used, reason = "a test ends where something unexpected is found")]

mod architecture;
mod aws;
mod delivery_faults;
mod disaster;
mod discord_tokens;
mod edits;
mod fairness;
mod flow;
mod gate;
mod go_live;
mod imports;
mod jobs;
mod kills;
mod lambda;
mod limits;
mod listing;
mod lookup;
mod migrations;
mod odd_answers;
mod operate;
mod outage;
mod permissions;
mod retention;
mod rotation;
mod rules;
mod scale;
mod schemathesis;
mod servers;
mod setup;
mod sign_in;
mod silence;
mod stack;
mod subscriptions;
mod template;
mod webhooks;
