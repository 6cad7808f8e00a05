//! Deliveries that a receiver must survive.

use super::{Delivery, Signature, TwitchSim};
use serde_json::json;
use sm_types::TwitchUserId;
use std::str::FromStr;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

macro_rules! cases {
    ($($variant:ident $name:literal $about:literal,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum EdgeCase {
            $(#[doc = $about] $variant,)*
        }

        impl EdgeCase {
            /// All cases.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it sends.
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }
        }
    };
}

cases! {
    Online "online" "The stream begins.",
    Offline "offline" "The stream ends.",
    Follow "follow" "Somebody follows the channel.",
    Raid "raid" "Another channel sends its viewers.",
    Subscribe "subscribe" "Somebody subscribes to the channel.",
    Gift "gift" "Somebody gives five subscriptions away.",
    Cheer "cheer" "Somebody cheers with 100 bits.",
    Duplicate "duplicate" "The same message twice, under one id.",
    TwoIds "two-ids" "The same stream under two message ids.",
    Late "late" "A message that is 11 minutes old.",
    Future "future" "A message from 6 minutes ahead.",
    BadSignature "bad-signature" "One digit of the signature is wrong.",
    WrongSecret "wrong-secret" "Signed with another secret.",
    Unsigned "unsigned" "No signature.",
    Truncated "truncated" "The body ends early.",
    NotUtf8 "not-utf8" "The body is not text.",
    Oversized "oversized" "A body of 300 KiB.",
    Nested "nested" "Lists within lists, 50,000 deep.",
    WrongTypes "wrong-types" "Numbers where texts belong.",
    UnknownType "unknown-type" "A subscription type that nobody knows.",
    UnknownValues "unknown-values" "A stream type and fields that nobody knows.",
    Rerun "rerun" "A rerun begins.",
    OfflineWithoutId "offline-without-id" "An end that does not name its stream.",
    Flap "flap" "The stream begins, ends and begins again under the same id.",
    Restart "restart" "The stream ends and comes back under a new id.",
    Revocation "revocation" "The subscriptions are revoked.",
    RevocationUnknown "revocation-unknown" "The subscriptions are revoked for a reason that nobody knows.",
}

impl FromStr for EdgeCase {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|case| case.name() == name);
        found.copied().ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|case| case.name()).collect();
            format!("no case `{name}`: expected one of {}", names.join(", "))
        })
    }
}

