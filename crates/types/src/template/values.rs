//! What variables stand for in one rendering.

use super::{Variable, escape::shows_nothing};
use std::{borrow::Cow, collections::BTreeMap};
use time::OffsetDateTime;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Somebody else's text; it is escaped.
    Text(String),
    /// Our own markup, such as a timestamp or a mention; it is kept whole or left out.
    Markup(String),
    /// An address.
    Url(String),
    Number(u64),
}

/// What the variables of one rendering stand for.
pub trait Source<V> {
    /// The value, if it is set and something of it can be seen.
    fn value(&self, variable: &V) -> Option<Cow<'_, Value>>;
}

impl Source<Variable> for Values {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        self.get(*variable).map(Cow::Borrowed)
    }
}

impl Value {
    /// Whether something of it can be seen.
    pub fn shows(&self) -> bool {
        match self {
            Self::Text(text) | Self::Markup(text) | Self::Url(text) => !shows_nothing(text),
            Self::Number(_) => true,
        }
    }
}

/// Values by variable; one that is absent or shows nothing is not set.
#[derive(Debug, Clone, Default)]
pub struct Values {
    values: BTreeMap<Variable, Value>,
    started_at: Option<OffsetDateTime>,
}

impl Values {
    /// What a template may be rendered with: everything there is, a live stream, and nothing at all.
    pub(super) fn shapes() -> [Self; 3] {
        const AFTER_THE_END: [Variable; 3] =
            [Variable::Ended, Variable::Duration, Variable::VodUrl];
        let mut all = Self::default();
        for variable in Variable::ALL {
            let name = variable.name();
            let is_address = name == "url" || name.ends_with("_url");
            let text = if is_address { "https://example.com/x" } else { "x" }.to_owned();
            all.set(*variable, if is_address { Value::Url(text) } else { Value::Text(text) });
        }
        let mut live = all.clone();
        live.values.retain(|variable, _| !AFTER_THE_END.contains(variable));
        [all, live, Self::default()]
    }

    /// Sets a value.
    pub fn set(&mut self, variable: Variable, value: Value) {
        self.values.insert(variable, value);
    }

    /// The value, if it is set and something of it can be seen.
    pub fn get(&self, variable: Variable) -> Option<&Value> {
        self.values.get(&variable).filter(|value| value.shows())
    }

    /// Sets the time that an embed's `timestamp` shows.
    pub fn set_started_at(&mut self, at: OffsetDateTime) {
        self.started_at = Some(at);
    }

    pub(super) fn started_at(&self) -> Option<OffsetDateTime> {
        self.started_at
    }
}
