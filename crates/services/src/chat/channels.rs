//! Coming to a channel, and leaving it. Only whose channel it is can ask for the bot, and it is looked at again before
//! each subscription whether they still let it in.

use super::accounts;
use crate::{
    App,
    audit::{self, Action, Actor},
    twitch_token::with_token,
};
use serde_json::json;
use sm_aws::Ring;
use sm_db::{
    chat::channels::{self, Channel, Join, Joined},
    streamers::subscriptions,
};
use sm_twitch::{BOT_SCOPES, INVITE_SCOPE};
use sm_types::{TwitchUserId, UserId};
use std::slice;
use time::OffsetDateTime;

/// Channels of one owner.
pub const PER_OWNER: i64 = 5;
/// Channels that the bot comes to within an hour, over all owners.
pub const PER_HOUR: i64 = 60;

/// Has the bot come to a channel whose owner has just proved that it is theirs, and let it in.
pub(crate) async fn join_within(
    db: &mut sm_db::Session,
    app: &App,
    channel: &TwitchUserId,
    owner: UserId,
    actor: &Actor,
) -> sqlx::Result<Joined> {
    let now = app.clock.now();
    let join = Join { channel, owner, now, per_owner: PER_OWNER, per_hour: PER_HOUR };
    let joined = channels::join(&mut *db, &join).await?;
    if joined == Joined::Joined {
        let action = Action {
            guild: None,
            name: "chat.join",
            target: Some(channel.as_str()),
            before: None,
            after: Some(json!({ "state": "on" })),
        };
        audit::done(app, &mut *db, actor, action).await?;
        subscriptions::plan(&mut *db, slice::from_ref(channel), now).await?;
    }
    Ok(joined)
}

/// Has the bot leave; false when it is not there. `actor`: whoever wants it so, if anybody does.
pub async fn leave(
    app: &App,
    channel: &TwitchUserId,
    reason: &str,
    actor: Option<&Actor>,
) -> sqlx::Result<bool> {
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    let was_there = channels::leave(&mut *transaction, channel, reason, now).await?;
    if was_there {
        subscriptions::plan(&mut *transaction, slice::from_ref(channel), now).await?;
        if let Some(actor) = actor {
            let action = Action {
                guild: None,
                name: "chat.leave",
                target: Some(channel.as_str()),
                before: Some(json!({ "state": "on" })),
                after: Some(json!({ "state": "left", "reason": reason })),
            };
            audit::done(app, &mut *transaction, actor, action).await?;
        }
    }
    transaction.commit().await?;
    app.inner().chat.forget(channel);
    if was_there {
        tracing::info!(channel.id = %channel, reason, "the chat bot has left a channel");
        app.doorbell.ring(Ring::Subscribe).await;
    }
    Ok(was_there)
}

/// A person is about to be deleted: the bot leaves their channels, which are to be planned anew.
pub(crate) async fn forget_owner(
    db: &mut sm_db::Session,
    owner: UserId,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<TwitchUserId>> {
    let theirs = channels::on_of_owner(&mut *db, owner).await?;
    channels::forget_owner(&mut *db, owner, now).await?;
    Ok(theirs)
}

/// Lets a channel speak as the service's account again.
pub async fn drop_account(app: &App, channel: &TwitchUserId, actor: &Actor) -> sqlx::Result<()> {
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    channels::set_account(&mut *transaction, channel, None).await?;
    subscriptions::plan(&mut *transaction, slice::from_ref(channel), now).await?;
    let action = Action {
        guild: None,
        name: "chat.account",
        target: Some(channel.as_str()),
        before: None,
        after: Some(json!({ "bot_login": null })),
    };
    audit::done(app, &mut *transaction, actor, action).await?;
    transaction.commit().await?;
    app.inner().chat.forget(channel);
    app.doorbell.ring(Ring::Subscribe).await;
    Ok(())
}

/// What a look at the grants has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    MayBeThere,
    /// The owner does not let it in any more: it has left.
    Left,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum LookError {
    #[error("Twitch: {0}")]
    Twitch(#[from] sm_twitch::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Looks whether both sides still let the bot be in a channel. It leaves where its owner does not; where the account
/// does not, all its channels wait until it is linked again.
pub(crate) async fn look(
    app: &App,
    channel: &TwitchUserId,
    bot: &TwitchUserId,
) -> Result<Look, LookError> {
    let ids = [channel.clone(), bot.clone()];
    let ids = &ids;
    let found =
        with_token(app, |token| async move { app.twitch.authorizations(&token, ids).await });
    let found = found.await?;
    let of = |id: &TwitchUserId| found.iter().find(|one| one.user_id == *id);
    if let Some(account) = of(bot)
        && !BOT_SCOPES.iter().all(|scope| account.has(scope))
    {
        accounts::withdrawn(app, bot).await?;
        return Ok(Look::MayBeThere);
    }
    // Who is not listed may be missing from this list alone.
    if of(channel).is_some_and(|owner| !owner.has(INVITE_SCOPE)) {
        leave(app, channel, "not_granted", None).await?;
        return Ok(Look::Left);
    }
    Ok(Look::MayBeThere)
}

/// A channel, for its owner alone.
pub async fn of_owner(
    app: &App,
    channel: &TwitchUserId,
    owner: UserId,
) -> sqlx::Result<Option<Channel>> {
    let found = channels::find(&app.pool, channel).await?;
    Ok(found.filter(|channel| channel.owner_id == owner.to_db()))
}
