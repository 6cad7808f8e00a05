//! Commands that come with the bot.

use super::{CommandId, Level};
use serde::{Deserialize, Serialize};

macro_rules! builtins {
    ($($variant:ident $name:literal $number:literal $level:ident $about:literal,)*) => {
        /// A command that comes with the bot; each can be switched off.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Builtin {
            $(#[doc = $about] $variant,)*
        }

        impl Builtin {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in chat, without the prefix.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it does.
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }

            /// Who may use it where the owner has not decided.
            pub fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)* }
            }

            /// Its id, the same in every channel.
            pub fn id(self) -> CommandId {
                let number: u128 = match self { $(Self::$variant => $number,)* };
                CommandId(uuid::Uuid::from_u128(0xc0de_0000_0000_8000_8000_0000_0000_0000 | number))
            }
        }
    };
}

builtins! {
    Commands "commands" 1 Everyone "Lists the channel's commands.",
    Uptime "uptime" 2 Everyone "Tells how long the stream has been going on.",
    Title "title" 3 Everyone "Tells the stream's title.",
    Game "game" 4 Everyone "Tells the category.",
    So "so" 5 Moderator "Recommends the channel of whom it names.",
    Discord "discord" 6 Everyone "Tells the invite to the Discord server.",
    Live "live" 7 Everyone "Tells whether the stream is live, and with what.",
    Followage "followage" 8 Everyone "Tells since when somebody has followed.",
    Quote "quote" 9 Everyone "Tells a quote; moderators add and remove them.",
    Command "command" 10 Moderator "Adds, edits and removes commands.",
    Notify "notify" 11 Everyone "Sets a viewer's ping in the linked Discord server.",
}

/// What the owner has decided about a built-in command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BuiltinSettings {
    pub enabled: bool,
    /// `None`: as it comes.
    pub level: Option<Level>,
    /// Seconds between two answers to anybody.
    pub cooldown: u32,
    /// Seconds between two answers to the same person.
    pub user_cooldown: u32,
}

impl Default for BuiltinSettings {
    fn default() -> Self {
        Self { enabled: true, level: None, cooldown: 5, user_cooldown: 0 }
    }
}
