//! What is announced where, and why not: decided per destination, from values alone.

use crate::zones;
use serde_json::{Value, json};
use sm_db::announce::expansion::{Candidate, Expanding, Planned, Posted};
use sm_types::{
    ChannelId, MessageId,
    announcement::{Action, Kind, NamedReason, Reason, Variant},
    rules::{Broken, Facts, Patterns, RuleSet, viewers_rule},
};
use time::{Duration, OffsetDateTime, Time};

/// A stream, as far as rules ask for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stream<'a> {
    /// `live`, `rerun`, … as Twitch calls it.
    pub(super) kind: &'a str,
    pub(super) seen: &'a Facts,
    pub(super) started_at: OffsetDateTime,
    /// When the session ended that this one resumes.
    pub(super) previous_ended_at: Option<OffsetDateTime>,
    pub(super) look: Look,
}

/// What can be known by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// At the go-live; nobody has counted viewers.
    First,
    /// 75 seconds later, or when it came to nothing.
    Second,
}

impl<'a> Stream<'a> {
    pub(super) fn of(event: &'a Expanding, look: Look) -> Self {
        Self {
            kind: &event.stream_type,
            seen: &event.seen,
            started_at: event.started_at,
            previous_ended_at: event.previous_ended_at,
            look,
        }
    }
}

/// Decides about the destinations of a stream: a new message each, the earlier one again, or none.
pub(super) fn decide(stream: &Stream<'_>, to: &[Candidate], now: OffsetDateTime) -> Vec<Planned> {
    let mut patterns = Patterns::default();
    to.iter().map(|to| announce(stream, to, now, &mut patterns)).collect()
}

/// Decides about one destination.
pub(super) fn announce(
    stream: &Stream<'_>,
    to: &Candidate,
    now: OffsetDateTime,
    patterns: &mut Patterns,
) -> Planned {
    let taken_over = previous(stream, to);
    let skipped = match rules_of(to) {
        Ok(rules) => switched_off(to)
            .or_else(|| filtered(stream, to, &rules, patterns))
            // A message that is there already disturbs nobody.
            .or_else(
                || if taken_over.is_some() { None } else { too_much(stream, to, &rules, now) },
            ),
        Err(unreadable) => switched_off(to).or(Some(unreadable)),
    };
    let (action, message, variant) = match taken_over {
        Some((message, variant)) => (Action::Edit, Some(message), variant),
        None => (Action::Create, None, Variant::Full),
    };
    Planned {
        destination_id: to.destination_id,
        guild_id: to.guild_id,
        channel: to.channel_id.map(ChannelId::from_db),
        turn: to.turn,
        action,
        variant,
        message,
        skipped: skipped.map(|(reason, values)| (Reason::Named(reason), values)),
    }
}

/// What a version before us cannot read it does not announce by: the server would be pinged against its rules.
fn rules_of(to: &Candidate) -> Result<RuleSet, (NamedReason, Option<Value>)> {
    let Some(stored) = &to.rules else { return Ok(RuleSet::default()) };
    serde_json::from_str(stored).map_err(|error| {
        let values = json!({ "rule": "rules", "seen": error.to_string(), "of": whose(to) });
        (NamedReason::UnreadableRules, Some(values))
    })
}

/// Where a destination's rules stand.
fn whose(to: &Candidate) -> &'static str {
    if to.own_rules { "channel" } else { "server" }
}

fn broken(to: &Candidate, rule: Broken) -> (NamedReason, Option<Value>) {
    let Broken { reason, rule, wanted, seen } = rule;
    let mut values =
        json!({ "rule": format!("rules.{rule}"), "wanted": wanted, "seen": seen, "of": whose(to) });
    // As the reason had it before there were rules by id.
    match reason {
        NamedReason::GameFilter => values["game"] = seen,
        NamedReason::TitleFilter => values["title"] = seen,
        _ => {}
    }
    (reason, Some(values))
}

/// Decides about a message of a stream that has changed or ended; `None` when it is another stream's by now.
pub(super) fn edit(stream: &Expanding, posted: &Posted) -> Option<Planned> {
    let ended = stream.kind == Kind::Offline;
    if posted.taken_over {
        return None;
    }
    let end_action = if ended { posted.end_action.as_str() } else { "edit" };
    Some(Planned {
        destination_id: posted.destination_id,
        guild_id: posted.guild_id,
        channel: posted.channel_id.map(ChannelId::from_db),
        turn: 0,
        action: if end_action == "delete" { Action::Delete } else { Action::Edit },
        variant: posted.variant,
        message: Some(MessageId::from_db(posted.message_id)),
        skipped: (end_action == "leave").then(|| (NamedReason::EndActionLeave.into(), None)),
    })
}

