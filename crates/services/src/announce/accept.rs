//! Acceptance: a verified message becomes rows, in one transaction, before it is answered.

use super::happenings;
use crate::{App, chat, live};
use sm_aws::Ring;
use sm_db::{
    announce::acceptance::{
        self as db, Acceptance, Accepted, ChannelState, Notice, Revocation, StreamEnd, StreamStart,
    },
    live::feeds,
    streamers::subscriptions,
};
use sm_twitch::eventsub::{Event, Status, Subscription};
use sm_types::TwitchUserId;
use time::{Duration, OffsetDateTime};

/// Title and game changes within this time become one edit.
pub const UPDATE_COALESCE: Duration = Duration::minutes(1);

/// When and under which id a message came.
#[derive(Debug, Clone, Copy)]
pub struct Receipt<'a> {
    /// Twitch's id of the message.
    pub message_id: &'a str,
    /// When Twitch sent it.
    pub sent_at: OffsetDateTime,
    /// When we received it.
    pub received_at: OffsetDateTime,
}

/// Accepts a notification and rings when work was queued that is due at once.
///
/// An error means that nothing was stored; Twitch will send the message again.
pub async fn notification(
    app: &App,
    receipt: Receipt<'_>,
    event: &Event,
) -> sqlx::Result<Accepted> {
    if let Event::ChatMessage(message) = event {
        Box::pin(chat::hear::line(app, message.heard(receipt.sent_at))).await?;
        return Ok(Accepted::Recorded);
    }
    let Acceptance { accepted, told, chats } = store(app, receipt, event).await?;
    if let Some(streamer) = event.streamer() {
        live::feeds::wake(app, streamer, told);
    }
    if let (Accepted::Queued { .. }, Event::StreamOnline(_)) = (accepted, event) {
        app.doorbell.ring(Ring::Deliver).await;
    }
    let broadcaster = match event {
        Event::StreamOnline(start) => Some(&start.broadcaster),
        Event::StreamOffline(end) => Some(&end.broadcaster),
        _ => None,
    };
    if let (Accepted::Queued { .. }, Some(broadcaster)) = (accepted, broadcaster) {
        app.hub().changes().stream(&broadcaster.id);
    }
    if chats {
        chat::say::wake(app).await;
    }
    Ok(accepted)
}

async fn store(app: &App, receipt: Receipt<'_>, event: &Event) -> sqlx::Result<Acceptance> {
    let pool = &app.pool;
    let now = receipt.received_at;
    match event {
        Event::StreamOnline(e) => {
            let notice =
                notice(receipt, &e.broadcaster.id, &e.broadcaster.login, &e.broadcaster.name);
            let start = StreamStart {
                stream_id: &e.id,
                kind: e.kind.as_str(),
                started_at: e.started_at.unwrap_or(receipt.sent_at),
                source: "eventsub",
                takes_back_end: true,
            };
            live::feeds::tell_if_any(|feed| db::stream_online(pool, &notice, &start, feed)).await
        }
        Event::StreamOffline(e) => {
            let notice =
                notice(receipt, &e.broadcaster.id, &e.broadcaster.login, &e.broadcaster.name);
            let expand_at = now + db::END_DEBOUNCE;
            let end = StreamEnd { stream_id: e.id.as_ref(), expand_at, told: true };
            live::feeds::tell_if_any(|feed| db::stream_offline(pool, &notice, end, feed)).await
        }
        Event::ChannelUpdate(e) => {
            let notice =
                notice(receipt, &e.broadcaster.id, &e.broadcaster.login, &e.broadcaster.name);
            let state = ChannelState {
                title: e.title.as_deref().unwrap_or(""),
                game_id: e.category_id.as_deref(),
                game_name: e.category_name.as_deref(),
                language: e.language.as_deref(),
            };
            let edit_at = now + UPDATE_COALESCE;
            live::feeds::tell_if_any(|feed| {
                db::channel_update(pool, &notice, &state, edit_at, feed)
            })
            .await
        }
        Event::ChannelFollow(_)
        | Event::ChannelRaid(_)
        | Event::ChannelSubscribe(_)
        | Event::ChannelSubscriptionGift(_)
        | Event::ChannelCheer(_) => {
            let Some(streamer) = event.streamer() else { return Ok(untold(Accepted::Recorded)) };
            let Some(new) = happenings::of(event) else { return Ok(untold(Accepted::Recorded)) };
            let mut cause = String::new();
            let said =
                chat::tell::occasion(event, &mut cause, receipt.message_id, now - receipt.sent_at);
            let notice = notice(receipt, streamer, "", "");
            feeds::accept(pool, &notice, &new.as_stored(), said.as_ref()).await
        }
        Event::AuthorizationRevoke(e) => {
            let accepted =
                db::authorization_revoked(pool, &notice(receipt, &e.user_id, "", "")).await?;
            withdrawn(app, &e.user_id, now).await;
            chat_withdrawn(app, &e.user_id).await;
            Ok(untold(accepted))
        }
        Event::UserUpdate(e) => {
            let notice = notice(receipt, &e.user.id, &e.user.login, &e.user.name);
            db::user_update(pool, &notice).await.map(untold)
        }
        Event::ChatMessage(_) | Event::Unknown { .. } => Ok(untold(Accepted::Recorded)),
    }
}

