//! Metrics: counted in this process, and told in two ways: as log lines in CloudWatch's Embedded Metric
//! Format, which hold what is new since the last, and as totals for Prometheus.
//!
//! Dimensions are Stage, Operation and Outcome only: CloudWatch charges for each combination.

use serde_json::{Map, Value, json};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use time::OffsetDateTime;

/// Under which CloudWatch lists them.
pub const NAMESPACE: &str = "StreamMaxing";
/// The name of every counter's metric.
pub const COUNT: &str = "Count";
/// The most values that one line may hold.
const MAX_VALUES: usize = 100;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident $operation:literal $outcome:literal)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Counter {
            $($(#[$doc])* $name,)*
        }

        impl Counter {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The dimensions Operation and Outcome.
            pub fn dimensions(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$name => ($operation, $outcome),)*
                }
            }
        }

        static COUNTS: [AtomicU64; Counter::ALL.len()] =
            [const { AtomicU64::new(0) }; Counter::ALL.len()];
        /// How much of each the lines have told.
        static TOLD: [AtomicU64; Counter::ALL.len()] =
            [const { AtomicU64::new(0) }; Counter::ALL.len()];
    };
}

counters! {
    /// A webhook of Twitch came.
    WebhookReceived "webhook" "received"
    /// A webhook was stored.
    WebhookAccepted "webhook" "accepted"
    /// A webhook could not be stored.
    WebhookFailed "webhook" "failed"
    /// A webhook was not signed as it should be.
    WebhookSignature "webhook" "bad_signature"
    /// A cookie, a code or a state was not valid.
    AuthFailure "auth" "failure"
    /// Somebody wanted what they may not.
    Denied "access" "denied"
    /// A limit is used up.
    RateLimited "limit" "hit"
    /// A request has come round the CDN, and was refused.
    PassedBy "cdn" "passed_by"
    /// A stored token could not be encrypted or decrypted.
    CryptoError "crypto" "error"
    Queued "expansion" "queued"
    /// A delivery was sent.
    Sent "delivery" "sent"
    /// A delivery was left out, for a reason.
    Skipped "delivery" "skipped"
    /// A delivery has failed for good.
    Failed "delivery" "failed"
    /// A delivery was too late.
    Expired "delivery" "expired"
    /// A delivery will be tried again.
    Retried "delivery" "retried"
    /// Discord answered a request of a delivery.
    DiscordRequest "discord" "request"
    DiscordRateLimited "discord" "rate_limited"
    /// Discord refused with 401, 403 or 429.
    DiscordInvalid "discord" "invalid"
    /// Discord asked a delivery to wait, as it has for a while.
    DiscordStuck "discord" "stuck"
    /// Twitch refused to create a subscription.
    SubscriptionFailed "subscription" "failed"
    /// A row of a list of a remote could not be read, and was left out; the log names its kind.
    RowSkipped "list" "row_skipped"
    /// A list of a remote lacked most of what it had, and was not believed.
    ListDoubted "list" "doubted"
    /// The database did not answer.
    DatabaseError "database" "error"
    /// A rotation of the secrets has failed.
    RotationFailed "rotation" "failed"
    /// SQS did not take a ring in time; the sweep finds the work.
    RingLate "doorbell" "late"
    /// SQS refused a ring; the sweep finds the work.
    RingFailed "doorbell" "failed"
    /// A turn of a job has failed; the log names the job.
    JobFailed "job" "failed"
    /// A frame was handed to a socket.
    FramePushed "push" "sent"
    /// A socket at API Gateway was gone.
    PushGone "push" "gone"
    /// A frame did not reach a socket at API Gateway, after some tries; the reader notices that it lacks something.
    PushFailed "push" "failed"
    /// A line was said in chat.
    ChatSent "chat" "sent"
    /// A line was not said; the log and the outbox say why.
    ChatDropped "chat" "dropped"
    /// A line was not said, since it would have come too late.
    ChatLate "chat" "late"
    /// Twitch's answer to a line was lost.
    ChatUnknown "chat" "unknown"
    /// A line is tried again.
    ChatRetried "chat" "retried"
    /// A viewer's line was deleted by a filter.
    ChatDeleted "chat" "deleted"
    /// Twitch has refused to delete a line.
    ChatNotDeleted "chat" "not_deleted"
    /// A line of chat was not read: there are too many at once.
    ChatUnread "chat" "unread"
    /// Somebody has used a command or a button on Discord.
    InteractionReceived "interaction" "received"
    /// An answer that was put off has reached Discord.
    InteractionFollowedUp "interaction" "followed_up"
    /// An answer that was put off reaches nobody any more.
    InteractionGivenUp "interaction" "given_up"
    /// The database notifies this process of nothing: it looks for what is new each second. Counted at each try.
    PollOnly "live" "poll_only"
}

