//! The signed texts in our cookies.

use super::jwt_provider;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use sm_types::Secret;
use std::{fmt, sync::Arc};
use time::OffsetDateTime;

/// Clocks of two instances differ by a little.
const LEEWAY_SECONDS: i64 = 5;

/// Signs cookies. During a rotation there are two keys: the newest signs, both are accepted.
#[derive(Clone)]
pub struct SessionKeys {
    keys: Arc<Vec<Key>>,
    newest_signs_from: Option<OffsetDateTime>,
}

struct Key {
    /// Tells in a token's header which key has signed it.
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.id)).finish()
    }
}

/// What a cookie is for; one never passes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    Session,
    Consent,
}

impl Audience {
    fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Consent => "consent",
        }
    }
}

/// What is signed: the content, for whom, and for how long.
#[derive(Serialize, Deserialize)]
struct Claims<T> {
    aud: String,
    iat: i64,
    exp: i64,
    #[serde(flatten)]
    content: T,
}

impl SessionKeys {
    /// Takes the secrets, the newest first; before the given time the one before it signs.
    pub fn new(secrets: &[Secret], newest_signs_from: Option<OffsetDateTime>) -> Self {
        jwt_provider::install();
        let key = |secret: &Secret| {
            let bytes = secret.expose().as_bytes();
            Key {
                id: hex::encode(&Sha256::digest(bytes)[..4]),
                encoding: EncodingKey::from_secret(bytes),
                decoding: DecodingKey::from_secret(bytes),
            }
        };
        Self { keys: Arc::new(secrets.iter().map(key).collect()), newest_signs_from }
    }

    /// Whether a token names a key that is not ours, or not yet.
    pub fn is_of_another_key(&self, token: &str) -> bool {
        let id = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid);
        id.is_some_and(|id| !self.keys.iter().any(|key| key.id == id))
    }

    /// Signs content until `expires_at`; `None` without a key.
    pub(crate) fn sign(
        &self,
        audience: Audience,
        content: impl Serialize,
        now: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Option<String> {
        let too_new = self.newest_signs_from.is_some_and(|from| now < from);
        let key = self.keys.get(usize::from(too_new)).or(self.keys.first())?;
        let claims = Claims {
            aud: audience.as_str().to_owned(),
            iat: now.unix_timestamp(),
            exp: expires_at.unix_timestamp(),
            content,
        };
        let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &key.encoding).ok()
    }

    /// Reads what one of our keys has signed for this audience and that is valid now.
    pub(crate) fn verify<T: DeserializeOwned>(
        &self,
        audience: Audience,
        token: &str,
        now: OffsetDateTime,
    ) -> Option<T> {
        let id = jsonwebtoken::decode_header(token).ok()?.kid?;
        let key = self.keys.iter().find(|key| key.id == id)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[audience.as_str()]);
        // Times are compared below, by the clock that we are handed.
        validation.validate_exp = false;
        let claims: Claims<T> =
            jsonwebtoken::decode(token, &key.decoding, &validation).ok()?.claims;
        let now = now.unix_timestamp();
        let valid = claims.iat <= now + LEEWAY_SECONDS && now < claims.exp;
        valid.then_some(claims.content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::{Value, json};
    use time::Duration;

    const NEW: &str = "0123456789abcdef0123456789abcdef";
    const OLD: &str = "fedcba9876543210fedcba9876543210";

    fn keys(secrets: &[&str]) -> SessionKeys {
        SessionKeys::new(&secrets.iter().map(|s| Secret::new(*s)).collect::<Vec<_>>(), None)
    }

    fn now() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
    }

    fn token(secret: &str) -> String {
        let until = now() + Duration::HOUR;
        keys(&[secret]).sign(Audience::Session, json!({"sub": "7"}), now(), until).unwrap()
    }

    fn read(keys: &SessionKeys, token: &str) -> Option<Value> {
        keys.verify(Audience::Session, token, now())
    }

    fn with_part(token: &str, part: usize, json: &Value) -> String {
        let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
        parts[part] = URL_SAFE_NO_PAD.encode(json.to_string());
        parts.join(".")
    }

    #[test]
    fn both_keys_of_a_rotation_are_accepted_and_no_other() {
        assert_eq!(read(&keys(&[NEW, OLD]), &token(NEW)).unwrap()["sub"], "7");
        assert_eq!(read(&keys(&[NEW, OLD]), &token(OLD)).unwrap()["sub"], "7");
        assert_eq!(read(&keys(&[NEW]), &token(OLD)), None);
    }

    #[test]
    fn newest_key_signs_once_all_can_know_it() {
        let secrets = [NEW, OLD].map(Secret::new);
        let signed_by = |secrets: &[Secret], from| {
            let keys = SessionKeys::new(secrets, Some(from));
            let until = now() + Duration::HOUR;
            let token = keys.sign(Audience::Session, json!({}), now(), until).unwrap();
            [NEW, OLD].map(|secret| !self::keys(&[secret]).is_of_another_key(&token))
        };
        let soon = now() + Duration::SECOND;
        assert_eq!(signed_by(&secrets, soon), [false, true]);
        assert_eq!(signed_by(&secrets, now()), [true, false]);
        assert_eq!(signed_by(&secrets[..1], soon), [true, false], "there is no other");
    }

    #[test]
    fn only_a_token_that_names_a_key_is_of_another_one() {
        assert!(keys(&[NEW]).is_of_another_key(&token(OLD)));
        assert!(!keys(&[NEW, OLD]).is_of_another_key(&token(OLD)));
        for text in ["", "a.b.c", "..", "ü"] {
            assert!(!keys(&[NEW]).is_of_another_key(text), "{text}");
        }
    }

    #[test]
    fn another_algorithm_key_id_or_content_is_refused() {
        let (keys, good) = (keys(&[NEW]), token(NEW));
        let kid = jsonwebtoken::decode_header(&good).unwrap().kid.unwrap();
        for header in [
            json!({"alg": "none", "kid": kid}),
            json!({"alg": "HS512", "kid": kid}),
            json!({"alg": "RS256", "kid": kid}),
            json!({"alg": "HS256", "kid": "ffffffff"}),
            json!({"alg": "HS256"}),
            json!({"kid": kid}),
        ] {
            assert_eq!(read(&keys, &with_part(&good, 0, &header)), None, "{header}");
        }
        let forged = json!({"aud": "session", "iat": 0, "exp": 9_000_000_000_i64, "sub": "8"});
        assert_eq!(read(&keys, &with_part(&good, 1, &forged)), None);
        let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
        for bad in [unsigned.as_str(), "", "a.b.c", "..", "ü"] {
            assert_eq!(read(&keys, bad), None, "{bad}");
        }
    }

    #[test]
    fn neither_expired_nor_future_tokens_nor_those_of_another_purpose_are_read() {
        let keys = keys(&[NEW]);
        let at = |hours: i64| now() + Duration::hours(hours);
        let read_at = |issued: i64, until: i64, audience| {
            let token = keys.sign(audience, json!({}), at(issued), at(until)).unwrap();
            read(&keys, &token).is_some()
        };
        assert!(read_at(-1, 1, Audience::Session));
        assert!(!read_at(-2, -1, Audience::Session));
        assert!(!read_at(-1, 0, Audience::Session));
        assert!(!read_at(1, 2, Audience::Session));
        assert!(!read_at(-1, 1, Audience::Consent));
    }

    #[test]
    fn debug_shows_no_key() {
        assert!(!format!("{:?}", keys(&[NEW])).contains(NEW));
    }
}
