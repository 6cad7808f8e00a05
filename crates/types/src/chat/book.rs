//! A channel's commands, ready to be found in a line, and who may use them when.

use super::{
    Arguments, Builtin, BuiltinSettings, Command, CommandId, Level, Line, Person, Response, When,
    text::{fold, strip},
};
use crate::template::Template;
use std::collections::{BTreeMap, HashMap};
use time::OffsetDateTime;

/// Code points of a prefix at most.
pub const MAX_PREFIX: usize = 5;

/// What goes for all commands of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookSettings {
    /// What stands before a name; up to [`MAX_PREFIX`] code points, or nothing.
    pub prefix: String,
    /// Never answered.
    pub ignored: Vec<Person>,
    /// Built-in commands that differ from their defaults.
    pub builtins: BTreeMap<Builtin, BuiltinSettings>,
    /// The invite to the channel's Discord server.
    pub discord_url: Option<String>,
}

impl Default for BookSettings {
    fn default() -> Self {
        Self {
            prefix: "!".to_owned(),
            ignored: Vec::new(),
            builtins: BTreeMap::new(),
            discord_url: None,
        }
    }
}

impl BookSettings {
    /// What goes for a built-in command.
    pub fn of(&self, builtin: Builtin) -> BuiltinSettings {
        self.builtins.get(&builtin).cloned().unwrap_or_default()
    }
}

/// A command with its responses parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub command: Command,
    /// Those that parse; what was stored has been checked.
    pub responses: Vec<Response>,
}

/// What a name leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    Own(&'a Entry),
    Builtin(Builtin),
}

/// All commands of a channel by their folded names.
#[derive(Debug, Clone, Default)]
pub struct Book {
    pub settings: BookSettings,
    folded_prefix: String,
    entries: Vec<Entry>,
    names: HashMap<String, Place>,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Own(usize),
    Builtin(Builtin),
}

/// A command found in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit<'a> {
    pub target: Target<'a>,
    pub arguments: Arguments,
}

/// How long nobody, or the same person, is answered again, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    pub global: u32,
    pub user: u32,
    /// Whether this person need not wait, and makes nobody wait.
    pub exempt: bool,
}

/// Why nothing is answered. Chat never sees it; the dry run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// Shared chat brought the line from another channel.
    FromElsewhere,
    /// A bot wrote it, or somebody who is ignored.
    Ignored,
    /// No command of this name, or none at all.
    NoCommand,
    Disabled,
    Expired,
    /// The stream is offline, and the command answers while it is live.
    Offline,
    /// The other way round.
    Online,
    /// The person is on the command's list of those who may not.
    Denied,
    /// The level is too low.
    Level {
        needed: Level,
    },
    /// Somebody has just used it.
    CoolingDown,
    /// Nothing would be seen of the answer.
    Empty,
}

impl Silence {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::FromElsewhere => "from_elsewhere",
            Self::Ignored => "ignored",
            Self::NoCommand => "no_command",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Offline => "offline",
            Self::Online => "online",
            Self::Denied => "denied",
            Self::Level { .. } => "level",
            Self::CoolingDown => "cooling_down",
            Self::Empty => "empty",
        }
    }
}

impl Book {
    /// Puts a book together. A name that is there twice leads to the command that comes first; built-in
    /// commands that are switched off hold no name.
    pub fn new(settings: BookSettings, commands: Vec<Command>) -> Self {
        let mut names = HashMap::with_capacity(commands.len() * 2 + Builtin::ALL.len());
        for builtin in Builtin::ALL.iter().filter(|builtin| settings.of(**builtin).enabled) {
            names.insert(builtin.name().to_owned(), Place::Builtin(*builtin));
        }
        let mut entries = Vec::with_capacity(commands.len());
        for command in commands {
            for name in std::iter::once(&command.name).chain(&command.aliases) {
                names.entry(fold(name)).or_insert(Place::Own(entries.len()));
            }
            let parsed = command.responses.iter().map(|source| Template::parse(source));
            let responses = parsed.filter_map(Result::ok).collect();
            entries.push(Entry { command, responses });
        }
        let folded_prefix = fold(&settings.prefix);
        Self { settings, folded_prefix, entries, names }
    }

