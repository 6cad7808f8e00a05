//! Ed25519 signatures of what Discord posts to us.

use ring::signature::{ED25519, UnparsedPublicKey};

/// The headers of a signature and of the time it was made at.
pub const SIGNATURE: &str = "X-Signature-Ed25519";
pub const TIMESTAMP: &str = "X-Signature-Timestamp";

/// Verifies a signature over timestamp and raw body.
///
/// `public_key` and `signature` are hexadecimal.
pub fn verify(public_key: &str, timestamp: &str, body: &[u8], signature: &str) -> bool {
    let (mut key, mut mark) = ([0; 32], [0; 64]);
    let read = hex::decode_to_slice(public_key, &mut key)
        .and_then(|()| hex::decode_to_slice(signature, &mut mark));
    if read.is_err() {
        return false;
    }
    let signed = [timestamp.as_bytes(), body].concat();
    UnparsedPublicKey::new(&ED25519, key).verify(&signed, &mark).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a seed of 32 bytes of 7.
    const KEY: &str = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c";
    const BODY: &[u8] = br#"{"application_id":"1","id":"2","token":"t","type":1,"version":1}"#;
    const GOOD: &str = "aae7339b42ea9af7f8e5462f83be2590f53f20c6c261505a7b8f1c5b20490dad41f471943298811f45046e8eb151a9795d165408a3e71447f9d527ef7ff32106";

    #[test]
    fn only_the_whole_signature_of_this_body_at_this_time_verifies() {
        assert!(verify(KEY, "1795000000", BODY, GOOD));
        assert!(verify(&KEY.to_uppercase(), "1795000000", BODY, &GOOD.to_uppercase()));
        for (key, timestamp, body, signature) in [
            (KEY, "1795000001", BODY, GOOD),
            (KEY, "1795000000", b"{}".as_slice(), GOOD),
            (KEY, "1795000000", BODY, &GOOD[2..]),
            (KEY, "1795000000", BODY, &GOOD[1..]),
            (KEY, "1795000000", BODY, "zz"),
            (KEY, "1795000000", BODY, ""),
            (KEY, "1795000000", BODY, &"0".repeat(128)),
            ("", "1795000000", BODY, GOOD),
            (&"0".repeat(64), "1795000000", BODY, GOOD),
        ] {
            assert!(!verify(key, timestamp, body, signature), "{timestamp} {signature}");
        }
    }
}
