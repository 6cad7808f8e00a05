//! What members may do in a guild, and what the bot may do in a channel.
//!
//! The latter is twilight's calculator, and the rules it leaves out.

use super::{
    model::{Guild, is_thread},
    world::World,
};
use twilight_model::{
    channel::{
        ChannelType,
        permission_overwrite::{PermissionOverwrite, PermissionOverwriteType},
    },
    guild::Permissions,
    id::Id,
};
use twilight_util::permission_calculator::PermissionCalculator;

const ADMINISTRATOR: u64 = 1 << 3;
const MANAGE_GUILD: u64 = 1 << 5;
/// Every bit that Discord has given a meaning, some of which twilight does not know.
const EVERYTHING: u64 = (1 << 53) - 1;
pub(super) const VIEW_CHANNEL: u64 = 1 << 10;
pub(super) const MANAGE_MESSAGES: u64 = 1 << 13;
pub(super) const READ_MESSAGE_HISTORY: u64 = 1 << 16;
pub(super) const SEND_MESSAGES: u64 = 1 << 11;
pub(super) const EMBED_LINKS: u64 = 1 << 14;
pub(super) const MENTION_EVERYONE: u64 = 1 << 17;
const CONNECT: u64 = 1 << 20;
const SEND_IN_THREADS: u64 = 1 << 38;

/// A member's permissions in a guild as a whole; nothing for who is no member.
pub(super) fn of_member(guild: &Guild, user: u64) -> u64 {
    let member = guild.members.get(&user);
    member.map_or(0, |member| in_guild(guild, guild.owner == user, &member.roles))
}

/// Whether a member may add bots and change the guild's settings.
pub(super) fn may_manage(guild: &Guild, user: u64) -> bool {
    of_member(guild, user) & MANAGE_GUILD != 0
}

/// The bot's permissions in a guild as a whole.
pub(super) fn of_bot_in_guild(guild: &Guild) -> u64 {
    in_guild(guild, false, &[guild.bot_role])
}

fn in_guild(guild: &Guild, owner: bool, held: &[u64]) -> u64 {
    let everyone = guild.roles.first();
    let held = guild.roles.iter().skip(1).filter(|role| held.contains(&role.id));
    let granted = everyone.into_iter().chain(held).fold(0, |sum, role| sum | role.permissions);
    if owner || granted & ADMINISTRATOR != 0 { EVERYTHING } else { granted }
}

/// The bot's permissions in a channel; nothing where it is not in the guild.
pub(super) fn of_bot(world: &World, channel: u64) -> u64 {
    let Some(place) = world.channels.get(&channel) else { return 0 };
    let Some(guild) = world.guilds.get(&place.guild).filter(|g| g.bot_present) else { return 0 };
    let bits = |role: u64| {
        let found = guild.roles.iter().find(|r| r.id == role);
        Permissions::from_bits_truncate(found.map_or(0, |r| r.permissions))
    };
    // A thread has none of its own.
    let parent = place.parent.filter(|_| is_thread(place.kind));
    let parent = parent.and_then(|parent| world.channels.get(&parent));
    let overwrites: Vec<_> = parent
        .unwrap_or(place)
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
    let granted = implied(granted, place.kind);
    let timed_out = guild.bot_timeout_ms.is_some_and(|until| until > world.now_ms());
    if timed_out { granted & (VIEW_CHANNEL | READ_MESSAGE_HISTORY) } else { granted }
}

/// Without View Channel there is nothing; without Send Messages no embeds and no mentions.
fn implied(granted: u64, kind: u8) -> u64 {
    let lacks = |bit: u64| granted & bit == 0;
    if lacks(VIEW_CHANNEL) || (matches!(kind, 2 | 13) && lacks(CONNECT)) {
        return 0;
    }
    let send = if is_thread(kind) { SEND_IN_THREADS } else { SEND_MESSAGES };
    if lacks(send) {
        return granted & !(SEND_MESSAGES | EMBED_LINKS | MENTION_EVERYONE);
    }
    granted | SEND_MESSAGES
}
