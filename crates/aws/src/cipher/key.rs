//! One AES-256-GCM key.

use super::CipherError;
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};
use sm_types::Secret;

/// A key; the nonce is random, so one key should not see more than 2³² texts.
pub(super) struct Key(LessSafeKey);

impl Key {
    pub(super) fn new(bytes: &[u8]) -> Result<Self, CipherError> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| CipherError::InvalidKey)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Encrypts; `head` comes first in the result.
    pub(super) fn seal(
        &self,
        head: &[u8],
        purpose: &str,
        plain: &Secret,
    ) -> Result<Vec<u8>, CipherError> {
        let failed = |_| CipherError::Unavailable {
            retry: true,
            reason: "the system gave no random numbers".to_owned(),
        };
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(failed)?;
        let mut text = plain.expose().as_bytes().to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        let sealed = self.0.seal_in_place_append_tag(unique, Aad::from(purpose), &mut text);
        sealed.map_err(|_| CipherError::Mismatch)?;
        Ok([head, &nonce, &text].concat())
    }

    /// Decrypts nonce and text.
    pub(super) fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Secret, CipherError> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(CipherError::Mismatch)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CipherError::Mismatch)?;
        let mut text = text.to_vec();
        let plain = self.0.open_in_place(nonce, Aad::from(purpose), &mut text);
        let plain = plain.map_err(|_| CipherError::Mismatch)?;
        let plain = std::str::from_utf8(plain).map_err(|_| CipherError::Mismatch)?;
        Ok(Secret::new(plain))
    }
}
