//! What a line in chat changes, in the transaction that stores its answer: said twice, it is done once.

use super::{
    commands,
    draft::{Draft, checked},
};
use crate::{App, audit::Actor, setup::SaveError};
use sm_db::{
    Transaction,
    chat::{books, commands as stored, quotes},
    guilds::preferences,
};
use sm_types::{
    TwitchUserId,
    chat::{Command, CommandId, Level},
};
use uuid::Uuid;

/// Quotes of one channel.
pub(super) const MAX_QUOTES: i64 = 2_000;

/// What is asked for.
#[derive(Debug)]
pub(super) enum What {
    AddCommand { name: String, response: String },
    EditCommand { name: String, response: String },
    RemoveCommand { name: String },
    AddQuote { text: String, game: Option<String> },
    RemoveQuote { number: i32 },
    Notify { wanted: bool },
}

/// What somebody in chat asks for.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) channel: TwitchUserId,
    pub(super) by: TwitchUserId,
    pub(super) level: Level,
    /// The line's id.
    pub(super) line: String,
    pub(super) what: What,
}

type Text = (String, bool);

impl Change {
    /// Does it, and tells what to say; whether the text begins with words of ours, too.
    pub(super) async fn make(&self, app: &App, db: &mut Transaction) -> sqlx::Result<Text> {
        match self.try_make(app, db).await {
            Ok(text) => Ok((text, true)),
            Err(SaveError::Invalid(problems)) => {
                let first = problems.into_iter().next().map(|problem| problem.message);
                Ok((format!("Not done. {}", first.unwrap_or_default()), true))
            }
            Err(SaveError::NotFound) => Ok(("There is no such command.".to_owned(), true)),
            Err(SaveError::Database(error)) => Err(error),
            Err(_) => Ok(("Not done. Try again in a moment.".to_owned(), true)),
        }
    }

    async fn try_make(&self, app: &App, db: &mut Transaction) -> Result<String, SaveError> {
        let channel = &self.channel;
        match &self.what {
            What::AddCommand { name, response } => {
                let command = self.drafted(db, name, response, None).await?;
                commands::add(app, db, channel, &command, &self.actor()).await?;
                Ok(format!("Added the command {}.", command.name))
            }
            What::EditCommand { name, response } => {
                let old = self.found(db, name).await?;
                let command = self.drafted(db, name, response, Some(&old.command)).await?;
                let actor = self.actor();
                commands::change(app, db, channel, &command, old.revision, &actor).await?;
                Ok(format!("Changed the command {}.", command.name))
            }
            What::RemoveCommand { name } => {
                let old = self.found(db, name).await?.command;
                commands::remove(app, db, channel, old.id, &self.actor()).await?;
                Ok(format!("Removed the command {}.", old.name))
            }
            What::AddQuote { text, game } => {
                books::lock(&mut **db, channel).await?;
                let said_at = app.clock.now();
                let new = quotes::New { number: None, text, game: game.as_deref(), said_at };
                Ok(match quotes::insert(&mut **db, channel, new, MAX_QUOTES).await? {
                    Some(number) => format!("Added quote {number}."),
                    None => format!("There are {MAX_QUOTES} quotes. Remove one first."),
                })
            }
            What::RemoveQuote { number } => {
                let removed = quotes::remove(&mut **db, channel, *number).await?;
                let done = format!("Removed quote {number}.");
                Ok(if removed { done } else { format!("There is no quote {number}.") })
            }
            What::Notify { wanted } => self.notify(app, db, *wanted).await,
        }
    }

    async fn notify(
        &self,
        app: &App,
        db: &mut Transaction,
        wanted: bool,
    ) -> Result<String, SaveError> {
        let servers =
            preferences::set_by_account(&mut **db, &self.channel, &self.by, wanted).await?;
        let page = &app.settings.public_base_url;
        Ok(match servers {
            None => format!(
                "We do not know you on Discord yet. Link your Twitch account at {page}/me/channel, then try again."
            ),
            Some(servers) if servers.is_empty() => {
                format!(
                    "No Discord server of yours announces this channel. See {page}/me/preferences."
                )
            }
            Some(servers) => {
                let what = if wanted { "You are pinged" } else { "You are no longer pinged" };
                format!("{what} in {}.", servers.join(", "))
            }
        })
    }

    /// The command of this name, if whoever asks stands as high as those who may use it.
    async fn found(&self, db: &mut Transaction, name: &str) -> Result<stored::Stored, SaveError> {
        let prefix = self.prefix(db).await?;
        let name = super::draft::bare(name, &prefix);
        let found = stored::find_named(&mut **db, &self.channel, &name).await?;
        let found = found.ok_or(SaveError::NotFound)?;
        if found.command.level > self.level {
            let message = "It is for people above you: change it in the dashboard.";
            return Err(SaveError::field("name", "level", message));
        }
        Ok(found)
    }

    async fn prefix(&self, db: &mut Transaction) -> sqlx::Result<String> {
        let found = books::find(&mut **db, &self.channel).await?;
        Ok(found.map_or_else(|| "!".to_owned(), |book| book.prefix))
    }

    async fn drafted(
        &self,
        db: &mut Transaction,
        name: &str,
        response: &str,
        old: Option<&Command>,
    ) -> Result<Command, SaveError> {
        let prefix = self.prefix(db).await?;
        let responses = vec![response.to_owned()];
        let Some(old) = old else {
            let draft = Draft { name: name.to_owned(), responses, ..Draft::default() };
            let draft = checked(draft, &prefix).map_err(SaveError::Invalid)?;
            let id = CommandId(Uuid::now_v7());
            return Ok(commands::with_people(id, draft, Vec::new(), Vec::new()));
        };
        // Only what is said changes; all else was checked when it was saved.
        let draft = Draft {
            name: "x".to_owned(),
            responses,
            fetch_url: old.fetch.as_ref().map(|fetch| fetch.url.clone()),
            ..Draft::default()
        };
        let draft = checked(draft, &prefix).map_err(SaveError::Invalid)?;
        Ok(Command { responses: draft.responses, ..old.clone() })
    }

    /// Somebody on Twitch, for the log: no person here has done it.
    fn actor(&self) -> Actor {
        Actor { user: None, request_id: format!("twitch:{}:{}", self.by, self.line) }
    }
}
