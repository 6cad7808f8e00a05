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

/// Tells CodeDeploy that its hook has succeeded, or not; a deployment waits for that up to an hour.
pub async fn report_hook(
    aws: &AwsSettings,
    http: &Http,
    (deployment, execution): (&str, &str),
    succeeded: bool,
    now: OffsetDateTime,
) -> Result<(), CallError> {
    let status = if succeeded { "Succeeded" } else { "Failed" };
    let body = json!({
        "deploymentId": deployment, "lifecycleEventHookExecutionId": execution, "status": status,
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
