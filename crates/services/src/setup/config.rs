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
    roles::wishes,
    streamers::subscriptions,
};
use sm_types::{GuildId, live::FeedKind, rules::RuleSet};
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
    mut new: GuildConfig,
    revision: i32,
    actor: &Actor,
) -> Result<(GuildConfig, i32), SaveError> {
    new.announce_types = distinct(&new.announce_types, str::to_owned);
    new.rules = new.rules.map(RuleSet::tidied);
    new.feed_kinds = new.feed_kinds.map(|kinds| distinct(&kinds, str::to_owned));
    let problems = problems(&new);
    if !problems.is_empty() {
        return Err(SaveError::Invalid(problems));
    }
    let (old, _) = config::find(&app.pool, guild).await?.ok_or(SaveError::NotFound)?;
    let known = old.rules.iter().collect::<Vec<_>>();
    categories::check(app, &mut [("rules", new.rules.as_mut())], &known).await?;
    new.rules = new.rules.or_else(|| old.rules.clone());
    new.feed_kinds = new.feed_kinds.or_else(|| old.feed_kinds.clone());
    new.live_role = new.live_role.or(old.live_role);
    let feeds_change = new.feed_kinds != old.feed_kinds;
    let same = (&new.timezone, new.quiet_hours) == (&old.timezone, old.quiet_hours);
    match timezones::canonical(&new.timezone) {
        Ok(zone) => new.timezone = zone,
        Err(_) if same => {}
        Err(zone) => return Err(timezones::refusal(&zone)),
    }
    let changed = new.default_channel.filter(|_| new.default_channel != old.default_channel);
    let role = new.mention.role().filter(|_| new.mention != old.mention);
    let channels: Vec<_> = changed.into_iter().collect();
    let live_role = new.live_role.flatten().filter(|_| new.live_role != old.live_role);
    let roles: Vec<_> = role.into_iter().chain(live_role).collect();
    if let Some(found) = places::find_foreign(app, guild, &channels, &roles).await? {
        let mut problem = foreign("", found);
        if problem.field == "channel_id" {
            problem.field = "default_channel_id".to_owned();
        } else if role.is_none() {
            problem.field = "live_role_id".to_owned();
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
    let saved = config::update(&mut *transaction, guild, &new, revision).await?;
    let revision = saved.ok_or(SaveError::Conflict)?;
    let (before, after) = (shown(&old), shown(&new));
    let action = Action {
        guild: Some(guild),
        name: "guild_config.update",
        target: None,
        before: Some(before),
        after: Some(after),
    };
    audit::done(app, &mut *transaction, actor, action).await?;
    let roles_change = (new.mention, new.live_role) != (old.mention, old.live_role);
    if roles_change {
        wishes::plan(&mut *transaction, guild, app.clock.now()).await?;
    }
    if feeds_change {
        feeds::keep_of_guild(&mut *transaction, guild, None).await?;
        subscriptions::plan_guild(&mut transaction, guild, app.clock.now()).await?;
    }
    transaction.commit().await?;
    if roles_change {
        app.doorbell.ring(Ring::Roles).await;
    }
    if feeds_change {
        app.hub().feeds_changed();
        app.doorbell.ring(Ring::Subscribe).await;
    }
    Ok((new, revision))
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
        "mention_role_id": config.mention.role(), "live_role_id": config.live_role.flatten(),
        "merge_window_seconds": config.merge_window_seconds,
        "end_action": config.end_action, "announce_types": config.announce_types,
        "quiet_hours": config.quiet_hours.map(|(from, until)| {
            format!("{} – {}", time_of_day(from), time_of_day(until))
        }),
        "timezone": config.timezone, "feed_kinds": config.feed_kinds, "rules": config.rules,
    })
}
