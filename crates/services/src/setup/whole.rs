//! A server's set-up as a whole: read at once, and changed in one transaction.

use super::{
    categories, config, overrides,
    problem::{Problem, SaveError, foreign},
    templates::{self as messages, Content},
};
use crate::{
    App,
    audit::Actor,
    guilds::places,
    streamers::{
        linking::{self, Followed, MAX_STREAMERS, Named},
        lookup,
    },
};
use sm_aws::Ring;
use sm_db::{
    guilds::{
        self,
        config::{self as stored_config, GuildConfig},
        templates::{self, Template},
    },
    streamers::follows::{self, Settings},
};
use sm_twitch::User;
use sm_types::{
    ChannelId, GuildId, RoleId, TemplateId, TwitchUserId, rules::RuleSet, template::MessageTemplate,
};
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// All that admins have set up in a server, with the revisions it has.
#[derive(Debug, Clone)]
pub struct Whole {
    pub config: GuildConfig,
    pub config_revision: i32,
    /// By name.
    pub templates: Vec<Template>,
    /// By login.
    pub streamers: Vec<follows::Followed>,
}

/// Reads a server's set-up; `None` where there is no such server.
pub async fn read(app: &App, guild: GuildId) -> sqlx::Result<Option<Whole>> {
    let mut transaction = app.pool.begin().await?;
    let Some((config, config_revision)) = stored_config::find(&mut *transaction, guild).await?
    else {
        return Ok(None);
    };
    let templates = templates::list(&mut *transaction, guild).await?;
    let streamers = follows::all(&mut transaction, guild).await?;
    transaction.rollback().await?;
    Ok(Some(Whole { config, config_revision, templates, streamers }))
}

/// What is to be changed in a set-up; what is not named stays.
#[derive(Debug, Default)]
pub struct Wanted {
    pub config: Option<GuildConfig>,
    pub templates: Vec<WantedTemplate>,
    pub streamers: Vec<WantedStreamer>,
    pub removed_templates: Vec<TemplateId>,
    pub removed_streamers: Vec<TwitchUserId>,
}

/// A template that is new, if its id is, or other than it was.
#[derive(Debug)]
pub struct WantedTemplate {
    /// Where problems of it are reported, as in `templates[0]`.
    pub place: String,
    pub id: TemplateId,
    pub name: String,
    pub message: MessageTemplate,
}

/// A streamer who is new, if nobody of the login is followed, or announced otherwise than they were.
#[derive(Debug)]
pub struct WantedStreamer {
    /// Where problems of them are reported, as in `streamers[0]`.
    pub place: String,
    /// In small letters.
    pub login: String,
    pub settings: Settings,
}

/// Changes a server's set-up, made from what was read before: everything, or on any problem nothing.
///
/// `dry`: only finds out whether it can be done.
pub async fn save(
    app: &App,
    guild: GuildId,
    old: &Whole,
    mut wanted: Wanted,
    dry: bool,
    actor: &Actor,
) -> Result<(), SaveError> {
    check_alone(old, &mut wanted)?;
    let (users, asked_at) = newcomers(app, old, &wanted).await?;
    check_categories(app, old, &mut wanted).await?;
    check_places(app, guild, old, &wanted).await?;
    if dry {
        return Ok(());
    }
    let mut transaction = app.pool.begin().await?;
    guilds::lock(&mut *transaction, guild).await?;
    let new = Named { guild, users: &users, asked_at };
    let followed = new.follow(&mut transaction, app, actor).await?;
    refused(&users, &followed, &wanted)?;
    write_templates(&mut transaction, app, guild, (old, &wanted), actor).await?;
    if let Some(config) = &wanted.config {
        let change =
            config::Change { guild, old: &old.config, new: config, revision: old.config_revision };
        config::write(&mut transaction, app, &change, actor).await?;
    }
    write_streamers(&mut transaction, app, guild, (old, &wanted), actor).await?;
    for template in &wanted.removed_templates {
        let Some(known) = template_of(old, *template) else { return Err(SaveError::Conflict) };
        messages::remove(&mut transaction, app, (guild, known), actor).await?;
    }
    transaction.commit().await?;
    app.hub().feeds_changed();
    app.doorbell.ring(Ring::Subscribe).await;
    Ok(())
}

fn template_of(old: &Whole, id: TemplateId) -> Option<&Template> {
    old.templates.iter().find(|known| known.template_id == id)
}