    /// The channel's own commands.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The command of this name or alias.
    pub fn named(&self, name: &str) -> Option<Target<'_>> {
        match self.names.get(fold(name).as_str())? {
            Place::Own(at) => self.entries.get(*at).map(Target::Own),
            Place::Builtin(builtin) => Some(Target::Builtin(*builtin)),
        }
    }

    /// The command that a text calls: its first word is the prefix and a name.
    pub fn find(&self, text: &str) -> Option<Hit<'_>> {
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || strip_is_empty(c));
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let word = fold(strip(&text[..end]));
        let name = word.strip_prefix(&self.folded_prefix)?;
        let target = match self.names.get(name)? {
            Place::Own(at) => Target::Own(self.entries.get(*at)?),
            Place::Builtin(builtin) => Target::Builtin(*builtin),
        };
        Some(Hit { target, arguments: Arguments::of(&text[end..]) })
    }

    /// The command that a line calls, if this channel answers lines of this kind at all.
    pub fn read(&self, line: &Line) -> Result<Hit<'_>, Silence> {
        if line.is_from_elsewhere() {
            return Err(Silence::FromElsewhere);
        }
        if line.is_by_bot() || is_listed(&self.settings.ignored, line) {
            return Err(Silence::Ignored);
        }
        self.find(&line.text).ok_or(Silence::NoCommand)
    }

    /// Whether a person may use a command at this moment. The level is the target's own, whatever alias
    /// has led to it.
    pub fn permit(&self, target: Target<'_>, asks: &Asks<'_>) -> Result<Waits, Silence> {
        match target {
            Target::Own(entry) => permit_own(&entry.command, asks),
            Target::Builtin(builtin) => {
                let settings = self.settings.of(builtin);
                let needed = settings.level.unwrap_or(builtin.level());
                climb(asks, needed)?;
                let exempt = asks.level >= Level::Moderator;
                Ok(Waits { global: settings.cooldown, user: settings.user_cooldown, exempt })
            }
        }
    }
}

impl Target<'_> {
    /// What cooldown and counter are kept by.
    pub fn id(&self) -> CommandId {
        match self {
            Self::Own(entry) => entry.command.id,
            Self::Builtin(builtin) => builtin.id(),
        }
    }

    /// The name, without the prefix.
    pub fn name(&self) -> &str {
        match self {
            Self::Own(entry) => &entry.command.name,
            Self::Builtin(builtin) => builtin.name(),
        }
    }

    /// The level that it asks for.
    pub fn level(&self, settings: &BookSettings) -> Level {
        match self {
            Self::Own(entry) => entry.command.level,
            Self::Builtin(builtin) => settings.of(*builtin).level.unwrap_or(builtin.level()),
        }
    }
}

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asks<'a> {
    pub person: &'a str,
    /// What badges tell, or [`Level::Follower`] where Twitch said so.
    pub level: Level,
    pub is_live: bool,
    pub now: OffsetDateTime,
}

fn permit_own(command: &Command, asks: &Asks<'_>) -> Result<Waits, Silence> {
    if !command.enabled {
        return Err(Silence::Disabled);
    }
    if command.expires_at.is_some_and(|at| at <= asks.now) {
        return Err(Silence::Expired);
    }
    match command.when {
        When::Online if !asks.is_live => return Err(Silence::Offline),
        When::Offline if asks.is_live => return Err(Silence::Online),
        _ => {}
    }
    let on = |list: &[Person]| list.iter().any(|person| person.id.as_str() == asks.person);
    if asks.level < Level::Broadcaster && on(&command.deny) {
        return Err(Silence::Denied);
    }
    if !on(&command.allow) {
        climb(asks, command.level)?;
    }
    let exempt = command.no_cooldown_from.is_some_and(|from| asks.level >= from);
    Ok(Waits { global: command.cooldown, user: command.user_cooldown, exempt })
}

fn climb(asks: &Asks<'_>, needed: Level) -> Result<(), Silence> {
    if asks.level >= needed { Ok(()) } else { Err(Silence::Level { needed }) }
}

fn is_listed(list: &[Person], line: &Line) -> bool {
    list.iter().any(|person| person.id == line.chatter.id)
}

fn strip_is_empty(c: char) -> bool {
    c.is_control() || crate::template::is_default_ignorable(c)
}
