//! What AWS provides, each with a local stand-in: secrets, queue, cipher; and the HTTP client.
//!
//! Nothing here is built before its first use: a cold start pays only for what it needs.

mod cipher;
mod credentials;
mod http;
pub mod metrics;
mod queue;
mod refusal;
mod secrets;

pub use cipher::{Cipher, CipherError};
pub use credentials::AwsSettings;
pub use http::{Http, lazy_http};
pub use queue::{Doorbell, Ring};
pub use secrets::{SecretVersion, SecretsError, fetch_secrets};
