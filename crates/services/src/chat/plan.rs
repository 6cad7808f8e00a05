//! From a line to what is said: found and permitted in memory, counted and held back in one statement.

use super::{
    answer::{Answer, Called, shown},
    book, builtins,
    facts::Facts,
    filters::Verdict,
    remote,
    stamp::chance,
};
use crate::App;
use sm_db::{
    Transaction,
    chat::{books, uses},
};
use sm_types::{
    TwitchUserId,
    chat::{
        Arguments, Asks, Book, CommandId, Entry, Level, Line, Order, Response, Silence, Target,
        Variable, Waits, When, text::utterances,
    },
    template::Context,
};
use std::collections::BTreeSet;

/// Characters of an answer before it is split.
const MAX_ANSWER: usize = 1_500;

/// Why nothing is planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Nothing is to be said.
    #[error("{}", .0.code())]
    Silent(Silence),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Silence> for PlanError {
    fn from(silence: Silence) -> Self {
        Self::Silent(silence)
    }
}

/// An answer that is ready but for its number. Nobody has been made to wait for it yet.
#[derive(Debug)]
pub struct Planned {
    pub command_id: CommandId,
    /// The name, without the prefix.
    pub name: String,
    /// What is begun when it is said.
    pub waits: Waits,
    /// Whether it replies to the line.
    pub reply: bool,
    pub(super) channel: TwitchUserId,
    pub(super) person: TwitchUserId,
    pub(super) answer: Answer,
}

/// What is to be said to a line. `version` is that of the channel's row in `chat_books` (0: none), for
/// whoever has read it with the line; then a line that calls nothing costs no round trip.
///
/// Asks Twitch and the owner's address where the answer needs it: call it outside of a transaction.
pub async fn plan(app: &App, line: &Line, version: Option<i64>) -> Result<Planned, PlanError> {
    let kept = book::of(app, &line.channel, version).await?;
    let book = &kept.book;
    let hit = book.read(line)?;
    let called = Called {
        channel: &line.channel,
        chatter: &line.chatter,
        level: line.level(),
        seed: &line.message_id,
    };
    plan_hit(app, book, hit.target, hit.arguments, &called).await
}

/// What a line is to be deleted for, if anything.
pub async fn judge(app: &App, line: &Line, version: Option<i64>) -> sqlx::Result<Option<Verdict>> {
    Ok(book::of(app, &line.channel, version).await?.judge.verdict(line))
}

/// What is to be said when a program runs the command of this name.
pub async fn plan_named(
    app: &App,
    called: &Called<'_>,
    name: &str,
    arguments: &str,
) -> Result<Planned, PlanError> {
    let kept = book::of(app, called.channel, None).await?;
    let book = &kept.book;
    let target = book.named(name).ok_or(Silence::NoCommand)?;
    plan_hit(app, book, target, Arguments::of(arguments), called).await
}

pub(super) async fn plan_hit(
    app: &App,
    book: &Book,
    target: Target<'_>,
    arguments: Arguments,
    called: &Called<'_>,
) -> Result<Planned, PlanError> {
    let (channel, chatter, now) = (called.channel, called.chatter, app.clock.now());
    let named = match target {
        Target::Own(entry) => named_by(entry),
        Target::Builtin(_) => BTreeSet::new(),
    };
    let scene =
        if needs_scene(target, &named) { books::scene(&app.pool, channel).await? } else { None };
    let is_live = scene.as_ref().is_some_and(|scene| scene.live_since.is_some());
    let mut asks = Asks { person: chatter.id.as_str(), level: called.level, is_live, now };
    let mut permitted = book.permit(target, &asks);
    if permitted == Err(Silence::Level { needed: Level::Follower })
        && remote::since(app, channel, &chatter.id).await.is_some()
    {
        asks.level = Level::Follower;
        permitted = book.permit(target, &asks);
    }
    let waits = permitted?;
    let mut facts = Facts {
        user: shown(chatter).to_owned(),
        login: chatter.login.clone(),
        arguments,
        scene,
        discord_url: book.settings.discord_url.clone(),
        followers: None,
        fetched: None,
        now,
        seed: called.seed.to_owned(),
    };
    let (answer, reply) = match target {
        Target::Builtin(builtin) => {
            let answer = builtins::answer(app, book, builtin, &facts, called, asks.level).await?;
            (answer, true)
        }
        Target::Own(entry) => {
            let command = &entry.command;
            if named.contains(&Variable::Fetch) || named.contains(&Variable::Followers) {
                let used = uses::Use {
                    channel,
                    command: command.id,
                    person: chatter.id.as_str(),
                    waits,
                    now,
                };
                // Whoever floods a command makes us ask nobody.
                if !uses::is_ready(&app.pool, &used).await? {
                    return Err(Silence::CoolingDown.into());
                }
            }
            if named.contains(&Variable::Followers) {
                facts.followers = remote::followers(app, channel).await;
            }
            if let Some(fetch) = &command.fetch
                && named.contains(&Variable::Fetch)
            {
                let told = remote::fetched(app, channel, fetch, &facts).await;
                facts.fetched = Some(told);
            }
            let responses = entry.responses.clone();
            (
                Answer::Responses { responses, order: command.order, facts: Box::new(facts) },
                command.reply,
            )
        }
    };
    Ok(Planned {
        command_id: target.id(),
        name: target.name().to_owned(),
        waits,
        reply,
        channel: channel.clone(),
        person: chatter.id.clone(),
        answer,
    })
}

