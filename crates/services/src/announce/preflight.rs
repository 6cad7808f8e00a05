//! Can the bot post in this channel, and if not, what is missing?
//!
//! Asks Discord for guild, channel and the bot's own member, and computes the rest. Discord says
//! "missing permissions" without telling which one; this finds the name.

use crate::{
    App,
    announce::gate::{Turns, in_turn},
    doubts::Source,
    guilds::presence,
};
use serde_json::{Map, Value, json};
use sm_discord::{
    Channel, Error, Guild, Member, Reason,
    permissions::{Level, Obstacle, Permissions, effective_in_channel, obstacle},
};
use sm_types::{ChannelId, DestinationId, GuildId, UserId};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What a check has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// The bot can post.
    Good,
    /// It cannot, and this is why.
    Broken(Trouble),
    /// The bot is not in the guild.
    NotInGuild,
}

/// Why the bot cannot post in a channel, with what an admin has to know to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub reason: Reason,
    /// Permissions that are missing, by Discord's names.
    pub missing: Vec<&'static str>,
    /// Whose permissions are to be changed.
    pub at: Option<Level>,
    /// When it is over by itself.
    pub until: Option<OffsetDateTime>,
}

impl Trouble {
    pub(crate) fn new(reason: Reason) -> Self {
        Self { reason, missing: Vec::new(), at: None, until: None }
    }

    /// The same by name, as a delivery's reason has it; nothing where there is nothing to add.
    pub fn values(&self) -> Option<Value> {
        let missing = (!self.missing.is_empty()).then(|| ("missing", json!(self.missing)));
        let at = self.at.map(|level| ("at", json!(level.code())));
        let until = self.until_text().map(|until| ("until", json!(until)));
        let values = [missing, at, until].into_iter().flatten();
        let values: Map<_, _> = values.map(|(name, value)| (name.to_owned(), value)).collect();
        (!values.is_empty()).then_some(Value::Object(values))
    }

    /// When it is over, as in `2026-11-29T12:00:00Z`.
    pub fn until_text(&self) -> Option<String> {
        self.until.and_then(|until| until.format(&Rfc3339).ok())
    }

    /// What is wrong and what to do about it.
    pub fn detail(&self) -> String {
        let mut detail = self.reason.explain().to_owned();
        if !self.missing.is_empty() {
            detail += &format!(" Missing: {}.", self.missing.join(", "));
        }
        if let Some(place) = self.at.map(place_of) {
            detail += &format!(" Allow it {place}.");
        }
        if let Some(until) = self.until_text() {
            detail += &format!(" It ends at {until}.");
        }
        detail
    }
}

fn place_of(level: Level) -> &'static str {
    match level {
        Level::Server => "in the server's roles or for this channel",
        Level::Category => "in the channel's category",
        Level::Channel => "in the channel's own permissions",
        Level::Thread => "in the channel that the thread is in",
    }
}

impl From<Obstacle> for Trouble {
    fn from(obstacle: Obstacle) -> Self {
        match obstacle {
            Obstacle::Lacks { missing, at } => {
                // What is hidden is not seen at all; whoever may not connect is not shown it either.
                let hidden = missing.contains(&"VIEW_CHANNEL");
                let reason = if hidden { Reason::MissingAccess } else { Reason::MissingPermission };
                Self { missing, at: Some(at), ..Self::new(reason) }
            }
            Obstacle::TimedOut { until } => {
                Self { until: Some(until), ..Self::new(Reason::TimedOut) }
            }
        }
    }
}

/// Checks one channel with up to six requests; an error means that Discord did not answer.
pub async fn check(app: &App, guild: GuildId, channel: ChannelId) -> Result<Health, Error> {
    check_after(app, guild, channel, None).await
}

/// The same after somebody else's look, or Discord's refusal of a message.
async fn check_after(
    app: &App,
    guild: GuildId,
    channel: ChannelId,
    refused: Option<Source>,
) -> Result<Health, Error> {
    let view = match look(app, guild, channel, refused).await? {
        Seen::Here(view) => view,
        Seen::Nothing(health) => return Ok(health),
    };
    let Some(found) = view.obstacle(None, app.clock.now()) else { return Ok(Health::Good) };
    let category = view.place.parent_id.filter(|_| !is_thread(view.place.kind));
    let lacks = matches!(found, Obstacle::Lacks { at: Level::Channel, .. });
    let found = match category.filter(|_| lacks) {
        // Perhaps it is the category that takes it away; without an answer it is the channel.
        Some(category) => {
            let asked = in_turn(app, app.discord.get_channel(category)).await;
            let category = asked.ok().map(|reply| reply.body);
            view.obstacle(category.as_ref(), app.clock.now()).unwrap_or(found)
        }
        None => found,
    };
    Ok(Health::Broken(found.into()))
}

