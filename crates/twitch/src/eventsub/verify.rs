//! The signature of a delivery: `sha256=` + hex of HMAC-SHA256 over id + timestamp + raw body.
//!
//! Source: Twitch's "Handling webhook events". Nothing is parsed before the signature holds.

use super::payload::{Message, PayloadError, parse};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use sha2::Sha256;
use sm_types::Secret;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// Older messages are replays, says Twitch.
const MAX_AGE: Duration = Duration::minutes(10);
/// Clocks may differ by this much.
const MAX_SKEW: Duration = Duration::minutes(5);

/// The headers of a delivery that matter; names are case-insensitive.
#[derive(Debug, Clone, Copy, Default)]
pub struct Headers<'a> {
    /// `Twitch-Eventsub-Message-Id`.
    pub message_id: Option<&'a [u8]>,
    /// `Twitch-Eventsub-Message-Timestamp`.
    pub timestamp: Option<&'a [u8]>,
    /// `Twitch-Eventsub-Message-Signature`.
    pub signature: Option<&'a [u8]>,
    /// `Twitch-Eventsub-Message-Type`.
    pub message_type: Option<&'a [u8]>,
}

impl<'a> Headers<'a> {
    /// Picks the headers out of a request.
    pub fn from_http(headers: &'a HeaderMap) -> Self {
        let get = |name| headers.get(name).map(HeaderValue::as_bytes);
        Self {
            message_id: get("twitch-eventsub-message-id"),
            timestamp: get("twitch-eventsub-message-timestamp"),
            signature: get("twitch-eventsub-message-signature"),
            message_type: get("twitch-eventsub-message-type"),
        }
    }
}

/// Why a delivery is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Id, timestamp or signature is not there, or not text.
    #[error("the header {0} is missing or not text")]
    MissingHeader(&'static str),
    /// The signature is not `sha256=` and 64 hex digits.
    #[error("the signature is not sha256= and 64 hex digits")]
    MalformedSignature,
    /// No secret of ours makes this signature.
    #[error("the signature does not fit")]
    Mismatch,
}

/// A delivery that Twitch has signed. Its content is not parsed yet.
#[derive(Debug)]
pub struct VerifiedEventSub<'a> {
    message_id: &'a str,
    timestamp: &'a str,
    message_type: &'a str,
    body: &'a [u8],
}

/// How a delivery's time relates to ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Recent.
    Fresh,
    /// Older than 10 minutes: perhaps a replay.
    Stale,
    /// More than 5 minutes ahead.
    FromTheFuture,
    /// The timestamp cannot be read.
    Unreadable,
}

/// Verifies a delivery against each secret; the comparison takes constant time.
///
/// The hex digits may be of either case.
pub fn verify<'a>(
    headers: &Headers<'a>,
    body: &'a [u8],
    secrets: &[Secret],
) -> Result<VerifiedEventSub<'a>, VerifyError> {
    let message_id = text("message-id", headers.message_id)?;
    let timestamp = text("message-timestamp", headers.timestamp)?;
    let signature = decode(text("message-signature", headers.signature)?)?;
    let fits = |secret: &Secret| {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else {
            return false;
        };
        let mac = mac.chain_update(message_id).chain_update(timestamp).chain_update(body);
        mac.verify_slice(&signature).is_ok()
    };
    if !secrets.iter().any(fits) {
        return Err(VerifyError::Mismatch);
    }
    let message_type = text("message-type", headers.message_type)?;
    Ok(VerifiedEventSub { message_id, timestamp, message_type, body })
}

fn text<'a>(name: &'static str, value: Option<&'a [u8]>) -> Result<&'a str, VerifyError> {
    let text = value.and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.filter(|text| !text.is_empty()).ok_or(VerifyError::MissingHeader(name))
}

fn decode(signature: &str) -> Result<[u8; 32], VerifyError> {
    let digits = signature.strip_prefix("sha256=").ok_or(VerifyError::MalformedSignature)?;
    let mut bytes = [0; 32];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| VerifyError::MalformedSignature)?;
    Ok(bytes)
}

