//! A bar for work that takes long: on standard error, and only where somebody looks at it.

use std::io::{IsTerminal, Write};

const WIDTH: usize = 30;

/// A bar; it is wiped away when it is dropped.
#[derive(Debug)]
pub struct Progress {
    label: &'static str,
    total: usize,
    done: usize,
    shown: bool,
}

impl Progress {
    /// Draws an empty bar.
    pub fn new(label: &'static str, total: usize) -> Self {
        let progress = Self { label, total, done: 0, shown: std::io::stderr().is_terminal() };
        progress.draw();
        progress
    }

    /// One more is done; a total that was too low grows.
    pub fn advance(&mut self) {
        self.done += 1;
        self.total = self.total.max(self.done);
        self.draw();
    }

    fn draw(&self) {
        if self.shown {
            // A bar that cannot be drawn holds nothing up.
            let _ = write!(std::io::stderr(), "\r\x1b[2K{}", self.line());
        }
    }

    fn line(&self) -> String {
        let full = (self.done * WIDTH).checked_div(self.total).unwrap_or(0);
        let bar = "█".repeat(full) + &"░".repeat(WIDTH - full);
        format!("{} {bar} {}/{}", self.label, self.done, self.total)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bar_fills_and_never_overflows() {
        let mut progress = Progress { label: "sent", total: 2, done: 0, shown: false };
        assert_eq!(progress.line().matches('█').count(), 0);
        for filled in [15, 30, 30] {
            progress.advance();
            assert_eq!(progress.line().matches('█').count(), filled);
        }
        assert!(progress.line().ends_with("3/3"));
    }
}
