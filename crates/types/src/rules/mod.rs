//! What a server wants announced, beyond switches and quiet hours: rules that all have to agree.

mod check;
mod judge;
mod pattern;
mod set;

pub use check::{MAX_PAUSE, MAX_PINGS, Wrong};
pub use judge::{Broken, Facts, PING_DAY, viewers_rule};
pub use pattern::Patterns;
pub use set::{Categories, Category, RuleSet, Tags, TitleRules};
