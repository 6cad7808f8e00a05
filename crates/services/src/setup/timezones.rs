//! Time zones of servers: IANA names, and what to choose instead of an offset.

use super::problem::{Problem, SaveError};
use crate::zones;
use std::fmt;

/// Zones to suggest, with their minutes east of Greenwich in January and in July.
///
/// One or two that people know for each offset. A test compares them with the product's zones.
pub const SUGGESTIONS: [(&str, i32, i32); 51] = [
    ("Pacific/Pago_Pago", -660, -660),
    ("Pacific/Honolulu", -600, -600),
    ("America/Adak", -600, -540),
    ("Pacific/Marquesas", -570, -570),
    ("America/Anchorage", -540, -480),
    ("America/Los_Angeles", -480, -420),
    ("America/Phoenix", -420, -420),
    ("America/Denver", -420, -360),
    ("America/Costa_Rica", -360, -360),
    ("America/Chicago", -360, -300),
    ("America/Bogota", -300, -300),
    ("America/New_York", -300, -240),
    ("America/Puerto_Rico", -240, -240),
    ("America/Halifax", -240, -180),
    ("America/St_Johns", -210, -150),
    ("America/Sao_Paulo", -180, -180),
    ("America/Noronha", -120, -120),
    ("Atlantic/Cape_Verde", -60, -60),
    ("Atlantic/Azores", -60, 0),
    ("Africa/Abidjan", 0, 0),
    ("Europe/London", 0, 60),
    ("Africa/Lagos", 60, 60),
    ("Europe/Berlin", 60, 120),
    ("Africa/Johannesburg", 120, 120),
    ("Europe/Athens", 120, 180),
    ("Africa/Nairobi", 180, 180),
    ("Europe/Istanbul", 180, 180),
    ("Asia/Tehran", 210, 210),
    ("Asia/Dubai", 240, 240),
    ("Asia/Kabul", 270, 270),
    ("Asia/Karachi", 300, 300),
    ("Asia/Kolkata", 330, 330),
    ("Asia/Kathmandu", 345, 345),
    ("Asia/Dhaka", 360, 360),
    ("Asia/Yangon", 390, 390),
    ("Asia/Bangkok", 420, 420),
    ("Asia/Shanghai", 480, 480),
    ("Asia/Singapore", 480, 480),
    ("Australia/Eucla", 525, 525),
    ("Asia/Tokyo", 540, 540),
    ("Australia/Darwin", 570, 570),
    ("Australia/Adelaide", 630, 570),
    ("Australia/Brisbane", 600, 600),
    ("Australia/Sydney", 660, 600),
    ("Australia/Lord_Howe", 660, 630),
    ("Pacific/Guadalcanal", 660, 660),
    ("Pacific/Tarawa", 720, 720),
    ("Pacific/Auckland", 780, 720),
    ("Pacific/Chatham", 825, 765),
    ("Pacific/Tongatapu", 780, 780),
    ("Pacific/Kiritimati", 840, 840),
];
/// Zones named in one answer.
const NAMED: usize = 4;
/// No zone is further from Greenwich.
const MAX_MINUTES: i32 = 14 * 60;
const MAX_NAME: usize = 64;

/// What is stored or sent as a time zone, and is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoZone {
    /// As it was sent.
    pub name: String,
    /// Zones that have this offset for at least a part of the year; empty when it is no offset.
    pub zones: Vec<Suggestion>,
}

/// A zone to choose instead of an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suggestion {
    /// The IANA name.
    pub name: &'static str,
    /// `all year`, `in January` or `in July`: when it has the offset.
    pub when: &'static str,
}

impl fmt::Display for NoZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, zones } = self;
        if zones.is_empty() {
            return write!(
                f,
                "There is no time zone \u{201c}{name}\u{201d}. Name an IANA one, such as Europe/Berlin."
            );
        }
        let named: Vec<_> = zones.iter().map(|z| format!("{} ({})", z.name, z.when)).collect();
        write!(
            f,
            "\u{201c}{name}\u{201d} is an offset and no time zone: it knows no daylight saving time. \
             Name an IANA zone with this offset instead, such as {}.",
            named.join(", ")
        )
    }
}

/// Today's IANA name of a zone, however it is capitalised and under whichever of its names.
pub fn canonical(name: &str) -> Result<String, NoZone> {
    let shown = || name.chars().take(MAX_NAME).collect();
    zones::named(name).ok_or_else(|| NoZone { name: shown(), zones: suggested(name) })
}

/// The problem of a save.
pub(super) fn refusal(zone: &NoZone) -> SaveError {
    let code = if zone.zones.is_empty() { "unknown_timezone" } else { "offset_timezone" };
    SaveError::Invalid(vec![Problem::new("timezone", code, zone.to_string())])
}

