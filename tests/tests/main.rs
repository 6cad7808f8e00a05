//! Integration tests: one binary, so that everything is linked once.

mod architecture;
mod delivery_faults;
mod edits;
mod gate;
mod go_live;
mod kills;
mod lambda;
mod migrations;
mod outage;
mod rules;
mod webhooks;
