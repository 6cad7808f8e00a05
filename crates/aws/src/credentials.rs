//! Who we are to AWS; Lambda puts it into the environment.

use crate::http::{Http, SdkHttp};
use aws_credential_types::Credentials;
use sm_types::Secret;
use std::time::Duration;

/// How long one request to AWS may take. Each is answered in tens of milliseconds.
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a call may take with the SDK's retries.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(4);

/// Region, credentials and, in tests, the address of an emulator.
#[derive(Clone, Debug)]
pub struct AwsSettings {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Secret,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<Secret>,
    /// `AWS_ENDPOINT_URL`: unset in production.
    pub endpoint_url: Option<String>,
}

impl AwsSettings {
    pub(crate) fn credentials(&self) -> Credentials {
        let token = self.session_token.as_ref().map(|t| t.expose().to_owned());
        let secret = self.secret_access_key.expose();
        Credentials::new(&self.access_key_id, secret, token, None, "environment")
    }
}

/// Builds a service's client from settings; every SDK crate has the same builder.
macro_rules! sdk_client {
    ($service:ident, $settings:expr, $http:expr) => {{
        let settings: &$crate::AwsSettings = $settings;
        let timeouts = $service::config::timeout::TimeoutConfig::builder()
            .operation_attempt_timeout($crate::credentials::ATTEMPT_TIMEOUT)
            .operation_timeout($crate::credentials::CALL_TIMEOUT)
            .build();
        let mut config = $service::Config::builder()
            .behavior_version($service::config::BehaviorVersion::latest())
            .region($service::config::Region::new(settings.region.clone()))
            .credentials_provider(settings.credentials())
            .timeout_config(timeouts)
            .http_client($crate::credentials::sdk_http($http));
        config.set_endpoint_url(settings.endpoint_url.clone());
        $service::Client::from_conf(config.build())
    }};
}
pub(crate) use sdk_client;

pub(crate) fn sdk_http(http: &Http) -> SdkHttp {
    SdkHttp(http.clone())
}