/// Reports a save's problems at their place in the whole.
fn at<T>(place: &str, result: Result<T, SaveError>) -> Result<T, SaveError> {
    result.map_err(|error| match error {
        SaveError::Invalid(problems) => SaveError::Invalid(
            problems
                .into_iter()
                .map(|problem| Problem { field: format!("{place}.{}", problem.field), ..problem })
                .collect(),
        ),
        other => other,
    })
}

/// What can be told without asking anybody: of all parts at once.
fn check_alone(old: &Whole, wanted: &mut Wanted) -> Result<(), SaveError> {
    let mut problems = Vec::new();
    let mut gather = |result: Result<(), SaveError>| match result {
        Err(SaveError::Invalid(more)) => {
            problems.extend(more);
            Ok(())
        }
        other => other,
    };
    if let Some(config) = wanted.config.take() {
        let checked = at("settings", config::checked(config, &old.config));
        gather(checked.map(|checked| wanted.config = Some(checked)))?;
    }
    for template in &wanted.templates {
        let checked = messages::checked(&template.name, &template.message).map(|_| ());
        gather(at(&template.place, checked))?;
    }
    for streamer in &mut wanted.streamers {
        gather(at(&streamer.place, overrides::checked(&mut streamer.settings)))?;
    }
    if problems.is_empty() { Ok(()) } else { Err(SaveError::Invalid(problems)) }
}

/// The people behind logins that nobody followed before, in the order they were named.
async fn newcomers(
    app: &App,
    old: &Whole,
    wanted: &Wanted,
) -> Result<(Vec<User>, OffsetDateTime), SaveError> {
    let asked_at = app.clock.now();
    let known: BTreeSet<_> = old.streamers.iter().map(|known| known.login.as_str()).collect();
    let new: Vec<_> =
        wanted.streamers.iter().filter(|new| !known.contains(new.login.as_str())).collect();
    if new.is_empty() {
        return Ok((Vec::new(), asked_at));
    }
    let count = old.streamers.len() - wanted.removed_streamers.len() + new.len();
    if count > usize::try_from(MAX_STREAMERS).unwrap_or(usize::MAX) {
        let message = format!("A server can follow {MAX_STREAMERS} streamers. Remove some first.");
        return Err(SaveError::field("streamers", "limit_reached", message));
    }
    let logins: Vec<_> = new.iter().map(|streamer| streamer.login.clone()).collect();
    let mut users = lookup::by_logins(app, &logins).await?;
    users.sort_by_key(|user| logins.iter().position(|login| *login == user.login));
    let unknown =
        |streamer: &&&WantedStreamer| !users.iter().any(|user: &User| user.login == streamer.login);
    let problems: Vec<_> = new
        .iter()
        .filter(unknown)
        .map(|streamer| {
            let message = format!(
                "Nobody on Twitch is called {}. Correct the login, or take the entry out.",
                streamer.login
            );
            Problem::new(format!("{}.login", streamer.place), "unknown_streamer", message)
        })
        .collect();
    if problems.is_empty() { Ok((users, asked_at)) } else { Err(SaveError::Invalid(problems)) }
}

async fn check_categories(app: &App, old: &Whole, wanted: &mut Wanted) -> Result<(), SaveError> {
    let of_channels = old.streamers.iter().flat_map(|known| &known.settings.destinations);
    let known: Vec<&RuleSet> = old
        .config
        .rules
        .iter()
        .chain(of_channels.filter_map(|destination| destination.rules.as_ref()))
        .collect();
    let mut places = vec!["settings.rules".to_owned()];
    let mut sets = vec![wanted.config.as_mut().and_then(|config| config.rules.as_mut())];
    for streamer in &mut wanted.streamers {
        for (n, destination) in streamer.settings.destinations.iter_mut().enumerate() {
            places.push(format!("{}.destinations[{n}].rules", streamer.place));
            sets.push(destination.rules.as_mut());
        }
    }
    let mut sets: Vec<_> = places.iter().map(String::as_str).zip(sets).collect();
    categories::check(app, &mut sets, &known).await
}

