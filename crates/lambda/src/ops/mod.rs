//! What AWS and operators ask for beside the product's own work: rotation, the smoke test, redrive.

mod rotation;
pub(crate) mod smoke;

pub(crate) use rotation::Step;
pub(crate) use smoke::Hook;

use crate::Config;
use sm_aws::{AwsSettings, DeadLetters, Http, lazy_http};
use sm_services::App;
use sm_types::Clock;

/// What these need; nothing of it connects before it is used.
#[derive(Clone, Debug)]
pub struct Ops {
    config: Config,
    clock: Clock,
    http: Http,
}

impl Ops {
    /// With the function's settings.
    pub fn new(config: Config, clock: Clock) -> Self {
        Self { config, clock, http: lazy_http() }
    }

    /// Brings rings back that have failed too often; how many there were.
    pub(crate) async fn redrive(&self, app: &App) -> Result<usize, String> {
        let url = self.config.dead_letter_url.as_deref().ok_or("DEAD_LETTER_URL is not set")?;
        DeadLetters::new(self.aws()?, &self.http, url).redrive(&app.doorbell).await
    }

    fn aws(&self) -> Result<&AwsSettings, String> {
        self.config.aws.as_ref().ok_or_else(|| "this process has no AWS settings".to_owned())
    }
}
