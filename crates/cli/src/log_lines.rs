//! Log lines for people: one line per hop, with its latency in a column of its own.
//!
//! ```text
//! 07:38:12.345    0.9 ms  accepted a webhook · channel=stream.online outcome=Accepted
//! ```

use std::fmt::{self, Write as _};
use time::OffsetDateTime;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// Lines on standard error, coloured on request. A second call changes nothing.
pub fn init(level: LevelFilter, colour: bool) {
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(colour)
        .with_writer(std::io::stderr)
        .event_format(Lines);
    let _ = tracing_subscriber::registry()
        .with(sm_lambda::logging::targets(level))
        .with(lines)
        .try_init();
}

struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut hop = Hop::default();
        event.record(&mut hop);
        let level = *event.metadata().level();
        let colour = writer.has_ansi_escapes();
        write_line(&mut writer, now(), level, &hop, colour)
    }
}

#[expect(clippy::disallowed_methods, reason = "a log line tells when it was written")]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// What an event says: a sentence, a latency, and the rest.
#[derive(Debug, Default)]
struct Hop {
    message: String,
    latency_ms: Option<f64>,
    fields: String,
}

impl Visit for Hop {
    fn record_i64(&mut self, field: &Field, value: i64) {
        match field.name() {
            name if name.ends_with("took_us") => self.latency_ms = Some(value as f64 / 1000.0),
            name if name.ends_with("latency_ms") => self.latency_ms = Some(value as f64),
            _ => self.record_debug(field, &value),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            // The part before the dot is for machines that search.
            name => {
                let short = name.rsplit_once('.').filter(|(_, last)| *last != "id");
                write!(self.fields, " {}={value:?}", short.map_or(name, |(_, last)| last))
            }
        };
    }
}

fn write_line(
    out: &mut dyn fmt::Write,
    at: OffsetDateTime,
    level: Level,
    hop: &Hop,
    colour: bool,
) -> fmt::Result {
    let (dim, reset) = if colour { ("\x1b[2m", "\x1b[0m") } else { ("", "") };
    let tone = match level {
        _ if !colour => "",
        Level::ERROR => "\x1b[1;31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[36m",
        _ => "\x1b[32m",
    };
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    write!(out, "{dim}{hour:02}:{minute:02}:{second:02}.{:03}{reset}", at.millisecond())?;
    match hop.latency_ms {
        Some(ms) => write!(out, "  {ms:8.1} ms")?,
        None => write!(out, "  {:11}", "")?,
    }
    let label = match level {
        Level::ERROR => "error: ",
        Level::WARN => "warning: ",
        _ => "",
    };
    writeln!(out, "  {tone}{label}{}{reset}{dim}{}{reset}", hop.message, hop.fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_has_time_latency_sentence_and_fields() {
        let hop = Hop {
            message: "delivered".to_owned(),
            latency_ms: Some(12.34),
            fields: " login=ana".to_owned(),
        };
        let at = OffsetDateTime::from_unix_timestamp_nanos(36_123_004_000_000).unwrap();
        let mut line = String::new();
        write_line(&mut line, at, Level::DEBUG, &hop, false).unwrap();
        assert_eq!(line, "10:02:03.004      12.3 ms  delivered login=ana\n");
        line.clear();
        write_line(&mut line, at, Level::WARN, &Hop { latency_ms: None, ..hop }, true).unwrap();
        assert_eq!(
            line,
            "\x1b[2m10:02:03.004\x1b[0m               \x1b[33mwarning: delivered\x1b[0m\x1b[2m login=ana\x1b[0m\n"
        );
    }
}
