//! A server's configuration.

use super::{
    categories, distinct,
    problem::{Problem, SaveError, foreign, of_rules},
    timezones,
};
use crate::{
    App,
    audit::{self, Action, Actor},
    guilds::places,
};
use serde_json::{Value, json};
use sm_aws::Ring;
use sm_db::{
    guilds::{
        config::{self, GuildConfig},
        templates,
    },
    live::feeds,
    streamers::subscriptions,
};
use sm_types::{ChannelId, GuildId, RoleId, live::FeedKind, rules::RuleSet};
use time::Time;

/// The longest merge window: a day.
pub const MAX_MERGE_WINDOW: i32 = 86_400;
/// Types of streams that Twitch reports.
pub const STREAM_TYPES: [&str; 5] = ["live", "playlist", "watch_party", "premiere", "rerun"];
/// What may become of a message when the stream ends.
pub const END_ACTIONS: [&str; 3] = ["leave", "edit", "delete"];

/// Saves a configuration made from `revision`; returns it as it is stored, and the new revision.
///
/// Channel and role must be the server's own: Discord is asked when they change. A time zone that was
/// stored before offsets were refused may stay while nothing about the quiet hours changes.
pub async fn save(
    app: &App,
    guild: GuildId,
    new: GuildConfig,
    revision: i32,
    actor: &Actor,
) -> Result<(GuildConfig, i32), SaveError> {
    let (old, _) = config::find(&app.pool, guild).await?.ok_or(SaveError::NotFound)?;
    let mut new = checked(new, &old)?;
    let known = old.rules.iter().collect::<Vec<_>>();
    categories::check(app, &mut [("rules", new.rules.as_mut())], &known).await?;
    let (channels, roles) = places_of(&old, &new);
    if let Some(found) = places::find_foreign(app, guild, &channels, &roles).await? {
        let mut problem = foreign("", found);
        if problem.field == "channel_id" {
            problem.field = "default_channel_id".to_owned();
        }
        return Err(SaveError::Invalid(vec![problem]));
    }
    if let Some(template) = new.template
        && !templates::all_of_guild(&app.pool, guild, &[template]).await?
    {
        let message = "This server has no such template. Choose one of its own.";
        return Err(SaveError::field("template_id", "unknown_template", message));
    }
    let mut transaction = app.pool.begin().await?;
    let change = Change { guild, old: &old, new: &new, revision };
    let revision = write(&mut transaction, app, &change, actor).await?;
    transaction.commit().await?;
    change.tell(app).await;
    Ok((new, revision))
}

/// A configuration that takes another's place, and the revision it was made from.
pub(super) struct Change<'a> {
    pub(super) guild: GuildId,
    pub(super) old: &'a GuildConfig,
    pub(super) new: &'a GuildConfig,
    pub(super) revision: i32,
}

impl Change<'_> {
    fn is_of_feeds(&self) -> bool {
        self.new.feed_kinds != self.old.feed_kinds
    }

    /// Has others hear of it once it is stored.
    pub(super) async fn tell(&self, app: &App) {
        if self.is_of_feeds() {
            app.hub().feeds_changed();
            app.doorbell.ring(Ring::Subscribe).await;
        }
    }
}

/// The configuration tidied, and checked by itself: neither Discord nor Twitch is asked.
pub(super) fn checked(mut new: GuildConfig, old: &GuildConfig) -> Result<GuildConfig, SaveError> {
    new.announce_types = distinct(&new.announce_types, str::to_owned);
    new.rules = new.rules.map(RuleSet::tidied);
    new.feed_kinds = new.feed_kinds.map(|kinds| distinct(&kinds, str::to_owned));
    let problems = problems(&new);
    if !problems.is_empty() {
        return Err(SaveError::Invalid(problems));
    }
    new.rules = new.rules.or_else(|| old.rules.clone());
    new.feed_kinds = new.feed_kinds.or_else(|| old.feed_kinds.clone());
    let same = (&new.timezone, new.quiet_hours) == (&old.timezone, old.quiet_hours);
    match timezones::canonical(&new.timezone) {
        Ok(zone) => new.timezone = zone,
        Err(_) if same => {}
        Err(zone) => return Err(timezones::refusal(&zone)),
    }
    Ok(new)
}

