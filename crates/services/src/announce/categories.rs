//! How long a session was, and in which categories.

use serde::Deserialize;
use time::{Duration, OffsetDateTime};

/// Since when a session is in a category; `None`: in none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Since {
    pub(crate) name: Option<String>,
    /// In seconds since 1970.
    pub(crate) at: i64,
}

/// Categories as they are stored; what cannot be read is left out.
pub(crate) fn stored(json: &str) -> Vec<Since> {
    serde_json::from_str(json).unwrap_or_default()
}

/// `Art (1 h 05 min), Chess (12 min)`, in the order in which they came first.
///
/// The first one counts from the beginning: what was before it nobody knows. Less than a minute is left out where
/// others are left.
pub(crate) fn times(changes: &[Since], began: OffsetDateTime, ended: OffsetDateTime) -> String {
    let (began, ended) = (began.unix_timestamp(), ended.unix_timestamp());
    let begins = changes.iter().enumerate().map(|(n, since)| match n {
        0 => began,
        _ => since.at.clamp(began, ended.max(began)),
    });
    let ends = begins.clone().skip(1).chain([ended]);
    let mut sums: Vec<(&str, i64)> = Vec::new();
    for ((since, begin), end) in changes.iter().zip(begins).zip(ends) {
        let Some(name) = since.name.as_deref().filter(|name| !name.is_empty()) else { continue };
        let seconds = (end - begin).max(0);
        match sums.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += seconds,
            None => sums.push((name, seconds)),
        }
    }
    let longer: Vec<_> = sums.iter().copied().filter(|(_, seconds)| *seconds >= 60).collect();
    let shown = if longer.is_empty() { sums.into_iter().take(1).collect() } else { longer };
    let each = shown
        .into_iter()
        .map(|(name, seconds)| format!("{name} ({})", duration(Duration::seconds(seconds))));
    each.collect::<Vec<_>>().join(", ")
}

/// `3 h 05 min`, or `12 min`.
pub(super) fn duration(duration: Duration) -> String {
    let minutes = duration.whole_minutes().max(0);
    match minutes / 60 {
        0 => format!("{minutes} min"),
        hours => format!("{hours} h {:02} min", minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(changes: &str, minutes: i64) -> String {
        let began = OffsetDateTime::UNIX_EPOCH + Duration::hours(1);
        times(&stored(changes), began, began + Duration::minutes(minutes))
    }

    #[test]
    fn times_add_up_by_category() {
        let art = r#"{"name": "Art", "at": 3600}"#;
        assert_eq!(shown(&format!("[{art}]"), 65), "Art (1 h 05 min)");
        let more = r#"{"name": "Chess", "at": 4200}, {"name": null, "at": 4800}, {"name": "Art", "at": 5400}"#;
        assert_eq!(shown(&format!("[{art}, {more}]"), 40), "Art (20 min), Chess (10 min)");
    }

    #[test]
    fn odd_times_are_held_to_the_stream() {
        let late = r#"[{"name": "Art", "at": 9000}, {"name": "Chess", "at": 99999999}, {"name": "Go", "at": -5}]"#;
        assert_eq!(shown(late, 30), "Art (30 min), Go (30 min)", "a clock that jumps");
        assert_eq!(shown(r#"[{"name": "Art", "at": 0}]"#, 0), "Art (0 min)");
        for nothing in ["[]", "null", "7", r#"[{"name": 7}]"#, ""] {
            assert_eq!(shown(nothing, 30), "", "{nothing}");
        }
    }

    #[test]
    fn duration_reads_like_a_clock() {
        assert_eq!(duration(Duration::minutes(185)), "3 h 05 min");
        assert_eq!(duration(Duration::seconds(-5)), "0 min");
    }
}
