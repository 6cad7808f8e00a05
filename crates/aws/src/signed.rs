//! Requests to services that are called too seldom for a crate each, signed by hand.

use crate::{AwsSettings, Http};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use time::OffsetDateTime;

/// What AWS says of credentials that it does not take.
const UNAUTHORIZED: [&str; 8] = [
    "UnrecognizedClient",
    "InvalidClientTokenId",
    "InvalidSignature",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "ExpiredToken",
    "InvalidToken",
    "MissingAuthenticationToken",
];

/// Why a call to AWS has failed; each text names the service and what it said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The credentials are unknown, wrong or too old.
    #[error("{0}")]
    Unauthorized(String),
    /// The credentials lack a permission.
    #[error("{0}")]
    Forbidden(String),
    /// What was asked for is not there.
    #[error("{0}")]
    NotFound(String),
    /// Nobody answered, or nothing that can be used.
    #[error("{0}")]
    Unavailable(String),
}

/// A request to the root of a service, or below.
pub(crate) struct Call<'a> {
    /// As it is called in errors.
    pub(crate) name: &'static str,
    /// As it is called in addresses and signatures.
    pub(crate) service: &'static str,
    pub(crate) method: Method,
    /// With the slash that it begins with.
    pub(crate) path: &'a str,
    pub(crate) headers: &'a [(&'static str, &'static str)],
    pub(crate) body: String,
}

/// What a service has answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The header in which some name the kind of an error.
    pub(crate) kind: Option<String>,
    pub(crate) body: String,
}

/// The body of the answer.
pub(crate) async fn send(
    aws: &AwsSettings,
    http: &Http,
    call: Call<'_>,
    now: OffsetDateTime,
) -> Result<String, CallError> {
    let base = match &aws.endpoint_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("https://{}.{}.amazonaws.com", call.service, aws.region),
    };
    let name = call.name;
    let answer = exchange(aws, http, &base, call, now).await?;
    if answer.status.is_success() {
        return Ok(answer.body);
    }
    Err(answer.refusal(name))
}

/// Sends a call to an address, and waits for whatever is answered.
pub(crate) async fn exchange(
    aws: &AwsSettings,
    http: &Http,
    base: &str,
    call: Call<'_>,
    now: OffsetDateTime,
) -> Result<Answer, CallError> {
    let (name, unavailable) = (call.name, CallError::Unavailable);
    let url = format!("{base}{}", call.path);
    let signed = signature(aws, &url, &call, now).map_err(unavailable)?;
    let mut request = http.request(call.method, &url).body(call.body);
    let fixed = call.headers.iter().copied();
    for (name, value) in fixed.chain(signed.iter().map(|(n, v)| (n.as_str(), v.as_str()))) {
        request = request.header(name, value);
    }
    let no_answer = |_| unavailable(format!("{name} did not answer at {base}"));
    let answer = request.send().await.map_err(no_answer)?;
    let status = answer.status();
    let kind = answer.headers().get("x-amzn-errortype").and_then(|kind| kind.to_str().ok());
    let kind = kind.map(str::to_owned);
    let body = answer.text().await.map_err(no_answer)?;
    Ok(Answer { status, kind, body })
}

impl Answer {
    pub(crate) fn refusal(&self, name: &str) -> CallError {
        refusal(name, self.status, self.kind.as_deref(), &self.body)
    }
}

fn signature(
    aws: &AwsSettings,
    url: &str,
    call: &Call<'_>,
    now: OffsetDateTime,
) -> Result<Vec<(String, String)>, String> {
    let identity = aws.credentials().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&aws.region)
        .name(call.service)
        .time(now.into())
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let body = SignableBody::Bytes(call.body.as_bytes());
    let headers = call.headers.iter().copied();
    let request = SignableRequest::new(call.method.as_str(), url, headers, body);
    let signed = request.and_then(|request| sign(request, &parameters));
    let (instructions, _) = signed.map_err(|error| error.to_string())?.into_parts();
    Ok(instructions.headers().map(|(n, v)| (n.to_owned(), v.to_owned())).collect())
}

/// `kind`: the header in which Lambda names the error; others name it in the body.
fn refusal(name: &str, status: StatusCode, kind: Option<&str>, body: &str) -> CallError {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    let field = |key: &str| json[key].as_str().or_else(|| element(body, key));
    let code = kind.and_then(|kind| kind.split(':').next());
    let code = code.or_else(|| field("__type")?.rsplit('#').next()).or_else(|| field("Code"));
    let code = code.map_or_else(|| status.as_u16().to_string(), str::to_owned);
    let text = match field("message").or_else(|| field("Message")) {
        Some(message) => format!("{name} refused ({code}): {message}"),
        None => format!("{name} refused ({code})"),
    };
    if UNAUTHORIZED.iter().any(|known| code.starts_with(known)) {
        CallError::Unauthorized(text)
    } else if code.starts_with("AccessDenied") {
        CallError::Forbidden(text)
    } else if status == StatusCode::NOT_FOUND {
        CallError::NotFound(text)
    } else {
        CallError::Unavailable(text)
    }
}

/// The text of an element of XML that has no attributes and no children.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once('<').map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart_in_each_of_the_three_forms() {
        let told = |status: u16, kind, body: &str| {
            refusal("AWS", StatusCode::from_u16(status).unwrap(), kind, body)
        };
        let lambda = "ResourceNotFoundException:http://internal.amazon.com/coral/";
        let found = told(404, Some(lambda), r#"{"Type":"User","Message":"Function not found"}"#);
        let text = "AWS refused (ResourceNotFoundException): Function not found";
        assert_eq!(found, CallError::NotFound(text.to_owned()));
        let json = r#"{"__type":"com.amazon#ExpiredTokenException","message":"expired"}"#;
        assert!(matches!(told(400, None, json), CallError::Unauthorized(_)));
        let xml = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
        let denied = CallError::Forbidden("AWS refused (AccessDenied): no".to_owned());
        assert_eq!(told(403, None, xml), denied);
        let away = CallError::Unavailable("AWS refused (502)".to_owned());
        assert_eq!(told(502, None, "<html>"), away);
    }
}
