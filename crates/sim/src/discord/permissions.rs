//! What the bot may do in a channel: twilight's calculator, and the rules it leaves out.

use super::world::World;
use twilight_model::{
    channel::{
        ChannelType,
        permission_overwrite::{PermissionOverwrite, PermissionOverwriteType},
    },
    guild::Permissions,
    id::Id,
};
use twilight_util::permission_calculator::PermissionCalculator;

pub(super) const VIEW_CHANNEL: u64 = 1 << 10;
pub(super) const SEND_MESSAGES: u64 = 1 << 11;
pub(super) const EMBED_LINKS: u64 = 1 << 14;
pub(super) const MENTION_EVERYONE: u64 = 1 << 17;
const CONNECT: u64 = 1 << 20;
const SEND_IN_THREADS: u64 = 1 << 38;

/// The bot's permissions in a channel; nothing where it is not in the guild.
pub(super) fn of_bot(world: &World, channel: u64) -> u64 {
    let Some(place) = world.channels.get(&channel) else { return 0 };
    let Some(guild) = world.guilds.get(&place.guild).filter(|g| g.bot_present) else { return 0 };
    let bits = |role: u64| {
        let found = guild.roles.iter().find(|r| r.id == role);
        Permissions::from_bits_truncate(found.map_or(0, |r| r.permissions))
    };
    let overwrites: Vec<_> = place
        .overwrites
        .iter()
        .map(|o| PermissionOverwrite {
            allow: Permissions::from_bits_truncate(o.allow),
            deny: Permissions::from_bits_truncate(o.deny),
            id: Id::new(o.id.max(1)),
            kind: if o.member {
                PermissionOverwriteType::Member
            } else {
                PermissionOverwriteType::Role
            },
        })
        .collect();
    let roles = [(Id::new(guild.bot_role), bits(guild.bot_role))];
    let calculator = PermissionCalculator::new(
        Id::new(place.guild),
        Id::new(world.bot),
        bits(place.guild),
        &roles,
    )
    .owner_id(Id::new(guild.owner));
    let granted = calculator.in_channel(ChannelType::from(place.kind), &overwrites).bits();
    implied(granted, place.kind)
}

/// Without View Channel there is nothing; without Send Messages no embeds and no mentions.
fn implied(granted: u64, kind: u8) -> u64 {
    let lacks = |bit: u64| granted & bit == 0;
    if lacks(VIEW_CHANNEL) || (matches!(kind, 2 | 13) && lacks(CONNECT)) {
        return 0;
    }
    let send = if matches!(kind, 10..=12) { SEND_IN_THREADS } else { SEND_MESSAGES };
    if lacks(send) {
        return granted & !(SEND_MESSAGES | EMBED_LINKS | MENTION_EVERYONE);
    }
    granted | SEND_MESSAGES
}
