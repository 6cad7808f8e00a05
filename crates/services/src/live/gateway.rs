//! The sockets that API Gateway holds, from what it tells us of them.
//!
//! Each event may reach another process: what a connection is and listens to stands in the database. The gateway
//! starts a function for each frame, so that frames which follow each other closely may be answered in any order.

use super::{
    PER_PERSON,
    conversation::{Conversation, FRAMES},
    line::{Close, Frame},
    push,
    rooms::Speaker,
};
use crate::App;
use sm_db::live::connections::{self, NewConnection};

/// Takes a connection in that is about to open.
pub async fn connect(app: &App, speaker: Speaker, id: &str) -> sqlx::Result<()> {
    let Speaker { user, session } = speaker;
    let new = NewConnection { id, user, session, at_gateway: true, now: app.clock.now() };
    let replaced = connections::open(&app.pool, &new, PER_PERSON).await?;
    if !replaced.is_empty() {
        app.hub().replaced(&replaced);
    }
    Ok(())
}

/// Answers a frame; `None` for one that is no text. What is returned is for the gateway to send.
pub async fn hear(app: &App, id: &str, text: Option<&str>) -> sqlx::Result<Option<Frame>> {
    let Some(heard) = connections::heard(&app.pool, id, FRAMES, app.clock.now()).await? else {
        // Its row was lost, with the session that it had: it comes back and shows who it is.
        push::close(app, &[id.to_owned()], Close::Restart).await?;
        return Ok(None);
    };
    let mut conversation = Conversation::going_on(app.clone(), id.to_owned(), &heard);
    let why = match text {
        Some(text) => conversation.hear(text).await,
        None => Some(Close::Misbehaved),
    };
    let (mut left, greeted, refused) = conversation.leave_off();
    let refused = i32::try_from(refused).unwrap_or(i32::MAX) - heard.refused;
    if greeted != heard.greeted || refused > 0 {
        connections::note(&app.pool, id, greeted, refused).await?;
    }
    if why.is_none() && left.len() == 1 {
        return Ok(left.pop());
    }
    push::post_all(app, id, &mut left).await;
    if let Some(why) = why {
        push::close(app, &[id.to_owned()], why).await?;
    }
    Ok(None)
}

/// Forgets a connection that has ended.
pub async fn disconnect(app: &App, id: &str) -> sqlx::Result<()> {
    connections::close(&app.pool, &[id.to_owned()]).await
}
