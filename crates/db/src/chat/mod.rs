//! The chat bot's tables.

pub mod books;
pub mod commands;
pub mod quotes;
pub mod tokens;
pub mod uses;
