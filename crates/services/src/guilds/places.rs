//! Channels and roles of a server, for pickers and for saves.

use super::presence;
use crate::{
    App,
    announce::{
        gate::in_turn_of_readers,
        preflight::{self, Seen},
    },
};
use sm_discord::{
    Channel, Error, Guild, Member, Role,
    permissions::{Obstacle, Permissions, effective_in_channel, effective_in_guild, obstacle},
};
use sm_types::{ChannelId, GuildId, RoleId, UserId};

use super::offer::{FRESH_FOR, USABLE_FOR};
pub use super::offer::{PingRole, Place, Places};

/// Channel types that take announcements, with the name we give them.
const POSTABLE: [(u8, &str); 6] =
    [(0, "text"), (5, "announcement"), (2, "voice"), (13, "stage"), (10, "thread"), (11, "thread")];
const CATEGORY: u8 = 4;

/// What a server offers, at most two seconds old: three requests, computed here for every channel. While there is no
/// turn for those, it may be a minute old.
pub async fn load(app: &App, guild: GuildId) -> Result<Places, Error> {
    let (now, places) = (app.clock.now(), &app.inner().places);
    if let Some(known) = places.find(guild, now, FRESH_FOR) {
        return Ok(known);
    }
    match read(app, guild).await {
        Ok(read) => {
            places.keep(guild, now, &read);
            Ok(read)
        }
        Err(error @ Error::RateLimited { .. }) => places.find(guild, now, USABLE_FOR).ok_or(error),
        Err(error) => Err(error),
    }
}

async fn read(app: &App, guild: GuildId) -> Result<Places, Error> {
    let bot = preflight::bot_user(app).await?;
    let (info, channels, member) = tokio::join!(
        presence::guild_for_readers(app, guild),
        in_turn_of_readers(app, app.discord.get_guild_channels(guild)),
        in_turn_of_readers(app, app.discord.get_member(guild, bot)),
    );
    let Some(info) = info? else { return Ok(Places::absent()) };
    Ok(compute(app, &info, channels?.body, &member?.body, bot))
}

fn compute(app: &App, guild: &Guild, channels: Vec<Channel>, bot: &Member, id: UserId) -> Places {
    let now = app.clock.now();
    let may_mention_everyone =
        effective_in_guild(guild, bot, id).contains(Permissions::MENTION_EVERYONE);
    let category = |parent: Option<ChannelId>| {
        channels.iter().find(|c| Some(c.id) == parent && c.kind == CATEGORY)
    };
    let mut sorted: Vec<&Channel> = channels.iter().collect();
    let position_of = |id: Option<ChannelId>| {
        channels.iter().find(|c| Some(c.id) == id).map_or(-1, |c| c.position)
    };
    sorted.sort_by_key(|c| (position_of(c.parent_id), c.position, c.id));
    let of_channel = |channel: &&Channel| {
        let kind = POSTABLE.iter().find(|(kind, _)| *kind == channel.kind)?.1;
        let granted = effective_in_channel(guild, channel, bot, id, now);
        let category = category(channel.parent_id);
        let found = obstacle(guild, channel, category, bot, id, now);
        let name = channel.name.clone().unwrap_or_default();
        let category = category.and_then(|category| category.name.clone());
        Some(place(channel.id, name, kind, category, granted, found))
    };
    let to_choose = |role: &&Role| role.id.0 != guild.id.0 && role.tags.bot_id.is_none();
    let mut roles: Vec<&Role> = guild.roles.iter().filter(to_choose).collect();
    roles.sort_by_key(|role| (-role.position, role.id));
    let ping_role = |role: &&Role| PingRole {
        id: role.id,
        name: role.name.clone(),
        mentionable: role.mentionable,
        managed: role.managed,
    };
    Places {
        channels: sorted.iter().filter_map(of_channel).collect(),
        roles: roles.iter().map(ping_role).collect(),
        may_mention_everyone,
        bot_present: true,
    }
}

fn place(
    id: ChannelId,
    name: String,
    kind: &'static str,
    category: Option<String>,
    granted: Permissions,
    obstacle: Option<Obstacle>,
) -> Place {
    let (missing, at, timed_out_until) = match obstacle {
        None => (Vec::new(), None, None),
        Some(Obstacle::Lacks { missing, at }) => (missing, Some(at), None),
        Some(Obstacle::TimedOut { until }) => (Vec::new(), None, Some(until)),
    };
    Place {
        id,
        name,
        kind,
        category,
        missing,
        at,
        timed_out_until,
        embeds: granted.contains(Permissions::EMBED_LINKS),
        may_mention_everyone: granted.contains(Permissions::MENTION_EVERYONE),
    }
}

/// A chosen channel that a server's list does not have: a thread; `None` when it is gone.
pub async fn find_thread(
    app: &App,
    guild: GuildId,
    channel: ChannelId,
) -> Result<Option<Place>, Error> {
    let found = match preflight::look(app, guild, channel, None).await? {
        Seen::Here(view) => view,
        Seen::Nothing(_) => return Ok(None),
    };
    let now = app.clock.now();
    let kind = POSTABLE.iter().find(|(kind, _)| *kind == found.place.kind);
    let Some((_, kind)) = kind.filter(|_| found.place.guild_id == Some(guild)) else {
        return Ok(None);
    };
    let (granted, obstacle) = (found.permissions(now), found.obstacle(None, now));
    Ok(Some(place(channel, found.name, kind, None, granted, obstacle)))
}

/// The first of these channels and roles that does not belong to the server. It may belong to another
/// server that has the bot: saving it would let one server's admin post into the other.
pub async fn find_foreign(
    app: &App,
    guild: GuildId,
    channels: &[ChannelId],
    roles: &[RoleId],
) -> Result<Option<Foreign>, Error> {
    for channel in channels {
        let found = match in_turn_of_readers(app, app.discord.get_channel(*channel)).await {
            Ok(reply) => reply.body,
            Err(error) if matches!(error.code(), Some(10003)) => {
                return Ok(Some(Foreign::Channel(*channel)));
            }
            Err(error) if error.code() == Some(50001) => {
                // Hidden from the bot: is it among the server's own?
                let own =
                    in_turn_of_readers(app, app.discord.get_guild_channels(guild)).await?.body;
                if own.iter().any(|own| own.id == *channel) {
                    continue;
                }
                return Ok(Some(Foreign::Channel(*channel)));
            }
            Err(error) => return Err(error),
        };
        if found.guild_id != Some(guild) {
            return Ok(Some(Foreign::Channel(*channel)));
        }
        if !POSTABLE.iter().any(|(kind, _)| *kind == found.kind) {
            return Ok(Some(Foreign::Kind(*channel)));
        }
    }
    if roles.is_empty() {
        return Ok(None);
    }
    let known = in_turn_of_readers(app, app.discord.get_guild_roles(guild)).await?.body;
    let foreign = roles
        .iter()
        .find(|role| role.0 == guild.0 || !known.iter().any(|known| known.id == **role));
    Ok(foreign.map(|role| Foreign::Role(*role)))
}

/// What cannot be saved for a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// A channel that the server does not have.
    Channel(ChannelId),
    /// A channel of a type that takes no announcements.
    Kind(ChannelId),
    /// A role that the server does not have, or `@everyone`, which has a mention of its own.
    Role(RoleId),
}
