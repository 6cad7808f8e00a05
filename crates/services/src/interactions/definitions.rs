//! The commands as Discord is to have them.

use sm_discord::{
    interaction::{Command, CommandOption, Kind, Localized},
    permissions::Permissions,
};

/// Channels that take announcements: text, announcement, voice, stage, threads.
const CHANNELS: [u8; 6] = [0, 5, 2, 13, 10, 11];

/// All commands.
pub fn commands() -> Vec<Command> {
    vec![live(), streammaxing()]
}

/// Names stay in English, so that whoever helps can say what to type; German ones would need capitals, which Discord
/// refuses. What is beside them is told in both languages.
fn text(english: &'static str, german: &'static str) -> Localized {
    // A default language without a key of its own falls back to its sibling.
    Localized {
        text: english,
        others: [("en-US", english), ("en-GB", english), ("de", german)].into(),
    }
}

fn live() -> Command {
    let streamer = |required| {
        option(
            text("streamer", "streamer"),
            text("Whom; nobody: all of this server", "Wen; niemanden: alle dieses Servers"),
            required,
            Kind::Completed,
        )
    };
    Command {
        name: text("live", "live"),
        description: text(
            "What pings you in this server",
            "Was dich auf diesem Server benachrichtigt",
        ),
        permissions: None,
        options: vec![
            subcommand(
                text("list", "liste"),
                text("Show what pings you here", "Zeigt, was dich hier benachrichtigt"),
                Vec::new(),
            ),
            subcommand(
                text("mute", "stumm"),
                text(
                    "Stop the pings of a streamer",
                    "Keine Benachrichtigungen mehr zu einem Streamer",
                ),
                vec![streamer(false)],
            ),
            subcommand(
                text("unmute", "laut"),
                text(
                    "Be pinged when a streamer goes live",
                    "Benachrichtigt dich, wenn ein Streamer live geht",
                ),
                vec![streamer(false)],
            ),
            subcommand(
                text("settings", "einstellungen"),
                text("Choose for the whole server", "Wählt für den ganzen Server"),
                Vec::new(),
            ),
        ],
    }
}

fn streammaxing() -> Command {
    let streamer = |required| {
        option(
            text("streamer", "streamer"),
            text("A streamer of this server", "Ein Streamer dieses Servers"),
            required,
            Kind::Completed,
        )
    };
    Command {
        name: text("streammaxing", "streammaxing"),
        description: text(
            "Announcements of streams in this server",
            "Ankündigungen von Streams auf diesem Server",
        ),
        permissions: Some(Permissions::MANAGE_GUILD.0),
        options: vec![
            subcommand(
                text("setup", "einrichten"),
                text(
                    "Choose the channel, and whom to mention",
                    "Wählt den Kanal und wer erwähnt wird",
                ),
                vec![channel(), mention(), role()],
            ),
            subcommand(
                text("add", "hinzufügen"),
                text(
                    "Announce a streamer; without a name, several",
                    "Kündigt einen Streamer an; ohne Namen mehrere",
                ),
                vec![
                    option(
                        text("streamer", "streamer"),
                        text("Name or address on Twitch", "Name oder Adresse auf Twitch"),
                        false,
                        Kind::Completed,
                    ),
                    channel(),
                    option(
                        text("buttons", "knöpfe"),
                        text(
                            "Ping me and Mute below the message",
                            "Knöpfe unter der Nachricht: an und stumm",
                        ),
                        false,
                        Kind::Bool,
                    ),
                ],
            ),
            subcommand(
                text("remove", "entfernen"),
                text("Stop announcing a streamer", "Kündigt einen Streamer nicht mehr an"),
                vec![streamer(true)],
            ),
            subcommand(
                text("test", "testen"),
                text(
                    "Post a test message, which pings nobody",
                    "Sendet eine Testnachricht, die niemanden erwähnt",
                ),
                vec![streamer(false), channel()],
            ),
            subcommand(
                text("why", "warum"),
                text(
                    "Why a streamer is not announced",
                    "Warum ein Streamer nicht angekündigt wird",
                ),
                vec![streamer(true)],
            ),
            subcommand(
                text("pause", "anhalten"),
                text(
                    "Announce nobody, or not this one, for now",
                    "Kündigt vorerst niemanden an, oder diesen nicht",
                ),
                vec![streamer(false)],
            ),
            subcommand(
                text("resume", "fortsetzen"),
                text("Announce again", "Kündigt wieder an"),
                vec![streamer(false)],
            ),
        ],
    }
}

