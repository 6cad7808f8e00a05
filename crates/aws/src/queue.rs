//! The doorbell: wakes a delivery worker. It carries no truth; a lost ring is made good.

use crate::{AwsSettings, Http, TraceHeader, credentials::sdk_client};
use aws_sdk_sqs::{
    error::DisplayErrorContext,
    types::{MessageSystemAttributeNameForSends, MessageSystemAttributeValue},
};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::sync::Notify;

/// How long a ring may hold up the answer to Twitch.
const RING_TIMEOUT: Duration = Duration::from_millis(800);

/// What a worker is woken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ring {
    /// Events and deliveries.
    Deliver,
    /// Subscriptions at Twitch.
    Subscribe,
}

impl Ring {
    fn as_str(self) -> &'static str {
        match self {
            Self::Deliver => "deliver",
            Self::Subscribe => "subscribe",
        }
    }

    /// Whether a message's text asks for it; a text of another version asks for everything.
    pub fn is_asked_by(self, text: &str) -> bool {
        let known = [Self::Deliver, Self::Subscribe].into_iter().find(|r| r.as_str() == text);
        known.is_none_or(|known| known == self)
    }
}

/// What wakes a worker.
#[derive(Clone, Debug)]
pub enum Doorbell {
    /// A message in an SQS queue; Lambda starts a worker for it, in the trace of who rang.
    Sqs(Arc<SqsDoorbell>),
    /// A notification within this process.
    Local(Arc<LocalDoorbell>),
}

/// The side within a process.
#[derive(Debug, Default)]
pub struct LocalDoorbell {
    deliver: Notify,
    subscribe: Notify,
}

/// The SQS side; its client is built at the first ring.
#[derive(Debug)]
pub struct SqsDoorbell {
    aws: AwsSettings,
    http: Http,
    queue_url: String,
    client: OnceLock<aws_sdk_sqs::Client>,
}

impl Doorbell {
    /// Rings through SQS.
    pub fn sqs(aws: AwsSettings, http: Http, queue_url: String) -> Self {
        Self::Sqs(Arc::new(SqsDoorbell { aws, http, queue_url, client: OnceLock::new() }))
    }

    /// Rings within this process.
    pub fn local() -> Self {
        Self::Local(Arc::default())
    }

    /// Rings. A ring that fails is logged and forgotten: the minute sweep finds the work.
    pub async fn ring(&self, ring: Ring) {
        match self {
            Self::Local(local) => local.of(ring).notify_one(),
            Self::Sqs(sqs) => match tokio::time::timeout(RING_TIMEOUT, sqs.send(ring)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "the doorbell did not ring"),
                Err(_) => tracing::warn!("the doorbell did not ring in time"),
            },
        }
    }

    /// How many messages wait in the queue; `None` within this process, where none wait.
    pub async fn depth(&self) -> Result<Option<u64>, String> {
        match self {
            Self::Local(_) => Ok(None),
            Self::Sqs(sqs) => sqs.depth().await.map(Some),
        }
    }

    /// Waits for a ring within this process; an SQS doorbell rings elsewhere, so this never ends.
    pub async fn rung(&self, ring: Ring) {
        match self {
            Self::Local(local) => local.of(ring).notified().await,
            Self::Sqs(_) => std::future::pending().await,
        }
    }
}

impl LocalDoorbell {
    fn of(&self, ring: Ring) -> &Notify {
        match ring {
            Ring::Deliver => &self.deliver,
            Ring::Subscribe => &self.subscribe,
        }
    }
}

impl SqsDoorbell {
    fn client(&self) -> &aws_sdk_sqs::Client {
        self.client.get_or_init(|| sdk_client!(aws_sdk_sqs, &self.aws, &self.http))
    }

    async fn depth(&self) -> Result<u64, String> {
        let name = aws_sdk_sqs::types::QueueAttributeName::ApproximateNumberOfMessages;
        let request = self.client().get_queue_attributes().queue_url(&self.queue_url);
        let answer = request.attribute_names(name.clone()).send().await;
        let answer = answer.map_err(|e| DisplayErrorContext(&e).to_string())?;
        let depth = answer.attributes().and_then(|all| all.get(&name));
        depth.and_then(|text| text.parse().ok()).ok_or_else(|| "no depth was answered".to_owned())
    }

    async fn send(&self, ring: Ring) -> Result<(), String> {
        let mut message =
            self.client().send_message().queue_url(&self.queue_url).message_body(ring.as_str());
        if let Some(trace) = TraceHeader::current() {
            let value = MessageSystemAttributeValue::builder()
                .data_type("String")
                .string_value(trace.as_str());
            let value = value.build().map_err(|e| e.to_string())?;
            let name = MessageSystemAttributeNameForSends::AwsTraceHeader;
            message = message.message_system_attributes(name, value);
        }
        let sent = message.send().await;
        sent.map(drop).map_err(|e| DisplayErrorContext(&e).to_string())
    }
}

/// Takes rings that have failed too often out of their queue and rings once; how many there were.
///
/// A ring is like any other of its kind: the worker that answers does all that work that is due.
pub async fn redrive(
    aws: &AwsSettings,
    http: &Http,
    dead_letter_url: &str,
    doorbell: &Doorbell,
) -> Result<usize, String> {
    let told = |error: &dyn std::error::Error| DisplayErrorContext(error).to_string();
    let client = sdk_client!(aws_sdk_sqs, aws, http);
    let mut taken = 0;
    loop {
        let request = client.receive_message().queue_url(dead_letter_url);
        let answer = request.max_number_of_messages(10).send().await.map_err(|e| told(&e))?;
        let messages = answer.messages.unwrap_or_default();
        if messages.is_empty() {
            return Ok(taken);
        }
        // First the ring, then the end of its message: in between, it may ring twice.
        doorbell.ring(Ring::Deliver).await;
        doorbell.ring(Ring::Subscribe).await;
        for message in &messages {
            let delete = client.delete_message().queue_url(dead_letter_url);
            let delete = delete.set_receipt_handle(message.receipt_handle.clone());
            delete.send().await.map_err(|e| told(&e))?;
            taken += 1;
        }
    }
}
