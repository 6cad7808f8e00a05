//! What a chat template may name.

use super::text::tokens;
use crate::template::{ErrorKind, Name, Template, closest};

/// Arguments that a variable takes at most; more of them have no place in 4,000 characters.
const MAX_CHOICES: usize = 100;

/// A variable with its own arguments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variable {
    User,
    Login,
    ToUser,
    Args,
    /// The argument of this number, from 1.
    Arg(u8),
    Count,
    Uptime,
    Game,
    Title,
    Viewers,
    Followers,
    Channel,
    Url,
    Discord,
    Fetch,
    /// One of these words by chance.
    Random(Vec<String>),
    /// A whole number by chance, both ends included.
    Dice(u32, u32),
    /// The time of day in an IANA zone.
    Time(String),
    /// The date in an IANA zone.
    Date(String),
    /// A secret of the channel; only in an address that is fetched.
    Secret(String),
}

/// A variable for people who write templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The word after the brace.
    pub name: &'static str,
    /// What it looks like, arguments included.
    pub example: &'static str,
    pub about: &'static str,
}

macro_rules! known {
    ($($name:literal $example:literal $about:literal,)*) => {
        /// All variables, as they are offered.
        pub const VARIABLES: &[About] = &[$(About { name: $name, example: $example, about: $about },)*];
    };
}

known! {
    "user" "{user}" "Who wrote the line, as shown in chat.",
    "login" "{login}" "Their login.",
    "touser" "{touser}" "Whom the first argument names, or who wrote the line.",
    "args" "{args}" "All that follows the command.",
    "arg" "{arg 1}" "One word of that, by its number from 1 to 20.",
    "count" "{count}" "How often the command was used, this time included.",
    "uptime" "{uptime}" "How long the stream has been going on; not set while it is offline.",
    "game" "{game}" "The category.",
    "title" "{title}" "The title of the stream.",
    "viewers" "{viewers}" "How many are watching, when known.",
    "followers" "{followers}" "How many follow the channel, when known.",
    "channel" "{channel}" "The channel's name.",
    "url" "{url}" "The channel's address.",
    "discord" "{discord}" "The invite to your Discord server, from the chat's settings.",
    "fetch" "{fetch}" "What the command's address answered.",
    "random" "{random red green}" "One of the words by chance, or a number as in {random 1-6}. Put several words in quotes.",
    "time" "{time Europe/Berlin}" "The time of day in a time zone.",
    "date" "{date Europe/Berlin}" "The date in a time zone.",
    "secret" "{secret key}" "A stored secret; only in an address that is fetched.",
}

impl Name for Variable {
    fn read(text: &str) -> Result<Self, ErrorKind> {
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let plain = match name {
            "user" => Self::User,
            "login" => Self::Login,
            "touser" => Self::ToUser,
            "args" => Self::Args,
            "count" => Self::Count,
            "uptime" => Self::Uptime,
            "game" => Self::Game,
            "title" => Self::Title,
            "viewers" => Self::Viewers,
            "followers" => Self::Followers,
            "channel" => Self::Channel,
            "url" => Self::Url,
            "discord" => Self::Discord,
            "fetch" => Self::Fetch,
            _ => return with_arguments(name, rest),
        };
        let known = VARIABLES.iter().find(|known| known.name == name);
        match known {
            Some(known) if !rest.trim().is_empty() => {
                Err(ErrorKind::BadArgument { filter: known.name, expected: "no argument" })
            }
            _ => Ok(plain),
        }
    }
}

fn with_arguments(name: &str, rest: &str) -> Result<Variable, ErrorKind> {
    let bad = |filter, expected| ErrorKind::BadArgument { filter, expected };
    match name {
        "arg" => {
            let number = rest.trim().parse().ok().filter(|n| (1..=20).contains(n));
            let expected = "a number from 1 to 20, as in {arg 1}";
            number.map(Variable::Arg).ok_or_else(|| bad("arg", expected))
        }
        "random" => random(rest).ok_or_else(|| {
            bad("random", "words or a range, as in {random red green} or {random 1-6}")
        }),
        "time" | "date" => {
            let zone = rest.trim();
            let expected = "a time zone, as in {time Europe/Berlin}";
            if !is_zone(zone) {
                return Err(bad(if name == "time" { "time" } else { "date" }, expected));
            }
            let make = if name == "time" { Variable::Time } else { Variable::Date };
            Ok(make(zone.to_owned()))
        }
        "secret" => {
            let key = rest.trim();
            let expected = "the name of a stored secret, as in {secret key}";
            if is_key(key) {
                Ok(Variable::Secret(key.to_owned()))
            } else {
                Err(bad("secret", expected))
            }
        }
        _ => Err(ErrorKind::UnknownVariable {
            name: name.chars().take(40).collect(),
            near: closest(name, VARIABLES.iter().map(|known| known.name)),
        }),
    }
}

/// Whether a text has the shape of an IANA name; whether there is such a zone is asked at save.
///
/// `EST` and its like are refused: they are no zones that people live in, and know no summer.
fn is_zone(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_/+-".contains(c);
    text == "UTC" || text.contains('/') && text.len() <= 64 && text.chars().all(allowed)
}

/// Whether a text can be the name of a secret.
pub fn is_key(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=32).contains(&text.len()) && text.chars().all(allowed)
}

fn random(rest: &str) -> Option<Variable> {
    let words = words(rest);
    if let [only] = words.as_slice()
        && let Some((from, to)) = only.split_once('-')
        && let (Ok(from), Ok(to)) = (from.parse(), to.parse())
    {
        return (from <= to).then_some(Variable::Dice(from, to));
    }
    (!words.is_empty() && words.len() <= MAX_CHOICES).then_some(Variable::Random(words))
}

