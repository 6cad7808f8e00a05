//! AWS: who we are there, whether that fits the settings, the dead letters, and a stack's release and key.

use super::check::Check;
use crate::operate::settings::Stack;
use sm_aws::{AwsSettings, CallError, DeadLetters, Identity, lazy_http};
use sm_lambda::Config;
use sm_types::Clock;

/// Nothing where no setting names anything at AWS.
pub(super) async fn identity(config: &Config) -> Option<Check> {
    const NAME: &str = "aws identity";
    let aws = config.aws.as_ref()?;
    Some(match sm_aws::identity(aws, &lazy_http(), Clock::system().now()).await {
        Ok(identity) => fits(aws, config, &identity),
        Err(error @ CallError::Unauthorized(_)) => Check::problem(
            NAME,
            &error.to_string(),
            "run `eval \"$(aws configure export-credentials --format env)\"`",
        ),
        Err(error) => Check::problem(
            NAME,
            &error.to_string(),
            "check AWS_REGION, and whether this machine reaches AWS",
        ),
    })
}

/// Whether what the settings name by ARN lies in our region and account.
fn fits(aws: &AwsSettings, config: &Config, identity: &Identity) -> Check {
    const NAME: &str = "aws identity";
    let found = format!("{} in {}", identity.arn, aws.region);
    let named = [("SECRETS_ARN", &config.secrets_arn), ("KMS_KEY_ID", &config.kms_key_id)];
    for (name, arn) in named {
        let mut parts = arn.as_deref().unwrap_or_default().split(':').skip(3);
        let (Some(region), Some(account)) = (parts.next(), parts.next()) else { continue };
        if region != aws.region {
            let found = format!("{found}, and {name} is in {region}");
            return Check::problem(NAME, &found, "set AWS_REGION to the region of the stack");
        }
        if account != identity.account {
            let found = format!("{found}, and {name} belongs to account {account}");
            return Check::problem(NAME, &found, "use credentials of that account");
        }
    }
    Check::good(NAME, &found)
}

/// Nothing where there is no queue for them.
pub(super) async fn dead_letters(config: &Config) -> Option<Check> {
    const NAME: &str = "dead letters";
    let (url, aws) = (config.dead_letter_url.as_deref()?, config.aws.as_ref()?);
    Some(match DeadLetters::new(aws, &lazy_http(), url).count().await {
        Ok(0) => Check::good(NAME, "none"),
        Ok(count) => Check::warning(
            NAME,
            &format!("{count} wait"),
            "docs/runbook.md, Dead letters; then `streammaxing dlq redrive`",
        ),
        Err(error) => {
            Check::problem(NAME, &error, "check DEAD_LETTER_URL and sqs:GetQueueAttributes")
        }
    })
}

/// Whether what gets the traffic is what was deployed last.
pub(super) async fn release(stack: &Stack, config: &Config) -> Check {
    const NAME: &str = "release";
    let served = config.release.as_deref().unwrap_or("unnamed");
    match stack.newest_release().await {
        Ok(newest) if newest.as_deref().unwrap_or("unnamed") == served => {
            Check::good(NAME, &format!("{served:.10} has the traffic"))
        }
        Ok(newest) => {
            let newest = newest.as_deref().unwrap_or("unnamed");
            let found = format!("{served:.10} has the traffic, and {newest:.10} was deployed last");
            let fix = "a release is under way, or was taken back: docs/runbook.md, Undo a release";
            Check::warning(NAME, &found, fix)
        }
        Err(error) => {
            Check::problem(NAME, &error.to_string(), "check lambda:GetFunctionConfiguration")
        }
    }
}

/// The key lets the roles of the stack use it and nobody else, so the stack itself tries it.
pub(super) async fn key(stack: &Stack) -> Check {
    const NAME: &str = "encryption";
    let answer = match stack.task("smoke").await {
        Ok(answer) => answer,
        Err(error) => {
            let fix = "check lambda:InvokeFunction, and the log of the operations function";
            return Check::problem(NAME, &error.to_string(), fix);
        }
    };
    match answer["key"].as_str() {
        Some("ok") => Check::good(NAME, "works with KMS, in the stack"),
        Some(error) => Check::problem(NAME, error, "docs/runbook.md, Crypto errors"),
        None => {
            let found = answer["settings"].as_str().unwrap_or("the stack does not tell");
            Check::problem(NAME, found, "run `streammaxing secrets bootstrap`")
        }
    }
}
