//! Log lines for machines.

use std::io::Write;
use time::OffsetDateTime;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Libraries are quieter than we are.
pub fn targets(level: LevelFilter) -> Targets {
    let libraries = level.min(LevelFilter::WARN);
    Targets::new().with_default(libraries).with_targets(
        ["sm_api", "sm_aws", "sm_cli", "sm_lambda", "sm_services", "sm_sim", "streammaxing"]
            .map(|ours| (ours, level)),
    )
}

/// One JSON object per line on standard output. A second call changes nothing.
pub fn init_json(level: LevelFilter) {
    let lines = fmt::layer().json().flatten_event(true).with_current_span(false);
    let _ = tracing_subscriber::registry().with(targets(level)).with(lines).try_init();
}

/// Writes what was counted since the last time, for CloudWatch to read.
pub fn write_metrics(stage: &str, now: OffsetDateTime) {
    let lines: String =
        sm_aws::metrics::take_lines(stage, now).into_iter().map(|line| line + "\n").collect();
    // Without a reader there is nobody to tell.
    let _ = std::io::stdout().write_all(lines.as_bytes());
}
