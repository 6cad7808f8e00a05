//! `/streammaxing test`: posts a test message, as the dashboard does.

use super::{doing::Doing, refusal};
use crate::{
    announce::samples::{self, Sample, TestError},
    guilds::places,
    setup::warnings,
};
use sm_db::streamers::follows;
use sm_discord::interaction::{Button, Reply, Style};
use sm_types::{ChannelId, TemplateId, TwitchUserId};

/// Posts it, in the channel that was named, the streamer's own or the default one. Done again after it broke off, it
/// may post again: a test mentions nobody.
pub(super) async fn test(
    doing: &Doing<'_>,
    streamer: Option<&TwitchUserId>,
    channel: Option<ChannelId>,
) -> sqlx::Result<Reply> {
    let (app, guild, language) = (doing.app, doing.guild, doing.language);
    let Some((setting, template)) = samples::setting(app, guild).await? else {
        let gone = language.pick("This server is not known.", "Dieser Server ist nicht bekannt.");
        return Ok(Reply::text(gone));
    };
    let (sample, own) = match streamer {
        None => (Sample::default(), None),
        Some(streamer) => {
            let Some(sample) = Sample::of(app, guild, streamer).await? else {
                return Ok(Reply::text(language.pick(
                    "This server does not announce this streamer any more.",
                    "Dieser Server kündigt diesen Streamer nicht mehr an.",
                )));
            };
            let stored = follows::destinations(&app.pool, guild, streamer).await?;
            (sample, stored.into_iter().next().map(|stored| stored.destination))
        }
    };
    let own_channel = own.as_ref().and_then(|own| own.channel);
    let Some(place) = channel.or(own_channel).or(setting.channel) else {
        return Ok(Reply::text(language.pick(
            "Choose a channel first: `/streammaxing setup`.",
            "Wähle zuerst einen Kanal: `/streammaxing setup`.",
        )));
    };
    match places::find_foreign(app, guild, &[place], &[]).await {
        Ok(None) => {}
        Ok(Some(_)) => {
            return Ok(Reply::text(language.pick(
                "This server has no such channel that takes messages.",
                "Diesen Kanal gibt es hier nicht, oder er nimmt keine Nachrichten an.",
            )));
        }
        Err(_) => return Ok(Reply::text(refusal::unavailable(language, "Discord"))),
    }
    let template: Option<TemplateId> = own.and_then(|own| own.template).or(template);
    let message = warnings::template(app, guild, template).await?;
    let tested = match samples::send_test(app, Some(&message), &sample, &setting, place).await {
        Ok(tested) => tested,
        Err(TestError::Database(error)) => return Err(error),
        Err(TestError::Discord(_)) => {
            return Ok(Reply::text(refusal::unavailable(language, "Discord")));
        }
    };
    Ok(match (tested.message, tested.refusal) {
        (Some(message), _) => {
            let text = language.pick(
                format!("✅ A test message is in <#{place}>."),
                format!("✅ Eine Testnachricht steht in <#{place}>."),
            );
            let url = format!("https://discord.com/channels/{guild}/{place}/{message}");
            let label = language.pick("Show it", "Anzeigen");
            Reply::text(text).with([Button::new(Style::Link, label, url)])
        }
        (None, refused) => {
            let why = refused.map(|refused| refused.detail).unwrap_or_default();
            Reply::text(language.pick(
                format!("❌ Nothing could be posted in <#{place}>. {why}"),
                format!("❌ In <#{place}> ließ sich nichts senden. {why}"),
            ))
        }
    })
}