type Skip = Option<(NamedReason, Option<Value>)>;

fn switched_off(to: &Candidate) -> Skip {
    let reason = if !to.present {
        NamedReason::BotLeft
    } else if !to.guild_enabled {
        NamedReason::GuildPaused
    } else if !to.follow_enabled {
        NamedReason::StreamerPaused
    } else if !to.enabled {
        NamedReason::DestinationPaused
    } else if to.channel_id.is_none() {
        NamedReason::NoChannel
    } else {
        return None;
    };
    Some((reason, None))
}

/// A game or title that nobody knows does not hold an announcement back.
fn filtered(stream: &Stream<'_>, to: &Candidate, rules: &RuleSet, patterns: &mut Patterns) -> Skip {
    let seen = stream.seen;
    let (types, rule) = match rules.stream_types.as_slice() {
        [] => (to.announce_types.as_slice(), "announce_types"),
        own => (own, "rules.stream_types"),
    };
    if !types.iter().any(|each| each == stream.kind) {
        let kind = stream.kind;
        let values = json!({ "rule": rule, "wanted": types, "seen": kind, "type": kind });
        return Some((NamedReason::StreamType, Some(values)));
    }
    if let (Some(wanted), Some(game)) = (&to.game_filter, &seen.game_name)
        && !wanted.iter().any(|name| name.to_lowercase() == game.to_lowercase())
    {
        let values = json!({ "rule": "game_filter", "wanted": wanted, "seen": game, "game": game });
        return Some((NamedReason::GameFilter, Some(values)));
    }
    if let (Some(wanted), Some(title)) = (&to.title_filter, &seen.title)
        && !title.to_lowercase().contains(&wanted.to_lowercase())
    {
        let values =
            json!({ "rule": "title_filter", "wanted": wanted, "seen": title, "title": title });
        return Some((NamedReason::TitleFilter, Some(values)));
    }
    rules.broken_by(seen, patterns).map(|rule| broken(to, rule))
}

fn too_much(stream: &Stream<'_>, to: &Candidate, rules: &RuleSet, now: OffsetDateTime) -> Skip {
    quiet(to, now)
        .or_else(|| cooldown(to, now))
        .or_else(|| rules.broken_by_pinging(&to.pings, now).map(|rule| broken(to, rule)))
        .or_else(|| viewers(stream, to, rules.least_viewers?))
}

fn quiet(to: &Candidate, now: OffsetDateTime) -> Skip {
    let (from, until) = (to.quiet_from?, to.quiet_until?);
    // Asked only where there are quiet hours: a zone that nobody knows costs nobody else anything.
    let Some(local) = zones::time_of_day(&to.timezone, now) else {
        let values = json!({ "timezone": to.timezone });
        return Some((NamedReason::UnknownTimezone, Some(values)));
    };
    if !is_within(local, from, until) {
        return None;
    }
    let text = |at: Time| format!("{:02}:{:02}", at.hour(), at.minute());
    let values = json!({
        "rule": "quiet_hours", "wanted": [text(from), text(until)], "seen": text(local),
        "until": text(until), "timezone": to.timezone,
    });
    Some((NamedReason::QuietHours, Some(values)))
}

fn cooldown(to: &Candidate, now: OffsetDateTime) -> Skip {
    let pause = to.cooldown_seconds;
    let passed = (now - to.last_sent_at?).whole_seconds();
    (i64::from(pause) > passed).then(|| {
        let values = json!({
            "rule": "cooldown_seconds", "wanted": pause, "seen": passed.max(0), "seconds": pause,
        });
        (NamedReason::Cooldown, Some(values))
    })
}

/// Last of all: who is left out for another reason need not wait for it.
fn viewers(stream: &Stream<'_>, to: &Candidate, least: u32) -> Skip {
    if stream.look == Look::Second {
        return viewers_rule(least, stream.seen.viewers).map(|rule| broken(to, rule));
    }
    let values = json!({ "rule": "rules.least_viewers", "wanted": least, "of": whose(to) });
    Some((NamedReason::AwaitingViewers, Some(values)))
}

/// Whether a time of day lies between two others; from 22:00 to 06:00 goes over midnight.
fn is_within(at: Time, from: Time, until: Time) -> bool {
    if from <= until { at >= from && at < until } else { at >= from || at < until }
}

