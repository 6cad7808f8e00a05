//! Keys that come with the settings.

use super::{CipherError, LOCAL, key::Key};
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, digest};
use sm_types::Secret;

const ID_LEN: usize = 4;

/// The key that encrypts and, during a rotation, the one before it.
pub(super) struct LocalKeys {
    new: LocalKey,
    old: Option<LocalKey>,
}

struct LocalKey {
    id: [u8; ID_LEN],
    key: Key,
}

impl LocalKeys {
    pub(super) fn parse(text: &Secret) -> Result<Self, CipherError> {
        let (new, old) = match text.expose().split_once(',') {
            None => (text.expose(), None),
            Some((new, old)) => (new, Some(old)),
        };
        let old = old.map(|old| LocalKey::parse(old.trim())).transpose()?;
        Ok(Self { new: LocalKey::parse(new.trim())?, old })
    }

    pub(super) fn encrypt(&self, purpose: &str, plain: &Secret) -> Result<Vec<u8>, CipherError> {
        let head = [&[LOCAL][..], &self.new.id].concat();
        self.new.key.seal(&head, purpose, plain)
    }

    /// Decrypts what follows the version byte.
    pub(super) fn decrypt(&self, purpose: &str, rest: &[u8]) -> Result<Secret, CipherError> {
        let (id, sealed) = rest.split_at_checked(ID_LEN).ok_or(CipherError::Mismatch)?;
        let both = std::iter::once(&self.new).chain(&self.old);
        let opened = both.filter(|key| key.id == id).map(|key| key.key.open(purpose, sealed));
        opened.reduce(Result::or).unwrap_or(Err(CipherError::Mismatch))
    }
}

impl LocalKey {
    fn parse(text: &str) -> Result<Self, CipherError> {
        let bytes = STANDARD.decode(text).map_err(|_| CipherError::InvalidKey)?;
        let mut id = [0; ID_LEN];
        id.copy_from_slice(&digest(&SHA256, &bytes).as_ref()[..ID_LEN]);
        Ok(Self { id, key: Key::new(&bytes)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cipher;

    fn key(byte: u8) -> String {
        STANDARD.encode([byte; 32])
    }

    fn cipher(keys: &[u8]) -> Cipher {
        let keys: Vec<_> = keys.iter().map(|byte| key(*byte)).collect();
        Cipher::local(&Secret::new(keys.join(", "))).unwrap()
    }

    async fn open(cipher: &Cipher, purpose: &str, sealed: &[u8]) -> Result<String, CipherError> {
        cipher.decrypt(purpose, sealed).await.map(|plain| plain.expose().to_owned())
    }

    #[tokio::test]
    async fn ciphertext_opens_only_with_its_key_and_purpose() {
        let sealed = cipher(&[1]).encrypt("tokens/twitch", &Secret::new("token")).await.unwrap();
        let opened = open(&cipher(&[1]), "tokens/twitch", &sealed).await;
        assert_eq!(opened.as_deref(), Ok("token"));
        let mismatch = Err(CipherError::Mismatch);
        assert_eq!(open(&cipher(&[1]), "tokens/discord", &sealed).await, mismatch);
        assert_eq!(open(&cipher(&[2]), "tokens/twitch", &sealed).await, mismatch);
    }

    #[tokio::test]
    async fn rotation_reads_both_keys_and_writes_the_new_one() {
        let (old, during, new) = (cipher(&[1]), cipher(&[2, 1]), cipher(&[2]));
        let before = old.encrypt("p", &Secret::new("before")).await.unwrap();
        let meanwhile = during.encrypt("p", &Secret::new("meanwhile")).await.unwrap();
        assert_eq!(open(&during, "p", &before).await.as_deref(), Ok("before"));
        assert_eq!(open(&during, "p", &meanwhile).await.as_deref(), Ok("meanwhile"));
        assert_eq!(open(&new, "p", &meanwhile).await.as_deref(), Ok("meanwhile"));
        assert_eq!(open(&new, "p", &before).await, Err(CipherError::Mismatch));
    }

    #[tokio::test]
    async fn changed_or_short_ciphertext_is_refused() {
        let cipher = cipher(&[1]);
        let sealed = cipher.encrypt("p", &Secret::new("token")).await.unwrap();
        for n in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[n] ^= 0x80;
            assert_eq!(open(&cipher, "p", &changed).await, Err(CipherError::Mismatch), "{n}");
            assert_eq!(open(&cipher, "p", &sealed[..n]).await, Err(CipherError::Mismatch), "{n}");
        }
    }

    #[tokio::test]
    async fn ciphertext_of_kms_names_what_is_missing() {
        let refused = open(&cipher(&[1]), "p", &[super::super::KMS, 0, 1, 9]).await.unwrap_err();
        assert_eq!(refused, CipherError::OtherCipher("KMS_KEY_ID"));
        assert!(refused.to_string().contains("KMS_KEY_ID"), "{refused}");
    }

    #[test]
    fn key_of_another_length_and_a_third_key_are_refused() {
        let three = [key(1), key(2), key(3)].join(",");
        for keys in ["", "c2hvcnQ=", "not base64!", &format!("{},", key(1)), &three] {
            assert!(Cipher::local(&Secret::new(keys)).is_err(), "{keys}");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", cipher(&[1])), "Cipher(local, ***)");
    }
}
