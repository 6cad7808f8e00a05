//! A channel's commands as its owner keeps them.

pub use super::draft::Draft;
use super::draft::checked;
use crate::{
    App,
    audit::{self, Action, Actor},
    setup::{Problem, SaveError},
    streamers::lookup,
};
use serde_json::{Value, json};
use sm_db::{
    Session, Transaction,
    chat::{books, commands},
};
use sm_types::{
    TwitchUserId,
    chat::{Arguments, Builtin, Command, CommandId, Fetch, Person, text::fold},
};
use uuid::Uuid;

/// Commands of one channel.
pub const MAX_COMMANDS: i64 = 1_000;
/// Times that Twitch is asked about one channel's lists: so many at once, and within a minute.
const LOOKUPS: u32 = 20;

/// Stores a new command.
pub async fn create(
    app: &App,
    channel: &TwitchUserId,
    draft: Draft,
    actor: &Actor,
) -> Result<CommandId, SaveError> {
    let prefix = prefix_of(app, channel).await?;
    let draft = checked(draft, &prefix).map_err(SaveError::Invalid)?;
    let command = of_draft(app, channel, CommandId(Uuid::now_v7()), draft, None).await?;
    let mut transaction = app.pool.begin().await?;
    add(app, &mut transaction, channel, &command, actor).await?;
    transaction.commit().await?;
    app.inner().chat.forget(channel);
    Ok(command.id)
}

/// Saves a command made from `revision`; returns the new revision.
pub async fn save(
    app: &App,
    channel: &TwitchUserId,
    id: CommandId,
    draft: Draft,
    revision: i32,
    actor: &Actor,
) -> Result<i32, SaveError> {
    let prefix = prefix_of(app, channel).await?;
    let draft = checked(draft, &prefix).map_err(SaveError::Invalid)?;
    let old = commands::find(&app.pool, channel, id).await?.ok_or(SaveError::NotFound)?;
    let command = of_draft(app, channel, id, draft, Some(&old.command)).await?;
    let mut transaction = app.pool.begin().await?;
    let saved = change(app, &mut transaction, channel, &command, revision, actor).await?;
    transaction.commit().await?;
    app.inner().chat.forget(channel);
    Ok(saved)
}

/// Deletes a command with its counter; its names are free again.
pub async fn delete(
    app: &App,
    channel: &TwitchUserId,
    id: CommandId,
    actor: &Actor,
) -> Result<(), SaveError> {
    let mut transaction = app.pool.begin().await?;
    remove(app, &mut transaction, channel, id, actor).await?;
    transaction.commit().await?;
    app.inner().chat.forget(channel);
    Ok(())
}

/// Switches many commands on or off; how many were otherwise before.
pub async fn switch(
    app: &App,
    channel: &TwitchUserId,
    ids: &[Uuid],
    enabled: bool,
    actor: &Actor,
) -> Result<usize, SaveError> {
    let mut transaction = app.pool.begin().await?;
    if !books::lock(&mut *transaction, channel).await? {
        return Err(SaveError::NotFound);
    }
    let switched = commands::switch(&mut *transaction, channel, ids, enabled).await?;
    if !switched.is_empty() {
        books::touch(&mut *transaction, channel).await?;
        let after = json!({ "enabled": enabled, "commands": switched });
        note(app, &mut transaction, actor, "chat.command.switch", channel, (None, Some(after)))
            .await?;
    }
    transaction.commit().await?;
    app.inner().chat.forget(channel);
    Ok(switched.len())
}

/// Adds a checked command within a transaction.
pub(super) async fn add(
    app: &App,
    db: &mut Transaction,
    channel: &TwitchUserId,
    command: &Command,
    actor: &Actor,
) -> Result<(), SaveError> {
    if !books::lock(&mut **db, channel).await? {
        return Err(SaveError::NotFound);
    }
    names_are_free(db, channel, command).await?;
    if !commands::insert(&mut **db, channel, command, MAX_COMMANDS).await? {
        let message = format!("A channel can have {MAX_COMMANDS} commands. Delete one first.");
        return Err(SaveError::field("name", "too_many_commands", message));
    }
    commands::take_names(&mut **db, channel, command).await?;
    books::touch(&mut **db, channel).await?;
    let after = Some(described(command));
    note(app, db, actor, "chat.command.create", channel, (None, after)).await?;
    Ok(())
}

