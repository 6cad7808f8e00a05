//! Security events: each is a log line with a field `event`, and a counter of this process.

use sm_aws::metrics::Counter;
use sm_types::UserId;
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident $text:literal)*) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum SecurityEvent {
            $($(#[$doc])* $name,)*
        }

        impl SecurityEvent {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable name, for alarms.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }

        static COUNTS: [AtomicU64; SecurityEvent::ALL.len()] =
            [const { AtomicU64::new(0) }; SecurityEvent::ALL.len()];
        static LOGGED: [Mutex<Option<Instant>>; SecurityEvent::ALL.len()] =
            [const { Mutex::new(None) }; SecurityEvent::ALL.len()];
    };
}

events! {
    /// Somebody has signed in.
    AuthSuccess "auth_success"
    /// A cookie, a code or a state was not valid.
    AuthFailure "auth_failure"
    /// Somebody has signed out.
    SessionEnded "session_ended"
    /// Somebody has deleted their account.
    AccountDeleted "account_deleted"
    /// Somebody wanted what they may not.
    Denied "denied"
    /// A write came from another site.
    CrossSite "cross_site"
    /// A limit is used up.
    RateLimited "rate_limited"
    /// A webhook was not signed as it should be.
    WebhookSignature "webhook_signature"
    /// A stored token could not be encrypted or decrypted.
    CryptoError "crypto_error"
    /// An admin has changed something.
    AdminAction "admin_action"
}

impl SecurityEvent {
    pub fn count(self) {
        COUNTS[self as usize].fetch_add(1, Ordering::Relaxed);
        if let Some(counter) = self.counter() {
            counter.count();
        }
    }

    /// The metric that alarms look at, for those that have one.
    fn counter(self) -> Option<Counter> {
        match self {
            Self::AuthFailure => Some(Counter::AuthFailure),
            Self::Denied | Self::CrossSite => Some(Counter::Denied),
            Self::RateLimited => Some(Counter::RateLimited),
            Self::WebhookSignature => Some(Counter::WebhookSignature),
            Self::CryptoError => Some(Counter::CryptoError),
            Self::AuthSuccess | Self::SessionEnded | Self::AccountDeleted | Self::AdminAction => {
                None
            }
        }
    }

    /// How often it happened in this process.
    pub fn counted(self) -> u64 {
        COUNTS[self as usize].load(Ordering::Relaxed)
    }

    /// Counts it; true once a second at most, when it is to be logged too.
    ///
    /// For what strangers can do without end: the count is whole, and the log does not grow with it.
    pub fn count_and_sample(self) -> bool {
        self.count();
        let now = Instant::now();
        let mut logged = LOGGED[self as usize].lock().unwrap_or_else(PoisonError::into_inner);
        let due = logged.is_none_or(|last| now - last >= Duration::from_secs(1));
        if due {
            *logged = Some(now);
        }
        due
    }

    /// Counts and logs it.
    pub fn record(self, user: Option<UserId>, what: &str) {
        self.count();
        tracing::info!(event = self.as_str(), user.id = user.map(|id| id.to_string()), "{what}");
    }
}
