//! CodeDeploy: telling how the test before a release went.

use crate::{
    AwsSettings, Http,
    signed::{Call, CallError, send},
};
use reqwest::Method;
use serde_json::json;
use time::OffsetDateTime;

const TARGET: &str = "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus";
const JSON: &str = "application/x-amz-json-1.1";

/// A hook that CodeDeploy has called.
#[derive(Debug, Clone, Copy)]
pub struct Hook<'a> {
    /// The deployment that waits.
    pub deployment_id: &'a str,
    /// The call itself.
    pub execution_id: &'a str,
}

/// Tells CodeDeploy that its hook has succeeded, or not; a deployment waits for that up to an hour.
pub async fn report_hook(
    aws: &AwsSettings,
    http: &Http,
    hook: Hook<'_>,
    succeeded: bool,
    now: OffsetDateTime,
) -> Result<(), CallError> {
    let status = if succeeded { "Succeeded" } else { "Failed" };
    let body = json!({
        "deploymentId": hook.deployment_id, "lifecycleEventHookExecutionId": hook.execution_id,
        "status": status,
    });
    let call = Call {
        name: "CodeDeploy",
        service: "codedeploy",
        method: Method::POST,
        path: "/",
        headers: &[("content-type", JSON), ("x-amz-target", TARGET)],
        body: body.to_string(),
    };
    send(aws, http, call, now).await.map(drop)
}
