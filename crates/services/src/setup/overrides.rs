//! How and where a server announces one streamer.

use super::{
    categories,
    config::STREAM_TYPES,
    distinct,
    problem::{Problem, SaveError, foreign, of_rules},
};
use crate::{
    App,
    audit::{self, Action, Actor},
    guilds::places,
};
use serde_json::{Value, json};
use sm_db::{
    guilds::templates,
    streamers::follows::{self, Destination, Settings},
};
use sm_types::{ChannelId, GuildId, RoleId, TwitchUserId, rules::RuleSet};

/// Channels in which one streamer can be announced.
pub const MAX_DESTINATIONS: usize = 10;
/// The longest cooldown: a week.
pub const MAX_COOLDOWN: i32 = 604_800;
const MAX_GAMES: usize = 50;
const MAX_FILTER: usize = 140;

/// Saves a follow with all its destinations, made from `revision`; returns the new revision.
pub async fn save(
    app: &App,
    guild: GuildId,
    streamer: &TwitchUserId,
    mut settings: Settings,
    revision: i32,
    actor: &Actor,
) -> Result<i32, SaveError> {
    checked(&mut settings)?;
    let found = follows::find(&app.pool, guild, streamer).await?;
    let (login, was_enabled) = found.ok_or(SaveError::NotFound)?;
    let stored = follows::destinations(&app.pool, guild, streamer).await?;
    let destinations: Vec<_> = stored.into_iter().map(|stored| stored.destination).collect();
    let old = Settings { enabled: was_enabled, destinations };
    check_categories(app, &mut settings.destinations, &old.destinations).await?;
    check_own(app, guild, &settings.destinations, &old.destinations).await?;
    let mut transaction = app.pool.begin().await?;
    let change = Change { guild, streamer, login: &login, old: &old, new: &settings, revision };
    let revision = write(&mut transaction, app, &change, actor).await?;
    transaction.commit().await?;
    Ok(revision)
}

/// A follow's settings that take others' place, and the revision they were made from.
pub(super) struct Change<'a> {
    pub(super) guild: GuildId,
    pub(super) streamer: &'a TwitchUserId,
    pub(super) login: &'a str,
    pub(super) old: &'a Settings,
    pub(super) new: &'a Settings,
    pub(super) revision: i32,
}

/// Settings tidied, and checked by themselves: neither Discord nor Twitch is asked.
pub(super) fn checked(settings: &mut Settings) -> Result<(), SaveError> {
    tidy(&mut settings.destinations);
    let problems = problems(&settings.destinations);
    if problems.is_empty() { Ok(()) } else { Err(SaveError::Invalid(problems)) }
}

/// Stores settings that were checked, with their entry in the log; the new revision.
pub(super) async fn write(
    db: &mut sm_db::Session,
    app: &App,
    change: &Change<'_>,
    actor: &Actor,
) -> Result<i32, SaveError> {
    let Change { guild, streamer, login, old, new, revision } = *change;
    let saved = follows::save(&mut *db, guild, streamer, new, revision).await;
    let revision = saved.map_err(twice_or_database)?.ok_or(SaveError::Conflict)?;
    let shown = |settings: &Settings| json!({ "login": login, "enabled": settings.enabled, "destinations": each(&settings.destinations) });
    let action = Action {
        guild: Some(guild),
        name: "streamer.update",
        target: Some(streamer.as_str()),
        before: Some(shown(old)),
        after: Some(shown(new)),
    };
    audit::done(app, &mut *db, actor, action).await?;
    Ok(revision)
}

/// Lists without what says nothing.
pub(super) fn tidy(destinations: &mut [Destination]) {
    for destination in destinations {
        destination.game_filter = destination.game_filter.as_deref().map(games);
        destination.rules = destination.rules.take().map(RuleSet::tidied);
    }
}

async fn check_categories(
    app: &App,
    destinations: &mut [Destination],
    old: &[Destination],
) -> Result<(), SaveError> {
    let known: Vec<_> = old.iter().filter_map(|d| d.rules.as_ref()).collect();
    let fields: Vec<_> =
        (0..destinations.len()).map(|n| format!("destinations[{n}].rules")).collect();
    let mut sets: Vec<_> = fields
        .iter()
        .zip(destinations)
        .map(|(field, destination)| (field.as_str(), destination.rules.as_mut()))
        .collect();
    categories::check(app, &mut sets, &known).await
}

/// The games of a filter without spaces around them, each once: they are compared in small letters.
fn games(list: &[String]) -> Vec<String> {
    let trimmed: Vec<_> = list.iter().map(|game| game.trim().to_owned()).collect();
    distinct(&trimmed, str::to_lowercase)
}

