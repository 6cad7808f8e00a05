//! The versions of the secret, as a rotation moves them.

use crate::{AwsSettings, Http, credentials::sdk_client, refusal};
use aws_sdk_secretsmanager::{Client, error::SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::collections::BTreeMap;

/// The version in use.
pub const CURRENT: &str = "AWSCURRENT";
/// The version that a rotation prepares.
pub const PENDING: &str = "AWSPENDING";

/// A secret in Secrets Manager.
#[derive(Debug)]
pub struct StoredSecret {
    client: Client,
    arn: String,
}

impl StoredSecret {
    /// The secret of an ARN.
    pub fn new(aws: &AwsSettings, http: &Http, arn: String) -> Self {
        Self { client: sdk_client!(aws_sdk_secretsmanager, aws, http), arn }
    }

    /// Version ids, each with its stages.
    pub async fn versions(&self) -> Result<BTreeMap<String, Vec<String>>, String> {
        let answer = self.client.describe_secret().secret_id(&self.arn).send().await;
        let answer = answer.map_err(|error| told(&error))?;
        Ok(answer.version_ids_to_stages.unwrap_or_default().into_iter().collect())
    }

    /// The values in use.
    pub async fn current(&self) -> Result<BTreeMap<String, String>, String> {
        self.values(CURRENT, None).await
    }

    /// The values of the version that a rotation prepares.
    pub async fn pending(&self, id: &str) -> Result<BTreeMap<String, String>, String> {
        self.values(PENDING, Some(id)).await
    }

    async fn values(
        &self,
        stage: &str,
        id: Option<&str>,
    ) -> Result<BTreeMap<String, String>, String> {
        let request = self.client.get_secret_value().secret_id(&self.arn).version_stage(stage);
        let request = request.set_version_id(id.map(str::to_owned));
        let answer = request.send().await.map_err(|error| told(&error))?;
        let text = answer.secret_string().unwrap_or_default();
        // The parser's own message could quote a value.
        serde_json::from_str(text).map_err(|_| format!("{stage} is not a JSON object of texts"))
    }

    /// Stores values as the pending version of this id.
    pub async fn prepare(&self, id: &str, values: &BTreeMap<String, String>) -> Result<(), String> {
        let text = serde_json::to_string(values).map_err(|error| error.to_string())?;
        let put = self.client.put_secret_value().secret_id(&self.arn).client_request_token(id);
        let put = put.secret_string(text).version_stages(PENDING).send().await;
        put.map(drop).map_err(|error| told(&error))
    }

    /// Stores values as the current version; the one before stays as the previous one.
    pub async fn replace(&self, values: &BTreeMap<String, String>) -> Result<(), String> {
        let text = serde_json::to_string(values).map_err(|error| error.to_string())?;
        let put = self.client.put_secret_value().secret_id(&self.arn).secret_string(text);
        put.send().await.map(drop).map_err(|error| told(&error))
    }

    /// Makes a version the current one, in the place of another.
    pub async fn promote(&self, id: &str, before: Option<&str>) -> Result<(), String> {
        let request = self.client.update_secret_version_stage().secret_id(&self.arn);
        let request = request.version_stage(CURRENT).move_to_version_id(id);
        let moved = request.set_remove_from_version_id(before.map(str::to_owned)).send().await;
        moved.map(drop).map_err(|error| told(&error))
    }
}

fn told<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> String {
    format!("Secrets Manager {}", refusal::describe(error))
}

/// A new secret: 32 random bytes in hexadecimal.
pub fn random_secret() -> Result<String, String> {
    Ok(random_bytes()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A new key for [`crate::Cipher::local`]: 32 random bytes in base64.
pub fn random_key() -> Result<String, String> {
    Ok(STANDARD.encode(random_bytes()?))
}

fn random_bytes() -> Result<[u8; 32], String> {
    let bytes = ring::rand::generate(&ring::rand::SystemRandom::new());
    let bytes = bytes.map_err(|_| "the system gives no random bytes".to_owned())?;
    Ok(bytes.expose())
}