/// Changes a checked command within a transaction.
pub(super) async fn change(
    app: &App,
    db: &mut Transaction,
    channel: &TwitchUserId,
    command: &Command,
    revision: i32,
    actor: &Actor,
) -> Result<i32, SaveError> {
    if !books::lock(&mut **db, channel).await? {
        return Err(SaveError::NotFound);
    }
    let old = commands::find(&mut **db, channel, command.id).await?.ok_or(SaveError::NotFound)?;
    names_are_free(db, channel, command).await?;
    let saved = commands::update(&mut **db, channel, command, revision).await?;
    let revision = saved.ok_or(SaveError::Conflict)?;
    commands::free_names(&mut **db, command.id).await?;
    commands::take_names(&mut **db, channel, command).await?;
    books::touch(&mut **db, channel).await?;
    let change = (Some(described(&old.command)), Some(described(command)));
    note(app, db, actor, "chat.command.update", channel, change).await?;
    Ok(revision)
}

/// Removes a command within a transaction.
pub(super) async fn remove(
    app: &App,
    db: &mut Transaction,
    channel: &TwitchUserId,
    id: CommandId,
    actor: &Actor,
) -> Result<(), SaveError> {
    if !books::lock(&mut **db, channel).await? {
        return Err(SaveError::NotFound);
    }
    let old = commands::find(&mut **db, channel, id).await?.ok_or(SaveError::NotFound)?;
    commands::delete(&mut **db, channel, id).await?;
    books::touch(&mut **db, channel).await?;
    let before = Some(described(&old.command));
    note(app, db, actor, "chat.command.delete", channel, (before, None)).await?;
    Ok(())
}

/// Refuses names that another command or a built-in one holds, and says which.
async fn names_are_free(
    db: &mut Session,
    channel: &TwitchUserId,
    command: &Command,
) -> Result<(), SaveError> {
    let names: Vec<&String> = std::iter::once(&command.name).chain(&command.aliases).collect();
    let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
    let holders = commands::holders(&mut *db, channel, &folded).await?;
    let settings = books::find(&mut *db, channel).await?.map(super::book::settings_of);
    let settings = settings.unwrap_or_default();
    let built_in = |folded: &String| {
        let mut all = Builtin::ALL.iter().filter(|builtin| settings.of(**builtin).enabled);
        all.find(|builtin| builtin.name() == folded)
    };
    let mut problems = Vec::new();
    for (at, folded) in folded.iter().enumerate() {
        let field = if at == 0 { "name".to_owned() } else { format!("aliases[{}]", at - 1) };
        let own = |holder: &&commands::Holder| {
            holder.folded == *folded && holder.command_id != command.id.0
        };
        let message = if let Some(holder) = holders.iter().find(own) {
            format!("The command {} has this name.", holder.name)
        } else if let Some(builtin) = built_in(folded) {
            let name = builtin.name();
            format!("The built-in command {name} has this name. Switch it off to use it.")
        } else {
            continue;
        };
        problems.push(Problem::new(field, "name_taken", message));
    }
    if problems.is_empty() { Ok(()) } else { Err(SaveError::Invalid(problems)) }
}

pub(super) async fn prefix_of(app: &App, channel: &TwitchUserId) -> sqlx::Result<String> {
    let stored = books::find(&app.pool, channel).await?;
    Ok(stored.map_or_else(|| "!".to_owned(), |stored| stored.prefix))
}

