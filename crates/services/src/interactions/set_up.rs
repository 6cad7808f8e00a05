//! `/streammaxing setup`: where a server announces, and whom it mentions.

use super::{doing::Doing, language::Language, refusal};
use crate::setup::{self, SaveError};
use sm_db::guilds::{
    Mention,
    config::{self, GuildConfig},
};
use sm_discord::interaction::Reply;
use sm_types::{ChannelId, RoleId};

/// Saves are made anew when somebody else saves in between.
const TRIES: u32 = 3;

/// Saves what was chosen; the rest stays. Done again, it changes nothing.
pub(super) async fn set_up(
    doing: &Doing<'_>,
    channel: Option<ChannelId>,
    mention: Option<&str>,
    role: Option<RoleId>,
) -> sqlx::Result<Reply> {
    if mention == Some("role") && role.is_none() {
        return Ok(Reply::text(
            doing.language.pick("Choose the role as well.", "Wähle auch die Rolle."),
        ));
    }
    match save(doing, channel, chosen(mention, role)).await {
        Ok((config, warnings)) => {
            let mut reply = told(doing.language, &config);
            for warning in warnings {
                reply.content += &format!("\n⚠️ {warning}");
            }
            Ok(reply)
        }
        Err(SaveError::Database(error)) => Err(error),
        Err(error) => Ok(Reply::text(refusal::told(doing.language, &error))),
    }
}

/// Whom to mention; a role that was chosen says so by itself.
fn chosen(mention: Option<&str>, role: Option<RoleId>) -> Option<Mention> {
    match (mention, role) {
        (None | Some("role"), Some(role)) => Some(Mention::Role(role)),
        (Some("everyone"), _) => Some(Mention::Everyone),
        (Some("here"), _) => Some(Mention::Here),
        (Some("members"), _) => Some(Mention::Members),
        (Some("none"), _) => Some(Mention::None),
        _ => None,
    }
}

async fn save(
    doing: &Doing<'_>,
    channel: Option<ChannelId>,
    mention: Option<Mention>,
) -> Result<(GuildConfig, Vec<String>), SaveError> {
    let (app, guild) = (doing.app, doing.guild);
    let mut attempt = 1;
    let config = loop {
        let (before, revision) =
            config::find(&app.pool, guild).await?.ok_or(SaveError::NotFound)?;
        let mut wanted = before.clone();
        wanted.default_channel = channel.or(wanted.default_channel);
        wanted.mention = mention.unwrap_or(wanted.mention);
        if wanted == before {
            break before;
        }
        match setup::config::save(app, guild, wanted, revision, &doing.actor).await {
            Err(SaveError::Conflict) if attempt < TRIES => attempt += 1,
            saved => break saved?.0,
        }
    };
    let warnings = setup::warnings::of_config(app, guild, &config).await?;
    Ok((config, warnings.into_iter().map(|warning| warning.message).collect()))
}

/// A server's set-up in words.
pub(super) fn told(language: Language, config: &GuildConfig) -> Reply {
    let channel = match config.default_channel {
        Some(channel) => format!("<#{channel}>"),
        None => language.pick("no channel yet", "noch kein Kanal").to_owned(),
    };
    let mention = match config.mention {
        Mention::None => language.pick("nobody", "niemand").to_owned(),
        Mention::Role(role) => format!("<@&{role}>"),
        Mention::Everyone => "@everyone".to_owned(),
        Mention::Here => "@here".to_owned(),
        Mention::Members => {
            language.pick("members who want it", "Mitglieder, die es möchten").to_owned()
        }
    };
    let paused = match config.enabled {
        true => "",
        false => language.pick("\n⏸️ Paused", "\n⏸️ Angehalten"),
    };
    Reply::text(language.pick(
        format!("📣 Channel: {channel}\n🔔 Mentions: {mention}{paused}"),
        format!("📣 Kanal: {channel}\n🔔 Erwähnt: {mention}{paused}"),
    ))
}
