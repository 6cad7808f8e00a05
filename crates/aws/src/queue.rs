//! The doorbell: wakes a delivery worker. It carries no truth; a lost ring is made good.

use crate::{AwsSettings, Http, TraceHeader, credentials::sdk_client, metrics::Counter, refusal};
use aws_sdk_sqs::{
    error::{ProvideErrorMetadata, SdkError},
    types::{MessageSystemAttributeNameForSends, MessageSystemAttributeValue, QueueAttributeName},
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::sync::Notify;
use tracing::Instrument;

/// How long a ring may hold up whoever waits for our answer, Twitch above all: it counts the time that we
/// take. Within a region SQS answers in 10 to 20 ms, and over a new TLS connection in about 100. What takes
/// longer is in trouble, and a second more would not help: the minute sweep finds the work.
const RING_PATIENCE: Duration = Duration::from_millis(200);
/// How long a ring may take when nobody waits.
const RING_TIMEOUT: Duration = Duration::from_secs(3);

/// What a worker is woken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ring {
    /// Events and deliveries.
    Deliver,
    /// Subscriptions at Twitch.
    Subscribe,
    /// What was told, for the sockets at API Gateway.
    Live,
    /// What the chat bot has to say.
    Chat,
    /// Answers that are owed on Discord.
    Interact,
}

impl Ring {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deliver => "deliver",
            Self::Subscribe => "subscribe",
            Self::Live => "live",
            Self::Chat => "chat",
            Self::Interact => "interact",
        }
    }

    /// The ring of a message's text; `None` for a text of another version.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Deliver, Self::Subscribe, Self::Live, Self::Chat, Self::Interact]
            .into_iter()
            .find(|ring| ring.as_str() == text)
    }

    /// Whether a message's text asks for it; a text of another version asks for everything.
    pub fn is_asked_by(self, text: &str) -> bool {
        Self::parse(text).is_none_or(|known| known == self)
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
    live: Notify,
    chat: Notify,
    interact: Notify,
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

    /// Rings, and waits 200 ms at most; a ring that takes longer goes on by itself.
    ///
    /// One that fails is logged, counted and forgotten: the minute sweep finds the work.
    pub async fn ring(&self, ring: Ring) {
        if let Self::Local(local) = self {
            return local.of(ring).notify_one();
        }
        let doorbell = self.clone();
        let sending = async move { doorbell.ring_and_wait(ring).await }.in_current_span();
        let sending = match TraceHeader::current() {
            Some(trace) => tokio::spawn(trace.scope(sending)),
            None => tokio::spawn(sending),
        };
        if tokio::time::timeout(RING_PATIENCE, sending).await.is_err() {
            Counter::RingLate.count();
            tracing::warn!("SQS is slow to take a ring: it is not waited for");
        }
    }

    /// Rings for a job, which has the time to wait for SQS: 3 seconds at most.
    pub async fn ring_and_wait(&self, ring: Ring) {
        let error = match tokio::time::timeout(RING_TIMEOUT, self.ring_surely(ring)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(_) => "SQS did not answer in time".to_owned(),
        };
        Counter::RingFailed.count();
        tracing::warn!(error, "the doorbell did not ring");
    }

    /// Rings, and takes the time that it takes; tells when it did not ring.
    pub(crate) async fn ring_surely(&self, ring: Ring) -> Result<(), String> {
        match self {
            Self::Local(local) => {
                local.of(ring).notify_one();
                Ok(())
            }
            Self::Sqs(sqs) => sqs.send(ring, 0).await,
        }
    }

    /// Whether it can ring at a later time; within a process, whoever waits knows when something is due.
    pub fn rings_later(&self) -> bool {
        matches!(self, Self::Sqs(_))
    }

    /// Rings after a wait: at least a second, whole seconds, 15 minutes at most (SQS `DelaySeconds`).
    pub async fn ring_in(&self, ring: Ring, wait: Duration) {
        let Self::Sqs(sqs) = self else { return };
        let seconds = i32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(i32::MAX);
        match tokio::time::timeout(RING_TIMEOUT, sqs.send(ring, seconds.clamp(1, 900))).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the doorbell cannot ring later"),
            Err(_) => tracing::warn!("the doorbell did not take a later ring in time"),
        }
    }

    /// How many messages wait in the queue; `None` within this process, where none wait.
    pub async fn depth(&self) -> Result<Option<u64>, String> {
        match self {
            Self::Local(_) => Ok(None),
            Self::Sqs(sqs) => count_waiting(sqs.client(), &sqs.queue_url).await.map(Some),
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
            Ring::Live => &self.live,
            Ring::Chat => &self.chat,
            Ring::Interact => &self.interact,
        }
    }
}

impl SqsDoorbell {
    fn client(&self) -> &aws_sdk_sqs::Client {
        self.client.get_or_init(|| sdk_client!(aws_sdk_sqs, &self.aws, &self.http))
    }

    async fn send(&self, ring: Ring, delay_seconds: i32) -> Result<(), String> {
        let mut message =
            self.client().send_message().queue_url(&self.queue_url).message_body(ring.as_str());
        if delay_seconds > 0 {
            message = message.delay_seconds(delay_seconds);
        }
        if let Some(trace) = TraceHeader::current() {
            let value = MessageSystemAttributeValue::builder()
                .data_type("String")
                .string_value(trace.as_str());
            let value = value.build().map_err(|e| e.to_string())?;
            let name = MessageSystemAttributeNameForSends::AwsTraceHeader;
            message = message.message_system_attributes(name, value);
        }
        let sent = message.send().await;
        sent.map(drop).map_err(|error| told(&error))
    }
}

/// How many messages wait in a queue, more or less.
pub(crate) async fn count_waiting(
    client: &aws_sdk_sqs::Client,
    queue_url: &str,
) -> Result<u64, String> {
    let name = QueueAttributeName::ApproximateNumberOfMessages;
    let request = client.get_queue_attributes().queue_url(queue_url);
    let answer = request.attribute_names(name.clone()).send().await;
    let answer = answer.map_err(|error| told(&error))?;
    let count = answer.attributes().and_then(|all| all.get(&name));
    count
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| "SQS answered without a count".to_owned())
}

/// What SQS says of a request that has failed.
pub(crate) fn told<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> String {
    format!("SQS {}", refusal::describe(error))
}