fn named_by(entry: &Entry) -> BTreeSet<Variable> {
    let mut named: BTreeSet<Variable> =
        entry.responses.iter().flat_map(Response::variables).collect();
    if let Some(fetch) = &entry.command.fetch
        && let Ok(address) = Response::parse(&fetch.url)
    {
        named.extend(address.variables());
    }
    named
}

fn needs_scene(target: Target<'_>, named: &BTreeSet<Variable>) -> bool {
    let about_the_channel = |variable: &Variable| {
        matches!(
            variable,
            Variable::Uptime
                | Variable::Game
                | Variable::Title
                | Variable::Viewers
                | Variable::Channel
                | Variable::Url
        )
    };
    match target {
        Target::Builtin(_) => true,
        Target::Own(entry) => {
            entry.command.when != When::Always || named.iter().any(about_the_channel)
        }
    }
}

impl Planned {
    /// Counts the use, begins the cooldowns and tells what to say, to be stored in the same transaction.
    ///
    /// Nothing when it cools down, or when nothing would be seen; then nobody waits and nothing counts.
    pub async fn settle(&self, app: &App, db: &mut Transaction) -> sqlx::Result<Vec<String>> {
        let used = self.used(app);
        let reserved = uses::reserve(&mut **db, &used).await?;
        let lines = match reserved {
            uses::Reserved::CoolingDown => return Ok(Vec::new()),
            uses::Reserved::Clashed => Vec::new(),
            uses::Reserved::Taken { count } => match &self.answer {
                Answer::Change(change) => {
                    let (text, ours) = change.make(app, db).await?;
                    utterances(&text, "", ours)
                }
                _ => self.lines(count),
            },
        };
        if lines.is_empty() {
            let mine = matches!(reserved, uses::Reserved::Taken { .. });
            uses::release(&mut **db, &used, mine).await?;
        }
        Ok(lines)
    }

    pub(super) fn used<'a>(&'a self, app: &App) -> uses::Use<'a> {
        uses::Use {
            channel: &self.channel,
            command: self.command_id,
            person: self.person.as_str(),
            waits: self.waits,
            now: app.clock.now(),
        }
    }

    /// What is said at the use of this number; nothing for what has to be done first.
    pub fn lines(&self, count: i64) -> Vec<String> {
        match &self.answer {
            Answer::Change(_) => Vec::new(),
            Answer::Text { text, ours } => utterances(text, "", *ours),
            Answer::Responses { responses, order, facts } => {
                let Some(response) = chosen(responses, *order, count, &facts.seed) else {
                    return Vec::new();
                };
                let told = facts.told(count);
                let (text, ours) = response.render_marked(&told, Context::Plain, MAX_ANSWER);
                utterances(&text, "", ours)
            }
        }
    }
}

fn chosen<'a>(
    responses: &'a [Response],
    order: Order,
    count: i64,
    seed: &str,
) -> Option<&'a Response> {
    let many = u64::try_from(responses.len()).ok().filter(|many| *many > 0)?;
    let at = match order {
        Order::Random => chance(seed, 0) % many,
        Order::InTurn => u64::try_from(count - 1).unwrap_or_default() % many,
    };
    responses.get(usize::try_from(at).ok()?)
}
