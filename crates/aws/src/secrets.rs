//! Secrets Manager: one secret whose JSON supplies the secret settings under their own names.

use crate::{AwsSettings, Http, credentials::sdk_client, refusal};
use std::collections::BTreeMap;

/// Why the secret could not be read; never holds any of its text.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// Secrets Manager refused or did not answer.
    #[error("Secrets Manager {0}. Check SECRETS_ARN and secretsmanager:GetSecretValue")]
    Unavailable(String),
    /// The secret is not a JSON object of strings.
    #[error("the secret in SECRETS_ARN is not a JSON object whose values are strings")]
    Malformed,
}

/// The secret at one time. There is no `Debug`: the values are secret.
pub struct SecretVersion {
    /// Another one for each change.
    pub version_id: String,
    /// When it was made; Unix seconds.
    pub created_at: Option<i64>,
    /// Setting name → value.
    pub values: BTreeMap<String, String>,
}

/// Reads the secret's current version.
pub async fn fetch_secrets(
    aws: &AwsSettings,
    http: &Http,
    arn: &str,
) -> Result<SecretVersion, SecretsError> {
    let client = sdk_client!(aws_sdk_secretsmanager, aws, http);
    let answer = client.get_secret_value().secret_id(arn).send().await;
    let answer = answer.map_err(|error| SecretsError::Unavailable(refusal::describe(&error)))?;
    let text = answer.secret_string().ok_or(SecretsError::Malformed)?;
    let values = serde_json::from_str(text).map_err(|_| SecretsError::Malformed)?;
    let created_at = answer.created_date().map(aws_smithy_types::DateTime::secs);
    Ok(SecretVersion { version_id: answer.version_id.unwrap_or_default(), created_at, values })
}
