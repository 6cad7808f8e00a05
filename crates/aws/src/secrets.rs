//! Secrets Manager: one secret whose JSON supplies the secret settings under their own names.

use crate::{AwsSettings, Http, credentials::sdk_client};
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use std::collections::BTreeMap;

/// Why the secret could not be read; never holds any of its text.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// Secrets Manager refused or did not answer.
    #[error(
        "Secrets Manager did not give the secret: {0}. Check SECRETS_ARN and secretsmanager:GetSecretValue"
    )]
    Unavailable(String),
    /// The secret is not a JSON object of strings.
    #[error("the secret in SECRETS_ARN is not a JSON object whose values are strings")]
    Malformed,
}

/// Reads the secret's current version: setting name → value.
pub async fn fetch_secrets(
    aws: &AwsSettings,
    http: &Http,
    arn: &str,
) -> Result<BTreeMap<String, String>, SecretsError> {
    let client = sdk_client!(aws_sdk_secretsmanager, aws, http);
    let answer = client
        .get_secret_value()
        .secret_id(arn)
        .send()
        .await
        .map_err(|error| SecretsError::Unavailable(DisplayErrorContext(&error).to_string()))?;
    let text = answer.secret_string().ok_or(SecretsError::Malformed)?;
    serde_json::from_str(text).map_err(|_| SecretsError::Malformed)
}
