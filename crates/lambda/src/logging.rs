//! Log lines for machines.

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
