//! What AWS and operators ask for beside the product's own work: rotation, the test before a release, redrive.

mod rotation;
pub(crate) mod smoke;

pub(crate) use rotation::Step;
pub(crate) use smoke::Hook;

use crate::{Config, secret_names};
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

    /// Whether the stack still waits for `streammaxing secrets bootstrap`, which comes after its first deployment.
    pub(crate) async fn waits_for_secrets(&self) -> bool {
        let (Ok(aws), Some(arn)) = (self.aws(), &self.config.secrets_arn) else { return false };
        let found = sm_aws::fetch_secrets(aws, &self.http, arn).await;
        found.is_ok_and(|found| secret_names::none_is_given(&found.values))
    }

    fn aws(&self) -> Result<&AwsSettings, String> {
        self.config.aws.as_ref().ok_or_else(|| "this process has no AWS settings".to_owned())
    }
}
