//! Stateful simulators of Twitch, Discord and the Lambda runtime, and an embedded Postgres.
