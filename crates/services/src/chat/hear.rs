//! A line of chat: whose it is, and whether it is ours to answer. One that nobody answers touches no row.

use super::{deleter, plan::judge, respond::respond};
use crate::App;
use sm_db::chat::sends;
use sm_types::chat::{Heard, Level, Line};

/// Takes a line that Twitch tells of. An error means that Twitch should tell it again.
pub(crate) async fn line(app: &App, heard: Heard) -> sqlx::Result<()> {
    let line = Line::from(heard);
    // It is told in its own channel too, and answered there.
    if line.is_from_elsewhere() {
        return Ok(());
    }
    let known = app.inner().chat.of(&app.pool, &line.channel, app.clock.now()).await?;
    let Some(on) = known else { return Ok(()) };
    if line.chatter.id == on.bot_id {
        let moderates = Level::of_badges(&line.chatter.badges) >= Level::Moderator;
        let ours = sends::seen(&app.pool, &line.channel, &line.message_id, &line.text, moderates);
        // Where the bot speaks as the streamer, the streamer may write too.
        if ours.await? || on.bot_id != line.channel {
            return Ok(());
        }
    }
    app.inner().chat.count(&line.channel);
    if on.deletes
        && let Some(found) = judge(app, &line, Some(on.book)).await?
    {
        return deleter::queue(app, &line, &on, found).await;
    }
    respond(app, &line, Some(on.book)).await?;
    Ok(())
}
