//! Arbitrary bytes against the signature and payload parsers. `PROPTEST_CASES` sets how many.

use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha2::Sha256;
use sm_twitch::eventsub::{Headers, verify};
use sm_types::Secret;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const KINDS: [&str; 10] = [
    "stream.online",
    "stream.offline",
    "channel.update",
    "user.update",
    "user.authorization.revoke",
    "channel.follow",
    "channel.raid",
    "channel.subscribe",
    "channel.subscription.gift",
    "channel.cheer",
];

fn sign(id: &[u8], timestamp: &[u8], body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length is a key");
    let mac = mac.chain_update(id).chain_update(timestamp).chain_update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// A valid body with some of its bytes replaced, dropped or doubled.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..3_u8);
    (prop::sample::select(&KINDS[..]), prop::collection::vec(change, 0..6)).prop_map(|(kind, changes)| {
        let mut body = format!(
            r#"{{"subscription":{{"id":"s","type":"{kind}","version":"1","status":"enabled","cost":0,
            "condition":{{"broadcaster_user_id":"7"}},"transport":{{"method":"webhook","callback":"null"}}}},
            "event":{{"id":"1","user_id":"7","broadcaster_user_id":"7","broadcaster_user_login":"a","type":"live",
            "from_broadcaster_user_id":"8","to_broadcaster_user_id":"7","viewers":3,"bits":5,"total":2,"tier":"1000",
            "title":"t","category_id":"","started_at":"2026-11-21T18:05:02Z"}}}}"#
        )
        .into_bytes();
        for (index, byte, how) in changes {
            let at = index.index(body.len());
            match how {
                0 => body[at] = byte,
                1 => drop(body.remove(at)),
                _ => body.insert(at, body[at]),
            }
        }
        body
    })
}

proptest! {
    #[test]
    fn arbitrary_headers_and_bodies_never_verify_or_panic(
        id in prop::collection::vec(any::<u8>(), 0..80),
        timestamp in prop::collection::vec(any::<u8>(), 0..40),
        signature in "(sha256=)?[0-9a-fA-Fz]{0,70}",
        body in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let headers = Headers {
            message_id: Some(&id),
            timestamp: Some(&timestamp),
            signature: Some(signature.as_bytes()),
            message_type: Some(b"notification"),
        };
        prop_assert!(verify(&headers, &body, &[Secret::new(SECRET)]).is_err());
    }

    #[test]
    fn signed_garbage_never_panics(
        body in prop_oneof![prop::collection::vec(any::<u8>(), 0..400), mutated()],
        timestamp in "[0-9TZ:.+-]{1,32}",
        kind in prop_oneof![
            Just("notification"), Just("revocation"), Just("webhook_callback_verification"), Just("other"),
        ],
    ) {
        let id = b"id-1";
        let signature = sign(id, timestamp.as_bytes(), &body);
        let headers = Headers {
            message_id: Some(id),
            timestamp: Some(timestamp.as_bytes()),
            signature: Some(signature.as_bytes()),
            message_type: Some(kind.as_bytes()),
        };
        let verified = verify(&headers, &body, &[Secret::new(SECRET)]).unwrap();
        let now = sm_types::Clock::system().now();
        let _ = verified.freshness(now);
        let _ = verified.parse();
    }

    #[test]
    fn one_changed_bit_breaks_the_signature(body in mutated(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let signature = sign(b"id-1", b"2026-11-21T18:05:02Z", &body);
        let mut changed = body.clone();
        let at = at.index(changed.len());
        changed[at] ^= 1 << bit;
        let headers = Headers {
            message_id: Some(b"id-1"),
            timestamp: Some(b"2026-11-21T18:05:02Z"),
            signature: Some(signature.as_bytes()),
            message_type: Some(b"notification"),
        };
        let secrets = [Secret::new(SECRET)];
        prop_assert!(verify(&headers, &changed, &secrets).is_err());
        prop_assert!(verify(&headers, &body, &secrets).is_ok());
    }
}
