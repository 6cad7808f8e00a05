//! KMS, Secrets Manager and SQS: against a local AWS, behind a door that counts and can be shut.

mod codedeploy;
mod door;
mod kms;
mod release;
mod ring;
mod rotation;
mod secrets;
mod trace;

pub(crate) use secrets::event;

use sm_aws::AwsSettings;
use sm_sim::aws::Ministack;
use sm_types::Secret;
use std::sync::OnceLock;

/// The local AWS of all tests, started by the first of them.
pub(crate) fn aws() -> &'static Ministack {
    static AWS: OnceLock<Ministack> = OnceLock::new();
    AWS.get_or_init(|| {
        Ministack::start(&sm_tests::cache_dir()).unwrap_or_else(|error| panic!("{error}"))
    })
}

fn settings(url: &str) -> AwsSettings {
    AwsSettings {
        region: sm_sim::aws::REGION.to_owned(),
        access_key_id: "test".to_owned(),
        secret_access_key: Secret::new("test"),
        session_token: None,
        endpoint_url: Some(url.to_owned()),
    }
}
