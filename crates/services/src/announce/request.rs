//! The request that an attempt makes.

use super::render::Rendered;
use crate::{App, interactions::presses};
use sm_db::announce::deliveries::DueDelivery;
use sm_discord::{CreateMessage, EditMessage, Error, Message, Reply, interaction::Button};
use sm_types::{
    ChannelId,
    announcement::{Action, Kind, Variant},
};

/// Discord's flag of a message that makes no sound.
const SUPPRESS_NOTIFICATIONS: u64 = 4096;

/// Asks Discord; `None` where the answer has no message.
pub(super) async fn request(
    app: &App,
    due: &DueDelivery,
    channel: ChannelId,
    rendered: &Rendered,
) -> Result<Option<Reply<Message>>, Error> {
    let content = Some(rendered.message.content.clone());
    let embeds = rendered.message.embeds.clone();
    match (due.action, due.message()) {
        (Action::Edit, Some(message)) => {
            let allowed_mentions = rendered.mentions.clone();
            let body = EditMessage { content, embeds, allowed_mentions };
            app.discord.edit_message(channel, message, &body).await.map(Some)
        }
        (Action::Delete, Some(message)) => {
            app.discord.delete_message(channel, message).await.map(|_| None)
        }
        _ => {
            let body = CreateMessage {
                content,
                embeds,
                allowed_mentions: rendered.mentions.clone(),
                nonce: sm_discord::nonce(due.delivery_id, channel, due.resends),
                enforce_nonce: true,
                // News that nobody has to look at now.
                flags: (due.kind == Kind::Offline).then_some(SUPPRESS_NOTIFICATIONS),
                buttons: buttons(due),
            };
            app.discord.create_message(channel, &body).await.map(Some)
        }
    }
}

/// What stands under a new message; nothing where Discord has refused the message as it was.
fn buttons(due: &DueDelivery) -> Vec<Button> {
    let wanted = due.kind == Kind::Online && due.buttons && due.variant != Variant::Plain;
    if wanted { presses::under_announcement(&due.twitch_user_id) } else { Vec::new() }
}