/// What is wrong with destinations by themselves.
pub(super) fn problems(destinations: &[Destination]) -> Vec<Problem> {
    let mut found = Vec::new();
    if destinations.is_empty() || destinations.len() > MAX_DESTINATIONS {
        let message = format!("Name 1 to {MAX_DESTINATIONS} channels.");
        found.push(Problem::new("destinations", "invalid", message));
    }
    for (n, destination) in destinations.iter().enumerate() {
        let mut put = |field: &str, code, message: String| {
            found.push(Problem::new(format!("destinations[{n}].{field}"), code, message));
        };
        let same = |other: &&Destination| other.channel == destination.channel;
        if destinations.iter().filter(same).count() > 1 {
            let message = "Another entry has the same channel. Each channel can be named once.";
            put("channel_id", "channel_twice", message.to_owned());
        }
        let mut add = |field: &str, message: String| put(field, "invalid", message);
        if !(0..=MAX_COOLDOWN).contains(&destination.cooldown_seconds) {
            add("cooldown_seconds", format!("Choose from 0 to {MAX_COOLDOWN} seconds."));
        }
        let fits = |text: &str| !text.trim().is_empty() && text.chars().count() <= MAX_FILTER;
        if let Some(games) = &destination.game_filter
            && (games.is_empty() || games.len() > MAX_GAMES || !games.iter().all(|g| fits(g)))
        {
            add("game_filter", format!("Name 1 to {MAX_GAMES} games, or null for every game."));
        }
        if destination.title_filter.as_deref().is_some_and(|title| !fits(title)) {
            add("title_filter", format!("Use 1 to {MAX_FILTER} characters, or null."));
        }
        let Some(rules) = &destination.rules else { continue };
        let known = |kind: &String| STREAM_TYPES.contains(&kind.as_str());
        if !rules.stream_types.iter().all(known) {
            add("rules.stream_types", format!("Choose any of {}.", STREAM_TYPES.join(", ")));
        }
        found.extend(of_rules(&format!("destinations[{n}].rules"), rules));
    }
    found
}

async fn check_own(
    app: &App,
    guild: GuildId,
    new: &[Destination],
    old: &[Destination],
) -> Result<(), SaveError> {
    for (n, destination) in new.iter().enumerate() {
        let prefix = format!("destinations[{n}].");
        let known = destination.id.map(|id| old.iter().find(|old| old.id == Some(id)));
        let before = match known {
            Some(None) => {
                let message = "This streamer has no such destination. Leave the id out to add one.";
                return Err(SaveError::field(
                    format!("{prefix}id"),
                    "unknown_destination",
                    message,
                ));
            }
            Some(Some(old)) => Some(old),
            None => None,
        };
        let (channels, roles) = places_of(before, destination);
        if let Some(found) = places::find_foreign(app, guild, &channels, &roles).await? {
            return Err(SaveError::Invalid(vec![foreign(&prefix, found)]));
        }
    }
    check_templates(app, guild, new).await
}

/// Channels and roles that a destination names anew.
pub(super) fn places_of(
    before: Option<&Destination>,
    new: &Destination,
) -> (Vec<ChannelId>, Vec<RoleId>) {
    let channel = new.channel.filter(|_| before.map(|b| b.channel) != Some(new.channel));
    let role = new.mention.and_then(sm_db::guilds::Mention::role);
    let role = role.filter(|_| before.map(|b| b.mention) != Some(new.mention));
    (channel.into_iter().collect(), role.into_iter().collect())
}

async fn check_templates(
    app: &App,
    guild: GuildId,
    destinations: &[Destination],
) -> Result<(), SaveError> {
    let wanted: Vec<_> = destinations.iter().filter_map(|d| d.template).collect();
    if templates::all_of_guild(&app.pool, guild, &wanted).await? {
        return Ok(());
    }
    // Rare enough to ask for each again, so that the answer can name the field.
    let mut problems = Vec::new();
    for (n, destination) in destinations.iter().enumerate() {
        let Some(template) = destination.template else { continue };
        if !templates::all_of_guild(&app.pool, guild, &[template]).await? {
            let message = "This server has no such template. Choose one of its own.";
            let field = format!("destinations[{n}].template_id");
            problems.push(Problem::new(field, "unknown_template", message));
        }
    }
    Err(SaveError::Invalid(problems))
}

fn twice_or_database(error: sqlx::Error) -> SaveError {
    let constraint = error.as_database_error().and_then(|error| error.constraint());
    if constraint == Some("destinations_channel_key") {
        let message = "Each channel can be named once.";
        return SaveError::field("destinations", "channel_twice", message);
    }
    error.into()
}

/// The destinations for the audit log.
fn each(destinations: &[Destination]) -> Vec<Value> {
    let shown = |d: &Destination| {
        json!({
            "channel_id": d.channel, "enabled": d.enabled, "template_id": d.template,
            "mention": d.mention.map(sm_db::guilds::Mention::kind),
            "mention_role_id": d.mention.and_then(sm_db::guilds::Mention::role),
            "game_filter": d.game_filter, "title_filter": d.title_filter,
            "cooldown_seconds": d.cooldown_seconds, "rules": d.rules,
            "buttons": d.buttons,
        })
    };
    destinations.iter().map(shown).collect()
}
