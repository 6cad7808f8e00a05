//! Stateful simulators of Twitch, Discord, API Gateway's sockets and the Lambda runtime, an embedded Postgres, a local AWS.
//!
//! Each is a second, independent implementation of what the product speaks to: nothing here uses
//! the product's own clients, so that a mistake is not made twice in the same way.

pub mod aws;
mod cache;
pub mod discord;
pub mod gateway;
pub mod lambda_runtime;
pub mod postgres;
pub mod python;
pub mod twitch;
pub mod unkind;
