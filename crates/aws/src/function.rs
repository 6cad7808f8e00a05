//! Lambda, as an operator uses it: the settings of a function, and asking one for a task.

use crate::{
    AwsSettings, Http,
    signed::{Call, CallError, send},
};
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// The environment variables of a function. Needs `lambda:GetFunctionConfiguration`.
pub async fn function_settings(
    aws: &AwsSettings,
    http: &Http,
    function: &str,
    now: OffsetDateTime,
) -> Result<BTreeMap<String, String>, CallError> {
    let path = format!("/2015-03-31/functions/{function}/configuration");
    let answer = call(aws, http, Method::GET, &path, String::new(), now).await?;
    let variables = answer["Environment"]["Variables"].clone();
    serde_json::from_value(variables)
        .map_err(|_| CallError::Unavailable(format!("{function} has no environment variables")))
}

/// What a function answers to an event. Needs `lambda:InvokeFunction`.
pub async fn invoke(
    aws: &AwsSettings,
    http: &Http,
    function: &str,
    event: &Value,
    now: OffsetDateTime,
) -> Result<Value, CallError> {
    let path = format!("/2015-03-31/functions/{function}/invocations");
    let answer = call(aws, http, Method::POST, &path, event.to_string(), now).await?;
    match answer["errorMessage"].as_str() {
        Some(error) => Err(CallError::Unavailable(format!("{function} has failed: {error}"))),
        None => Ok(answer),
    }
}

async fn call(
    aws: &AwsSettings,
    http: &Http,
    method: Method,
    path: &str,
    body: String,
    now: OffsetDateTime,
) -> Result<Value, CallError> {
    let (name, service, headers) = ("Lambda", "lambda", &[]);
    let call = Call { name, service, method, path, headers, body };
    let answer = send(aws, http, call, now).await?;
    serde_json::from_str(&answer)
        .map_err(|_| CallError::Unavailable("Lambda sent an answer that is no JSON".to_owned()))
}
