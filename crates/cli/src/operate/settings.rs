//! Where an operator's command takes its settings from: this environment, or a deployed stack.

use super::CalledWrongly;
use crate::output::Error;
use serde_json::{Value, json};
use sm_aws::{AwsSettings, CallError};
use sm_db::{Pool, PoolLimits};
use sm_lambda::{
    Config,
    config::{ConfigError, peek},
};
use sm_services::App;
use sm_types::{Clock, Secret};
use std::collections::BTreeMap;

/// The name of the stack, for those who always mean the same one.
const STACK: &str = "STREAMMAXING_STACK";
/// What the command line of AWS knows and we do not.
const CREDENTIALS: &str = "run `eval \"$(aws configure export-credentials --format env)\"`";
const REGION: &str = "run `export AWS_REGION=$(aws configure get region)`";

/// A command that works with settings.
#[derive(Debug, clap::Args)]
pub struct With<A: clap::Args> {
    #[command(flatten)]
    pub(super) args: A,
    #[command(flatten)]
    pub(super) source: Source,
}

/// Where the settings come from.
#[derive(Debug, clap::Args)]
pub(super) struct Source {
    /// Take the settings from this stack on AWS and none from the environment but the AWS_ ones
    /// [env: STREAMMAXING_STACK].
    #[arg(long, global = true, value_name = "NAME", value_parser = stack_name)]
    stack: Option<String>,
}

pub(super) struct Settings(Option<Stack>);

pub(super) struct Stack {
    name: String,
    aws: AwsSettings,
    /// What the version has that gets the traffic.
    values: BTreeMap<String, String>,
}

impl Source {
    /// The settings, not yet looked at.
    pub(super) async fn settings(&self) -> Result<Settings, Error> {
        let Some(name) = self.stack.clone().or_else(|| peek(STACK)) else {
            return Ok(Settings(None));
        };
        let name = stack_name(&name).map_err(CalledWrongly)?;
        Ok(Settings(Some(Stack::read(&name).await?)))
    }
}

impl Settings {
    /// Those of a stack, as somebody whom AWS knows.
    pub(super) async fn of_stack(name: &str, aws: AwsSettings) -> Result<Self, Error> {
        Ok(Self(Some(Stack::read_as(name, aws).await?)))
    }

    /// A single one; an empty one counts as unset.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        match &self.0 {
            None => peek(name),
            Some(stack) => stack.get(name).filter(|value| !value.is_empty()),
        }
    }

    /// All of them; secret ones may be in Secrets Manager.
    pub(super) fn config(&self) -> Result<Config, ConfigError> {
        Config::from_lookup(|name| self.get(name))
    }

    /// All of them, secret ones too.
    pub(super) async fn complete(&self) -> Result<Config, Error> {
        Ok(sm_lambda::complete(self.config()?).await?)
    }

    /// The product as `serve` or the stack runs it.
    pub(super) async fn app(&self) -> Result<App, Error> {
        Ok(sm_lambda::build_app(&self.complete().await?, Clock::system())?)
    }

    pub(super) fn stack(&self) -> Option<&Stack> {
        self.0.as_ref()
    }
}

impl Stack {
    async fn read(name: &str) -> Result<Self, Error> {
        Self::read_as(name, credentials()?).await
    }

    async fn read_as(name: &str, aws: AwsSettings) -> Result<Self, Error> {
        let (http, now) = (sm_aws::lazy_http(), Clock::system().now());
        let served = format!("{name}-app:live");
        let values = sm_aws::function_settings(&aws, &http, &served, now).await;
        match values.map_err(|error| (remedy(name, &aws.region, &error), error)) {
            Ok(values) => Ok(Self { name: name.to_owned(), aws, values }),
            Err((remedy, error)) => Err(format!("{error}. {remedy}").into()),
        }
    }

    /// Who asks is ours to say, everything else is the stack's.
    fn get(&self, name: &str) -> Option<String> {
        let secret = |secret: &Secret| secret.expose().to_owned();
        match name {
            "AWS_REGION" => Some(self.aws.region.clone()),
            "AWS_ACCESS_KEY_ID" => Some(self.aws.access_key_id.clone()),
            "AWS_SECRET_ACCESS_KEY" => Some(secret(&self.aws.secret_access_key)),
            "AWS_SESSION_TOKEN" => self.aws.session_token.as_ref().map(secret),
            "AWS_ENDPOINT_URL" => self.aws.endpoint_url.clone(),
            _ => self.values.get(name).cloned(),
        }
    }