/// A command of a checked draft, with the people on its lists looked up.
async fn of_draft(
    app: &App,
    channel: &TwitchUserId,
    id: CommandId,
    draft: Draft,
    old: Option<&Command>,
) -> Result<Command, SaveError> {
    let known: Vec<Person> =
        old.map(|old| old.allow.iter().chain(&old.deny).cloned().collect()).unwrap_or_default();
    let lists = [("allow", draft.allow.as_slice()), ("deny", draft.deny.as_slice())];
    let [allow, deny] = people(app, channel, lists, known).await?;
    Ok(with_people(id, draft, allow, deny))
}

pub(super) fn with_people(
    id: CommandId,
    draft: Draft,
    allow: Vec<Person>,
    deny: Vec<Person>,
) -> Command {
    let fallback = draft.fetch_fallback;
    Command {
        id,
        name: draft.name,
        aliases: draft.aliases,
        responses: draft.responses,
        order: draft.order,
        reply: draft.reply,
        level: draft.level,
        allow,
        deny,
        cooldown: draft.cooldown,
        user_cooldown: draft.user_cooldown,
        no_cooldown_from: draft.no_cooldown_from,
        when: draft.when,
        enabled: draft.enabled,
        expires_at: draft.expires_at,
        category: draft.category,
        fetch: draft.fetch_url.map(|url| Fetch { url, fallback }),
    }
}

/// People by their logins. Whom a list has already is not asked for again: their id has not changed.
pub(super) async fn people<const N: usize>(
    app: &App,
    channel: &TwitchUserId,
    lists: [(&str, &[String]); N],
    mut known: Vec<Person>,
) -> Result<[Vec<Person>; N], SaveError> {
    let login = |text: &String| Arguments::of(text).login();
    let wanted = lists.iter().flat_map(|(_, list)| list.iter()).filter_map(login);
    let mut unknown: Vec<String> =
        wanted.filter(|login| !known.iter().any(|person| person.login == *login)).collect();
    unknown.sort_unstable();
    unknown.dedup();
    if !unknown.is_empty() {
        let key = format!("chat/people:{channel}");
        if !sm_db::limits::spend(&app.pool, &key, LOOKUPS, 60).await? {
            let message = "Too many new names at once. Try again in a minute.";
            return Err(SaveError::field(lists[0].0, "too_fast", message));
        }
        let found = lookup::by_logins(app, &unknown).await?;
        known.extend(found.into_iter().map(|user| Person { id: user.id, login: user.login }));
    }
    let mut problems = Vec::new();
    let found = lists.map(|(field, list)| {
        let mut people: Vec<Person> = Vec::with_capacity(list.len());
        for (at, text) in list.iter().enumerate() {
            let named = login(text);
            match known.iter().find(|person| named.as_ref() == Some(&person.login)) {
                Some(person) if people.contains(person) => {}
                Some(person) => people.push(person.clone()),
                None => {
                    let message = format!("Twitch knows nobody called {text}.");
                    problems.push(Problem::new(format!("{field}[{at}]"), "unknown_user", message));
                }
            }
        }
        people
    });
    if problems.is_empty() { Ok(found) } else { Err(SaveError::Invalid(problems)) }
}

/// A command for the audit log.
fn described(command: &Command) -> Value {
    json!({
        "name": command.name,
        "aliases": command.aliases,
        "responses": command.responses,
        "level": command.level,
        "enabled": command.enabled,
        "allow": command.allow,
        "deny": command.deny,
        "cooldown": command.cooldown,
        "user_cooldown": command.user_cooldown,
        "when": command.when,
        "category": command.category,
        "fetches": command.fetch.is_some(),
    })
}

pub(super) async fn note(
    app: &App,
    db: &mut Session,
    actor: &Actor,
    name: &'static str,
    channel: &TwitchUserId,
    (before, after): (Option<Value>, Option<Value>),
) -> sqlx::Result<()> {
    let target = Some(channel.as_str());
    audit::done(app, db, actor, Action { guild: None, name, target, before, after }).await
}