/// Zones with the offset that a name means; those of all the year first.
fn suggested(name: &str) -> Vec<Suggestion> {
    let Some(minutes) = offset(name) else { return Vec::new() };
    let mut found: Vec<_> = SUGGESTIONS
        .iter()
        .filter_map(|&(name, january, july)| {
            let when = match (january == minutes, july == minutes) {
                (true, true) => "all year",
                (true, false) => "in January",
                (false, true) => "in July",
                (false, false) => return None,
            };
            Some(Suggestion { name, when })
        })
        .collect();
    found.sort_by_key(|zone| zone.when != "all year");
    found.truncate(NAMED);
    found
}

/// Minutes east of Greenwich that somebody means who writes an offset.
///
/// `UTC+2`, `GMT+2` and `+02:00` mean east, as everybody writes it; in other POSIX forms (`CET-1`,
/// `<+03>-3`) plus is west.
fn offset(name: &str) -> Option<i32> {
    let name = name.trim().replace('\u{2212}', "-").to_ascii_uppercase();
    let name = ["POSIX/", "RIGHT/"].iter().find_map(|s| name.strip_prefix(s)).unwrap_or(&name);
    let east = ["UTC", "GMT", "Z", ""].iter().find_map(|prefix| name.strip_prefix(prefix));
    if let Some((minutes, "")) = east.and_then(|rest| signed(rest.trim_start())) {
        return Some(minutes);
    }
    let rest = match name.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>')?.1,
        None => name.trim_start_matches(|c: char| c.is_ascii_alphabetic()),
    };
    // A name of daylight saving time and its rules may follow.
    let (minutes, _) = signed(rest).filter(|_| rest.len() < name.len())?;
    Some(-minutes)
}

/// Minutes at the beginning of a text, as in `+2`, `-0330` or `5:45`, and what follows.
fn signed(text: &str) -> Option<(i32, &str)> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let (number, rest) = digits.split_at(end);
    let two = |text: &str| text.get(..2).and_then(|two| two.parse::<i32>().ok());
    let (hours, minutes, rest) = match number.len() {
        4 => (two(number)?, two(&number[2..])?, rest),
        1 | 2 => match rest.strip_prefix(':') {
            Some(after) => (number.parse().ok()?, two(after)?, &after[2..]),
            None => (number.parse().ok()?, 0, rest),
        },
        _ => return None,
    };
    let total = hours * 60 + minutes;
    let sign = if text.starts_with('-') { -1 } else { 1 };
    (total <= MAX_MINUTES && minutes < 60).then_some((sign * total, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_mean_what_people_mean_by_them() {
        for (name, minutes) in [
            ("UTC+2", Some(120)),
            ("utc-2", Some(-120)),
            ("GMT+5:30", Some(330)),
            ("UTC +02:00", Some(120)),
            ("UTC\u{2212}3", Some(-180)),
            ("+0545", Some(345)),
            ("-3", Some(-180)),
            ("2", Some(120)),
            ("CET-1", Some(60)),
            ("CET-1CEST,M3.5.0,M10.5.0/3", Some(60)),
            ("EST5", Some(-300)),
            ("<+03>-3", Some(180)),
            ("posix/UTC+2", Some(120)),
            ("UTC", None),
            ("UTC+99", None),
            ("Europe/Berlin", None),
            ("Etc/GMT+2", None),
            ("+", None),
            ("UTC+2:6", None),
            ("", None),
        ] {
            assert_eq!(offset(name), minutes, "{name}");
        }
    }

    #[test]
    fn suggested_zones_are_as_the_list_has_them() {
        for (zone, january, july) in SUGGESTIONS {
            for (day, minutes) in [("2026-01-15", january), ("2026-07-15", july)] {
                let format = time::format_description::well_known::Rfc3339;
                let noon =
                    time::OffsetDateTime::parse(&format!("{day}T12:00:00Z"), &format).unwrap();
                let local = zones::time_of_day(zone, noon).unwrap();
                let found = i32::from(local.hour()) * 60 + i32::from(local.minute()) - 12 * 60;
                assert_eq!((found - minutes).rem_euclid(24 * 60), 0, "{zone} on {day}");
            }
            assert_eq!(canonical(zone).as_deref(), Ok(zone));
        }
    }

    #[test]
    fn offset_is_answered_with_zones_that_have_it() {
        let zones = suggested("UTC+2");
        assert_eq!(zones[0], Suggestion { name: "Africa/Johannesburg", when: "all year" });
        assert!(zones.contains(&Suggestion { name: "Europe/Berlin", when: "in July" }));
        let words = NoZone { name: "UTC+2".to_owned(), zones }.to_string();
        assert!(words.contains("Europe/Athens (in January)"), "{words}");
    }
}
