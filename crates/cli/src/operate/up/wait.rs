//! Waits until something works, and says meanwhile what it waits for.

use crate::{
    operate::doctor::check::Check,
    output::{Error, say},
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How long somebody waits, all in all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    until: Instant,
}

impl Patience {
    pub(crate) fn minutes(minutes: u32) -> Self {
        Self { until: Instant::now() + Duration::from_secs(60) * minutes }
    }

    /// Looks again and again until it is good; what is wrong is told whenever it changes.
    pub(crate) async fn until_good(self, look: impl AsyncFn() -> Check) -> Result<(), Error> {
        let mut told = None;
        loop {
            let check = look().await;
            if told.as_ref() != Some(&check) {
                say(check.line().trim_end());
            }
            if check.is_good() {
                return Ok(());
            }
            if Instant::now() >= self.until {
                return Err(format!(
                    "{} is not well yet; what was answered is kept: run the same command to go on",
                    check.name()
                )
                .into());
            }
            told = Some(check);
            sleep(LOOK_EVERY).await;
        }
    }
}
