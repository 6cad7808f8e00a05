//! Who uses the dashboard: people, their sign-ins, and tokens.

pub mod exchanges;
pub mod favorites;
pub mod sessions;
pub mod tokens;
pub mod users;
