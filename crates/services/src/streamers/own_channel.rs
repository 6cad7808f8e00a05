//! What a streamer takes back of what they have let their feed show.

use crate::App;
use sm_aws::Ring;
use sm_db::{live::feeds, streamers::subscriptions};
use sm_types::{TwitchUserId, UserId, live::FeedGrant};
use std::slice;

/// Takes back one grant of a channel's feed; `None`: all of them, and the channel is nobody's here. What is subscribed for
/// it alone ends, and whoever listens hears no more of it. False: the channel is not this person's.
pub async fn withdraw(
    app: &App,
    streamer: &TwitchUserId,
    owner: UserId,
    grant: Option<FeedGrant>,
) -> sqlx::Result<bool> {
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    let theirs = feeds::withdraw(&mut *transaction, streamer, owner, grant, now).await?;
    if theirs {
        subscriptions::plan(&mut *transaction, slice::from_ref(streamer), now).await?;
    }
    transaction.commit().await?;
    if theirs {
        app.hub().feeds_changed();
        app.doorbell.ring(Ring::Subscribe).await;
        let grant = grant.map_or("everything", FeedGrant::as_str);
        tracing::info!(streamer.id = %streamer, user.id = %owner, grant, "a streamer has taken a grant back");
    }
    Ok(theirs)
}
