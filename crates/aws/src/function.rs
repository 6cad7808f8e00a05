//! Lambda, as an operator uses it: a function's settings and its limit, and asking one for a task.

use crate::{
    AwsSettings, Http,
    signed::{Call, CallError, send},
};
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// The environment variables of a function, such as `app` or `app:live`. Needs `lambda:GetFunctionConfiguration`.
pub async fn function_settings(
    aws: &AwsSettings,
    http: &Http,
    function: &str,
    now: OffsetDateTime,
) -> Result<BTreeMap<String, String>, CallError> {
    let (name, alias) = function.split_once(':').unwrap_or((function, "$LATEST"));
    let alias = alias.replace('$', "%24");
    let path = format!("/2015-03-31/functions/{name}/configuration?Qualifier={alias}");
    let answer = call(aws, http, Method::GET, &path, String::new(), now).await?;
    let variables = answer["Environment"]["Variables"].clone();
    serde_json::from_value(variables)
        .map_err(|_| CallError::Unavailable(format!("{function} has no environment variables")))
}

/// How many instances functions may have at once: their own limits, and what the account has left where one of them
/// has none.
///
/// Needs `lambda:GetFunctionConcurrency` and `lambda:GetAccountSettings`.
pub async fn instances(
    aws: &AwsSettings,
    http: &Http,
    functions: &[String],
    now: OffsetDateTime,
) -> Result<Option<u64>, CallError> {
    let (mut reserved, mut all_are_limited) = (0, true);
    for function in functions {
        let path = format!("/2019-09-30/functions/{function}/concurrency");
        let own = call(aws, http, Method::GET, &path, String::new(), now).await?;
        match own["ReservedConcurrentExecutions"].as_u64() {
            Some(own) => reserved += own,
            None => all_are_limited = false,
        }
    }
    if all_are_limited {
        return Ok(Some(reserved));
    }
    let path = "/2016-08-19/account-settings/";
    let account = call(aws, http, Method::GET, path, String::new(), now).await?;
    let left = account["AccountLimit"]["UnreservedConcurrentExecutions"].as_u64();
    Ok(left.map(|left| reserved + left))
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