fn untold(accepted: Accepted) -> Acceptance {
    Acceptance { accepted, told: false, chats: false }
}

/// A streamer has taken back what they had authorised: what needs it goes at once, and nobody sees of the feed what
/// they had granted. If it cannot be planned now, the reconciler does.
async fn withdrawn(app: &App, streamer: &TwitchUserId, now: OffsetDateTime) {
    app.hub().feeds_changed();
    let planned = subscriptions::plan(&app.pool, std::slice::from_ref(streamer), now).await;
    if let Err(error) = planned {
        tracing::warn!(%error, streamer.id = %streamer, "what is subscribed to could not be planned");
    }
}

/// Somebody lets us do nothing any more: the chat bot leaves their channel, and does not speak as them.
async fn chat_withdrawn(app: &App, user: &TwitchUserId) {
    let done = async {
        chat::channels::leave(app, user, "revoked", None).await?;
        chat::accounts::withdrawn(app, user).await
    };
    if let Err(error) = done.await {
        // Found out by the next line that is to be said there.
        tracing::warn!(%error, user.id = %user, "the chat bot could not leave");
    }
}

/// What the chat bot heard by is gone: why, decides whether it leaves.
async fn chat_revoked(app: &App, subscription: &Subscription) {
    let Some(channel) = subscription.user_in_condition().map(TwitchUserId::from) else { return };
    let bot = subscription.reader_in_condition().map(TwitchUserId::from);
    let done = match (subscription.status.as_str(), bot) {
        ("chat_user_banned", _) => {
            chat::channels::leave(app, &channel, "banned", None).await.map_err(|e| e.to_string())
        }
        // Twitch does not say whose.
        ("authorization_revoked" | "user_removed", Some(bot)) => {
            let looked = chat::channels::look(app, &channel, &bot).await;
            looked.map(|_| true).map_err(|e| e.to_string())
        }
        _ => return,
    };
    if let Err(error) = done {
        tracing::warn!(error, channel.id = %channel, "it could not be looked at whether the chat bot may stay");
    }
}

/// Notes that a subscription is about to be enabled. The answer does not depend on it: the reconciler
/// finds out as well.
pub async fn challenge(app: &App, subscription: Option<&Subscription>) {
    let Some(subscription) = subscription else { return };
    let Some(streamer) = subscription.user_in_condition().map(TwitchUserId::from) else { return };
    let (kind, id) = (&subscription.kind, &subscription.id);
    let reader = subscription.reader_in_condition().unwrap_or_default();
    let noted = subscriptions::challenged(&app.pool, &streamer, kind, reader, id).await;
    if let Err(error) = noted {
        tracing::warn!(%error, subscription.id = id, "an answered challenge could not be noted");
    }
}

/// Accepts a revocation: the subscription is dead; what to do about it follows from its status.
pub async fn revocation(
    app: &App,
    receipt: Receipt<'_>,
    subscription: &Subscription,
) -> sqlx::Result<Accepted> {
    // Of a chat it may be the bot that is gone, or does not want any more: nothing follows for the streamer.
    let is_chat = subscription.kind == subscriptions::CHAT_TYPE;
    let streamer = subscription.user_in_condition().filter(|_| !is_chat).map(TwitchUserId::from);
    let revoked = Revocation {
        message_id: receipt.message_id,
        received_at: receipt.received_at,
        subscription_id: &subscription.id,
        kind: &subscription.kind,
        version: &subscription.version,
        status: subscription.status.as_str(),
        streamer: streamer.as_ref(),
    };
    let accepted = db::revocation(&app.pool, &revoked).await?;
    if let (Status::AuthorizationRevoked, Some(streamer)) = (&subscription.status, &streamer) {
        withdrawn(app, streamer, receipt.received_at).await;
    }
    if is_chat && accepted != Accepted::Duplicate {
        chat_revoked(app, subscription).await;
    }
    Ok(accepted)
}

fn notice<'a>(
    receipt: Receipt<'a>,
    streamer: &'a TwitchUserId,
    login: &'a str,
    display_name: &'a str,
) -> Notice<'a> {
    let Receipt { message_id, sent_at, received_at } = receipt;
    Notice { message_id, occurred_at: sent_at, received_at, streamer, login, display_name }
}
