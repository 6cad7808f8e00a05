//! What `up` has to know: each question with its setting, its flag, and where the answer is found.

use crate::output::Error;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Question {
    /// The setting that the answer is, in the environment too.
    pub(crate) name: &'static str,
    pub(crate) flag: &'static str,
    /// Where the answer is found.
    pub(crate) source: &'static str,
    /// Whether the answer is hidden while it is typed.
    pub(crate) secret: bool,
}

const fn open(name: &'static str, flag: &'static str, source: &'static str) -> Question {
    Question { name, flag, source, secret: false }
}

const fn secret(name: &'static str, flag: &'static str, source: &'static str) -> Question {
    Question { name, flag, source, secret: true }
}

pub(crate) const ADDRESS: Question = open(
    "PUBLIC_BASE_URL",
    "--address",
    "where people will reach it, such as https://alerts.example",
);
pub(crate) const REGION: Question = open("AWS_REGION", "--region", "such as eu-central-1");
pub(crate) const STACK: Question =
    open("STREAMMAXING_STACK", "--stack", "letters, digits and hyphens, 49 at most");
pub(crate) const ALARM_EMAIL: Question =
    open("ALARM_EMAIL", "--alarm-email", "who is told when something is wrong; - for nobody");
pub(crate) const BOT_TOKEN: Question = secret(
    "DISCORD_BOT_TOKEN",
    "--discord-bot-token-file",
    "discord.com/developers → your application → Bot → Reset Token",
);
pub(crate) const DISCORD_SECRET: Question = secret(
    "DISCORD_CLIENT_SECRET",
    "--discord-client-secret-file",
    "the same application → OAuth2 → Reset Secret",
);
pub(crate) const TWITCH_ID: Question = open(
    "TWITCH_CLIENT_ID",
    "--twitch-client-id",
    "dev.twitch.tv/console/apps → your application → Client ID",
);
pub(crate) const TWITCH_SECRET: Question =
    secret("TWITCH_CLIENT_SECRET", "--twitch-client-secret-file", "the same page → New Secret");
pub(crate) const DATABASE: Question = secret(
    "DATABASE_URL",
    "--database-url-file",
    "postgres://user:password@host:5432/database?sslmode=verify-full, a pooled address if there is one",
);
/// Not a setting: where the test message goes.
pub(crate) const CHANNEL: Question =
    open("TEST_CHANNEL", "--channel", "Discord → the channel's menu → Copy Channel ID");

/// Answers that are the same wherever the product runs. Secrets come from files: a command line is seen by everybody
/// on the machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Given {
    /// A file with the token of the Discord bot [env: DISCORD_BOT_TOKEN].
    #[arg(long, value_name = "FILE")]
    discord_bot_token_file: Option<PathBuf>,
    /// A file with the OAuth2 secret of the Discord application [env: DISCORD_CLIENT_SECRET].
    #[arg(long, value_name = "FILE")]
    discord_client_secret_file: Option<PathBuf>,
    /// The client id of the Twitch application [env: TWITCH_CLIENT_ID].
    #[arg(long, value_name = "ID")]
    twitch_client_id: Option<String>,
    /// A file with the secret of the Twitch application [env: TWITCH_CLIENT_SECRET].
    #[arg(long, value_name = "FILE")]
    twitch_client_secret_file: Option<PathBuf>,
    /// A file with the address of the database, password included [env: DATABASE_URL].
    #[arg(long, value_name = "FILE")]
    database_url_file: Option<PathBuf>,
    /// The channel of Discord that the test message goes to [env: TEST_CHANNEL].
    #[arg(long, value_name = "ID", conflicts_with = "no_test")]
    channel: Option<String>,
    /// Send no test message.
    #[arg(long)]
    pub(super) no_test: bool,
}

impl Given {
    /// The answers by setting.
    pub(super) fn values(&self) -> Result<BTreeMap<&'static str, String>, Error> {
        let files = [
            (BOT_TOKEN, &self.discord_bot_token_file),
            (DISCORD_SECRET, &self.discord_client_secret_file),
            (TWITCH_SECRET, &self.twitch_client_secret_file),
            (DATABASE, &self.database_url_file),
        ];
        let mut values = BTreeMap::new();
        for (question, file) in files {
            if let Some(file) = file {
                values.insert(question.name, content(question.flag, file)?);
            }
        }
        for (question, value) in [(TWITCH_ID, &self.twitch_client_id), (CHANNEL, &self.channel)] {
            values.extend(value.clone().map(|value| (question.name, value)));
        }
        Ok(values)
    }
}

fn content(flag: &str, file: &Path) -> Result<String, Error> {
    let text = fs::read_to_string(file);
    Ok(text.map_err(|error| format!("{flag} {}: {error}", file.display()))?.trim().to_owned())
}
