//! A streamer has the chat bot come to their channel, or brings an account for it.

use super::described;
use crate::{
    App,
    accounts::{
        consent::{Given, Purpose, Refusal},
        exchange,
    },
    audit::{self, Action, Actor},
    chat::{accounts as chat_accounts, channels},
};
use serde_json::json;
use sm_aws::Ring;
use sm_db::{
    chat::channels::{self as db, Joined},
    streamers::{self, subscriptions},
};
use sm_twitch::{INVITE_SCOPE, User};
use sm_types::{TwitchUserId, UserId};
use std::slice;
use time::OffsetDateTime;

/// The bot comes to the channel of whoever has agreed.
pub(super) async fn channel(
    app: &App,
    user: &User,
    asked_at: OffsetDateTime,
    owner: UserId,
    scopes: &[String],
) -> Result<(), Refusal> {
    if !scopes.iter().any(|scope| scope == INVITE_SCOPE) {
        return Err(Refusal::NotGranted);
    }
    let actor = Actor { user: Some(owner), request_id: String::new() };
    let mut transaction = app.pool.begin().await?;
    streamers::upsert_all(&mut *transaction, &[described(user)], asked_at).await?;
    streamers::set_authorized(&mut *transaction, &user.id, true).await?;
    let joined = channels::join_within(&mut transaction, app, &user.id, owner, &actor).await?;
    match joined {
        Joined::OwnerLimit => return Err(Refusal::TooManyChannels),
        Joined::HourLimit => {
            return Err(Refusal::Busy { wait: std::time::Duration::from_secs(600) });
        }
        Joined::Already | Joined::Joined => {}
    }
    transaction.commit().await?;
    app.inner().chat.forget(&user.id);
    app.doorbell.ring(Ring::Subscribe).await;
    Ok(())
}

/// A channel speaks as the account that has agreed, if it is the one that its owner has named.
pub(super) async fn account(app: &App, given: &Given) -> Result<(String, TwitchUserId), Refusal> {
    let Purpose::ChatAccount { user, channel, login } = &given.purpose else {
        return Err(Refusal::StateMismatch);
    };
    let token = exchange::twitch(app, given).await?;
    let owner = chat_accounts::owner(app, &token, Some(login)).await?;
    // Minutes have passed on the consent page.
    if channels::of_owner(app, channel, *user).await?.is_none() {
        return Err(Refusal::NotAdmin);
    }
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    chat_accounts::store_own(app, &mut transaction, &owner, &token, now).await?;
    db::set_account(&mut *transaction, channel, Some(&owner.user_id)).await?;
    subscriptions::plan(&mut *transaction, slice::from_ref(channel), now).await?;
    let actor = Actor { user: Some(*user), request_id: String::new() };
    let action = Action {
        guild: None,
        name: "chat.account",
        target: Some(channel.as_str()),
        before: None,
        after: Some(json!({ "bot_login": owner.login })),
    };
    audit::done(app, &mut *transaction, &actor, action).await?;
    transaction.commit().await?;
    app.inner().chat.forget(channel);
    app.doorbell.ring(Ring::Subscribe).await;
    Ok((owner.login, channel.clone()))
}