/// Channels and roles that a configuration names anew.
pub(super) fn places_of(old: &GuildConfig, new: &GuildConfig) -> (Vec<ChannelId>, Vec<RoleId>) {
    let channel = new.default_channel.filter(|_| new.default_channel != old.default_channel);
    let role = new.mention.role().filter(|_| new.mention != old.mention);
    (channel.into_iter().collect(), role.into_iter().collect())
}

/// Stores a configuration that was checked, with its entry in the log; the new revision.
pub(super) async fn write(
    db: &mut sm_db::Session,
    app: &App,
    change: &Change<'_>,
    actor: &Actor,
) -> Result<i32, SaveError> {
    let Change { guild, old, new, revision } = *change;
    let saved = config::update(&mut *db, guild, new, revision).await?;
    let revision = saved.ok_or(SaveError::Conflict)?;
    let action = Action {
        guild: Some(guild),
        name: "guild_config.update",
        target: None,
        before: Some(shown(old)),
        after: Some(shown(new)),
    };
    audit::done(app, &mut *db, actor, action).await?;
    if change.is_of_feeds() {
        feeds::keep_of_guild(&mut *db, guild, None).await?;
        subscriptions::plan_guild(db, guild, app.clock.now()).await?;
    }
    Ok(revision)
}

/// What is wrong with a configuration by itself.
pub(super) fn problems(config: &GuildConfig) -> Vec<Problem> {
    let mut found = Vec::new();
    if let Some(rules) = &config.rules {
        found.extend(of_rules("rules", rules));
        if !rules.stream_types.is_empty() {
            let message =
                "The server's types of streams stand in announce_types. Leave this one empty.";
            found.push(Problem::new("rules.stream_types", "invalid", message));
        }
    }
    let mut add =
        |field: &str, message: String| found.push(Problem::new(field, "invalid", message));
    if !(0..=MAX_MERGE_WINDOW).contains(&config.merge_window_seconds) {
        add("merge_window_seconds", format!("Choose from 0 to {MAX_MERGE_WINDOW} seconds."));
    }
    if !END_ACTIONS.contains(&config.end_action.as_str()) {
        add("end_action", format!("Choose one of {}.", END_ACTIONS.join(", ")));
    }
    let known = |kind: &String| STREAM_TYPES.contains(&kind.as_str());
    if config.announce_types.is_empty() || !config.announce_types.iter().all(known) {
        add("announce_types", format!("Choose at least one of {}.", STREAM_TYPES.join(", ")));
    }
    let mut feed_kinds = config.feed_kinds.iter().flatten();
    if feed_kinds.any(|kind| FeedKind::named(kind).is_none()) {
        let all = FeedKind::ALL.map(FeedKind::as_str).join(", ");
        add("feed_kinds", format!("Choose any of {all}, or none."));
    }
    if config.quiet_hours.is_some_and(|(from, until)| from == until) {
        add(
            "quiet_hours.until",
            "Quiet hours must end at another time than they start.".to_owned(),
        );
    }
    found
}

/// A time of day as people write it, as in `07:00`.
pub fn time_of_day(at: Time) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// The configuration for the audit log.
fn shown(config: &GuildConfig) -> Value {
    json!({
        "enabled": config.enabled, "default_channel_id": config.default_channel,
        "template_id": config.template, "mention": config.mention.kind(),
        "mention_role_id": config.mention.role(), "merge_window_seconds": config.merge_window_seconds,
        "end_action": config.end_action, "announce_types": config.announce_types,
        "quiet_hours": config.quiet_hours.map(|(from, until)| {
            format!("{} – {}", time_of_day(from), time_of_day(until))
        }),
        "timezone": config.timezone, "feed_kinds": config.feed_kinds, "rules": config.rules,
    })
}
