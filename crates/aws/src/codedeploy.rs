//! CodeDeploy: telling how the test before a release went. One call, signed by hand: no crate for that.

use crate::{AwsSettings, Http};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
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
) -> Result<(), String> {
    let url = match &aws.endpoint_url {
        Some(url) => format!("{}/", url.trim_end_matches('/')),
        None => format!("https://codedeploy.{}.amazonaws.com/", aws.region),
    };
    let status = if succeeded { "Succeeded" } else { "Failed" };
    let body = json!({
        "deploymentId": deployment, "lifecycleEventHookExecutionId": execution, "status": status,
    })
    .to_string();
    let fixed = [("content-type", JSON), ("x-amz-target", TARGET)];
    let signed = signature(aws, &url, &fixed, &body, now)?;
    let mut request = http.post(&url).body(body);
    for (name, value) in
        fixed.into_iter().chain(signed.iter().map(|(n, v)| (n.as_str(), v.as_str())))
    {
        request = request.header(name, value);
    }
    let answer = request.send().await.map_err(|_| "CodeDeploy did not answer".to_owned())?;
    let code = answer.status();
    if code.is_success() { Ok(()) } else { Err(format!("CodeDeploy refused ({code})")) }
}

fn signature(
    aws: &AwsSettings,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
    now: OffsetDateTime,
) -> Result<Vec<(String, String)>, String> {
    let identity = aws.credentials().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&aws.region)
        .name("codedeploy")
        .time(now.into())
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let body = SignableBody::Bytes(body.as_bytes());
    let request = SignableRequest::new("POST", url, headers.iter().copied(), body);
    let signed = request.and_then(|request| sign(request, &parameters));
    let (instructions, _) = signed.map_err(|error| error.to_string())?.into_parts();
    Ok(instructions.headers().map(|(n, v)| (n.to_owned(), v.to_owned())).collect())
}
