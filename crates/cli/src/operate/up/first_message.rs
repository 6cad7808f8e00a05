//! The first message: the bot is invited, a channel chosen, and a test posted there by the product's own way.

use super::{interview::Interview, questions::CHANNEL, wait::Patience};
use crate::{
    operate::{addresses::invite, doctor::check::Check},
    output::{Error, Mark, say},
};
use sm_db::guilds::Mention;
use sm_discord::GuildSummary;
use sm_services::{
    App,
    announce::samples::{self, Sample, Setting},
    guilds::{install, places},
};
use sm_types::{ChannelId, GuildId};

/// Posts it, as soon as the bot is somewhere.
pub(super) async fn send(
    app: &App,
    interview: &Interview,
    patience: Patience,
) -> Result<(), Error> {
    patience.until_good(async || invited(app).await).await?;
    let (guild, channel) = choose(app, interview).await?;
    let info = app.discord.get_guild(guild).await?.body;
    install::add(app, guild, &info.name, info.icon.as_deref(), None).await?;
    let setting = Setting {
        guild,
        guild_name: info.name.clone(),
        channel: Some(channel),
        mention: Mention::None,
    };
    let sent = samples::send_test(app, None, &Sample::default(), &setting, channel).await?;
    match sent.message {
        Some(message) => {
            let at = format!("https://discord.com/channels/{guild}/{channel}/{message}");
            say(&format!("{} {:20} {at}", Mark::Good.symbol(), "test message"));
            Ok(())
        }
        None => {
            let why = sent.refusal.map(|refused| refused.detail).unwrap_or_default();
            Err(format!("the test message could not be posted in {channel}: {why}").into())
        }
    }
}

async fn invited(app: &App) -> Check {
    const NAME: &str = "bot";
    match app.discord.bot_guilds(GuildId(0)).await {
        Ok(reply) if reply.body.is_empty() => Check::warning(
            NAME,
            "is in no server yet",
            &format!("open {} and add it to yours", invite(app.discord.client_id())),
        ),
        Ok(reply) => {
            let names: Vec<_> =
                reply.body.iter().map(|guild| guild.name.as_str()).take(5).collect();
            Check::good(NAME, &format!("is in {}", names.join(", ")))
        }
        Err(error) => Check::problem(NAME, &error.to_string(), "look again in a minute"),
    }
}

/// The channel that was named, or one of those where the bot can post.
async fn choose(app: &App, interview: &Interview) -> Result<(GuildId, ChannelId), Error> {
    if let Some(named) = interview.find(&CHANNEL) {
        let wrong = |what: &str| {
            format!("{} {named}: {what}. Remedy: copy the id from {}", CHANNEL.flag, CHANNEL.source)
        };
        let id = named.parse().map(ChannelId).map_err(|_| wrong("is no id"))?;
        let found = app.discord.get_channel(id).await;
        let found = found.map_err(|error| wrong(&error.to_string()))?.body;
        let guild = found.guild_id.ok_or_else(|| wrong("is in no server"))?;
        return Ok((guild, id));
    }
    let mut offered = Vec::new();
    for GuildSummary { id, name, .. } in app.discord.bot_guilds(GuildId(0)).await?.body {
        let places = places::load(app, id).await?;
        let open = places.channels.iter().filter(|place| place.can_post());
        offered.extend(open.map(|place| (id, place.id, format!("#{} in {name}", place.name))));
    }
    if offered.is_empty() {
        return Err("the bot may post in no channel: let it see one and send messages there".into());
    }
    for (number, (.., name)) in offered.iter().enumerate() {
        say(&format!("  {:2}  {name}", number + 1));
    }
    loop {
        let answer = interview.ask_once("Number of the channel for a test message: ")?;
        let answer = answer.ok_or_else(|| format!("name a channel with {}", CHANNEL.flag))?;
        let chosen = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        if let Some((guild, channel, _)) = chosen.and_then(|index| offered.get(index)) {
            return Ok((*guild, *channel));
        }
        say(&format!("  a number from 1 to {}", offered.len()));
    }
}
