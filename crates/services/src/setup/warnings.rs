//! What can be saved and would not do what it seems to: mentions that ping nobody.

use super::Problem;
use crate::{
    App,
    guilds::places::{self, Places},
};
use sm_db::{
    guilds::{
        Mention,
        config::{self, GuildConfig},
        templates,
    },
    streamers::follows::Destination,
};
use sm_types::{
    ChannelId, GuildId, TemplateId,
    template::{MessageTemplate, Template, Variable},
};
use std::time::Duration;

/// A save is not held up for longer by what is only a warning.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why a mention would ping nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deaf {
    /// The template's text lacks it.
    Unused,
    /// The role is gone.
    RoleGone,
    /// The bot may not ping it in this channel.
    NotAllowed,
}

impl Deaf {
    /// The code that a delivery has when it came to that.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unused => "mention_unused",
            Self::RoleGone => "role_gone",
            Self::NotAllowed => "not_pinged",
        }
    }

    pub fn explain(self) -> &'static str {
        match self {
            Self::Unused => {
                "The template's text lacks the mention, so nobody would be pinged. Put {mention} into it; an embed pings nobody."
            }
            Self::RoleGone => {
                "The role does not exist any more, so nobody would be pinged. Choose another one."
            }
            Self::NotAllowed => {
                "The bot may not ping this in the channel, so nobody would be pinged. Grant it \"Mention @everyone, @here and All Roles\" there, or let everybody mention the role."
            }
        }
    }
}

/// Why a mention would ping nobody in a channel, if it would not; without places only the template is looked at.
pub fn deaf(
    places: Option<&Places>,
    channel: Option<ChannelId>,
    mention: Mention,
    template: &MessageTemplate,
) -> Option<Deaf> {
    if !uses(template, mention) {
        return Some(Deaf::Unused);
    }
    let places = places.filter(|places| places.bot_present)?;
    let place = places.channels.iter().find(|place| Some(place.id) == channel);
    let everyone = place.map_or(places.may_mention_everyone, |place| place.may_mention_everyone);
    match mention {
        Mention::None | Mention::Members => None,
        Mention::Everyone | Mention::Here => (!everyone).then_some(Deaf::NotAllowed),
        Mention::Role(id) => match places.roles.iter().find(|role| role.id == id) {
            None => Some(Deaf::RoleGone),
            Some(role) => (!role.mentionable && !everyone).then_some(Deaf::NotAllowed),
        },
    }
}

/// Whether a template's text puts a mention in, or has it written out.
fn uses(template: &MessageTemplate, mention: Mention) -> bool {
    let (variable, text) = match mention {
        Mention::None => return true,
        Mention::Role(role) => (Variable::Role, format!("<@&{role}>")),
        Mention::Everyone => (Variable::Everyone, "@everyone".to_owned()),
        Mention::Here => (Variable::Here, "@here".to_owned()),
        Mention::Members => (Variable::Subscribers, "<@".to_owned()),
    };
    let Ok(parsed) = <Template>::parse(&template.content) else { return true };
    let named = parsed.variables();
    named.contains(&Variable::Mention)
        || named.contains(&variable)
        || template.content.contains(&text)
}

/// What to warn of after a server's configuration was saved.
pub async fn of_config(
    app: &App,
    guild: GuildId,
    config: &GuildConfig,
) -> sqlx::Result<Vec<Problem>> {
    if config.mention == Mention::None {
        return Ok(Vec::new());
    }
    let places = offered(app, guild).await;
    let template = template(app, guild, config.template).await?;
    let found = deaf(places.as_ref(), config.default_channel, config.mention, &template);
    Ok(found.map(|deaf| problem("mention".to_owned(), deaf)).into_iter().collect())
}

/// What to warn of after a streamer's destinations were saved; what they inherit is warned of elsewhere.
pub async fn of_destinations(
    app: &App,
    guild: GuildId,
    destinations: &[Destination],
) -> sqlx::Result<Vec<Problem>> {
    let own = |d: &Destination| d.mention.is_some() || d.channel.is_some() || d.template.is_some();
    if !destinations.iter().any(own) {
        return Ok(Vec::new());
    }
    let Some((config, _)) = config::find(&app.pool, guild).await? else { return Ok(Vec::new()) };
    let places = offered(app, guild).await;
    let mut found = Vec::new();
    for (n, destination) in destinations.iter().enumerate().filter(|(_, d)| own(d)) {
        let mention = destination.mention.unwrap_or(config.mention);
        let channel = destination.channel.or(config.default_channel);
        let template = template(app, guild, destination.template.or(config.template)).await?;
        if let Some(deaf) = deaf(places.as_ref(), channel, mention, &template) {
            found.push(problem(format!("destinations[{n}].mention"), deaf));
        }
    }
    Ok(found)
}

/// What to warn of after a template was saved: each reason once, wherever the template is used.
pub async fn of_template(
    app: &App,
    guild: GuildId,
    id: TemplateId,
    message: &MessageTemplate,
) -> sqlx::Result<Vec<Problem>> {
    let uses = templates::uses(&app.pool, guild, id).await?;
    if uses.is_empty() {
        return Ok(Vec::new());
    }
    let places = offered(app, guild).await;
    let mut found = Vec::new();
    for used in uses {
        let deaf = deaf(places.as_ref(), used.channel, used.mention, message);
        found.extend(deaf.filter(|deaf| !found.contains(deaf)));
    }
    let field = |deaf: &Deaf| if *deaf == Deaf::Unused { "message.content" } else { "mention" };
    Ok(found.into_iter().map(|deaf| problem(field(&deaf).to_owned(), deaf)).collect())
}

fn problem(field: String, deaf: Deaf) -> Problem {
    Problem::new(field, deaf.code(), deaf.explain())
}

/// What the server offers; nothing where Discord does not answer in time.
async fn offered(app: &App, guild: GuildId) -> Option<Places> {
    tokio::time::timeout(PATIENCE, places::load(app, guild)).await.ok()?.ok()
}

/// A server's template, or the product's own.
pub async fn template(
    app: &App,
    guild: GuildId,
    id: Option<TemplateId>,
) -> sqlx::Result<MessageTemplate> {
    let found = match id {
        Some(id) => templates::find(&app.pool, guild, id).await?,
        None => None,
    };
    let stored = found.and_then(|template| serde_json::from_value(template.message.0).ok());
    Ok(stored.unwrap_or_else(MessageTemplate::default_announcement))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sm_types::RoleId;

    fn text(content: &str) -> MessageTemplate {
        MessageTemplate { content: content.to_owned(), embed: None }
    }

    #[test]
    fn mention_pings_only_from_the_text() {
        let role = Mention::Role(RoleId(7));
        for (content, mention, expected) in [
            ("{mention} live", role, true),
            ("{role} live", role, true),
            ("<@&7> live", role, true),
            ("{#if mention}{mention}{/if} live", role, true),
            ("{everyone} live", role, false),
            ("live", role, false),
            ("@here live", Mention::Here, true),
            ("live", Mention::Members, false),
            ("live", Mention::None, true),
        ] {
            let found = deaf(None, None, mention, &text(content));
            assert_eq!(found.is_none(), expected, "{content}");
        }
        let mut in_embed = MessageTemplate::default_announcement();
        in_embed.content = "live".to_owned();
        if let Some(embed) = &mut in_embed.embed {
            embed.description = "{mention}".to_owned();
        }
        assert_eq!(deaf(None, None, role, &in_embed), Some(Deaf::Unused));
    }
}
