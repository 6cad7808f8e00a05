//! Times and durations as chat reads them, and chance that is the same when a line comes twice.

use crate::zones;
use jiff::{Timestamp, tz::TimeZone};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

/// `3 h 05 min`, or `12 min`.
pub(super) fn span(duration: Duration) -> String {
    let minutes = duration.whole_minutes().max(0);
    match minutes / 60 {
        0 => format!("{minutes} min"),
        hours => format!("{hours} h {:02} min", minutes % 60),
    }
}

/// `14:05`, in a zone.
pub(super) fn time_in(zone: &str, at: OffsetDateTime) -> Option<String> {
    let time = zones::time_of_day(zone, at)?;
    Some(format!("{:02}:{:02}", time.hour(), time.minute()))
}

/// `2026-11-30`, in a zone.
pub(super) fn date_in(zone: &str, at: OffsetDateTime) -> Option<String> {
    let zone = TimeZone::get(&zones::named(zone)?).ok()?;
    let at = Timestamp::from_second(at.unix_timestamp()).ok()?;
    Some(zone.to_datetime(at).date().to_string())
}

/// A number that chance has given, and that whoever asks about the same gets again.
pub(super) fn chance(about: &str, turn: u64) -> u64 {
    let hash = Sha256::new().chain_update(about).chain_update(turn.to_be_bytes()).finalize();
    u64::from_be_bytes(std::array::from_fn(|at| hash[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_their_summers_and_days() {
        let at = |text: &str| {
            OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap()
        };
        let late = at("2026-07-15T23:30:00Z");
        assert_eq!(time_in("Europe/Berlin", late).as_deref(), Some("01:30"));
        assert_eq!(date_in("Europe/Berlin", late).as_deref(), Some("2026-07-16"));
        assert_eq!(date_in("UTC", late).as_deref(), Some("2026-07-15"));
        assert_eq!(time_in("Mars/Olympus", late), None);
        assert_eq!(date_in("Mars/Olympus", late), None);
    }

    #[test]
    fn chance_is_the_same_for_the_same_and_spread_for_others() {
        assert_eq!(chance("m", 1), chance("m", 1));
        let faces: std::collections::BTreeSet<u64> = (0..100).map(|n| chance("m", n) % 6).collect();
        assert_eq!(faces.len(), 6);
    }
}