/// Channels and roles have to be the server's own. Discord's list is read once; only what it lacks, such as a thread, is
/// asked for one by one.
async fn check_places(
    app: &App,
    guild: GuildId,
    old: &Whole,
    wanted: &Wanted,
) -> Result<(), SaveError> {
    let mut named: Vec<(String, Vec<ChannelId>, Vec<RoleId>)> = Vec::new();
    if let Some(config) = &wanted.config {
        let (channels, roles) = config::places_of(&old.config, config);
        named.push(("settings.".to_owned(), channels, roles));
    }
    for streamer in &wanted.streamers {
        let known = old.streamers.iter().find(|known| known.login == streamer.login);
        for (n, new) in streamer.settings.destinations.iter().enumerate() {
            let mut before = known.into_iter().flat_map(|known| &known.settings.destinations);
            let before = before.find(|old| old.id == new.id && new.id.is_some());
            let (channels, roles) = overrides::places_of(before, new);
            named.push((format!("{}.destinations[{n}].", streamer.place), channels, roles));
        }
    }
    if named.iter().all(|(_, channels, roles)| channels.is_empty() && roles.is_empty()) {
        return Ok(());
    }
    let offered = places::load(app, guild).await?;
    let mut asked = BTreeMap::new();
    let mut problems = Vec::new();
    for (prefix, channels, roles) in named {
        let mut unseen = channels;
        unseen.retain(|channel| !offered.channels.iter().any(|place| place.id == *channel));
        let mut strange = roles;
        strange.retain(|role| !offered.roles.iter().any(|known| known.id == *role));
        let key = (unseen.clone(), strange.clone());
        let found = match asked.get(&key) {
            Some(known) => *known,
            None if unseen.is_empty() && strange.is_empty() => None,
            None => places::find_foreign(app, guild, &unseen, &strange).await?,
        };
        asked.insert(key, found);
        if let Some(found) = found {
            let mut problem = foreign(&prefix, found);
            if problem.field == "settings.channel_id" {
                problem.field = "settings.default_channel_id".to_owned();
            }
            problems.push(problem);
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(SaveError::Invalid(problems)) }
}

/// A newcomer whom a limit keeps out undoes everything.
fn refused(users: &[User], followed: &[Followed], wanted: &Wanted) -> Result<(), SaveError> {
    let problem = |(user, followed): (&User, &Followed)| {
        let message = followed.remedy()?;
        let code = match followed {
            Followed::ByNameLimit => "by_name_limit",
            Followed::BudgetReserved => "budget_reserved",
            _ => "limit_reached",
        };
        let entry = wanted.streamers.iter().find(|entry| entry.login == user.login)?;
        Some(Problem::new(format!("{}.login", entry.place), code, message))
    };
    let problems: Vec<_> = users.iter().zip(followed).filter_map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(SaveError::Invalid(problems)) }
}

async fn write_templates(
    db: &mut sm_db::Session,
    app: &App,
    guild: GuildId,
    (old, wanted): (&Whole, &Wanted),
    actor: &Actor,
) -> Result<(), SaveError> {
    for template in &wanted.templates {
        let content = Content { name: template.name.trim(), message: &template.message };
        let saved = match template_of(old, template.id) {
            Some(known) => {
                let revision = known.revision;
                messages::update(&mut *db, app, (guild, known), content, revision, actor)
                    .await
                    .map(|_| ())
            }
            None => messages::insert(&mut *db, app, (guild, template.id), content, actor).await,
        };
        at(&template.place, saved)?;
    }
    Ok(())
}

async fn write_streamers(
    db: &mut sm_db::Session,
    app: &App,
    guild: GuildId,
    (old, wanted): (&Whole, &Wanted),
    actor: &Actor,
) -> Result<(), SaveError> {
    for streamer in &wanted.removed_streamers {
        if !linking::unfollow_within(&mut *db, app, (guild, streamer), actor).await? {
            return Err(SaveError::Conflict);
        }
    }
    // Newcomers have a destination already, of which only the database knows.
    let any_new = wanted
        .streamers
        .iter()
        .any(|new| !old.streamers.iter().any(|known| known.login == new.login));
    let fresh = if any_new { follows::all(&mut *db, guild).await? } else { Vec::new() };
    for streamer in &wanted.streamers {
        let is_it = |known: &&follows::Followed| known.login == streamer.login;
        let known = old.streamers.iter().find(is_it).or_else(|| fresh.iter().find(is_it));
        let Some(known) = known else { return Err(SaveError::Conflict) };
        if known.settings == streamer.settings {
            continue;
        }
        let change = overrides::Change {
            guild,
            streamer: &known.streamer,
            login: &known.login,
            old: &known.settings,
            new: &streamer.settings,
            revision: known.revision,
        };
        at(&streamer.place, overrides::write(&mut *db, app, &change, actor).await)?;
    }
    Ok(())
}
