//! What is announced where, and why not: decided per destination, from values alone.

use crate::zones;
use serde_json::{Value, json};
use sm_db::announce::expansion::{Candidate, Expanding, Planned, Posted};
use sm_types::{
    ChannelId, MessageId,
    announcement::{Action, Kind, NamedReason, Reason, Variant},
};
use time::{Duration, OffsetDateTime, Time};

/// Decides about a destination of a stream that has begun: a new message, the earlier one again, or none.
pub(super) fn announce(stream: &Expanding, to: &Candidate, now: OffsetDateTime) -> Planned {
    let taken_over = previous(stream, to);
    let skipped = switched_off(to)
        .or_else(|| filtered(stream, to))
        // A message that is there already disturbs nobody.
        .or_else(|| if taken_over.is_some() { None } else { too_much(to, now) });
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
fn filtered(stream: &Expanding, to: &Candidate) -> Skip {
    if !to.announce_types.contains(&stream.stream_type) {
        return Some((NamedReason::StreamType, Some(json!({ "type": stream.stream_type }))));
    }
    if let (Some(wanted), Some(game)) = (&to.game_filter, &stream.game_name)
        && !wanted.iter().any(|name| name.to_lowercase() == game.to_lowercase())
    {
        return Some((NamedReason::GameFilter, Some(json!({ "game": game, "wanted": wanted }))));
    }
    if let (Some(wanted), Some(title)) = (&to.title_filter, &stream.title)
        && !title.to_lowercase().contains(&wanted.to_lowercase())
    {
        return Some((NamedReason::TitleFilter, Some(json!({ "title": title, "wanted": wanted }))));
    }
    None
}

fn too_much(to: &Candidate, now: OffsetDateTime) -> Skip {
    if let (Some(from), Some(until)) = (to.quiet_from, to.quiet_until) {
        // Asked only where there are quiet hours: a zone that nobody knows costs nobody else anything.
        let Some(local) = zones::time_of_day(&to.timezone, now) else {
            let values = json!({ "timezone": to.timezone });
            return Some((NamedReason::UnknownTimezone, Some(values)));
        };
        if !is_within(local, from, until) {
            return cooldown(to, now);
        }
        let until = format!("{:02}:{:02}", until.hour(), until.minute());
        let values = json!({ "until": until, "timezone": to.timezone });
        return Some((NamedReason::QuietHours, Some(values)));
    }
    cooldown(to, now)
}

fn cooldown(to: &Candidate, now: OffsetDateTime) -> Skip {
    let cooldown = Duration::seconds(to.cooldown_seconds.into());
    if cooldown.is_positive() && to.last_sent_at.is_some_and(|at| at > now - cooldown) {
        return Some((NamedReason::Cooldown, Some(json!({ "seconds": to.cooldown_seconds }))));
    }
    None
}

/// Whether a time of day lies between two others; from 22:00 to 06:00 goes over midnight.
fn is_within(at: Time, from: Time, until: Time) -> bool {
    if from <= until { at >= from && at < until } else { at >= from || at < until }
}

/// A short break: the message of the earlier stream is opened again, without a ping.
fn previous(stream: &Expanding, to: &Candidate) -> Option<(MessageId, Variant)> {
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
    use sm_types::{DestinationId, EventId, GuildId, SessionId, TwitchUserId};
    use uuid::Uuid;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn time(hour: u8, minute: u8) -> Time {
        Time::from_hms(hour, minute, 0).unwrap()
    }

    fn stream() -> Expanding {
        Expanding {
            event_id: EventId(Uuid::nil()),
            kind: Kind::Online,
            attempts: 1,
            received_at: NOW,
            committed_at: NOW,
            cursor: None,
            session_id: SessionId(Uuid::nil()),
            twitch_user_id: TwitchUserId::from("7"),
            stream_type: "live".to_owned(),
            title: Some("Any% Runs".to_owned()),
            game_name: Some("Celeste".to_owned()),
            started_at: NOW,
            continues: None,
            previous_ended_at: None,
            settled: 0,
        }
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
            merge_window_seconds: 600,
            previous_message_id: None,
            previous_channel_id: None,
            previous_variant: None,
        }
    }

    fn decided(change: impl Fn(&mut Candidate)) -> (Action, String, Value) {
        let mut to = destination();
        change(&mut to);
        let planned = announce(&stream(), &to, NOW);
        let (reason, values) = planned.skipped.unzip();
        let reason = reason.map(|reason| reason.to_string()).unwrap_or_default();
        (planned.action, reason, values.flatten().unwrap_or_default())
    }

    #[test]
    fn values_are_those_of_the_reason() {
        let with_filter = |to: &mut Candidate| to.game_filter = Some(vec!["celeste".to_owned()]);
        let skipped = |change: &dyn Fn(&mut Candidate)| {
            let (_, reason, values) = decided(|to| {
                with_filter(to);
                change(to);
            });
            (reason, values)
        };
        assert_eq!(skipped(&|_| {}), (String::new(), Value::Null));
        assert_eq!(
            skipped(&|to| {
                (to.quiet_from, to.quiet_until) = (Some(time(20, 0)), Some(time(6, 30)));
            }),
            ("quiet_hours".to_owned(), json!({ "until": "06:30", "timezone": "Europe/Berlin" }))
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
            ("cooldown".to_owned(), json!({ "seconds": 7200 }))
        );
        assert_eq!(
            skipped(&|to| to.guild_enabled = false),
            ("guild_paused".to_owned(), Value::Null)
        );
        assert_eq!(
            skipped(&|to| to.game_filter = Some(vec!["Tetris".to_owned()])),
            ("game_filter".to_owned(), json!({ "game": "Celeste", "wanted": ["Tetris"] }))
        );
        assert_eq!(skipped(&|to| to.present = false), ("bot_left".to_owned(), Value::Null));
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
        let mut stream = stream();
        stream.previous_ended_at = Some(NOW - Duration::minutes(5));
        let mut to = destination();
        (to.previous_message_id, to.previous_channel_id) = (Some(9), Some(5));
        to.previous_variant = Some("plain".to_owned());
        // What is there already is quiet.
        (to.quiet_from, to.quiet_until) = (Some(time(0, 0)), Some(time(2, 0)));
        let planned = announce(&stream, &to, NOW);
        assert_eq!((planned.action, planned.variant), (Action::Edit, Variant::Plain));
        assert!(planned.skipped.is_none());
        to.previous_channel_id = Some(6);
        assert_eq!(announce(&stream, &to, NOW).action, Action::Create);
        to.previous_channel_id = Some(5);
        to.merge_window_seconds = 0;
        assert_eq!(announce(&stream, &to, NOW).action, Action::Create);
    }
}