fn channel() -> CommandOption {
    option(
        text("channel", "kanal"),
        text("Where to post", "Wohin gepostet wird"),
        false,
        Kind::Channel(CHANNELS.to_vec()),
    )
}

fn mention() -> CommandOption {
    let choices = vec![
        ("members", text("Members who want it", "Mitglieder, die es möchten")),
        ("role", text("A role", "Eine Rolle")),
        ("everyone", text("@everyone", "@everyone")),
        ("here", text("@here", "@here")),
        ("none", text("Nobody", "Niemand")),
    ];
    option(
        text("mention", "erwähnung"),
        text("Whom to mention", "Wer erwähnt wird"),
        false,
        Kind::Choice(choices),
    )
}

fn role() -> CommandOption {
    option(
        text("role", "rolle"),
        text("The role to mention", "Die Rolle, die erwähnt wird"),
        false,
        Kind::Role,
    )
}

fn subcommand(
    name: Localized,
    description: Localized,
    options: Vec<CommandOption>,
) -> CommandOption {
    option(name, description, false, Kind::Subcommand(options))
}

fn option(name: Localized, description: Localized, required: bool, kind: Kind) -> CommandOption {
    CommandOption { name, description, required, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Discord refuses all commands for one bad name, and does not say which.
    fn check(path: &str, name: &Localized, description: &Localized) -> usize {
        let all = |text: &Localized| -> Vec<(&'static str, &'static str)> {
            std::iter::once(("default", text.text)).chain(text.others.clone()).collect()
        };
        for (locale, name) in all(name) {
            let fits = |c: char| c == '-' || c == '_' || c.is_alphanumeric() && !c.is_uppercase();
            let length = name.chars().count();
            assert!(
                (1..=32).contains(&length) && name.chars().all(fits),
                "{path} {locale}: {name}"
            );
        }
        for (locale, text) in all(description) {
            let length = text.chars().count();
            assert!((1..=100).contains(&length), "{path} {locale}: {length} characters");
        }
        let longest =
            |text: &Localized| all(text).iter().map(|(_, text)| text.chars().count()).max();
        longest(name).unwrap_or(0) + longest(description).unwrap_or(0)
    }

    fn check_options(path: &str, options: &[CommandOption]) -> usize {
        assert!(options.len() <= 25, "{path}");
        let required = options.iter().map(|option| option.required);
        assert!(required.is_sorted_by(|a, b| a >= b), "{path}: what is required comes first");
        let mut names: Vec<_> =
            options.iter().flat_map(|o| o.name.others.get("de").copied()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), options.len(), "{path}: each name once");
        options
            .iter()
            .map(|option| {
                let path = format!("{path} {}", option.name.text);
                let own = check(&path, &option.name, &option.description);
                own + match &option.kind {
                    Kind::Subcommand(inner) => check_options(&path, inner),
                    Kind::Choice(choices) => {
                        choices.iter().map(|(value, name)| value.len() + name.text.len()).sum()
                    }
                    _ => 0,
                }
            })
            .sum()
    }

    #[test]
    fn every_name_and_text_is_one_that_discord_takes() {
        for command in commands() {
            let path = command.name.text;
            let own = check(path, &command.name, &command.description);
            let length = own + check_options(path, &command.options);
            assert!(length <= 8_000, "{path}: {length} characters");
        }
    }
}
