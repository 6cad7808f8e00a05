//! Postgres: one module of plain functions per table family.
