//! EventSub over webhooks: verification first, then payloads that tolerate what is new.

mod channel_chat_message;
mod channel_cheer;
mod channel_follow;
mod channel_raid;
mod channel_subscribe;
mod channel_subscription_gift;
mod channel_update;
pub(crate) mod fields;
mod payload;
mod stream_offline;
mod stream_online;
mod subscription;
mod user_authorization_revoke;
mod user_update;
mod verify;

pub use channel_chat_message::ChannelChatMessage;
pub use channel_cheer::ChannelCheer;
pub use channel_follow::ChannelFollow;
pub use channel_raid::ChannelRaid;
pub use channel_subscribe::ChannelSubscribe;
pub use channel_subscription_gift::ChannelSubscriptionGift;
pub use channel_update::ChannelUpdate;
pub use fields::Broadcaster;
pub use payload::{Event, Message, PayloadError};
pub use stream_offline::StreamOffline;
pub use stream_online::{StreamKind, StreamOnline};
pub use subscription::{Status, Subscription};
pub use user_authorization_revoke::AuthorizationRevoke;
pub use user_update::UserUpdate;
pub use verify::{Freshness, Headers, VerifiedEventSub, VerifyError, verify};
