//! Discord: REST, permissions, outcome of each error code.
