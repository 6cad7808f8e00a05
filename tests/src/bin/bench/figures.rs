//! Percentiles, and what the kernel knows of a process.

use std::{fs, io::Write, time::Duration};

/// Prints a line at once.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A reader who has gone needs no more lines.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// The processor and how many of them.
pub(crate) fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|l| l.strip_prefix("model name")?.split(": ").nth(1));
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    format!("{} × {cores}", name.unwrap_or("unknown processor"))
}

/// The value below which `share` of the sorted values lie.
pub(crate) fn percentile(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    let at = (last as f64 * share).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// A duration in milliseconds.
pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Resident memory of a process, in MiB.
pub(crate) fn resident_mib(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0.0);
    kib / 1024.0
}

/// Processor time of a process, its own and the kernel's for it.
pub(crate) fn cpu(pid: u32) -> Duration {
    /// Clock ticks per second; 100 on every Linux that we know.
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold spaces; the fields behind it do not.
    let fields: Vec<&str> =
        stat.rsplit(')').next().map(|rest| rest.split_whitespace().collect()).unwrap_or_default();
    let tick = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    Duration::from_secs_f64((tick(11) + tick(12)) / TICKS)
}