/// A short break: the message of the earlier stream is opened again, without a ping.
fn previous(stream: &Stream<'_>, to: &Candidate) -> Option<(MessageId, Variant)> {
    let message = MessageId::from_db(to.previous_message_id?);
    let pause = stream.started_at - stream.previous_ended_at?;
    let window = Duration::seconds(to.merge_window_seconds.into());
    // A variant of a newer version is best edited with all that we know.
    let variant = to.previous_variant.clone().and_then(|text| Variant::try_from(text).ok());
    let same_channel = to.previous_channel_id == to.channel_id;
    let short = window.is_positive() && pause <= window;
    (same_channel && short).then(|| (message, variant.unwrap_or(Variant::Full)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sm_types::{DestinationId, GuildId};
    use uuid::Uuid;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn time(hour: u8, minute: u8) -> Time {
        Time::from_hms(hour, minute, 0).unwrap()
    }

    fn facts() -> Facts {
        Facts {
            title: Some("Any% Runs".to_owned()),
            game_id: Some("11".to_owned()),
            game_name: Some("Celeste".to_owned()),
            ..Facts::default()
        }
    }

    fn stream(seen: &Facts) -> Stream<'_> {
        Stream { kind: "live", seen, started_at: NOW, previous_ended_at: None, look: Look::First }
    }

    fn destination() -> Candidate {
        Candidate {
            destination_id: DestinationId(Uuid::nil()),
            guild_id: GuildId(1),
            channel_id: Some(5),
            turn: 0,
            present: true,
            guild_enabled: true,
            follow_enabled: true,
            enabled: true,
            announce_types: vec!["live".to_owned()],
            game_filter: None,
            title_filter: None,
            quiet_from: None,
            quiet_until: None,
            timezone: "Europe/Berlin".to_owned(),
            cooldown_seconds: 0,
            last_sent_at: None,
            rules: None,
            own_rules: false,
            pings: Vec::new(),
            merge_window_seconds: 600,
            previous_message_id: None,
            previous_channel_id: None,
            previous_variant: None,
        }
    }

    fn one(stream: &Stream<'_>, to: Candidate) -> Planned {
        decide(stream, &[to], NOW).pop().unwrap()
    }

    fn told(planned: Planned) -> (String, Value) {
        let (reason, values) = planned.skipped.unzip();
        let reason = reason.map(|reason| reason.to_string()).unwrap_or_default();
        (reason, values.flatten().unwrap_or_default())
    }

    fn skipped(change: impl Fn(&mut Candidate)) -> (String, Value) {
        let mut to = destination();
        change(&mut to);
        told(one(&stream(&facts()), to))
    }

    fn with_rules(rules: Value) -> impl Fn(&mut Candidate) {
        move |to| to.rules = Some(rules.to_string())
    }

    #[test]
    fn values_are_those_of_the_reason() {
        let with_filter = |to: &mut Candidate| to.game_filter = Some(vec!["celeste".to_owned()]);
        let skipped = |change: &dyn Fn(&mut Candidate)| {
            skipped(|to| {
                with_filter(to);
                change(to);
            })
        };
        assert_eq!(skipped(&|_| {}), (String::new(), Value::Null));
        assert_eq!(
            skipped(&|to| {
                (to.quiet_from, to.quiet_until) = (Some(time(20, 0)), Some(time(6, 30)));
            }),
            (
                "quiet_hours".to_owned(),
                json!({ "rule": "quiet_hours", "wanted": ["20:00", "06:30"], "seen": "01:00",
                        "until": "06:30", "timezone": "Europe/Berlin" })
            )
        );
        let in_no_zone = |to: &mut Candidate| to.timezone = "Mars/Olympus".to_owned();
        assert_eq!(skipped(&in_no_zone), (String::new(), Value::Null), "nobody asks");
        assert_eq!(
            skipped(&|to| {
                in_no_zone(to);
                (to.quiet_from, to.quiet_until) = (Some(time(20, 0)), Some(time(6, 30)));
            }),
            ("unknown_timezone".to_owned(), json!({ "timezone": "Mars/Olympus" }))
        );
        assert_eq!(
            skipped(&|to| {
                to.cooldown_seconds = 7200;
                to.last_sent_at = Some(NOW - Duration::hours(1));
            }),
            (
                "cooldown".to_owned(),
                json!({ "rule": "cooldown_seconds", "wanted": 7200, "seen": 3600, "seconds": 7200 })
            )
        );
        assert_eq!(
            skipped(&|to| to.guild_enabled = false),
            ("guild_paused".to_owned(), Value::Null)
        );
        assert_eq!(
            skipped(&|to| to.game_filter = Some(vec!["Tetris".to_owned()])),
            (
                "game_filter".to_owned(),
                json!({ "rule": "game_filter", "wanted": ["Tetris"], "seen": "Celeste", "game": "Celeste" })
            )
        );
        assert_eq!(skipped(&|to| to.present = false), ("bot_left".to_owned(), Value::Null));
    }

    #[test]
    fn rule_of_a_set_is_told_with_where_it_stands() {
        let tetris = json!({ "categories": { "only": [{ "id": "12", "name": "Tetris" }] } });
        assert_eq!(
            skipped(with_rules(tetris)),
            (
                "game_filter".to_owned(),
                json!({ "rule": "rules.categories.only", "wanted": ["Tetris"], "seen": "Celeste",
                        "of": "server", "game": "Celeste" })
            )
        );
        let own = |to: &mut Candidate| {
            with_rules(json!({ "stream_types": ["rerun"] }))(to);
            to.own_rules = true;
        };
        assert_eq!(
            skipped(own),
            (
                "stream_type".to_owned(),
                json!({ "rule": "rules.stream_types", "wanted": ["rerun"], "seen": "live", "type": "live" })
            )
        );
    }

    #[test]
    fn rules_of_a_newer_version_announce_nothing() {
        let (reason, values) = skipped(with_rules(json!({ "moon_phase": "full" })));
        assert_eq!((reason.as_str(), &values["rule"]), ("unreadable_rules", &json!("rules")));
    }

    #[test]
    fn viewers_are_waited_for_where_nothing_else_is_in_the_way() {
        let rules = json!({ "least_viewers": 50, "most_pings": 1 });
        assert_eq!(
            skipped(with_rules(rules.clone())),
            (
                "awaiting_viewers".to_owned(),
                json!({ "rule": "rules.least_viewers", "wanted": 50, "of": "server" })
            )
        );
        let pinged = |to: &mut Candidate| {
            with_rules(rules.clone())(to);
            to.pings = vec![NOW - Duration::hours(2)];
        };
        assert_eq!(skipped(pinged).0, "daily_pings");
        for (viewers, reason) in [(None, ""), (Some(50), ""), (Some(49), "too_few_viewers")] {
            let seen = Facts { viewers, ..facts() };
            let mut to = destination();
            with_rules(rules.clone())(&mut to);
            let second = Stream { look: Look::Second, ..stream(&seen) };
            assert_eq!(told(one(&second, to)).0, reason, "{viewers:?}");
        }
    }

    #[test]
    fn each_of_a_chunk_is_judged_by_its_own_rules() {
        let of = |pattern: &str| {
            let mut to = destination();
            with_rules(json!({ "title": { "pattern": pattern } }))(&mut to);
            to
        };
        let chunk = [of("^any%"), destination(), of("100%"), of("^any%")];
        let seen = facts();
        let told: Vec<_> = decide(&stream(&seen), &chunk, NOW).into_iter().map(told).collect();
        let reasons: Vec<_> = told.iter().map(|(reason, _)| reason.as_str()).collect();
        assert_eq!(reasons, ["", "", "title_pattern", ""]);
    }

    #[test]
    fn quiet_hours_may_go_over_midnight() {
        let (evening, morning) = (time(22, 0), time(6, 0));
        assert!(is_within(time(23, 0), evening, morning));
        assert!(is_within(time(5, 59), evening, morning));
        assert!(!is_within(time(6, 0), evening, morning));
        assert!(!is_within(time(12, 0), evening, morning));
        assert!(is_within(time(12, 0), morning, evening));
    }

    #[test]
    fn short_break_takes_the_message_over_in_the_same_channel_only() {
        let seen = facts();
        let mut stream = stream(&seen);
        stream.previous_ended_at = Some(NOW - Duration::minutes(5));
        let mut to = destination();
        (to.previous_message_id, to.previous_channel_id) = (Some(9), Some(5));
        to.previous_variant = Some("plain".to_owned());
        // What is there already is quiet.
        (to.quiet_from, to.quiet_until) = (Some(time(0, 0)), Some(time(2, 0)));
        with_rules(json!({ "least_viewers": 50 }))(&mut to);
        let planned = one(&stream, to.clone());
        assert_eq!((planned.action, planned.variant), (Action::Edit, Variant::Plain));
        assert!(planned.skipped.is_none());
        to.previous_channel_id = Some(6);
        assert_eq!(one(&stream, to.clone()).action, Action::Create);
        to.previous_channel_id = Some(5);
        to.merge_window_seconds = 0;
        assert_eq!(one(&stream, to).action, Action::Create);
    }
}
