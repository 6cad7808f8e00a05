//! A server's configuration as a file: YAML, made to be read, kept and edited by people.
//!
//! It has the shapes of the API, but for two: templates are named, not given by their ids, and destinations have no id,
//! since their channel tells them apart.

mod changes;
mod reading;
mod schema;
mod writing;

pub use changes::{Change, ChangeKind, FieldChange, Part};
pub use reading::{Others, Plan, plan};
pub use schema::schema;
pub use writing::export;
pub(crate) use writing::fingerprint;

/// What the first line of a file says it is.
const FORMAT: &str = "streammaxing-server";
const VERSION: u64 = 1;
