//! The queue of rings that have failed too often.

use crate::{
    AwsSettings, Doorbell, Http, Ring,
    credentials::sdk_client,
    queue::{count_waiting, told},
};
use aws_sdk_sqs::{
    Client,
    types::{
        ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName as Attribute,
    },
};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// SQS gives no more at once.
const BATCH: i32 = 10;
/// SQS looks at all of its servers when it may wait; without that, it overlooks messages.
const WAIT_S: i32 = 1;
/// For so long a message that is looked at is hidden, should we be stopped before it is put back.
const HIDDEN_S: i32 = 30;

/// The dead letters of a queue.
#[derive(Debug)]
pub struct DeadLetters {
    client: Client,
    url: String,
}

/// A ring that nobody could answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The message's id, as the log of the function names it.
    pub id: String,
    /// When it was rung.
    pub sent_at: OffsetDateTime,
    /// How often it was received, looking at it included.
    pub received: u32,
    /// What it asks for; `None` for a text of another version.
    pub ring: Option<Ring>,
}

impl DeadLetters {
    /// Those in the queue of this address.
    pub fn new(aws: &AwsSettings, http: &Http, url: &str) -> Self {
        Self { client: sdk_client!(aws_sdk_sqs, aws, http), url: url.to_owned() }
    }

    /// How many there are, more or less. Needs `sqs:GetQueueAttributes`.
    pub async fn count(&self) -> Result<u64, String> {
        count_waiting(&self.client, &self.url).await
    }

    /// All of them, the oldest first; they stay. Needs `sqs:ReceiveMessage` and
    /// `sqs:ChangeMessageVisibility`.
    pub async fn list(&self) -> Result<Vec<DeadLetter>, String> {
        let mut letters = Vec::new();
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        let looked = loop {
            match self.receive(Some(HIDDEN_S)).await {
                // A message that comes again has been hidden for long enough: all have been seen.
                Ok(messages) if messages.iter().all(|m| seen.contains_key(id(m))) => break Ok(()),
                Ok(messages) => {
                    for message in &messages {
                        let handle = message.receipt_handle().unwrap_or_default().to_owned();
                        if seen.insert(id(message).to_owned(), handle).is_none() {
                            letters.push(letter(message));
                        }
                    }
                }
                Err(error) => break Err(error),
            }
        };
        self.put_back(seen.into_values().collect()).await?;
        looked?;
        letters.sort_by_key(|letter| letter.sent_at);
        Ok(letters)
    }

    /// Takes all of them out of their queue and rings; how many there were.
    ///
    /// A ring is like any other of its kind: the worker that answers does all that work that is due.
    /// Needs `sqs:ReceiveMessage` and `sqs:DeleteMessage`, and `sqs:SendMessage` at the doorbell.
    pub async fn redrive(&self, doorbell: &Doorbell) -> Result<usize, String> {
        let mut taken = 0;
        loop {
            let messages = self.receive(None).await?;
            if messages.is_empty() {
                return Ok(taken);
            }
            // First the ring, then the end of its message: in between, it may ring twice.
            doorbell.ring_surely(Ring::Deliver).await?;
            doorbell.ring_surely(Ring::Subscribe).await?;
            for message in messages {
                let delete = self.client.delete_message().queue_url(&self.url);
                let delete = delete.set_receipt_handle(message.receipt_handle).send().await;
                delete.map_err(|error| told(&error))?;
                taken += 1;
            }
        }
    }

    /// Some; hidden from others for a while, as the queue says unless `hidden_s` does.
    async fn receive(&self, hidden_s: Option<i32>) -> Result<Vec<Message>, String> {
        let request = self.client.receive_message().queue_url(&self.url);
        let request = request.max_number_of_messages(BATCH).wait_time_seconds(WAIT_S);
        let request = request
            .message_system_attribute_names(Attribute::SentTimestamp)
            .message_system_attribute_names(Attribute::ApproximateReceiveCount)
            .set_visibility_timeout(hidden_s);
        let answer = request.send().await.map_err(|error| told(&error))?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Shows messages again that were hidden while they were looked at.
    async fn put_back(&self, handles: Vec<String>) -> Result<(), String> {
        for chunk in handles.chunks(BATCH as usize) {
            let mut request = self.client.change_message_visibility_batch().queue_url(&self.url);
            for (number, handle) in chunk.iter().enumerate() {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder();
                let entry = entry.id(number.to_string()).receipt_handle(handle);
                let entry = entry.visibility_timeout(0).build();
                request = request.entries(entry.map_err(|error| error.to_string())?);
            }
            request.send().await.map_err(|error| told(&error))?;
        }
        Ok(())
    }
}

fn id(message: &Message) -> &str {
    message.message_id().unwrap_or_default()
}

fn letter(message: &Message) -> DeadLetter {
    let attribute = |name| message.attributes().and_then(|all| all.get(&name));
    let sent_ms = attribute(Attribute::SentTimestamp).and_then(|ms| ms.parse::<i64>().ok());
    let sent_at = OffsetDateTime::from_unix_timestamp(sent_ms.unwrap_or_default() / 1_000);
    let received = attribute(Attribute::ApproximateReceiveCount);
    DeadLetter {
        id: id(message).to_owned(),
        sent_at: sent_at.unwrap_or(OffsetDateTime::UNIX_EPOCH),
        received: received.and_then(|count| count.parse().ok()).unwrap_or_default(),
        ring: Ring::parse(message.body().unwrap_or_default()),
    }
}
