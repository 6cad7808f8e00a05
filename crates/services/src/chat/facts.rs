//! What a response's variables stand for.

use super::stamp::{chance, date_in, span, time_in};
use sm_db::chat::books::Scene;
use sm_types::{
    chat::{Arguments, Variable},
    template::{Source, Value},
};
use std::{borrow::Cow, cell::Cell};
use time::OffsetDateTime;

/// All that one answer may tell. Texts of others are data: they are shown, never read again.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) user: String,
    pub(super) login: String,
    pub(super) arguments: Arguments,
    pub(super) scene: Option<Scene>,
    pub(super) discord_url: Option<String>,
    pub(super) followers: Option<u64>,
    pub(super) fetched: Option<String>,
    pub(super) now: OffsetDateTime,
    /// What chance is asked about: the line's id.
    pub(super) seed: String,
}

/// The facts of one use.
#[derive(Debug)]
pub(super) struct Told<'a> {
    facts: &'a Facts,
    count: i64,
    /// How often chance was asked: two throws in one answer are two throws.
    turn: Cell<u64>,
}

impl Facts {
    /// The facts of the use of this number.
    pub(super) fn told(&self, count: i64) -> Told<'_> {
        Told { facts: self, count, turn: Cell::new(1) }
    }
}

impl Told<'_> {
    fn chance(&self) -> u64 {
        let turn = self.turn.replace(self.turn.get() + 1);
        chance(&self.facts.seed, turn)
    }

    fn find(&self, variable: &Variable) -> Option<Value> {
        let facts = self.facts;
        let scene = facts.scene.as_ref();
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        let ours = |text: String| Some(Value::Markup(text));
        match variable {
            Variable::User => text(&facts.user),
            Variable::Login => text(&facts.login),
            Variable::ToUser => text(facts.arguments.person().unwrap_or(&facts.user)),
            Variable::Args => Some(Value::Text(facts.arguments.joined())),
            Variable::Arg(number) => text(facts.arguments.get((*number).into())?),
            Variable::Count => Some(Value::Number(u64::try_from(self.count).unwrap_or_default())),
            Variable::Uptime => ours(span(facts.now - scene?.live_since?)),
            Variable::Game => text(scene?.game_name.as_deref()?),
            Variable::Title => text(scene?.title.as_deref()?),
            Variable::Viewers => {
                scene?.live_since?;
                Some(Value::Number(u64::try_from(scene?.viewers?).ok()?))
            }
            Variable::Followers => Some(Value::Number(facts.followers?)),
            Variable::Channel => text(&scene?.display_name),
            Variable::Url => Some(Value::Url(format!("https://www.twitch.tv/{}", scene?.login))),
            Variable::Discord => Some(Value::Url(facts.discord_url.clone()?)),
            Variable::Fetch => text(facts.fetched.as_deref()?),
            Variable::Random(words) => {
                let count = u64::try_from(words.len()).ok().filter(|count| *count > 0)?;
                let at = usize::try_from(self.chance() % count).ok()?;
                ours(words.get(at)?.clone())
            }
            Variable::Dice(from, to) => {
                let (from, to) = (u64::from(*from), u64::from(*to));
                Some(Value::Number(from + self.chance() % (to - from + 1)))
            }
            Variable::Time(zone) => ours(time_in(zone, facts.now)?),
            Variable::Date(zone) => ours(date_in(zone, facts.now)?),
            // Never outside of an address, whose values are others.
            Variable::Secret(_) => None,
        }
    }
}

impl Source<Variable> for Told<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        self.find(variable).filter(Value::shows).map(Cow::Owned)
    }
}
