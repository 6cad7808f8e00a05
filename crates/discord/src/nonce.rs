//! The nonce by which Discord knows a message that it has already.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use sm_types::{ChannelId, DeliveryId};

/// The nonce of a delivery: 20 characters, the same at every attempt.
///
/// Discord remembers nonces per author and not per channel, so the channel is part of it. Each time a
/// person asks for the message again (`resends`) it is another one.
pub fn nonce(delivery: DeliveryId, channel: ChannelId, resends: i32) -> String {
    let again = if resends == 0 { String::new() } else { format!("|{resends}") };
    let digest = Sha256::digest(format!("v1|{delivery}|{channel}{again}"));
    URL_SAFE_NO_PAD.encode(&digest[..15])
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn nonce_is_short_steady_and_differs_by_delivery_and_channel() {
        let of =
            |delivery, channel| nonce(DeliveryId(Uuid::from_u128(delivery)), ChannelId(channel), 0);
        assert_eq!(of(1, 2), of(1, 2));
        // Another form would post again what the previous version has posted.
        assert_eq!(of(1, 2), "CYLf0bMG_PtQhYyzZwcF");
        assert_eq!(of(1, 2).len(), 20);
        assert_ne!(of(1, 2), of(1, 3));
        assert_ne!(of(1, 2), of(2, 2));
        assert_ne!(of(1, 2), nonce(DeliveryId(Uuid::from_u128(1)), ChannelId(2), 1));
    }
}
