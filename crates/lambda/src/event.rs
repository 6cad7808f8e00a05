//! Which kind of event Lambda has handed us.

use crate::ops::{Hook, Step};
use serde::Deserialize;
use sm_aws::TraceHeader;

/// An event, as far as dispatch has to know it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// API Gateway HTTP API, payload version 2.0.
    Http,
    /// API Gateway WebSocket API.
    WebSocket,
    /// A batch of SQS messages.
    Sqs(Vec<Message>),
    /// An EventBridge rule or schedule.
    Schedule,
    /// `{"task": …}`, by an operator.
    Task(String),
    /// CodeDeploy's hook before a release.
    Hook(Hook),
    /// A step of rotating the secrets.
    Rotation(Step),
    /// None of these.
    Unknown,
}

/// A message of the doorbell.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Its id, to hand it back by.
    pub(crate) id: String,
    pub(crate) body: String,
    /// The trace of who rang.
    pub(crate) trace: Option<TraceHeader>,
}

#[derive(Deserialize)]
struct Peek {
    #[serde(rename = "requestContext")]
    context: Option<Context>,
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    source: Option<String>,
    task: Option<String>,
    #[serde(rename = "DeploymentId")]
    deployment: Option<String>,
    #[serde(rename = "LifecycleEventHookExecutionId")]
    execution: Option<String>,
    #[serde(rename = "Step")]
    step: Option<String>,
    #[serde(rename = "SecretId")]
    secret: Option<String>,
    #[serde(rename = "ClientRequestToken")]
    version: Option<String>,
}

#[derive(Deserialize)]
struct Context {
    http: Option<serde::de::IgnoredAny>,
    #[serde(rename = "connectionId")]
    connection_id: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "messageId")]
    message_id: Option<String>,
    #[serde(rename = "eventSource")]
    source: Option<String>,
    #[serde(default)]
    body: String,
    attributes: Option<Attributes>,
}

#[derive(Deserialize)]
struct Attributes {
    #[serde(rename = "AWSTraceHeader")]
    trace: Option<String>,
}

/// Tells the kind of an event from the fields that only this kind has.
pub(crate) fn classify(event: &str) -> Kind {
    let Ok(peek) = serde_json::from_str::<Peek>(event) else { return Kind::Unknown };
    match peek {
        Peek { context: Some(Context { http: Some(_), .. }), .. } => Kind::Http,
        Peek { context: Some(Context { connection_id: Some(_), .. }), .. } => Kind::WebSocket,
        Peek { records: Some(records), .. } => sqs(records),
        Peek { task: Some(task), .. } => Kind::Task(task),
        Peek { deployment: Some(deployment), execution: Some(execution), .. } => {
            Kind::Hook(Hook { deployment, execution })
        }
        Peek { step: Some(name), secret: Some(secret), version: Some(version), .. } => {
            Kind::Rotation(Step { name, secret, version })
        }
        Peek { source: Some(source), .. } if is_schedule(&source) => Kind::Schedule,
        _ => Kind::Unknown,
    }
}

fn is_schedule(source: &str) -> bool {
    matches!(source, "aws.events" | "aws.scheduler")
}

fn sqs(records: Vec<Record>) -> Kind {
    let message = |record: Record| {
        let id = record.message_id.filter(|_| record.source.as_deref() == Some("aws:sqs"))?;
        let trace = record.attributes.and_then(|a| TraceHeader::parse(&a.trace?));
        Some(Message { id, body: record.body, trace })
    };
    let messages: Option<Vec<_>> = records.into_iter().map(message).collect();
    messages.filter(|messages| !messages.is_empty()).map_or(Kind::Unknown, Kind::Sqs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_is_told_by_its_own_fields() {
        let kind = classify;
        assert_eq!(
            kind(r#"{"version":"2.0","requestContext":{"http":{"method":"GET"}}}"#),
            Kind::Http
        );
        assert_eq!(
            kind(r#"{"requestContext":{"connectionId":"a","routeKey":"$connect"}}"#),
            Kind::WebSocket
        );
        let sqs = r#"{"Records":[{"messageId":"m1","eventSource":"aws:sqs","body":"deliver"}]}"#;
        let message = Message { id: "m1".into(), body: "deliver".into(), trace: None };
        assert_eq!(kind(sqs), Kind::Sqs(vec![message]));
        let traced = sqs.replace(
            r#""body""#,
            r#""attributes":{"ApproximateReceiveCount":"1","AWSTraceHeader":"Root=1-a;Sampled=1"},"body""#,
        );
        let Kind::Sqs(messages) = kind(&traced) else { panic!("{traced}") };
        assert_eq!(messages[0].trace, TraceHeader::parse("Root=1-a;Sampled=1"));
        assert_eq!(kind(r#"{"source":"aws.scheduler","detail":{}}"#), Kind::Schedule);
        assert_eq!(
            kind(r#"{"source":"aws.events","detail-type":"Scheduled Event"}"#),
            Kind::Schedule
        );
        let hook = r#"{"DeploymentId":"d-1","LifecycleEventHookExecutionId":"e"}"#;
        assert_eq!(
            kind(hook),
            Kind::Hook(Hook { deployment: "d-1".into(), execution: "e".into() })
        );
        let step = r#"{"Step":"testSecret","SecretId":"arn","ClientRequestToken":"v"}"#;
        let expected =
            Step { name: "testSecret".into(), secret: "arn".into(), version: "v".into() };
        assert_eq!(kind(step), Kind::Rotation(expected));
        assert_eq!(kind(r#"{"task":"migrate"}"#), Kind::Task("migrate".into()));
    }

    #[test]
    fn everything_else_is_unknown() {
        for event in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"Records":[]}"#,
            r#"{"Records":[{"eventSource":"aws:s3"}]}"#,
        ] {
            assert_eq!(classify(event), Kind::Unknown, "{event}");
        }
    }
}