impl VerifiedEventSub<'_> {
    /// The message's id; the same when it is sent again.
    pub fn message_id(&self) -> &str {
        self.message_id
    }

    /// When Twitch sent it; `None` when the timestamp cannot be read.
    pub fn timestamp(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::parse(self.timestamp, &Rfc3339).ok()
    }

    /// Whether it is recent enough to be acted upon.
    pub fn freshness(&self, now: OffsetDateTime) -> Freshness {
        match self.timestamp() {
            None => Freshness::Unreadable,
            Some(sent) if now - sent > MAX_AGE => Freshness::Stale,
            Some(sent) if sent - now > MAX_SKEW => Freshness::FromTheFuture,
            Some(_) => Freshness::Fresh,
        }
    }

    /// Reads the body.
    pub fn parse(self) -> Result<Message, PayloadError> {
        parse(self.message_type, self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const ID: &[u8] = b"3e5c9b1a-0f77-4a63-b2d8-91c4e6a0d7f3";
    const TIME: &[u8] = b"2026-11-21T18:05:09.482913077Z";
    const BODY_A: &str = r#"{"subscription":{"id":"6a1f0f52-93c1-4f7e-8e0a-5d1b7c20e9aa","type":"stream.online","version":"1","status":"enabled","cost":0,"condition":{"broadcaster_user_id":"70011223"},"transport":{"method":"webhook","callback":"https://hooks.example.test/twitch"},"created_at":"2026-11-20T07:44:31.120045009Z"},"event":{"id":"46120055511","broadcaster_user_id":"70011223","broadcaster_user_login":"sample_streamer","broadcaster_user_name":"Sample_Streamer","type":"live","started_at":"2026-11-21T18:05:02Z"}}"#;
    const VECTORS: [(&str, &str); 3] = [
        (BODY_A, "sha256=38bb5bd9bdd7d3d42b9126fedc9b86e7ae87c21a159bf9397e423697eb80a620"),
        (
            r#"{"challenge":"pQ7-x2","subscription":{"id":"a"}}"#,
            "sha256=30e49a6814bdeaf6cf923a7959fa6f4ca9a5194dcedb8bea3d7b4e0458884329",
        ),
        ("", "sha256=b08e8303bb357a249916e9a0b43afcf2353c0d355c694a9d7b7a3abb602a56fa"),
    ];

    fn headers(signature: &str) -> Headers<'_> {
        Headers {
            message_id: Some(ID),
            timestamp: Some(TIME),
            signature: Some(signature.as_bytes()),
            message_type: Some(b"notification"),
        }
    }

    fn check(signature: &str, secrets: &[&str]) -> Result<(), VerifyError> {
        let secrets: Vec<_> = secrets.iter().map(|s| Secret::new(*s)).collect();
        verify(&headers(signature), BODY_A.as_bytes(), &secrets).map(drop)
    }

    #[test]
    fn published_vectors_hold() {
        for (body, signature) in VECTORS {
            let verified = verify(&headers(signature), body.as_bytes(), &[Secret::new(SECRET)]);
            assert!(verified.is_ok(), "{signature}");
        }
    }

    #[test]
    fn either_secret_of_a_rotation_verifies() {
        let signature = VECTORS[0].1;
        assert_eq!(check(signature, &["another secret", SECRET]), Ok(()));
        assert_eq!(check(signature, &["another secret"]), Err(VerifyError::Mismatch));
        assert_eq!(check(signature, &[]), Err(VerifyError::Mismatch));
    }

    #[test]
    fn malformed_signatures_are_refused_without_a_panic() {
        let good = VECTORS[0].1;
        for bad in [
            "sha256=",
            "sha256=ab",
            "sha256=abc",
            &good[7..],
            &good[..70],
            &format!("{good}00"),
            "sha1=ab",
            "sha256=zz",
        ] {
            assert_eq!(check(bad, &[SECRET]), Err(VerifyError::MalformedSignature), "{bad}");
        }
        let other = format!("sha256={}", "0".repeat(64));
        assert_eq!(check(&other, &[SECRET]), Err(VerifyError::Mismatch));
        assert!(check(&good.replace(|c: char| c.is_ascii_lowercase(), "0"), &[SECRET]).is_err());
    }

    #[test]
    fn upper_case_digits_are_accepted() {
        let upper = format!("sha256={}", VECTORS[0].1[7..].to_uppercase());
        assert_eq!(check(&upper, &[SECRET]), Ok(()));
    }

    #[test]
    fn each_header_is_needed() {
        let good = headers(VECTORS[0].1);
        let without = [
            Headers { message_id: None, ..good },
            Headers { timestamp: None, ..good },
            Headers { signature: None, ..good },
            Headers { message_type: None, ..good },
            Headers { message_id: Some(b""), ..good },
            Headers { timestamp: Some(b"\xff"), ..good },
        ];
        for headers in without {
            let error = verify(&headers, BODY_A.as_bytes(), &[Secret::new(SECRET)]).unwrap_err();
            assert!(matches!(error, VerifyError::MissingHeader(_)), "{headers:?}");
        }
    }

    #[test]
    fn freshness_has_ten_minutes_back_and_five_ahead() {
        let secrets = [Secret::new(SECRET)];
        let verified = verify(&headers(VECTORS[0].1), BODY_A.as_bytes(), &secrets).unwrap();
        let sent = verified.timestamp().unwrap();
        let at = |minutes: f64| verified.freshness(sent + Duration::seconds_f64(minutes * 60.0));
        assert_eq!(at(9.0), Freshness::Fresh);
        assert_eq!(at(11.0), Freshness::Stale);
        assert_eq!(at(-4.0), Freshness::Fresh);
        assert_eq!(at(-6.0), Freshness::FromTheFuture);
    }
}