/// Words between blanks, or between quotes; a quote that is never closed is a character like others.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let quoted = rest.strip_prefix('"').and_then(|inner| inner.split_once('"'));
        let (word, after) = match quoted {
            Some(split) => split,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

/// A response of a command.
pub type Response = Template<Variable>;

/// What follows a command in a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments(Vec<String>);

impl Arguments {
    /// The words of a text; quotes are characters like others.
    pub fn of(text: &str) -> Self {
        Self(tokens(text).map(str::to_owned).collect())
    }

    /// All of them, one blank between.
    pub fn joined(&self) -> String {
        self.0.join(" ")
    }

    /// The one of this number, from 1.
    pub fn get(&self, number: usize) -> Option<&str> {
        self.0.get(number.checked_sub(1)?).map(String::as_str)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whom the first one names: without one `@`.
    pub fn person(&self) -> Option<&str> {
        let first = self.get(1)?;
        Some(first.strip_prefix('@').unwrap_or(first)).filter(|name| !name.is_empty())
    }

    /// The same as a login to ask Twitch about, if it can be one.
    pub fn login(&self) -> Option<String> {
        let login = self.person()?.to_ascii_lowercase();
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        ((1..=25).contains(&login.len()) && login.chars().all(allowed)).then_some(login)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Context, Source, Value};
    use proptest::prelude::*;
    use std::borrow::Cow;

    struct Said(Arguments);

    impl Source<Variable> for Said {
        fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
            let text = match variable {
                Variable::Args => Some(self.0.joined()),
                Variable::Arg(n) => self.0.get(usize::from(*n)).map(str::to_owned),
                Variable::ToUser => self.0.person().map(str::to_owned),
                _ => Some("x".to_owned()),
            };
            text.map(Value::Text).filter(Value::shows).map(Cow::Owned)
        }
    }

    fn rendered(source: &str, args: &str) -> String {
        let template: Response = Template::parse(source).unwrap();
        template.render(&Said(Arguments::of(args)), Context::Plain, 1_500)
    }

    #[test]
    fn every_variable_that_is_offered_can_be_read_with_no_one_and_many_arguments() {
        for known in VARIABLES {
            for args in ["", "one", "one two three"] {
                let text = rendered(&format!("[{}]", known.example), args);
                assert!(text.starts_with('['), "{}: {text}", known.example);
            }
            let with_default = known.example.replace('}', "|default:\"none\"}");
            assert!(!rendered(&with_default, "").is_empty(), "{}", known.example);
        }
    }

    #[test]
    fn what_a_variable_cannot_take_is_told_with_its_remedy() {
        for (source, message) in [
            ("{usr}", "there is no {usr}: did you mean {user}?"),
            ("{user 1}", "`user` needs no argument"),
            ("{arg}", "`arg` needs a number from 1 to 20, as in {arg 1}"),
            ("{arg 0}", "`arg` needs a number from 1 to 20, as in {arg 1}"),
            ("{time}", "`time` needs a time zone, as in {time Europe/Berlin}"),
            ("{time EST}", "`time` needs a time zone, as in {time Europe/Berlin}"),
            (
                "{random}",
                "`random` needs words or a range, as in {random red green} or {random 1-6}",
            ),
            (
                "{random 6-1}",
                "`random` needs words or a range, as in {random red green} or {random 1-6}",
            ),
        ] {
            let error = Response::parse(source).unwrap_err();
            assert_eq!(error.kind.to_string(), message, "{source}");
        }
    }

    #[test]
    fn random_takes_quoted_words_and_ranges() {
        let read = |text| Variable::read(text).unwrap();
        let words = |words: &[&str]| Variable::Random(words.iter().map(|w| (*w).into()).collect());
        assert_eq!(read("random a \"b c\" d"), words(&["a", "b c", "d"]));
        assert_eq!(read("random 1-6"), Variable::Dice(1, 6));
        assert_eq!(read("random 1-6 x"), words(&["1-6", "x"]));
        assert_eq!(read("random \"a b"), words(&["\"a", "b"]));
    }

    #[test]
    fn person_is_named_with_and_without_an_at_sign() {
        let login = |text| Arguments::of(text).login();
        assert_eq!(login("@Ana_1 x").as_deref(), Some("ana_1"));
        assert_eq!(login("ana\u{e0000}").as_deref(), Some("ana"));
        assert_eq!(login("@@ana"), None);
        assert_eq!(login("アナ"), None);
        assert_eq!(login(""), None);
        assert_eq!(Arguments::of("@アナ").person(), Some("アナ"));
    }

    proptest! {
        #[test]
        fn arguments_are_never_expanded_again(
            args in "[{}a-z| :\"\\\\/!]{0,40}( \\{(user|args|arg 1|random a b|fetch)\\})?",
        ) {
            let said = Arguments::of(&args).joined();
            let text = rendered("<{args}>", &args);
            let expected = if said.is_empty() { "<>".to_owned() } else { format!("<{said}>") };
            prop_assert_eq!(text, expected);
        }

        #[test]
        fn no_source_breaks_the_parser(source in "([{}|:\"#/a-z0-9 ]|\\{random |\\{#if |\\{arg ){0,60}") {
            if let Ok(template) = Response::parse(&source) {
                for args in ["", "one", "{args} {arg 1} three"] {
                    let values = Said(Arguments::of(args));
                    let text = template.render(&values, Context::Plain, 1_500);
                    prop_assert!(text.chars().count() <= 1_500);
                }
            }
        }
    }
}
