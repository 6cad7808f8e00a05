//! Time zones: the list that the product carries, whatever the database and the machine know.
//!
//! Zones that were renamed are read under either name and stored under the one of today. The dashboard has
//! the same table, since browsers still offer old names.

use jiff::{
    Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};
use std::{collections::HashMap, sync::LazyLock};
use time::{OffsetDateTime, Time};

const MAX_NAME: usize = 64;

/// Old names and those of today, from IANA's `backward`. Names that a country still goes by stay.
static RENAMED: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("zones.json")).expect("the table is a map of texts")
});

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Today's name of a zone, however it is capitalised; `None` when there is no such zone.
///
/// Offsets, POSIX forms and abbreviations are none: in `UTC+2` plus is west, and `PST` knows no summer.
pub(crate) fn named(name: &str) -> Option<String> {
    let known = iana(name)?;
    let known = known.iana_name()?;
    Some(RENAMED.get(known).map_or(known, String::as_str).to_owned())
}

/// The time of day in a zone; `None` when nobody knows the zone.
pub(crate) fn time_of_day(zone: &str, at: OffsetDateTime) -> Option<Time> {
    // POSIX forms were stored before they were refused, and mean what they meant then.
    let zone = iana(zone).or_else(|| TimeZone::posix(zone).ok())?;
    let local = zone.to_datetime(Timestamp::from_second(at.unix_timestamp()).ok()?);
    let part = |part: i8| u8::try_from(part).ok();
    Time::from_hms(part(local.hour())?, part(local.minute())?, part(local.second())?).ok()
}

fn iana(name: &str) -> Option<TimeZone> {
    let is_zone = (1..=MAX_NAME).contains(&name.len()) && name != "Factory";
    is_zone.then(|| ZONES.get(name).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_are_todays_and_others_stay() {
        for (name, expected) in [
            ("Asia/Calcutta", Some("Asia/Kolkata")),
            ("europe/kiev", Some("Europe/Kyiv")),
            ("America/Buenos_Aires", Some("America/Argentina/Buenos_Aires")),
            ("Asia/Saigon", Some("Asia/Ho_Chi_Minh")),
            ("Asia/Katmandu", Some("Asia/Kathmandu")),
            ("US/Pacific", Some("America/Los_Angeles")),
            ("Iceland", Some("Atlantic/Reykjavik")),
            ("Europe/Stockholm", Some("Europe/Stockholm")),
            ("EUROPE/BERLIN", Some("Europe/Berlin")),
            ("utc", Some("UTC")),
            ("Etc/UTC", Some("UTC")),
            ("Etc/GMT+2", Some("Etc/GMT+2")),
            ("UTC+2", None),
            ("CET-1CEST", None),
            ("PST", None),
            ("posix/Europe/Berlin", None),
            ("Factory", None),
            ("Mars/Olympus", None),
            ("../etc/passwd", None),
            ("", None),
        ] {
            assert_eq!(named(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn every_name_of_the_table_is_known_under_both() {
        for (old, new) in RENAMED.iter() {
            assert_eq!(named(new).as_ref(), Some(new));
            assert_eq!(named(old).as_ref(), Some(new), "{old}");
        }
    }

    #[test]
    fn zones_have_their_summers_and_old_offsets_mean_what_they_meant() {
        let at = |text: &str| {
            let format = time::format_description::well_known::Rfc3339;
            OffsetDateTime::parse(text, &format).unwrap()
        };
        let (winter, summer) = (at("2026-01-15T12:00:00Z"), at("2026-07-15T12:00:00Z"));
        for (zone, in_winter, in_summer) in [
            ("Europe/Berlin", 13, 14),
            ("America/New_York", 7, 8),
            ("Asia/Calcutta", 17, 17),
            ("UTC+2", 10, 10),
            ("CET-1CEST,M3.5.0,M10.5.0/3", 13, 14),
        ] {
            let hour = |at| time_of_day(zone, at).map(Time::hour);
            assert_eq!((hour(winter), hour(summer)), (Some(in_winter), Some(in_summer)), "{zone}");
        }
        assert_eq!(time_of_day("Mars/Olympus", winter), None);
        // Beyond what the list has transitions for, rules go on.
        assert_eq!(
            time_of_day("Europe/Berlin", at("2090-07-15T12:00:00Z")).map(Time::hour),
            Some(14)
        );
    }
}
