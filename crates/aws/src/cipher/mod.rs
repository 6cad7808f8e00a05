//! Encryption of what we store for ourselves: AES-256-GCM, bound to the row it belongs to.
//!
//! A ciphertext is a version byte, what tells its key, a nonce, and the text with its tag. A local
//! key (1) is told by 4 bytes of its SHA-256; a data key of KMS (2) comes along wrapped, after its
//! length in 2 bytes.

mod key;
mod kms;
mod local;

use crate::{AwsSettings, Http};
use kms::Kms;
use local::LocalKeys;
use sm_types::{Clock, Secret};
use std::{fmt, sync::Arc};

const LOCAL: u8 = 1;
const KMS: u8 = 2;

/// Why a text could not be encrypted or decrypted. Holds neither text nor key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// The key is not 32 bytes in base64.
    #[error(
        "the encryption key must be 32 random bytes in base64 (openssl rand -base64 32); during a rotation two, \
         the new one first, separated by a comma"
    )]
    InvalidKey,
    /// The text was not encrypted with this key for this purpose, or was changed since.
    #[error("the ciphertext does not fit the key or its purpose")]
    Mismatch,
    /// The text was encrypted by the other kind of cipher.
    #[error("the text was encrypted with {0}, which is not in use: set it to read the text")]
    OtherCipher(&'static str),
    /// The key cannot be used now; `retry` tells whether time alone may change that.
    #[error("the encryption key cannot be used: {reason}")]
    Unavailable { retry: bool, reason: String },
}

/// Encrypts with a local key, or with data keys that KMS wraps.
#[derive(Clone)]
pub struct Cipher(Kind);

#[derive(Clone)]
enum Kind {
    Local(Arc<LocalKeys>),
    Kms(Arc<Kms>),
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Local(_) => "Cipher(local, ***)",
            Kind::Kms(_) => "Cipher(KMS, ***)",
        })
    }
}

impl Cipher {
    /// Takes a key of 32 bytes in base64, or two: the first encrypts, both decrypt.
    pub fn local(keys: &Secret) -> Result<Self, CipherError> {
        Ok(Self(Kind::Local(Arc::new(LocalKeys::parse(keys)?))))
    }

    /// Takes a key of KMS by id, ARN or alias; the client is built at the first use.
    pub fn kms(aws: AwsSettings, http: Http, key_id: String, clock: Clock) -> Self {
        Self(Kind::Kms(Arc::new(Kms::new(aws, http, key_id, clock))))
    }

    /// Encrypts for a purpose, such as a table and a key; the same purpose decrypts.
    pub async fn encrypt(&self, purpose: &str, plain: &Secret) -> Result<Vec<u8>, CipherError> {
        match &self.0 {
            Kind::Local(keys) => keys.encrypt(purpose, plain),
            Kind::Kms(kms) => kms.encrypt(purpose, plain).await,
        }
    }

    /// Decrypts what [`Cipher::encrypt`] made for the same purpose.
    pub async fn decrypt(&self, purpose: &str, ciphertext: &[u8]) -> Result<Secret, CipherError> {
        match (&self.0, ciphertext.split_first()) {
            (Kind::Local(keys), Some((&LOCAL, rest))) => keys.decrypt(purpose, rest),
            (Kind::Kms(kms), Some((&KMS, rest))) => kms.decrypt(purpose, rest).await,
            (Kind::Local(_), Some((&KMS, _))) => Err(CipherError::OtherCipher("KMS_KEY_ID")),
            (Kind::Kms(_), Some((&LOCAL, _))) => {
                Err(CipherError::OtherCipher("LOCAL_ENCRYPTION_KEY"))
            }
            _ => Err(CipherError::Mismatch),
        }
    }
}
