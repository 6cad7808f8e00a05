//! The doorbell: wakes a delivery worker. It carries no truth; a lost ring is made good.

use crate::{AwsSettings, Http, credentials::sdk_client};
use aws_sdk_sqs::error::DisplayErrorContext;
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::sync::Notify;

/// How long a ring may hold up the answer to Twitch.
const RING_TIMEOUT: Duration = Duration::from_millis(800);

/// What wakes a worker.
#[derive(Clone, Debug)]
pub enum Doorbell {
    /// A message in an SQS queue; Lambda starts a worker for it.
    Sqs(Arc<SqsDoorbell>),
    /// A notification within this process.
    Local(Arc<Notify>),
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
    pub async fn ring(&self) {
        match self {
            Self::Local(notify) => notify.notify_one(),
            Self::Sqs(sqs) => match tokio::time::timeout(RING_TIMEOUT, sqs.send()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "the doorbell did not ring"),
                Err(_) => tracing::warn!("the doorbell did not ring in time"),
            },
        }
    }

    /// Waits for a ring within this process; an SQS doorbell rings elsewhere, so this never ends.
    pub async fn rung(&self) {
        match self {
            Self::Local(notify) => notify.notified().await,
            Self::Sqs(_) => std::future::pending().await,
        }
    }
}

impl SqsDoorbell {
    async fn send(&self) -> Result<(), String> {
        let client = self.client.get_or_init(|| sdk_client!(aws_sdk_sqs, &self.aws, &self.http));
        let message = client.send_message().queue_url(&self.queue_url).message_body("ring");
        let sent = message.send().await;
        sent.map(drop).map_err(|e| DisplayErrorContext(&e).to_string())
    }
}

/// Takes rings that have failed too often out of their queue and rings once; how many there were.
///
/// A ring is like any other: the worker that answers does all the work that is due.
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
        doorbell.ring().await;
        for message in &messages {
            let delete = client.delete_message().queue_url(dead_letter_url);
            let delete = delete.set_receipt_handle(message.receipt_handle.clone());
            delete.send().await.map_err(|e| told(&e))?;
            taken += 1;
        }
    }
}