/// Plays a case; returns the statuses of all answers, in order.
pub(super) async fn play(sim: &TwitchSim, user: &TwitchUserId, case: EdgeCase) -> Vec<u16> {
    let online = |kind: &str| {
        let (_, event) = sim.start_stream(user, kind);
        Delivery::new("stream.online", event)
    };
    let raw = |body: Vec<u8>| Delivery { body: Some(body), ..online("live") };
    match case {
        EdgeCase::Online => sim.deliver(user, &online("live")).await,
        EdgeCase::Offline => {
            let event = sim.shared.world().end_stream(user.as_str(), sim.shared.clock.now());
            sim.deliver(user, &Delivery::new("stream.offline", event)).await
        }
        EdgeCase::Follow
        | EdgeCase::Raid
        | EdgeCase::Subscribe
        | EdgeCase::Gift
        | EdgeCase::Cheer => {
            let (kind, event) = sim.shared.world().viewers_do(user.as_str(), case, now(sim));
            sim.deliver(user, &Delivery::new(kind, event)).await
        }
        EdgeCase::Duplicate => {
            let message_id = Some(Uuid::new_v4().to_string());
            twice(sim, user, &Delivery { message_id, ..online("live") }).await
        }
        EdgeCase::TwoIds => twice(sim, user, &online("live")).await,
        EdgeCase::Late => {
            let age = Duration::minutes(11);
            sim.deliver(user, &Delivery { age, ..online("live") }).await
        }
        EdgeCase::Future => {
            let age = -Duration::minutes(6);
            sim.deliver(user, &Delivery { age, ..online("live") }).await
        }
        EdgeCase::BadSignature => signed(sim, user, online("live"), Signature::Broken).await,
        EdgeCase::WrongSecret => signed(sim, user, online("live"), Signature::WrongSecret).await,
        EdgeCase::Unsigned => signed(sim, user, online("live"), Signature::Missing).await,
        EdgeCase::Truncated => {
            sim.deliver(user, &raw(br#"{"subscription":{"id":"s","type":"stream.on"#.to_vec()))
                .await
        }
        EdgeCase::NotUtf8 => sim.deliver(user, &raw(vec![0xff, 0xfe, b'{', 0xc3, 0x28])).await,
        EdgeCase::Oversized => sim.deliver(user, &raw(vec![b' '; 300 * 1024])).await,
        EdgeCase::Nested => sim.deliver(user, &raw(vec![b'['; 50_000])).await,
        EdgeCase::WrongTypes => {
            let body = br#"{"subscription":{"id":5,"type":["stream.online"]},"event":{"id":7}}"#;
            sim.deliver(user, &raw(body.to_vec())).await
        }
        EdgeCase::UnknownType => {
            let body = br#"{"subscription":{"id":"s","type":"channel.brand_new","version":"9"},"event":{"a":1}}"#;
            let kind_in_header = Some("channel.brand_new".to_owned());
            sim.deliver(user, &Delivery { kind_in_header, ..raw(body.to_vec()) }).await
        }
        EdgeCase::UnknownValues => {
            let mut delivery = online("hologram");
            delivery.event["new_field"] = json!({ "deep": [1, 2, 3] });
            sim.deliver(user, &delivery).await
        }
        EdgeCase::Rerun => sim.deliver(user, &online("rerun")).await,
        EdgeCase::OfflineWithoutId => {
            let mut event = sim.shared.world().end_stream(user.as_str(), sim.shared.clock.now());
            if let Some(event) = event.as_object_mut() {
                event.remove("id");
            }
            sim.deliver(user, &Delivery::new("stream.offline", event)).await
        }
        EdgeCase::Flap => flap(sim, user).await,
        EdgeCase::Restart => {
            let event = sim.shared.world().end_stream(user.as_str(), sim.shared.clock.now());
            let mut statuses = sim.deliver(user, &Delivery::new("stream.offline", event)).await;
            statuses.extend(sim.deliver(user, &online("live")).await);
            statuses
        }
        EdgeCase::Revocation => sim.revoke(user, "authorization_revoked").await,
        EdgeCase::RevocationUnknown => sim.revoke(user, "a_status_of_2031").await,
    }
}

fn now(sim: &TwitchSim) -> OffsetDateTime {
    sim.shared.clock.now()
}

async fn signed(
    sim: &TwitchSim,
    user: &TwitchUserId,
    delivery: Delivery,
    signature: Signature,
) -> Vec<u16> {
    sim.deliver(user, &Delivery { signature, ..delivery }).await
}

async fn twice(sim: &TwitchSim, user: &TwitchUserId, delivery: &Delivery) -> Vec<u16> {
    let mut statuses = sim.deliver(user, delivery).await;
    statuses.extend(sim.deliver(user, delivery).await);
    statuses
}

async fn flap(sim: &TwitchSim, user: &TwitchUserId) -> Vec<u16> {
    let (_, event) = sim.start_stream(user, "live");
    let online = Delivery::new("stream.online", event);
    let mut statuses = sim.deliver(user, &online).await;
    let (stream, offline) = {
        let mut world = sim.shared.world();
        let stream = world.take_stream(user.as_str(), sim.shared.clock.now());
        let offline = world.offline_event(user.as_str(), stream.as_ref());
        (stream, offline)
    };
    statuses.extend(sim.deliver(user, &Delivery::new("stream.offline", offline)).await);
    // It was only a short drop: the same stream is back.
    sim.shared.world().user_mut(user.as_str(), |user| user.stream = stream);
    statuses.extend(sim.deliver(user, &online).await);
    statuses
}
