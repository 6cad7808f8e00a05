//! What AWS provides, each with a local stand-in: secrets, queue, cipher; the HTTP client, and metrics.
//!
//! Nothing here is built before its first use: a cold start pays only for what it needs.

mod cipher;
mod codedeploy;
mod credentials;
mod dead_letters;
mod function;
mod http;
mod identity;
pub mod metrics;
mod public_http;
mod push;
mod queue;
mod refusal;
pub mod rotation;
mod secrets;
mod signed;
mod trace;

pub use cipher::{Cipher, CipherError};
pub use codedeploy::{Hook, report_hook};
pub use credentials::AwsSettings;
pub use dead_letters::{DeadLetter, DeadLetters};
pub use function::{function_settings, instances, invoke};
pub use http::{Http, lazy_http};
pub use identity::{Identity, identity};
pub use public_http::{NoAnswer, Page, PublicHttp, Reach, is_public};
pub use push::{Gateway, Pushed};
pub use queue::{Doorbell, Ring};
pub use secrets::{SecretVersion, SecretsError, fetch_secrets};
pub use signed::CallError;
pub use trace::TraceHeader;
