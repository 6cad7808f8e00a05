//! Message templates of a server.

use super::problem::{Problem, SaveError};
use crate::{
    App,
    audit::{self, Action, Actor},
};
use serde_json::json;
use sm_db::guilds::templates;
use sm_types::{
    GuildId, TemplateId,
    template::{MessageTemplate, ParsedMessage},
};
use uuid::Uuid;

/// Templates that one server can have.
pub const MAX_TEMPLATES: i64 = 50;
const MAX_NAME: usize = 100;

/// Parses a template that is to be saved, or tells every field that is wrong, with its place.
pub fn parse(message: &MessageTemplate) -> Result<ParsedMessage, SaveError> {
    let invalid = |errors: Vec<_>| errors.into_iter().map(Problem::from).collect();
    message.check().map_err(|errors| SaveError::Invalid(invalid(errors)))
}

/// Checks a name; the trimmed one.
fn checked_name(name: &str) -> Result<&str, SaveError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        let message = format!("Use 1 to {MAX_NAME} characters, without line breaks.");
        return Err(SaveError::field("name", "invalid", message));
    }
    Ok(name)
}

/// Name and message of both kinds of problems at once.
pub(super) fn checked<'a>(name: &'a str, message: &MessageTemplate) -> Result<&'a str, SaveError> {
    match (checked_name(name), parse(message)) {
        (Ok(name), Ok(_)) => Ok(name),
        (Err(SaveError::Invalid(mut one)), Err(SaveError::Invalid(two))) => {
            one.extend(two);
            Err(SaveError::Invalid(one))
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

fn taken_or_database(error: sqlx::Error) -> SaveError {
    let constraint = error.as_database_error().and_then(|error| error.constraint());
    if constraint == Some("message_templates_name_key") {
        let message = "Another template has this name. Choose another one.";
        return SaveError::field("name", "name_taken", message);
    }
    error.into()
}

/// Stores a new template.
pub async fn create(
    app: &App,
    guild: GuildId,
    name: &str,
    message: &MessageTemplate,
    actor: &Actor,
) -> Result<TemplateId, SaveError> {
    let name = checked(name, message)?;
    let id = TemplateId(Uuid::now_v7());
    let mut transaction = app.pool.begin().await?;
    sm_db::guilds::lock(&mut *transaction, guild).await?;
    insert(&mut transaction, app, (guild, id), Content { name, message }, actor).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Stores a new template that was checked, with its entry in the log. The server's row is locked.
pub(super) async fn insert(
    db: &mut sm_db::Session,
    app: &App,
    (guild, id): (GuildId, TemplateId),
    Content { name, message }: Content<'_>,
    actor: &Actor,
) -> Result<(), SaveError> {
    let json = json!(message);
    let new = templates::Content { name, message: &json };
    let made = templates::insert(&mut *db, guild, id, new, MAX_TEMPLATES).await;
    if !made.map_err(taken_or_database)? {
        let message = format!("A server can have {MAX_TEMPLATES} templates. Delete one first.");
        return Err(SaveError::field("name", "too_many_templates", message));
    }
    let target = id.to_string();
    let action = Action {
        guild: Some(guild),
        name: "template.create",
        target: Some(&target),
        before: None,
        after: Some(json!({ "name": name, "message": message })),
    };
    Ok(audit::done(app, &mut *db, actor, action).await?)
}

/// What an admin writes in a template.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// Unique in its server, without regard to case.
    pub name: &'a str,
    /// Not yet checked.
    pub message: &'a MessageTemplate,
}

/// Saves a template made from `revision`; returns the new revision.
pub async fn save(
    app: &App,
    guild: GuildId,
    template: TemplateId,
    new: Content<'_>,
    revision: i32,
    actor: &Actor,
) -> Result<i32, SaveError> {
    let Content { name, message } = new;
    let name = checked(name, message)?;
    let old = templates::find(&app.pool, guild, template).await?.ok_or(SaveError::NotFound)?;
    let mut transaction = app.pool.begin().await?;
    let new = Content { name, message };
    let revision = update(&mut transaction, app, (guild, &old), new, revision, actor).await?;
    transaction.commit().await?;
    Ok(revision)
}

/// Stores what a template has become, which was checked, with its entry in the log; the new revision.
pub(super) async fn update(
    db: &mut sm_db::Session,
    app: &App,
    (guild, old): (GuildId, &templates::Template),
    Content { name, message }: Content<'_>,
    revision: i32,
    actor: &Actor,
) -> Result<i32, SaveError> {
    let json = json!(message);
    let new = templates::Content { name, message: &json };
    let saved = templates::update(&mut *db, guild, old.template_id, new, revision).await;
    let revision = saved.map_err(taken_or_database)?.ok_or(SaveError::Conflict)?;
    let target = old.template_id.to_string();
    let action = Action {
        guild: Some(guild),
        name: "template.update",
        target: Some(&target),
        before: Some(json!({ "name": old.name, "message": old.message.0 })),
        after: Some(json!({ "name": name, "message": message })),
    };
    audit::done(app, &mut *db, actor, action).await?;
    Ok(revision)
}

/// Deletes a template; who used it falls back to the level above.
pub async fn delete(
    app: &App,
    guild: GuildId,
    template: TemplateId,
    actor: &Actor,
) -> Result<(), SaveError> {
    let old = templates::find(&app.pool, guild, template).await?.ok_or(SaveError::NotFound)?;
    let mut transaction = app.pool.begin().await?;
    remove(&mut transaction, app, (guild, &old), actor).await?;
    transaction.commit().await?;
    Ok(())
}

/// Deletes a template, with its entry in the log.
pub(super) async fn remove(
    db: &mut sm_db::Session,
    app: &App,
    (guild, old): (GuildId, &templates::Template),
    actor: &Actor,
) -> Result<(), SaveError> {
    if !templates::delete(&mut *db, guild, old.template_id).await? {
        return Err(SaveError::NotFound);
    }
    let target = old.template_id.to_string();
    let action = Action {
        guild: Some(guild),
        name: "template.delete",
        target: Some(&target),
        before: Some(json!({ "name": old.name, "message": old.message.0 })),
        after: None,
    };
    Ok(audit::done(app, &mut *db, actor, action).await?)
}
