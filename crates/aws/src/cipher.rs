//! Encryption of what we store for ourselves: AES-256-GCM, bound to the row it belongs to.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};
use sm_types::Secret;
use std::{fmt, sync::Arc};

/// Why a text could not be encrypted or decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// The key is not 32 bytes in base64.
    #[error("the encryption key must be 32 random bytes in base64 (openssl rand -base64 32)")]
    InvalidKey,
    /// The text was not encrypted with this key for this purpose, or was changed since.
    #[error("the ciphertext does not fit the key or its purpose")]
    Mismatch,
}

/// Encrypts with a local key.
#[derive(Clone)]
pub struct Cipher(Arc<LessSafeKey>);

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher(***)")
    }
}

impl Cipher {
    /// Takes a key of 32 bytes in base64 (`LOCAL_ENCRYPTION_KEY`).
    pub fn local(key: &Secret) -> Result<Self, CipherError> {
        let bytes = STANDARD.decode(key.expose()).map_err(|_| CipherError::InvalidKey)?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| CipherError::InvalidKey)?;
        Ok(Self(Arc::new(LessSafeKey::new(key))))
    }

    /// Encrypts for a purpose, such as a table and a key; the same purpose decrypts.
    pub fn encrypt(&self, purpose: &str, plain: &Secret) -> Result<Vec<u8>, CipherError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| CipherError::Mismatch)?;
        let mut text = plain.expose().as_bytes().to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose),
                &mut text,
            )
            .map_err(|_| CipherError::Mismatch)?;
        Ok([&nonce[..], &text].concat())
    }

    /// Decrypts what [`Cipher::encrypt`] made for the same purpose.
    pub fn decrypt(&self, purpose: &str, ciphertext: &[u8]) -> Result<Secret, CipherError> {
        let (nonce, text) = ciphertext.split_at_checked(NONCE_LEN).ok_or(CipherError::Mismatch)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CipherError::Mismatch)?;
        let mut text = text.to_vec();
        let plain = self
            .0
            .open_in_place(nonce, Aad::from(purpose), &mut text)
            .map_err(|_| CipherError::Mismatch)?;
        let plain = std::str::from_utf8(plain).map_err(|_| CipherError::Mismatch)?;
        Ok(Secret::new(plain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cipher(byte: u8) -> Cipher {
        Cipher::local(&Secret::new(STANDARD.encode([byte; 32]))).unwrap()
    }

    #[test]
    fn ciphertext_opens_only_with_its_key_and_purpose() {
        let sealed = cipher(1).encrypt("service_tokens/twitch", &Secret::new("token")).unwrap();
        let open = |c: Cipher, purpose| c.decrypt(purpose, &sealed).map(|s| s.expose().to_owned());
        assert_eq!(open(cipher(1), "service_tokens/twitch").as_deref(), Ok("token"));
        assert_eq!(open(cipher(1), "service_tokens/discord"), Err(CipherError::Mismatch));
        assert_eq!(open(cipher(2), "service_tokens/twitch"), Err(CipherError::Mismatch));
    }

    #[test]
    fn changed_or_short_ciphertext_is_refused() {
        let mut sealed = cipher(1).encrypt("p", &Secret::new("token")).unwrap();
        *sealed.last_mut().unwrap() ^= 1;
        assert_eq!(cipher(1).decrypt("p", &sealed).unwrap_err(), CipherError::Mismatch);
        assert_eq!(cipher(1).decrypt("p", &[0; 3]).unwrap_err(), CipherError::Mismatch);
    }

    #[test]
    fn key_of_another_length_is_refused() {
        for key in ["", "c2hvcnQ=", "not base64!"] {
            assert!(Cipher::local(&Secret::new(key)).is_err(), "{key}");
        }
    }
}
