//! Data keys that KMS makes and wraps (envelope encryption).
//!
//! One data key serves many texts, since the purpose binds each text to its row; a plain data key
//! is in memory only. A key that is switched off in KMS therefore works for up to 5 minutes more.

use super::{CipherError, KMS, key::Key};
use crate::{AwsSettings, Http, credentials::sdk_client, refusal};
use aws_sdk_kms::{
    Client, error::ProvideErrorMetadata, error::SdkError, primitives::Blob, types::DataKeySpec,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use sm_types::{Clock, Secret};
use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration as StdDuration,
};
use time::{Duration, OffsetDateTime};
use tokio::sync::OnceCell;

/// KMS gives a data key back only for the same context; key policies can demand it too.
const CONTEXT: (&str, &str) = ("product", "streammaxing");
const MAX_AGE: Duration = Duration::minutes(5);
const MAX_USES: u32 = 10_000;
/// Unwrapped keys that are kept for decryption.
const MAX_UNWRAPPED: usize = 64;
/// The longest wait for a key, other callers' requests for the same key included.
const PATIENCE: StdDuration = StdDuration::from_millis(4_500);

pub(super) struct Kms {
    aws: AwsSettings,
    http: Http,
    key_id: String,
    clock: Clock,
    client: OnceLock<Client>,
    /// The lock is held while a data key is made, so that one request serves all who wait.
    current: tokio::sync::Mutex<Option<DataKey>>,
    unwrapped: Mutex<VecDeque<Unwrapped>>,
}

/// The data key that encrypts at present.
struct DataKey {
    key: Arc<Key>,
    /// Version, length and wrapped key.
    head: Arc<[u8]>,
    made_at: OffsetDateTime,
    uses: u32,
}

/// A key for decryption; the cell is empty until KMS has answered the first who asked.
struct Unwrapped {
    wrapped: Vec<u8>,
    key: Arc<OnceCell<Arc<Key>>>,
    made_at: OffsetDateTime,
}

impl Kms {
    pub(super) fn new(aws: AwsSettings, http: Http, key_id: String, clock: Clock) -> Self {
        let (client, current, unwrapped) = Default::default();
        Self { aws, http, key_id, clock, client, current, unwrapped }
    }

    pub(super) async fn encrypt(
        &self,
        purpose: &str,
        plain: &Secret,
    ) -> Result<Vec<u8>, CipherError> {
        let (key, head) = in_time(Box::pin(self.data_key())).await?;
        key.seal(&head, purpose, plain)
    }

    /// Decrypts what follows the version byte.
    pub(super) async fn decrypt(&self, purpose: &str, rest: &[u8]) -> Result<Secret, CipherError> {
        let (length, rest) = rest.split_first_chunk().ok_or(CipherError::Mismatch)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (wrapped, sealed) = rest.split_at_checked(length).ok_or(CipherError::Mismatch)?;
        let cell = self.unwrapped(wrapped, None);
        let key = in_time(Box::pin(cell.get_or_try_init(|| self.unwrap(wrapped)))).await?;
        key.open(purpose, sealed)
    }

    async fn data_key(&self) -> Result<(Arc<Key>, Arc<[u8]>), CipherError> {
        let mut current = self.current.lock().await;
        let now = self.clock.now();
        let usable = |key: &DataKey| key.uses < MAX_USES && is_fresh(key.made_at, now);
        if !current.as_ref().is_some_and(usable) {
            *current = Some(self.generate(now).await?);
        }
        let Some(found) = current.as_mut() else { return Err(no_key()) };
        found.uses += 1;
        Ok((found.key.clone(), found.head.clone()))
    }

    async fn generate(&self, now: OffsetDateTime) -> Result<DataKey, CipherError> {
        let request = self.client().generate_data_key().key_id(&self.key_id);
        let request =
            request.key_spec(DataKeySpec::Aes256).encryption_context(CONTEXT.0, CONTEXT.1);
        let answer = request.send().await.map_err(|error| refused(&error))?;
        let (Some(plain), Some(wrapped)) = (answer.plaintext, answer.ciphertext_blob) else {
            return Err(no_key());
        };
        let (key, wrapped) = (Arc::new(data_key(&plain)?), wrapped.into_inner());
        let length = u16::try_from(wrapped.len()).map_err(|_| no_key())?;
        let head = [&[KMS][..], &length.to_be_bytes(), &wrapped].concat().into();
        self.unwrapped(&wrapped, Some(&key));
        Ok(DataKey { key, head, made_at: now, uses: 0 })
    }

    async fn unwrap(&self, wrapped: &[u8]) -> Result<Arc<Key>, CipherError> {
        let request = self.client().decrypt().key_id(&self.key_id);
        let request = request.ciphertext_blob(Blob::new(wrapped));
        let request = request.encryption_context(CONTEXT.0, CONTEXT.1);
        let answer = request.send().await.map_err(|error| refused(&error))?;
        Ok(Arc::new(data_key(&answer.plaintext.ok_or_else(no_key)?)?))
    }

    /// The place of a wrapped key among the unwrapped ones, made if need be.
    fn unwrapped(&self, wrapped: &[u8], known: Option<&Arc<Key>>) -> Arc<OnceCell<Arc<Key>>> {
        let now = self.clock.now();
        let mut all = self.unwrapped.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|entry| is_fresh(entry.made_at, now));
        if let Some(found) = all.iter().find(|entry| entry.wrapped == wrapped) {
            return found.key.clone();
        }
        if all.len() >= MAX_UNWRAPPED {
            all.pop_front();
        }
        let key = Arc::new(OnceCell::new_with(known.cloned()));
        all.push_back(Unwrapped { wrapped: wrapped.to_vec(), key: key.clone(), made_at: now });
        key
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| sdk_client!(aws_sdk_kms, &self.aws, &self.http))
    }
}

/// A clock that was set back makes a key old rather than immortal.
fn is_fresh(made_at: OffsetDateTime, now: OffsetDateTime) -> bool {
    (Duration::ZERO..MAX_AGE).contains(&(now - made_at))
}

fn data_key(plain: &Blob) -> Result<Key, CipherError> {
    Key::new(plain.as_ref()).map_err(|_| no_key())
}

fn no_key() -> CipherError {
    CipherError::Unavailable { retry: false, reason: "KMS answered without a data key".to_owned() }
}

/// Boxed, since the SDK's futures are large and deep, and whoever encrypts would contain them.
type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, CipherError>> + Send + 'a>>;

async fn in_time<T>(work: Work<'_, T>) -> Result<T, CipherError> {
    let late = |_| CipherError::Unavailable {
        retry: true,
        reason: "KMS did not answer in time".to_owned(),
    };
    tokio::time::timeout(PATIENCE, work).await.map_err(late)?
}

fn refused<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> CipherError {
    match error.code() {
        Some("InvalidCiphertextException" | "IncorrectKeyException") => CipherError::Mismatch,
        _ => CipherError::Unavailable {
            retry: refusal::passes(error),
            reason: format!("KMS {}", refusal::describe(error)),
        },
    }
}