impl Counter {
    pub fn count(self) {
        self.add(1);
    }

    /// Counts several.
    pub fn add(self, count: u64) {
        COUNTS[self as usize].fetch_add(count, Ordering::Relaxed);
    }

    /// What was counted since the process began.
    pub fn total(self) -> u64 {
        COUNTS[self as usize].load(Ordering::Relaxed)
    }

    /// What was counted since this was asked last.
    fn take(self) -> u64 {
        let total = self.total();
        total - TOLD[self as usize].swap(total, Ordering::Relaxed).min(total)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gauge {
    /// Milliseconds from a webhook to Discord's answer, each delivery a value.
    WebhookToDiscord,
    /// For how many seconds the oldest work that is due has waited.
    OldestOutbox,
    /// Subscriptions that should be there and are not, or are and should not.
    SubscriptionDrift,
    /// How much of what Twitch lets us subscribe to is used.
    SubscriptionCost,
    /// For how many seconds the job that is furthest behind has owed a success.
    JobOverdue,
    /// Sockets that are open, at API Gateway or in this process.
    OpenSockets,
    /// Milliseconds from what was told to its way to the sockets.
    PushLag,
    /// Milliseconds that a line of the bot's has waited until it was said.
    ChatWait,
    /// For how many seconds the oldest line of the bot's has waited.
    OldestChat,
    /// Milliseconds from a command or button on Discord to our first answer.
    InteractionMs,
}

impl Gauge {
    pub const ALL: &[Self] = &[
        Self::WebhookToDiscord,
        Self::OldestOutbox,
        Self::SubscriptionDrift,
        Self::SubscriptionCost,
        Self::JobOverdue,
        Self::OpenSockets,
        Self::PushLag,
        Self::ChatWait,
        Self::OldestChat,
        Self::InteractionMs,
    ];

    /// The metric's name and unit.
    pub fn metric(self) -> (&'static str, &'static str) {
        match self {
            Self::WebhookToDiscord => ("WebhookToDiscordMs", "Milliseconds"),
            Self::OldestOutbox => ("OldestOutboxSeconds", "Seconds"),
            Self::SubscriptionDrift => ("SubscriptionDrift", "Count"),
            Self::SubscriptionCost => ("SubscriptionCostPercent", "Percent"),
            Self::JobOverdue => ("JobOverdueSeconds", "Seconds"),
            Self::OpenSockets => ("OpenSockets", "Count"),
            Self::PushLag => ("PushLagMs", "Milliseconds"),
            Self::ChatWait => ("ChatWaitMs", "Milliseconds"),
            Self::OldestChat => ("OldestChatSeconds", "Seconds"),
            Self::InteractionMs => ("InteractionMs", "Milliseconds"),
        }
    }

    /// Notes a value; beyond 100 between two writes the lines do without.
    pub fn note(self, value: i64) {
        if self == Self::WebhookToDiscord {
            LATENCY.note(value);
        }
        let mut values = VALUES[self as usize].lock().unwrap_or_else(PoisonError::into_inner);
        if values.len() < MAX_VALUES {
            values.push(value);
        }
    }

    fn take(self) -> Vec<i64> {
        std::mem::take(&mut *VALUES[self as usize].lock().unwrap_or_else(PoisonError::into_inner))
    }
}

static VALUES: [Mutex<Vec<i64>>; Gauge::ALL.len()] =
    [const { Mutex::new(Vec::new()) }; Gauge::ALL.len()];

/// The upper bounds of the latency's buckets, in milliseconds.
pub const LATENCY_BOUNDS_MS: [i64; 10] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000];

/// From a webhook to Discord's answer, since the process began.
static LATENCY: Latency = Latency {
    buckets: [const { AtomicU64::new(0) }; LATENCY_BOUNDS_MS.len() + 1],
    sum_ms: AtomicU64::new(0),
};

struct Latency {
    /// One per bound, and one for what takes longer.
    buckets: [AtomicU64; LATENCY_BOUNDS_MS.len() + 1],
    sum_ms: AtomicU64,
}

impl Latency {
    fn note(&self, ms: i64) {
        let over = |bound: &i64| ms > *bound;
        let bucket = LATENCY_BOUNDS_MS.iter().take_while(|bound| over(bound)).count();
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum_ms.fetch_add(u64::try_from(ms).unwrap_or(0), Ordering::Relaxed);
    }
}

/// How many deliveries fell into each bucket (the last: beyond all bounds), and their sum in milliseconds.
pub fn latency() -> ([u64; LATENCY_BOUNDS_MS.len() + 1], u64) {
    let buckets = LATENCY.buckets.each_ref().map(|count| count.load(Ordering::Relaxed));
    (buckets, LATENCY.sum_ms.load(Ordering::Relaxed))
}

/// The lines for what was counted and measured since the last time; none where there is nothing.
pub fn take_lines(stage: &str, now: OffsetDateTime) -> Vec<String> {
    let counters = Counter::ALL.iter().filter_map(|counter| {
        let count = counter.take();
        let (operation, outcome) = counter.dimensions();
        let dimensions = [("Stage", stage), ("Operation", operation), ("Outcome", outcome)];
        (count > 0).then(|| line(&dimensions, COUNT, "Count", json!(count), now))
    });
    let gauges = Gauge::ALL.iter().filter_map(|gauge| {
        let values = gauge.take();
        let (name, unit) = gauge.metric();
        let stage = [("Stage", stage)];
        (!values.is_empty()).then(|| line(&stage, name, unit, json!(values), now))
    });
    counters.chain(gauges).collect()
}

fn line(
    dimensions: &[(&str, &str)],
    name: &str,
    unit: &str,
    value: Value,
    now: OffsetDateTime,
) -> String {
    let names: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
    let mut line: Map<String, Value> =
        dimensions.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    line.insert(name.to_owned(), value);
    let described = json!({
        "Timestamp": now.unix_timestamp() * 1000 + i64::from(now.millisecond()),
        "CloudWatchMetrics": [{
            "Namespace": NAMESPACE, "Dimensions": [names], "Metrics": [{ "Name": name, "Unit": unit }],
        }],
    });
    line.insert("_aws".to_owned(), described);
    Value::Object(line).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    // One test: the counters are the process's.
    #[test]
    fn lines_tell_each_change_once_in_cloudwatchs_format() {
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        Counter::Sent.add(3);
        Gauge::WebhookToDiscord.note(700);
        Gauge::WebhookToDiscord.note(900);
        let lines: Vec<Value> =
            take_lines("dev", now).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let sent = json!({
            "_aws": { "Timestamp": 1_800_000_000_000_i64, "CloudWatchMetrics": [{
                "Namespace": "StreamMaxing", "Dimensions": [["Stage", "Operation", "Outcome"]],
                "Metrics": [{ "Name": "Count", "Unit": "Count" }] }] },
            "Stage": "dev", "Operation": "delivery", "Outcome": "sent", "Count": 3,
        });
        assert_eq!(lines[0], sent);
        assert_eq!(lines[1]["WebhookToDiscordMs"], json!([700, 900]));
        assert_eq!(take_lines("dev", now), Vec::<String>::new());
        Counter::Sent.count();
        assert_eq!(take_lines("dev", now).len(), 1);
        assert_eq!(Counter::Sent.total(), 4, "totals only grow");
        Gauge::WebhookToDiscord.note(999_999);
        let (buckets, sum_ms) = latency();
        assert_eq!((buckets, sum_ms), ([0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1], 1_001_599));
    }
}
