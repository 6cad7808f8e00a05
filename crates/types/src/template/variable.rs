//! The variables a template may name.

macro_rules! variables {
    ($($variant:ident $name:literal $about:literal,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Variable {
            $(#[doc = $about] $variant,)*
        }

        impl Variable {
            /// All variables.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in a template.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it stands for.
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }

            /// The variable of this name.
            pub fn by_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

variables! {
    Streamer "streamer" "The streamer's display name.",
    Login "login" "The streamer's login, as in the address of the channel.",
    StreamerId "streamer_id" "Twitch's id of the streamer.",
    AvatarUrl "avatar_url" "The address of the streamer's picture.",
    Url "url" "The address of the channel.",
    Title "title" "The title of the stream.",
    Game "game" "The category.",
    GameUrl "game_url" "The address of the category.",
    Language "language" "The language of the stream, as a code.",
    Viewers "viewers" "How many are watching; known about a minute after the start.",
    PreviewUrl "preview_url" "The address of a picture of the stream; not set after the end.",
    Started "started" "When the stream began, as \"5 minutes ago\".",
    StartedTime "started_time" "When the stream began, as a time of day.",
    StartedFull "started_full" "When the stream began, as date and time.",
    Uptime "uptime" "How long the stream has been going on.",
    Ended "ended" "When the stream ended; not set while it is live.",
    Duration "duration" "How long the stream was; not set while it is live.",
    VodUrl "vod_url" "The address of the recording, once there is one.",
    Server "server" "The name of the Discord server.",
    Channel "channel" "The Discord channel, as a link.",
    Mention "mention" "Whoever is mentioned, as configured.",
    Role "role" "The role that is mentioned, when it is a role.",
    Everyone "everyone" "@everyone, when that is mentioned.",
    Here "here" "@here, when that is mentioned.",
    Subscribers "subscribers" "The members who asked for a ping, when they are mentioned by name.",
    Platform "platform" "The platform: Twitch.",
    SessionId "session_id" "Our id of the stream.",
}

impl Variable {
    /// The variable whose name is most like `name`, if any is like it at all.
    pub(super) fn closest(name: &str) -> Option<Self> {
        let near = closest(name, Self::ALL.iter().map(|variable| variable.name()))?;
        Self::by_name(near)
    }
}

/// The name that is most like this one, if any is like it at all.
pub(crate) fn closest(
    name: &str,
    names: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    let ranked = names.map(|known| (distance(name, known), known));
    ranked.min_by_key(|(d, _)| *d).filter(|(d, _)| *d <= 2).map(|(_, known)| known)
}

/// Levenshtein's distance; `a` is cut at 32 characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().take(32).enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