    /// What the operations function answers to a task.
    pub(super) async fn task(&self, task: &str) -> Result<Value, CallError> {
        let (http, now) = (sm_aws::lazy_http(), Clock::system().now());
        let function = self.operations();
        sm_aws::invoke(&self.aws, &http, &function, &json!({ "task": task }), now).await
    }

    /// The release that the operations function is of; another one than the traffic's while a release is under way.
    pub(super) async fn newest_release(&self) -> Result<Option<String>, CallError> {
        let (http, now) = (sm_aws::lazy_http(), Clock::system().now());
        let settings = sm_aws::function_settings(&self.aws, &http, &self.operations(), now).await;
        Ok(settings?.remove("RELEASE"))
    }

    /// How many instances there may be at once, if there is a limit.
    pub(super) async fn instances(&self) -> Result<Option<u64>, CallError> {
        let (http, now) = (sm_aws::lazy_http(), Clock::system().now());
        let functions = ["app", "api"].map(|kind| format!("{}-{kind}", self.name));
        sm_aws::instances(&self.aws, &http, &functions, now).await
    }

    /// CodeDeploy calls functions of such names only.
    fn operations(&self) -> String {
        format!("CodeDeployHook_{}", self.name)
    }
}

/// Who we are to AWS, or all that is missing.
fn credentials() -> Result<AwsSettings, Error> {
    let region = peek("AWS_REGION").or_else(|| peek("AWS_DEFAULT_REGION"));
    let (key, secret) = (peek("AWS_ACCESS_KEY_ID"), peek("AWS_SECRET_ACCESS_KEY"));
    if let (Some(region), Some(access_key_id), Some(secret)) = (&region, &key, &secret) {
        return Ok(AwsSettings {
            region: region.clone(),
            access_key_id: access_key_id.clone(),
            secret_access_key: Secret::new(secret),
            session_token: peek("AWS_SESSION_TOKEN").map(Secret::new),
            endpoint_url: peek("AWS_ENDPOINT_URL"),
        });
    }
    let all = [
        (region.is_none(), "AWS_REGION", REGION),
        (key.is_none(), "AWS_ACCESS_KEY_ID", CREDENTIALS),
        (secret.is_none(), "AWS_SECRET_ACCESS_KEY", CREDENTIALS),
    ];
    let missing = all.iter().filter(|(missing, ..)| *missing);
    let lines: String =
        missing.map(|(_, name, fix)| format!("\n  {name} is missing: {fix}")).collect();
    Err(format!("--stack asks AWS for the settings, and needs to know who asks:{lines}").into())
}

fn remedy(stack: &str, region: &str, error: &CallError) -> String {
    match error {
        CallError::Unauthorized(_) => {
            format!("The AWS_ settings are wrong or too old: {CREDENTIALS}")
        }
        CallError::Forbidden(_) => {
            "Who asks lacks a permission: docs/deployment.md lists what an operator needs"
                .to_owned()
        }
        CallError::NotFound(_) => {
            format!(
                "Is there a stack {stack} in {region}? `aws cloudformation list-stacks` names them"
            )
        }
        CallError::Unavailable(_) => {
            "Check AWS_REGION, and whether this machine reaches AWS".to_owned()
        }
    }
}

/// As CloudFormation allows, and short enough for the name of a function.
pub(super) fn stack_name(text: &str) -> Result<String, String> {
    let fits = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() <= 49
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let wrong =
        || format!("`{text}` is no name of a stack: letters, digits and hyphens, 49 at most");
    fits.then(|| text.to_owned()).ok_or_else(wrong)
}

/// The database for a command, which needs one connection.
pub(super) fn pool(database_url: &Secret) -> Result<Pool, ConfigError> {
    sm_lambda::pool(database_url, false, PoolLimits::with_connections(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_stacks_fit_into_an_address() {
        assert_eq!(stack_name("streammaxing-dev").as_deref(), Ok("streammaxing-dev"));
        for wrong in ["", "1st", "a/b", "a?b", "ä", "a b", &"a".repeat(50)] {
            assert!(stack_name(wrong).is_err(), "{wrong}");
        }
    }
}