/// Whether the bot is shown the messages of a channel. Without Read Message History Discord lists none, and
/// does not say so.
pub(crate) async fn reads_history(
    app: &App,
    guild: GuildId,
    channel: ChannelId,
) -> Result<bool, Error> {
    Ok(match look(app, guild, channel, None).await? {
        Seen::Here(view) => {
            view.permissions(app.clock.now()).contains(Permissions::READ_MESSAGE_HISTORY)
        }
        Seen::Nothing(_) => false,
    })
}

/// What tells what the bot may do in a channel.
pub(crate) struct View {
    guild: Guild,
    /// The channel's own name.
    pub(crate) name: String,
    /// The channel, or a thread's channel under the thread's type: a thread has no overwrites of its own.
    pub(crate) place: Channel,
    member: Member,
    bot: UserId,
}

impl View {
    pub(crate) fn permissions(&self, now: OffsetDateTime) -> Permissions {
        effective_in_channel(&self.guild, &self.place, &self.member, self.bot, now)
    }

    pub(crate) fn obstacle(
        &self,
        category: Option<&Channel>,
        now: OffsetDateTime,
    ) -> Option<Obstacle> {
        obstacle(&self.guild, &self.place, category, &self.member, self.bot, now)
    }
}

pub(crate) enum Seen {
    Here(Box<View>),
    /// The bot cannot even see it.
    Nothing(Health),
}

pub(crate) async fn look(
    app: &App,
    guild: GuildId,
    channel: ChannelId,
    refused: Option<Source>,
) -> Result<Seen, Error> {
    let Some(guild_info) = presence::guild(app, guild, refused).await? else {
        return Ok(Seen::Nothing(Health::NotInGuild));
    };
    let mut turns = Turns::new(app);
    let bot = bot_user(app).await?;
    turns.next().await?;
    let member = app.discord.get_member(guild, bot).await?.body;
    turns.next().await?;
    let place = match app.discord.get_channel(channel).await {
        Ok(reply) => reply.body,
        Err(error) if error.code() == Some(10003) => {
            let gone = Trouble::new(Reason::ChannelDeleted);
            return Ok(Seen::Nothing(Health::Broken(gone)));
        }
        Err(error) if error.code() == Some(50001) => {
            // Hidden: the server's list shows it all the same, with what hides it.
            turns.next().await?;
            let listed = app.discord.get_guild_channels(guild).await?.body;
            let Some(place) = listed.into_iter().find(|listed| listed.id == channel) else {
                let hidden = Trouble {
                    missing: vec!["VIEW_CHANNEL"],
                    ..Trouble::new(Reason::MissingAccess)
                };
                return Ok(Seen::Nothing(Health::Broken(hidden)));
            };
            place
        }
        Err(error) => return Err(error),
    };
    let (kind, name) = (place.kind, place.name.clone().unwrap_or_default());
    let place = match place.parent_id.filter(|_| is_thread(kind)) {
        Some(parent) => {
            turns.next().await?;
            Channel { kind, ..app.discord.get_channel(parent).await?.body }
        }
        None => place,
    };
    Ok(Seen::Here(Box::new(View { guild: guild_info, name, place, member, bot })))
}

fn is_thread(kind: u8) -> bool {
    matches!(kind, 10..=12)
}

/// The bot's own user; asked of Discord once per process.
pub(crate) async fn bot_user(app: &App) -> Result<UserId, Error> {
    let fetch =
        || async { in_turn(app, app.discord.current_user()).await.map(|reply| reply.body.id) };
    app.inner().bot_user.get_or_try_init(fetch).await.copied()
}

/// Checks a destination and records what was found; `None` when Discord did not answer, or what it said is still
/// in doubt.
pub(crate) async fn recheck(
    app: &App,
    destination: DestinationId,
    guild: GuildId,
    channel: ChannelId,
    refused: Option<Source>,
) -> sqlx::Result<Option<Health>> {
    let now = app.clock.now();
    let health = match check_after(app, guild, channel, refused).await {
        Ok(health) => health,
        Err(error) => {
            tracing::warn!(%error, guild.id = %guild, channel.id = %channel, "the check got no answer");
            return Ok(None);
        }
    };
    let reason = match &health {
        Health::Good => None,
        Health::Broken(trouble) => Some(trouble.reason.code()),
        Health::NotInGuild => Some(NOT_IN_GUILD),
    };
    match reason {
        None => sm_db::streamers::destinations::heal(&app.pool, destination).await?,
        Some(reason) => {
            sm_db::streamers::destinations::degrade(&app.pool, destination, reason, now).await?;
        }
    }
    Ok(Some(health))
}

/// The reason of a destination whose guild the bot has left.
pub(crate) const NOT_IN_GUILD: &str = "not_in_guild";
