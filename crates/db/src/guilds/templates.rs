//! Message templates of a guild.

use super::Mention;
use sm_types::{ChannelId, GuildId, TemplateId};
use sqlx::{PgExecutor, types::Json};
use time::OffsetDateTime;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Template {
    #[sqlx(try_from = "uuid::Uuid")]
    pub template_id: TemplateId,
    /// Its name, unique in the guild.
    pub name: String,
    pub message: Json<serde_json::Value>,
    pub revision: i32,
    /// When it was saved last.
    pub updated_at: OffsetDateTime,
    /// Destinations that use it, the guild's default not among them.
    pub used_by: i64,
    /// Whether it is the guild's default.
    pub is_default: bool,
}

const COLUMNS: &str = "t.template_id, t.name, t.message, t.revision, t.updated_at,
  (select count(*) from destinations d where d.template_id = t.template_id) as used_by,
  exists (select from guild_config c where c.guild_id = t.guild_id and c.template_id = t.template_id) as is_default";

/// The templates of a guild, by name.
pub async fn list(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<Vec<Template>> {
    let statement = format!(
        "select {COLUMNS} from message_templates t where t.guild_id = $1 order by lower(t.name), t.template_id"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(guild.to_db()).fetch_all(db).await
}

/// A template of a guild.
pub async fn find(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    template: TemplateId,
) -> sqlx::Result<Option<Template>> {
    let statement = format!(
        "select {COLUMNS} from message_templates t where t.guild_id = $1 and t.template_id = $2"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(statement))
        .bind(guild.to_db())
        .bind(template.0)
        .fetch_optional(db)
        .await
}

/// Stores a new template; false when the guild has `limit` already.
///
/// A name that is taken breaks the constraint `message_templates_name_key`.
pub async fn insert(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    template: TemplateId,
    new: Content<'_>,
    limit: i64,
) -> sqlx::Result<bool> {
    let made = sqlx::query(
        "insert into message_templates (guild_id, template_id, name, message)
         select $1, $5, $2, $3 where (select count(*) from message_templates where guild_id = $1) < $4",
    )
    .bind(guild.to_db())
    .bind(new.name)
    .bind(Json(new.message))
    .bind(limit)
    .bind(template.0)
    .execute(db)
    .await?;
    Ok(made.rows_affected() == 1)
}

/// What a template is made of.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// Unique in its guild, without regard to case.
    pub name: &'a str,
    /// The message, checked.
    pub message: &'a serde_json::Value,
}

/// Saves a template made from `revision`; `None` when somebody else has saved since.
pub async fn update(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    template: TemplateId,
    new: Content<'_>,
    revision: i32,
) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar(
        "update message_templates set name = $4, message = $5, revision = revision + 1, updated_at = now()
         where guild_id = $1 and template_id = $2 and revision = $3
         returning revision",
    )
    .bind(guild.to_db())
    .bind(template.0)
    .bind(revision)
    .bind(new.name)
    .bind(Json(new.message))
    .fetch_optional(db)
    .await
}

/// Deletes a template; whoever used it falls back to the level above. False when there is none.
pub async fn delete(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    template: TemplateId,
) -> sqlx::Result<bool> {
    let gone =
        sqlx::query("delete from message_templates where guild_id = $1 and template_id = $2")
            .bind(guild.to_db())
            .bind(template.0)
            .execute(db)
            .await?;
    Ok(gone.rows_affected() == 1)
}

/// Where a template is used, and whom it mentions there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    pub channel: Option<ChannelId>,
    pub mention: Mention,
}

/// Every channel with a mention in which a template is used, by the server's defaults or by a destination's own.
pub async fn uses(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    template: TemplateId,
) -> sqlx::Result<Vec<Use>> {
    let rows: Vec<(Option<i64>, String, Option<i64>)> = sqlx::query_as(
        "select default_channel_id, mention, mention_role_id from guild_config
         where guild_id = $1 and template_id = $2
         union
         select coalesce(d.channel_id, c.default_channel_id), coalesce(d.mention, c.mention, 'none'),
           case when d.mention is not null then d.mention_role_id else c.mention_role_id end
         from destinations d left join guild_config c using (guild_id)
         where d.guild_id = $1 and coalesce(d.template_id, c.template_id) = $2",
    )
    .bind(guild.to_db())
    .bind(template.0)
    .fetch_all(db)
    .await?;
    let uses = rows.into_iter().map(|(channel, mention, role)| Use {
        channel: channel.map(ChannelId::from_db),
        mention: Mention::from_db(&mention, role),
    });
    Ok(uses.filter(|used| used.mention != Mention::None).collect())
}

/// Whether all of these templates are the guild's own.
pub async fn all_of_guild(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    templates: &[TemplateId],
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select not exists (select from unnest($2::uuid[]) as wanted (id)
           where not exists (select from message_templates t where t.guild_id = $1 and t.template_id = wanted.id))",
    )
    .bind(guild.to_db())
    .bind(templates.iter().map(|template| template.0).collect::<Vec<_>>())
    .fetch_one(db)
    .await
}
